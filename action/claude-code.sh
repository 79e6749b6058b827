#!/usr/bin/env bash
# Install Claude Code, at the version and with the hashes of the lock, into $CLAUDE_CODE, unless a cache has brought
# it.
set -euo pipefail

if [[ ! -x "$CLAUDE_CODE/node_modules/.bin/claude" ]]; then
  if ! command -v npm >/dev/null; then
    echo "::error::Claude Code is installed by npm, and this runner has none: add actions/setup-node before ClaudeStep"
    exit 1
  fi
  rm -rf "$CLAUDE_CODE"
  mkdir -p "$CLAUDE_CODE"
  cp "$ROOT"/action/claude-code/package*.json "$CLAUDE_CODE"
  npm ci --prefix "$CLAUDE_CODE" --ignore-scripts --loglevel=error --no-fund --no-audit
  node "$CLAUDE_CODE/node_modules/@anthropic-ai/claude-code/install.cjs" # puts the program of this platform in place
fi

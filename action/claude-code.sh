#!/usr/bin/env bash
# Install Claude Code into the temporary folder of the job, at the version and with the hashes of the lock, unless the runner has that
# version. What npm takes from its cache it holds against those hashes, too.
set -euo pipefail

ROOT="$(dirname "${BASH_SOURCE[0]}")/.."
CLAUDE_CODE="$RUNNER_TEMP/claudestep-claude-code"
NPM_CACHE="$RUNNER_TEMP/claudestep-npm"
about="$ROOT/action/claude-code"
version="$(sed -n 's/.*"@anthropic-ai\/claude-code": "\([^"]*\)".*/\1/p' "$about/package.json")"
if [[ -x "$CLAUDE_CODE/node_modules/.bin/claude" ]] || [[ "$(claude --version 2>/dev/null || true)" == "$version "* ]]; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "::error::Claude Code is installed by npm, and this runner has none: add actions/setup-node before ClaudeStep"
  exit 1
fi
rm -rf "$CLAUDE_CODE"
mkdir -p "$CLAUDE_CODE"
cp "$about"/package*.json "$CLAUDE_CODE"
npm ci --prefix "$CLAUDE_CODE" --cache "$NPM_CACHE" --prefer-offline --ignore-scripts --loglevel=error --no-fund --no-audit
node "$CLAUDE_CODE/node_modules/@anthropic-ai/claude-code/install.cjs" # puts the program of this platform in place

#!/usr/bin/env bash
# Run ClaudeStep from the action's own checkout. (-P: nothing of the folder that this runs in is imported.)
set -euo pipefail

ROOT="$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONPATH="$ROOT/src:$RUNNER_TEMP/claudestep-libraries"
export PATH="$RUNNER_TEMP/claudestep-claude-code/node_modules/.bin:$PATH"
exec "$PYTHON" -P -m claudestep "$@"

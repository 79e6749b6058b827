#!/usr/bin/env bash
# Install the packages that ClaudeStep needs into $LIBRARIES, unless a cache has brought them; each has to have the
# hash that the lock names. ClaudeStep itself is run from the action's own checkout.
set -euo pipefail

if [[ ! -e "$LIBRARIES/.complete" ]]; then
  rm -rf "$LIBRARIES"
  "$PYTHON" -I -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
    --require-hashes --target "$LIBRARIES" --requirement "$ROOT/requirements/run.lock"
  touch "$LIBRARIES/.complete"
fi

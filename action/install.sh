#!/usr/bin/env bash
# Install the packages that ClaudeStep needs into the temporary folder of the job. Their wheels may come from a cache, which others may have
# written to: each has to have the hash that the lock names, and one that has not is downloaded anew. ClaudeStep itself
# is run from the action's own checkout.
set -euo pipefail

ROOT="$(dirname "${BASH_SOURCE[0]}")/.."
WHEELS="$RUNNER_TEMP/claudestep-wheels"
LIBRARIES="$RUNNER_TEMP/claudestep-libraries"
lock="$ROOT/requirements/run.lock"
pip() {
  "$PYTHON" -I -m pip "$@" --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
    --require-hashes --requirement "$lock"
}
install() {
  rm -rf "$LIBRARIES"
  pip install --no-index --find-links "$WHEELS" --no-compile --target "$LIBRARIES"
}

if [[ -e "$LIBRARIES/.complete" ]]; then # this job has installed them already
  exit 0
fi
if [[ ! -d "$WHEELS" ]] || ! install; then
  rm -rf "$WHEELS"
  pip download --dest "$WHEELS"
  install
fi
touch "$LIBRARIES/.complete"

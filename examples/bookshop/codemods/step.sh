#!/bin/sh
# One step: modernise the file that the step names, then run the tests.
# The step is in CLAUDESTEP_STEP_DESCRIPTION; a codemod needs no prompt.
set -eu
export PYTHONDONTWRITEBYTECODE=1

[ -t 0 ] || cat > /dev/null
CDPATH='' cd -- "$(dirname -- "$0")/.."

path=$(printf '%s\n' "${CLAUDESTEP_STEP_DESCRIPTION:-}" |
    sed -n 's/^[^`]*`\([^`]\{1,\}\)`.*/\1/p' | head -n 1)
if [ -z "$path" ]; then
    echo 'The step names no file in `back quotes`.' >&2
    exit 1
fi

python3 codemods/modernise.py -- "$path"
python3 -m unittest -q

#!/usr/bin/env bash
# Is there a Python on this runner that is new enough? Says so as the output `found`, with its `path` and the keys that
# name in a cache what is installed for it. (-I: nothing of the folder that this runs in is imported.)
set -euo pipefail

ROOT="$(dirname "${BASH_SOURCE[0]}")/.."
if [[ "$(uname -s)" != Linux && "$(uname -s)" != Darwin ]]; then
  echo "::error::ClaudeStep's action runs on Linux and macOS: choose such a runner, for example ubuntu-latest"
  exit 1
fi

echo "temporary=$RUNNER_TEMP" >>"$GITHUB_OUTPUT"
usable='import sys, pip; sys.exit(sys.version_info < (3, 11))'
python="${PYTHON:-$(command -v python3 || true)}"
if [[ -z "$python" ]] || ! "$python" -I -c "$usable" 2>/dev/null; then
  if [[ -n "${PYTHON:-}" ]]; then
    echo "::error::ClaudeStep needs Python 3.11 or newer with pip, and this is $("$python" --version)"
    exit 1
  fi
  echo "found=false" >>"$GITHUB_OUTPUT"
  exit 0
fi

about='import sys, sysconfig, hashlib, pathlib
lock = hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()[:16]
claude = hashlib.sha256(pathlib.Path(sys.argv[2]).read_bytes()).hexdigest()[:16]
print(f"key={sysconfig.get_platform()}-{sys.version_info.major}.{sys.version_info.minor}-{lock}")
print(f"claude_key={sysconfig.get_platform()}-{claude}")'
{
  echo "found=true"
  echo "path=$python"
  "$python" -I -c "$about" "$ROOT/requirements/run.lock" "$ROOT/action/claude-code/package-lock.json"
} >>"$GITHUB_OUTPUT"

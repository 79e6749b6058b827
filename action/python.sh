#!/usr/bin/env bash
# Is there a Python on this runner that is new enough? Says so as the output `found`, with its `path` and the `key`
# that names in a cache what is installed for it. (-I: nothing of the folder that this runs in is imported.)
set -euo pipefail

usable='import sys; sys.exit(sys.version_info < (3, 11))'
python="${PYTHON:-$(command -v python3 || true)}"
if [[ -z "$python" ]] || ! "$python" -I -c "$usable"; then
  if [[ -n "${PYTHON:-}" ]]; then
    echo "::error::ClaudeStep needs Python 3.11 or newer, and $("$python" --version) is what this runner has"
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

#!/usr/bin/env bash
# Runs all notebooks with the installed wheel, and compares their outputs with those that are kept in them.
#
#   test.sh [NAME...] [--write]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"

"$here/setup.sh"
"$CARGO_TARGET_DIR/python/venv/bin/python" "$here/run.py" "$@"

#!/usr/bin/env bash
# Builds the wheel, installs it into an environment of its own, and tests it there: answers, types, docs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
own="$CARGO_TARGET_DIR/python"
env="$own/venv"

"$here/setup.sh"
export PATH="$env/bin:$PATH"

# Away from the sources, so that what is tested is what was installed.
cd "$own"
python -m mypy --config-file "$here/pyproject.toml" -p tieline
python -m mypy.stubtest tieline --mypy-config-file "$here/pyproject.toml" --allowlist "$here/stubtest.txt"
if command -v npm >/dev/null; then
    [ -x node/node_modules/.bin/pyright ] || npm install --silent --no-audit --no-fund --prefix node pyright@1.1.414 >/dev/null
    node/node_modules/.bin/pyright --pythonpath "$env/bin/python" "$here/tests/typed.py"
fi
python -m pytest -q -p no:cacheprovider --rootdir "$here" "$here/tests" "$@"

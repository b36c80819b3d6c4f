#!/usr/bin/env bash
# Builds the wheel and installs it into an environment of its own, with what tests and examples need by exact versions.
#
#   setup.sh [REQUIREMENTS...] ──▶ target/python/venv
#
# Quiet, and quick when nothing has changed. Examples name their own files of requirements.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
own="$CARGO_TARGET_DIR/python"
env="$own/venv"
mkdir -p "$own"

if ! cmp -s "$here/requirements-dev.txt" "$own/installed.txt"; then
    rm -rf "$env"
    "${PYTHON:-python3}" -m venv "$env"
    "$env/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements-dev.txt"
    cp "$here/requirements-dev.txt" "$own/installed.txt"
fi
for more in "$@"; do
    # What was installed is remembered within the environment, so that it is forgotten with it.
    known="$env/$(basename "$(dirname "$more")").txt"
    if ! cmp -s "$more" "$known"; then
        "$env/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements-dev.txt" -r "$more"
        cp "$more" "$known"
    fi
done
export PATH="$env/bin:$PATH"

rm -rf "$own/wheels"
(cd "$here" && maturin build --quiet --release --locked --out "$own/wheels") >"$own/build.txt" 2>&1 || {
    cat "$own/build.txt" >&2
    exit 1
}
pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$own"/wheels/*.whl

#!/usr/bin/env bash
# Prepares all that the notebooks need: the wheel, packages by exact versions, and the events of the water utility and of an attack on it.
#
#   setup.sh ──▶ target/python/venv, story/
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"

"$root/bindings/python/setup.sh" "$here/requirements.txt"
(cd "$root" && cargo build --quiet --release --locked -p tieline-examples -p tieline-scenarios)
"$CARGO_TARGET_DIR/release/water-utility" "$here/story" >/dev/null
"$CARGO_TARGET_DIR/release/tieline-scenarios" mail-to-pump --hours 6 --out "$here/story/plant" >/dev/null

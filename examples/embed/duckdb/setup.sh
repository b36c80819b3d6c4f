#!/usr/bin/env bash
# Prepares what this embedding needs: the wheel, DuckDB by its exact version, and the generator of events.
#
#   setup.sh ──▶ target/python/venv, target/release/water-utility
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
"$root/bindings/python/setup.sh" "$here/requirements.txt"
(cd "$root" && cargo build --quiet --release --locked -p tieline-examples)

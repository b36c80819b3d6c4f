#!/usr/bin/env bash
# Prepares what this embedding needs: tshark from Debian, and the stacks by their exact versions in an environment of their own.
#
#   setup.sh ──▶ tshark, target/plant/venv
#
# Says nothing and is quick when all is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
"$here/../setup.sh" tshark
env="${CARGO_TARGET_DIR:-$root/target}/plant/venv"
cmp -s "$here/requirements.txt" "$env/installed.txt" && exit
rm -rf "$env"
"${PYTHON:-python3}" -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/requirements.txt" "$env/installed.txt"

#!/usr/bin/env bash
# Writes the incidents of all stories in every form, and lets the public schema or a reader of each form check it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
own="$CARGO_TARGET_DIR/forms"
mkdir -p "$own"

cd "$root"
cargo build --locked --release -p tieline-cli -p tieline-scenarios
[ -x "$own/venv/bin/python" ] || python3 -m venv "$own/venv"
"$own/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
[ -x "$own/node_modules/.bin/tsc" ] ||
    npm install --silent --no-audit --no-fund --prefix "$own" @elastic/ecs@8.11.5 typescript@5.9.3 >/dev/null

rm -rf "$own/stories" "$own/forms"
mkdir "$own/forms"
"$CARGO_TARGET_DIR/release/tieline-scenarios" all --hours 4 --density 0.3 --out "$own/stories" >/dev/null
cd rules
for story in "$own"/stories/*/; do
    for form in ndjson ocsf ocsf-detections ecs stix graphml dot json-graph; do
        "$CARGO_TARGET_DIR/release/tieline" incidents --quiet --rules it ot policy cross_domain --context "$story/plant.yml" \
            -o "$form" "$story/events.ndjson" >"$own/forms/$(basename "$story").$form"
    done
done
"$own/venv/bin/python" "$here/check.py" "$own" "$root/core/tests/data/incidents" "$own/forms"

#!/usr/bin/env bash
# Sets up, builds, and tests the Node package. What is installed goes to `node_modules`, what is built to `native`.
#
#   setup.sh ─▶ are the types those that are committed? ─▶ tsc --strict ─▶ node --test ─▶ "N passed, M failed"
set -euo pipefail
cd "$(dirname "$0")"

types=$(<native/index.d.ts)
./setup.sh
if [ "$types" != "$(<native/index.d.ts)" ]; then
    echo "native/index.d.ts is not what the code gives; commit the new one" >&2
    exit 1
fi
npm run --silent types
status=0
report=$(node --expose-gc --test --test-reporter=tap test/*.test.mjs) || status=1
((status == 0)) || grep -B2 -A30 '^not ok' <<<"$report" >&2
sed -n 's/^# pass //p; s/^# fail //p' <<<"$report" | { read -r passed; read -r failed; echo "$passed passed, $failed failed"; }
exit $status

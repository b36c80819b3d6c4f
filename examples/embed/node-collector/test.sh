#!/usr/bin/env bash
# Builds the Node package when it is not there, and runs the tests of the collector. Prints "N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")"
package=../../../bindings/node
ls "$package"/native/*.node >/dev/null 2>&1 || "$package/setup.sh"
# A link does what `npm install` of a directory does, without asking a registry.
mkdir -p node_modules
ln -sfn "../$package" node_modules/tieline
status=0
report=$(node --test --test-reporter=tap collector.test.mjs) || status=1
((status == 0)) || grep -A25 '^not ok' <<<"$report" >&2
sed -n 's/^# pass //p; s/^# fail //p' <<<"$report" | { read -r passed; read -r failed; echo "$passed passed, $failed failed"; }
exit $status

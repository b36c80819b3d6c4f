#!/bin/bash
# Runs the tests of all embeddings, or of those that are named, and counts them.
#
#   test.sh [rsyslog] [pipe] ──▶ setup.sh, NAME/setup.sh ──▶ NAME/test.sh, each with a bound on its time
set -u
embed=$(cd "$(dirname "$0")" && pwd)
names=${*:-$(cd "$embed" && ls -d */ | tr -d /)}
seconds=${SECONDS_MAX:-300}
failed=
"$embed/setup.sh" || exit 1
for name in $names; do
    printf '# %s\n' "$name"
    # What has to be built first may take longer than any test.
    if [ -x "$embed/$name/setup.sh" ]; then "$embed/$name/setup.sh" || { failed="$failed $name"; continue; }; fi
    timeout --kill-after=30 "$seconds" "$embed/$name/test.sh" || failed="$failed $name"
done
if [ -n "$failed" ]; then
    printf 'failed:%s\n' "$failed"
    exit 1
fi

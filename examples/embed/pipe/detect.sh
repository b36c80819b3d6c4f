#!/bin/sh
# The middle of the pipe: events come in, alerts go out, one JSON object a line each. Messages go to standard error.
#
#   detect.sh STATE [RULES...]
#
# Nothing is added to the pipe and nothing waits in a buffer: an alert is out before the next event is waited for.
set -eu
state=$1
shift
[ "$#" -gt 0 ] || set -- "$(dirname "$0")/rules"
exec "${TIELINE:-tieline}" scan --follow --format ndjson --source none --output ndjson --event --quiet \
    --time-field time --state "$state" --rules "$@" -- -

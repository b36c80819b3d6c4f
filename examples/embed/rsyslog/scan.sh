#!/bin/sh
# The program that rsyslog starts: events on standard input, alerts appended to a file.
#
#   scan.sh WORK RULES...
#
# The format is named because the first event may be a broken one. With --quiet only errors go to messages.txt.
set -eu
work=$1
shift
exec "${TIELINE:-tieline}" scan --follow --format ndjson --output ndjson --evidence --quiet \
    --state "$work/correlations.state" --lateness 10s --rules "$@" -- - \
    >>"$work/alerts.ndjson" 2>>"$work/messages.txt"

#!/bin/sh
# Runs rsyslog with this configuration, in the foreground, beside any other rsyslog of the machine.
#
#   run.sh WORK [PORT]      TIELINE and TIELINE_RULES may name the program and the rules
set -eu
TIELINE_HOME=$(cd "$(dirname "$0")" && pwd)
TIELINE_WORK=$1
TIELINE_PORT=${2:-5514}
shipped=$(cd "$TIELINE_HOME/../../../rules" && pwd)
TIELINE_RULES=${TIELINE_RULES:-$shipped/it $shipped/over_time}
export TIELINE_HOME TIELINE_WORK TIELINE_PORT TIELINE_RULES
mkdir -p "$TIELINE_WORK/queues"
# rsyslog doubts a file to read that is not there.
touch "$TIELINE_WORK/alerts.ndjson" "$TIELINE_WORK/messages.txt"
exec rsyslogd -n -f "$TIELINE_HOME/rsyslog.conf" -i "$TIELINE_WORK/rsyslogd.pid"

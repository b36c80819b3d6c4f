#!/bin/bash
# Loads the events of the water utility into a database, scans them in pieces, and looks for exactly what a scan of the file finds.
#
#   water-utility ──▶ load.py ──▶ events ──▶ scan.py ──▶ detections ── compared with ── tieline scan
#
# It does not measure speed.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
target=${CARGO_TARGET_DIR:-$repo/target}
"$here/setup.sh" || { not_ok "what is needed is there"; close; }
export PATH=$target/python/venv/bin:$PATH TZ=UTC
cd "$work" || exit 1

"$target/release/water-utility" story >/dev/null
events=story/windows.ndjson
head -n 9000 $events >first.ndjson
tail -n +9001 $events >second.ndjson
packs=("$rules/it" "$rules/over_time")

load() { python "$here/load.py" "$1" "$2"; }
scan() { local database=$1; shift; python "$here/scan.py" "$database" "${packs[@]}" "$@"; }
sql() { python -c 'import sys, duckdb
for row in duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall(): print(*row)' "$1" "$2"; }
# Lines of a file are counted from 1, ids from 0.
detections() { sql "$1" "select event_id + 1, rule_id from detections order by all"; }
alerts() { sql "$1" "select strftime(time, '%H:%M:%S'), rule_id, \"group\" ->> 'Computer' from alerts order by all"; }
"$TIELINE" scan --quiet --format ndjson --output ndjson --rules "${packs[@]}" -- $events >whole.ndjson
due=$(jq -r 'select(.kind == "detection") | "\(.line) \(.rule_id)"' whole.ndjson | sort -k 1n -k 2)
due_alerts=$(jq -r 'select(.kind == "correlation") | "\(.time[11:19]) \(.rule_id) \(.group.Computer)"' whole.ndjson | sort)
holds "the file has something to find ($(wc -l <<<"$due") detections)" test "$(wc -l <<<"$due")" -gt 20 -a -n "$due_alerts"

# --- new events, again and again ---
same "the first half is loaded" "9000 events" "$(load one.duckdb first.ndjson)"
scan one.duckdb --rows 1000 >one.out
same "pieces are scanned one after the other" 9 "$(lines one.out)"
same "the first half gives its detections" "$(awk '$1 <= 9000' <<<"$due")" "$(detections one.duckdb)"
same "a second scan has nothing to do" "" "$(scan one.duckdb)"
same "and changes nothing" "$(awk '$1 <= 9000' <<<"$due")" "$(detections one.duckdb)"
same "the second half comes, with new fields" "$(lines $events) events" "$(load one.duckdb second.ndjson)"
scan one.duckdb --rows 1000 >>one.out
same "all detections are those of a scan of the file" "$due" "$(detections one.duckdb)"
same "all alerts are too, though two processes and many pieces made them" "$due_alerts" "$(alerts one.duckdb)"

# --- a scan that is killed ---
load two.duckdb $events >/dev/null
python "$here/scan.py" two.duckdb "${packs[@]}" --rows 200 >two.out &
scan=$!
ours $scan
# The shell is not to comment on how it ends.
disown $scan
until_true 60 has_lines two.out 35 || not_ok "the scan is on its way"
kill -9 $scan
until_true 10 is_gone $scan
at=$(sql two.duckdb "select last_id from progress")
holds "a scan that is killed ends in the middle (at $at)" test "$at" -lt 16000 -a "$at" -ge 6000
same "what it had told is whole" "$(awk -v at="$at" '$1 <= at + 1' <<<"$due")" "$(detections two.duckdb)"
scan two.duckdb >/dev/null
same "the next one tells the rest, and nothing twice" "$due" "$(detections two.duckdb)"
same "and correlations go on" "$due_alerts" "$(alerts two.duckdb)"

# --- in SQL ---
same "detections join their events" "OFFICE07 07:37 6 1|JUMP01 09:00 4 0|EWS01 09:33 11 0|HIST01 12:02 2 0" \
    "$(sql one.duckdb "select host, since, detections, critical from ($(sed 's/;$//' "$here/report.sql"))" | paste -sd '|')"
same "and say how an account was used" "upd.exe" \
    "$(sql one.duckdb "select distinct parse_filename(ParentImage, false, 'backslash') from detections join events on id = event_id
        where list_contains(tags, 'attack.t1053.005') and ParentImage is not null")"

# --- values ---
same "a field of several types is text without quotes" "0" \
    "$(sql one.duckdb "select count(*) from events where ProcessId like '%\"%'")"
close

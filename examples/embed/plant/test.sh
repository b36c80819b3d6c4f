#!/bin/bash
# Writes down what is to be done to a small plant, does it, records the packets, and looks for exactly that in what Tieline tells.
#
#   plant.py acts ──▶ acts ─────────────────────────────────────────────────────┐
#   plant.py run ──▶ loopback ──▶ tshark ──▶ events ──▶ tieline normalise, scan ──▶ compare.py
#
# It does not go on any other interface. Where packets may not be captured, it says so and tests nothing.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
target=${CARGO_TARGET_DIR:-$repo/target}
"$here/setup.sh" || { not_ok "what is needed is there"; close; }
export PATH=$target/plant/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
cd "$work" || exit 1
# Another test may run beside this one.
export PLANT_NET=127.77.$((RANDOM % 250 + 1))

# What tshark does not know by the port: Modbus and S7, which are at home below 1024. Modbus tells requests from answers by this
# preference, not by `-d`.
ports=(-o mbtcp.tcp.port:15020 -d tcp.port==10102,tpkt)
taxonomy=()
[ -n "${TAXONOMY:-}" ] && taxonomy=(--taxonomy "$TAXONOMY")

# --- first the acts, then the deeds ---
python "$here/plant.py" acts >acts.ndjson
holds "$(lines acts.ndjson) acts are written down before anything happens" test "$(lines acts.ndjson)" -gt 50

tshark -n -i lo -f "net $PLANT_NET.0/24" -w packets.pcapng 2>tshark.err &
tshark=$!
ours $tshark
# A word on a port of nobody shows that packets are recorded up to here.
heard() { echo "$1" >/dev/udp/$PLANT_NET.1/9; grep -aq "$1" packets.pcapng 2>/dev/null; }
begins() { is_gone $tshark || heard tieline-begins; }
until_true 30 begins
if is_gone $tshark; then
    echo "# skipped: packets on the loopback interface cannot be captured here; tshark says:"
    grep -v '^Running as user' tshark.err | grep . | head -n 3 | sed 's/^/#   /'
    [ "$failed" -eq 0 ] || close
    trap - EXIT
    tidy_up
    exit 0
fi
timeout --kill-after=20 150 python "$here/plant.py" run >run.out 2>&1
same "servers start, clients do it all, and everything ends" "0 " "$? $(tail -n 5 run.out)"
holds "the packets are recorded" until_true 20 heard tieline-ends
kill -INT $tshark
until_true 20 is_gone $tshark || not_ok "the recording ends"

# --- from packets to records ---
tshark -n -r packets.pcapng "${ports[@]}" -T ek 2>dissect.err | grep -v '^{"index"' >packets.ndjson
"$TIELINE" normalise --quiet "${taxonomy[@]}" --output ndjson packets.ndjson >events.ndjson
"$TIELINE" scan --quiet "${taxonomy[@]}" --format ndjson --output ndjson --event --rules "$here/rules" -- packets.ndjson >found.ndjson
compare() { python "$here/compare.py" "$@"; }
compare acts.ndjson events.ndjson found.ndjson ${EACH:+--acts} >table
compared=$?
sed 's/^/# /' table
same "records and detections are exactly what was done" 0 $compared

# --- what is not so is noticed ---
notices() { ! compare "$2" "$3" "$4" >noticed && grep -q "$1" noticed; }
sed 's/"address": \[5\]/"address": [50]/g' acts.ndjson >other
holds "another address is noticed" notices 'address is \[5\], not \[50\]' other events.ndjson found.ndjson
grep -v '"ot.name":"PLC Stop"' events.ndjson >other
holds "a stop that is not told is noticed" notices 'nothing tells of mode_stop 41 request' acts.ndjson other found.ndjson
grep -v 'stop the controller' acts.ndjson >other
holds "a stop that nobody did is noticed" notices 'nobody did this: .*PLC Stop' other events.ndjson found.ndjson
holds "and so is its alert" grep -q 'fired 1 times too often' noticed
head -n -1 found.ndjson >other
holds "an alert that is missing is noticed" notices 'is silent at frame' acts.ndjson events.ndjson other
close

#!/bin/bash
# Runs a real pipe and looks at what comes out, when, and what happens when somebody is slow, stops or goes away.
#
#   test.sh ── events ──▶ detect.sh ──▶ tieline ──▶ consume.sh ──▶ lines ── read by ──▶ test.sh
#
# It does not measure speed.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
cd "$work" || exit 1

logon() { printf '{"time":"2026-11-23T%sZ","action":"logon","outcome":"%s","user":"%s"}\n' "$1" "$2" "$3"; }
grant() { printf '{"time":"2026-11-23T%sZ","action":"grant","role":"%s","user":"%s"}\n' "$1" "$2" "$3"; }
failures() { for second in "$@"; do logon "08:00:$second" failure anna; done; }
guessing=$(printf 'high\tPassword Guessing\tanna\t5')
made() { printf 'medium\tAccount Made Administrator\t%s\t1\n' "$1"; }

# --- events in, lines out ---
{ failures 01 02 03; grant 08:00:04 administrator bob; grant 08:00:05 reader eve; logon 08:00:06 success anna; failures 07 08 09; } \
    | timeout 30 "$here/detect.sh" first.state 2>first.err | timeout 30 "$here/consume.sh" >first.out
codes="${PIPESTATUS[*]}"
same "a detection and a correlation come out, in the order of the events" "$(made bob; echo "$guessing")" "$(cat first.out)"
same "all parts of the pipe end well" "0 0 0" "$codes"

# --- at once ---
mkfifo in
timeout 60 "$here/detect.sh" second.state <in 2>second.err | timeout 60 "$here/consume.sh" >second.out &
ours $!
exec {to}>in
for who in bob eve; do
    grant 08:00:00 administrator "$who" >&"$to"
    # The pipe stays open, and nothing comes after it that could push it out.
    holds "an alert is out before the next event comes ($who)" until_true 10 grep -q "$who" second.out
done
grant 08:00:00 administrator half | tr -d '\n' >&"$to"
sleep 0.5
same "half a line waits for its end" 2 "$(lines second.out)"
echo >&"$to"
holds "and is read when it has come" until_true 10 grep -q half second.out
exec {to}>&-

# --- clean data ---
{
    printf '{"action":"grant","role":"administrator","user":"a\\u001b[31m\\nb\\u0000c \\"q\\" \\\\ \xc3\xb6 \xf0\x9f\x92\xa7"}\n'
    printf 'no JSON\n[1,2]\n\n{"action":"grant","role":"administrator","user":"\xff\xfe"}\n'
    printf '\xef\xbb\xbf{"action":"grant","role":"administrator","user":"crlf"}\r\n'
    # The last line has no end.
    printf '{"action":"grant","role":"administrator","user":"last"}'
} >dirty
timeout 30 "$here/detect.sh" third.state <dirty >third.out 2>third.err
same "broken events end nothing" 0 $?
same "each line that comes out is one object" "$(lines third.out)" "$(jq -c 'select(type == "object")' third.out | wc -l)"
same "what would act on a terminal or end a line is escaped" '' "$(LC_ALL=C tr -d '\n\040-\176\200-\377' <third.out)"
same "names come as they were sent" $'a\x1b[31m|b "q" \\ ö 💧' \
    "$(head -n 1 third.out | jq -r '.event.user | gsub("\n"; "|") | gsub("\u0000c"; "")')"
same "the events beside broken ones are found" "crlf last" "$(jq -r '.event.user' third.out | tail -n 2 | paste -sd ' ')"
same "the consumer makes one line of each" "$(lines third.out)" "$("$here/consume.sh" <third.out | wc -l)"

# --- back pressure ---
# The consumer stands still, so the scan does, and then the producer. Nothing is dropped and nothing piles up.
total=100000
mkfifo events alerts
"$here/detect.sh" fourth.state <events >alerts 2>fourth.err &
scan=$!
ours $scan
"$here/consume.sh" <alerts >fourth.out &
consumer=$!
ours $consumer
# Every event makes an alert. The producer opens the pipe, begins when it may, and says how far it is.
{
    until [ -e begin ]; do sleep 0.1; done
    exec awk -v total=$total 'BEGIN {
        for (i = 1; i <= total; i++) {
            printf "{\"action\":\"grant\",\"role\":\"administrator\",\"user\":\"user%d\"}\n", i
            if (i % 1000 == 0) { fflush(); print i > "produced"; fflush("produced") }
        }
    }'
} >events &
producer=$!
ours $producer
is_program() { [ "$(cat "/proc/$1/comm")" = "$2" ]; }
until_true 20 is_program $scan tieline && until_true 20 is_program $consumer jq || not_ok "all parts of the pipe run"
kill -STOP $consumer
touch begin
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$scan/status"; }
produced() { tail -n 1 produced 2>/dev/null || echo 0; }
# Standing still is the same count for two seconds.
stands_still() { local then; then=$(produced); sleep 2; [ "$then" -gt 0 ] && [ "$then" = "$(produced)" ]; }
holds "a producer waits for a consumer that stands still" until_true 60 stands_still
holds "it got not far ($(produced) of $total events)" test "$(produced)" -lt $((total / 2))
used=$(memory)
sleep 1
holds "the scan holds little meanwhile (${used:-0} KiB) and does not grow" test "$(memory)" -le "$((used + 1024))" -a "$used" -lt 200000
kill -CONT $consumer
holds "everybody goes on and ends" until_true 120 is_gone $consumer
same "every alert has come, in its order" "$(seq -f 'user%.0f' $total | cksum)" "$(cut -f 3 fourth.out | cksum)"

# --- a consumer that goes away ---
(
    set +o pipefail
    awk 'BEGIN { for (;;) print "{\"action\":\"grant\",\"role\":\"administrator\",\"user\":\"x\"}" }' 2>/dev/null \
        | timeout 60 "$here/detect.sh" fifth.state 2>fifth.err | head -n 3 >fifth.out
    echo "${PIPESTATUS[*]}" >fifth.codes
)
same "when the consumer goes, the scan ends without complaint, and so does the producer" \
    "3 0 " "$(lines fifth.out) $(cut -d ' ' -f 2 fifth.codes) $(cat fifth.err)"

# --- state over a restart ---
again() { timeout 30 "$here/detect.sh" "$1" 2>>again.err | "$here/consume.sh"; }
same "three failures are no alert" "" "$(failures 01 02 03 | again kept.state)"
# An event of the same time might still come and count, so an alert waits for an event that is later.
same "and two more after a restart are one, when time goes on" "$guessing" \
    "$({ failures 04 05; logon 08:00:06 success eve; } | again kept.state)"
same "which is told once" "" "$({ failures 07 08; logon 08:00:09 success eve; } | again kept.state)"
same "without the state they would be none" "" "$({ failures 04 05; logon 08:00:06 success eve; } | again other.state)"
printf 'torn' >torn.state
failures 01 | timeout 30 "$here/detect.sh" torn.state >torn.out 2>torn.err
same "a state that is damaged is refused rather than forgotten" "4 1" "$? $(grep -c 'torn.state' torn.err)"

# --- a file instead of the pipe's beginning ---
# A pipe forgets what a killed scan had read. A file does not: the state says how far it was read.
follow() {
    "$TIELINE" scan --follow --source none --output ndjson --event --quiet --time-field time --state file.state \
        --rules "$here/rules" -- events.ndjson >>file.out 2>>file.err &
    scan=$!
    ours $scan
    # The shell is not to comment on how it ends.
    disown $scan
}
users() { jq -r '.event.user' file.out | paste -sd ' '; }
grant 08:00:00 administrator one >events.ndjson
follow
holds "a file that is followed gives its alerts" until_true 20 has_lines file.out 1
kill $scan
until_true 20 is_gone $scan
grant 08:00:01 administrator two >>events.ndjson
follow
holds "what was appended meanwhile comes after a restart" until_true 20 has_lines file.out 2
grant 08:00:02 administrator three >>events.ndjson
until_true 20 has_lines file.out 3
same "and nothing comes twice" "one two three" "$(users)"
kill -9 $scan
until_true 20 is_gone $scan
grant 08:00:03 administrator four >>events.ndjson
follow
until_true 20 grep -q four file.out
same "after a kill nothing is missing, and the last seconds may come again" "four one three two" \
    "$(users | tr ' ' '\n' | sort -u | paste -sd ' ')"
kill $scan
until_true 20 is_gone $scan

close

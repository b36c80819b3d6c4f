#!/bin/bash
# Builds the program against the installed library, compares its answers with those of the command line, and looks for races.
#
#   events ──▶ workers, 1 2 5 threads, chunks of 1 byte up ──▶ the same lines, in the same order ══ tieline scan
#
# The rates that it prints are for people; it judges none.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
stage=$work/stage/usr
make -s -C "$repo/bindings/c" install DESTDIR="$work/stage" PREFIX=/usr 2>"$work/make.err" || { tail -20 "$work/make.err"; exit 1; }
cd "$work" || exit 1

flags=$(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --define-prefix --cflags --libs tieline)
build() { # output flags…
    local to=$1
    shift
    # shellcheck disable=SC2086
    g++ -std=c++17 -Wall -Wextra -Werror -pedantic "$@" "$here/workers.cpp" -o "$to" -pthread $flags -Wl,-rpath,"$stage/lib"
}
holds "it compiles without warnings" build workers -O2
own=(--source none --time-field time --lateness 10s)
scan() { timeout 120 ./workers "${own[@]}" "$@" --rules "$here/../pipe/rules"; }

# Events of 500 accounts: most are nothing, some grants, some failures close enough to be guessing; seconds out of order.
events() {
    awk -v total="$1" 'BEGIN {
        for (i = 0; i < total; i++) {
            t = int(i / 20) - i % 7
            if (t < 0) t = 0
            kind = i % 50 == 0 ? "\"action\":\"grant\",\"role\":\"administrator\"" \
                : i % 3 == 0 && i % 2000 < 300 ? "\"action\":\"logon\",\"outcome\":\"failure\"" \
                : "\"action\":\"logon\",\"outcome\":\"success\""
            printf "{\"time\":\"2026-11-23T%02d:%02d:%02dZ\",%s,\"user\":\"u%d\",\"text\":\"%0200d\"}\n",
                t / 3600, t / 60 % 60, t % 60, kind, i * 7 % (i % 2000 < 300 ? 11 : 500), i
        }
    }'
}

# --- the same answers ---
events 20000 >events.ndjson
"$TIELINE" scan --source none --format ndjson --output ndjson --quiet --time-field time --lateness 10s \
    --rules "$here/../pipe/rules" -- events.ndjson |
    jq -c 'if .kind == "correlation" then {kind, rule_title, group, lines: [.events[].line]} else {kind, rule_title, lines: [.line]} end' |
    sort >expected
scan --threads 1 <events.ndjson >one 2>one.err
same "one worker and no more finds what the command line finds" "" "$(diff expected <(sort one) | head -5)"
holds "which is much ($(grep -c detection one) detections, $(grep -c correlation one) correlations)" \
    test "$(grep -c detection one)" -gt 100 -a "$(grep -c correlation one)" -gt 20
for threads in 2 5; do
    for chunk in 300 5000 100000; do
        scan --threads $threads --chunk $chunk <events.ndjson >many 2>many.err
        same "$threads workers and chunks of $chunk bytes tell the same" "" "$(diff <(sort one) <(sort many) | head -5)"
        same "and the detections are in the order of the events" "" \
            "$(diff <(grep detection one) <(grep detection many) | head -5)"
    done
done
head -c 3000 events.ndjson | scan --threads 3 --chunk 1 >tiny 2>tiny.err
same "so do chunks of one byte, and a line without an end" "$(grep -c 'administrator' <(head -c 3000 events.ndjson))" "$(lines tiny)"

# --- what may come ---
same "no events are no answer" "0 " "$(scan </dev/null 2>empty.err; echo "$? ")"
{
    printf 'no JSON\n\n{"action":"grant","role":"administrator","user":"\xff"}\n[1]\n'
    printf '{"action":"grant","role":"administrator","user":"a\\u001b\\n\\"\\\\"}\r\n'
} | scan --threads 2 >bad 2>bad.err
same "broken events are told with their lines, and end nothing" "1 3 4" \
    "$(sed -n 's/^line \([0-9]*\): .*/\1/p' bad.err | paste -sd ' ')"
same "what comes after them is found" '{"kind":"detection","rule_title":"Account Made Administrator","lines":[5]}' "$(cat bad)"
timeout 30 ./workers --rules /no/such/rules </dev/null >none.out 2>none.err
same "rules that are not there end it with a message" "1 1" "$? $(grep -c '/no/such/rules' none.err)"
timeout 30 ./workers --rules "$here/../pipe/rules" <"$here" >dir.out 2>dir.err
same "so does an input that cannot be read" "1 1" "$? $(grep -c 'standard input' dir.err)"
timeout 30 ./workers "${own[@]}" --rules "$here/../pipe/rules" <events.ndjson >/dev/full 2>full.err
same "and an output that takes nothing" "1 1" "$? $(grep -c 'standard output' full.err)"
(
    set +o pipefail
    timeout 60 bash -c 'yes "$(head -n 1 events.ndjson)" | ./workers --source none --rules "$0/../pipe/rules" | head -n 2' "$here" 2>/dev/null |
        wc -l >gone
)
same "a reader that goes ends it, however much would come" 2 "$(cat gone)"

# --- races ---
if build probe -O1 -g -fsanitize=thread 2>/dev/null; then
    # Where addresses are spread too widely for it, it cannot start.
    still() { setarch "$(uname -m)" -R "$@"; }
    sanitized() {
        TSAN_OPTIONS="suppressions=$here/tsan.supp halt_on_error=0 exitcode=66 ${1:-}" still timeout 250 ./probe "${own[@]}" \
            --threads 4 --chunk 5000 --rules "$here/../pipe/rules"
    }
    sanitized <events.ndjson >probed 2>probe.err
    same "ThreadSanitizer finds no race" "0 0" "$? $(grep -c 'WARNING: ThreadSanitizer' probe.err)"
    grep -A 12 -m 1 'WARNING: ThreadSanitizer' probe.err | sed 's/^/#   /'
    same "and the answers under it are the same" "" "$(diff <(sort one) <(sort probed) | head -5)"
else
    echo "# no ThreadSanitizer here"
fi

# --- rates ---
events 400000 >many.ndjson
for threads in 1 "$(nproc)"; do
    scan --threads "$threads" <many.ndjson 2>&1 >/dev/null | sed 's/^/# /'
done

close

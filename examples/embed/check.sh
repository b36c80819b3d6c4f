# What the tests of all embeddings share: they source this file. It starts nothing by itself.
#
#   ok TEXT            one passed test           not_ok TEXT       one failed test
#   same NAME A B      passes if A is B          until_true N CMD  waits N seconds at most for CMD
#   ours PID           a process to end          work              a directory that is removed at the end
#
# Every wait has an end, so a test that sources this file cannot hang.

set -u
export LC_ALL=C.UTF-8

embed=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$embed/../.." && pwd)
export TIELINE=${TIELINE:-$repo/target/release/tieline}
rules=$repo/rules
work=$(mktemp -d "${TMPDIR:-/tmp}/tieline-embed.XXXXXX")
passed=0
failed=0
own_pids=()

ok() { passed=$((passed + 1)); printf 'ok - %s\n' "$1"; }
not_ok() { failed=$((failed + 1)); printf 'not ok - %s\n' "$1"; }

# Compares what came with what was to come, and shows both when they differ.
same() {
    if [ "$2" = "$3" ]; then ok "$1"; return; fi
    not_ok "$1"
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 20 | cut -c 1-160 | sed 's/^/#   /'
}

# Passes if the command does.
holds() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else not_ok "$name"; fi
}

until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.1
    done
}

lines() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

ours() { own_pids+=("$1"); }

# Ends what this test started and nothing else.
tidy_up() {
    local pid
    for pid in "${own_pids[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${own_pids[@]}"; do
        until_true 10 is_gone "$pid" || kill -9 "$pid" 2>/dev/null
    done
    if [ "$failed" -gt 0 ] && [ -n "${KEEP:-}" ]; then echo "# kept: $work"; else rm -rf "$work"; fi
}

close() {
    trap - EXIT
    tidy_up
    printf '%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# A test that ends before its last line has failed, whatever it has printed.
trap 'not_ok "the test ran to its end"; close' EXIT
trap 'exit 130' INT TERM

if [ ! -x "$TIELINE" ]; then
    echo "# no program at $TIELINE; write: cargo build --release --locked -p tieline-cli"
    exit 1
fi

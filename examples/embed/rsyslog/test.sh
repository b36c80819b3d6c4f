#!/bin/bash
# Sends events to a real rsyslogd with this directory's configuration and looks for exactly the alerts that are due.
#
#   test.sh ── tcp ──▶ rsyslogd ──▶ tieline ──▶ rsyslogd ──▶ alerts.log ── read by ──▶ test.sh
#
# It does not test how much an hour of events costs, and it leaves the rsyslog of the machine alone.

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../check.sh"
daemon=

start() {
    rm -f "$work/port"
    "$here/run.sh" "$work" 0 >>"$work/rsyslogd.out" 2>&1 &
    daemon=$!
    ours "$daemon"
    until_true 20 test -s "$work/port" || not_ok "rsyslogd listens"
    port=$(cat "$work/port")
}

# Asks rsyslogd to end, as a service manager does that stops the main process first.
stop() {
    kill "$daemon"
    until_true 60 is_gone "$daemon" || not_ok "rsyslogd ends when it is asked to"
}

# Events from standard input, each in a line of RFC 5424, as senders forward them.
send() {
    local stream
    exec {stream}>"/dev/tcp/127.0.0.1/$port" || return 1
    sed "s/^/<134>1 2026-11-23T08:00:00Z EWS01 events - - - /" >&"$stream"
    exec {stream}>&-
}

first() { head -n 1 "$rules/it/$1.$2.ndjson"; }
id_of() { sed -n 's/^id: //p' "$rules/it/$1.yml"; }
alerts() { cut -d ' ' -f 3 "$work/alerts.log"; }
scan_pid() { pgrep -P "$daemon" -f 'scan --follow' | head -n 1; }
# Which rule matched which moment, each once: after a restart the last event may come a second time.
matches() { jq -r 'select(.kind == "detection") | "\(.rule_id) \(.time)"' | sort -u; }
scanned() { "$TIELINE" scan --quiet --format ndjson --output ndjson --rules "$rules/it" "$rules/over_time" \
    -- "$work/archive.ndjson" | matches; }

fires="proc_creation_win_lsass_dump_command proc_creation_win_certutil_bitsadmin_download
    proc_creation_win_shadow_copy_deletion proc_creation_win_ssh_port_forward registry_set_defender_disabled
    win_security_audit_log_cleared win_system_event_log_cleared win_system_service_install_unusual_path
    zeek_smb_files_admin_share_program_write zeek_conn_long_remote_session"
story() { for rule in $fires; do first "$rule" match; first "$rule" silent; done; }
due=$(for rule in $fires; do id_of "$rule"; done)

# One step of an attack on one host. Three different ones within an hour make a correlation of the shipped rules hold.
step() { first "$1" match | jq -c --arg at "2026-11-23T$2Z" '.Computer = "JUMP01" | .TimeCreated_SystemTime = $at'; }
# 2,000 events a second apart; every fourth one matches.
burst() {
    jq -cn --argjson match "$(first proc_creation_win_shadow_copy_deletion match)" \
        --argjson silent "$(first proc_creation_win_shadow_copy_deletion silent)" \
        'range(2000) as $i | (if $i % 4 == 0 then $match else $silent end)
            | .TimeCreated_SystemTime = ("2026-11-23T12:00:00Z" | fromdate + $i | todate)'
}

# --- events become alerts ---
start
holds "rsyslogd starts with nothing to say about its configuration" test ! -s "$work/rsyslogd.out"
story | send
until_true 30 has_lines "$work/alerts.log" 10
same "20 events, of which 10 match, give these 10 alerts in their order" "$due" "$(alerts)"
same "the archive holds the events as they were sent" "$(story)" "$(cat "$work/archive.ndjson")"

# --- what could be harmed on the way ---
long='C:\Users\Jörg\"quoted"\	tab % 100 '$(printf 'x%.0s' {1..40000})' comsvcs.dll, MiniDump full'
first proc_creation_win_lsass_dump_command match | jq -c --arg line "$long" '.CommandLine = $line' | send
until_true 20 has_lines "$work/alerts.log" 11
same "an event of 40,000 letters with quotes, backslashes and UTF-8 comes whole" \
    "$long" "$(tail -n 1 "$work/alerts.log" | sed 's/^[^{]*//' | jq -r 'first(.fields[] | select(.field == "CommandLine")).value')"
{ echo 'no JSON at all'; first win_system_event_log_cleared match; } | send
until_true 20 has_lines "$work/alerts.log" 12
same "a broken event harms only itself" "$(id_of win_system_event_log_cleared)" "$(alerts | tail -n 1)"

# --- a restart while events come faster than they are scanned ---
step proc_creation_win_office_script_host_child 20:00:00 | send
step proc_creation_win_powershell_hidden_download 20:05:00 | send
until_true 20 has_lines "$work/alerts.log" 14
scan=$(scan_pid)
kill -STOP "$scan"
burst | send
# The pipe is full now, and the rest waits in rsyslog.
sleep 2
kill "$daemon"
sleep 3
kill -CONT "$scan"
until_true 60 is_gone "$daemon" && until_true 20 is_gone "$scan" || not_ok "both end after a stop"
waiting=$(find "$work/queues" -name 'events.*' | wc -l)
holds "what could not be scanned before the stop is on disk" test "$waiting" -gt 0
cp "$work/archive.ndjson" "$work/archive.before"
start
until_true 60 has_lines "$work/archive.ndjson" 2024
until_true 60 has_lines "$work/alerts.log" 514
sleep 1
holds "the restart came in the middle (of 2,000 events $(($(lines "$work/archive.before") - 24)) were taken before it)" \
    test "$(lines "$work/archive.before")" -lt 2000
same "all 2,000 events are in the archive" 2000 "$(grep -c 'T12:[0-3]' "$work/archive.ndjson")"
same "alerts are those of a scan of the archive" "$(scanned)" "$(matches <"$work/alerts.ndjson")"
same "all alerts of the file are in the log of alerts" \
    "$(jq -r .rule_id "$work/alerts.ndjson" | sort)" "$(alerts | sort)"

# --- what is remembered ---
before=$(lines "$work/alerts.log")
step proc_creation_win_lsass_dump_command 20:10:00 | send
# Correlations wait for late events, and go on with the time that events tell.
step proc_creation_win_lsass_dump_command 20:11:00 | jq -c '.CommandLine = "hostname"' | send
until_true 20 has_lines "$work/alerts.log" $((before + 2))
same "two steps before the restart and one after it are one correlation" \
    "$(id_of proc_creation_win_lsass_dump_command) $(sed -n 's/^id: //p' "$rules/over_time/several_attack_steps_on_host.yml")" \
    "$(alerts | tail -n +$((before + 1)) | paste -sd ' ')"
before=$(lines "$work/alerts.log")
stop
start
story | send
until_true 20 has_lines "$work/alerts.log" $((before + 10))
same "a restart at rest brings no alert a second time" "$due" "$(alerts | tail -n +$((before + 1)))"

# --- a scan that is killed ---
before=$(lines "$work/alerts.log")
scan=$(scan_pid)
kill -9 "$scan"
until_true 10 is_gone "$scan"
story | send
until_true 30 has_lines "$work/alerts.log" $((before + 10))
same "a scan that was killed while it waited is started again, and no event is lost" \
    "$due" "$(alerts | tail -n +$((before + 1)))"

scan=$(scan_pid)
stop
holds "the scan ends with rsyslogd" is_gone "$scan"
same "the scan had nothing to complain about" "" "$(cat "$work/messages.txt")"
close

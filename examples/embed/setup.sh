#!/bin/sh
# Installs what the embeddings need and the machine lacks, from Debian's own packages. Says nothing when all is there.
#
#   setup.sh              everything            setup.sh COMMAND...    these commands only
#
# It needs root only when something is missing. A service that a package brings is not started by it where
# policy-rc.d forbids it, as in containers; the tests run programs of their own beside it.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=
for command in ${*:-rsyslogd jq g++ pkg-config}; do
    command -v "$command" >/dev/null && continue
    case $command in
        rsyslogd) missing="$missing rsyslog" ;;
        *) missing="$missing $command" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing:$missing; on Debian or Ubuntu write as root: apt-get install$missing" >&2
    exit 1
fi
said=$(mktemp)
trap 'rm -f "$said"' EXIT
install() {
    # The lists of packages may be old or absent, which shows when a package cannot be had.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -q --no-install-recommends $missing >"$said" 2>&1
}
install || { timeout 300 apt-get update -q >/dev/null 2>&1 && install; } || {
    echo "cannot install$missing; the end of what apt-get said:" >&2
    tail -n 5 "$said" >&2
    exit 1
}

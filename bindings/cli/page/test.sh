#!/usr/bin/env bash
# Sets up, builds and tests the report page. What is installed goes to `node_modules`; the browser is TIELINE_CHROMIUM, one that is
# installed, or Debian's, which root installs.
#
#   npm ci ─▶ does a build give the page that is committed? ─▶ tsc --strict ─▶ playwright in a real Chromium
set -euo pipefail
cd "$(dirname "$0")"

browser() {
    for name in "${TIELINE_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && type -P "$name"; then return; fi
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-liberation) >node_modules/.chromium.log 2>&1 || true
        type -P chromium && return
    fi
    echo "the report page is tested in Chromium: install it, or say with TIELINE_CHROMIUM where it is" >&2
    return 1
}

# `npm ci` removes all first and takes long, so it runs only when the lock file has changed.
if ! cmp -s package-lock.json node_modules/.installed; then
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-progress
    cp package-lock.json node_modules/.installed
fi
TIELINE_CHROMIUM=$(browser)
export TIELINE_CHROMIUM

mkdir -p node_modules/.built
npm run --silent build -- node_modules/.built/page.html
for file in page.html LICENCES.txt; do
    if ! cmp -s "node_modules/.built/$file" "../../common/src/page/$file"; then
        echo "bindings/common/src/page/$file is not what the sources give; run \`npm run build\` in bindings/cli/page and commit it" >&2
        exit 1
    fi
done
npm run --silent types

# What makes pages of documents: TIELINE_PAGE, or the example of that name.
if [ -z "${TIELINE_PAGE:-}" ]; then
    (cd ../../.. && "${CARGO:-cargo}" build --quiet --locked -p tieline-common --example page)
    TIELINE_PAGE=${CARGO_TARGET_DIR:-$(cd ../../.. && pwd)/target}/debug/examples/page
fi
export TIELINE_PAGE
rm -rf node_modules/.pages

status=0
npx --no-install playwright test "$@" || status=$?
rm -rf node_modules/.pages
exit $status

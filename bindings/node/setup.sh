#!/usr/bin/env bash
# Installs what the build needs, as the lock file says, and builds the native half.
set -euo pipefail
cd "$(dirname "$0")"

# `npm ci` removes all first and takes long, so it runs only when the lock file has changed.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --silent --no-progress
    cp package-lock.json node_modules/.installed
fi
npm run --silent build -- -- --locked >node_modules/.build.log 2>&1 || { tail -40 node_modules/.build.log >&2; exit 1; }

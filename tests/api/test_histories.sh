#!/bin/sh
# Recorded histories, logs and ends, played through the server: histories.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/histories.mjs

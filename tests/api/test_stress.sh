#!/bin/sh
# Many clients at once, some of them rude: stress.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/stress.mjs

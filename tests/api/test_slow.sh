#!/bin/sh
# Slow clients by the hundred, honest ones beside them: slow.mjs, its short form.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
needs_or_ends node nodejs
exec node tests/api/slow.mjs

#!/bin/sh
# AWS's recorded answers against the server's, call by call: recordings.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/recordings.mjs

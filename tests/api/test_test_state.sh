#!/bin/sh
# AWS's recorded TestState answers against the server's: test_state.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/test_state.mjs

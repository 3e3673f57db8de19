#!/bin/sh
# The rules of TestState that no recording shows: test_state_rules.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/test_state_rules.mjs

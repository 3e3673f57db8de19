#!/bin/sh
# Every member of every operation, held against the service's model: members.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/members.mjs

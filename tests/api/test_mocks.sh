#!/bin/sh
# Step Functions Local's mock files through the server: mocks.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/mocks.mjs

#!/bin/sh
# How long, and for what, a nextToken serves: pages.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/pages.mjs

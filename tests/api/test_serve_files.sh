#!/bin/sh
# Machines from files: serve_files.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/serve_files.mjs

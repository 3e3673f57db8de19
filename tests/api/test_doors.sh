#!/bin/sh
# Signatures, a Unix socket, logs, the service manager: doors.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/doors.mjs

#!/bin/sh
# Schedules: the command line, EventBridge's calls, and a virtual day with kills: schedule.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/schedule.mjs

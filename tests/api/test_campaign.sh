#!/bin/sh
# Clients keep a log while the server is killed, a checker compares: campaign.mjs, with a few kills (KILLS=1000: the whole).
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/campaign.mjs

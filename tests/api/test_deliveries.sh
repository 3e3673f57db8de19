#!/bin/sh
# Deliveries to CloudWatch Logs and EventBridge: deliveries.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/deliveries.mjs

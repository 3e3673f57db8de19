#!/bin/sh
# The public SDK for JavaScript through all operations: sdk.mjs. The SDK is fetched once, into
# build/.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_sdk_or_ends
exec node tests/api/sdk.mjs

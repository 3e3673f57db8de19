#!/bin/sh
# The public SDK for JavaScript provoking each modelled error: errors.mjs. The SDK is fetched once, into
# build/.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_sdk_or_ends
exec node tests/api/errors.mjs

#!/bin/sh
# S3 Tasks against s3rver (npm): s3rver.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
needs_or_ends node nodejs
needs_or_ends npm npm
export PARTY="$PWD/build/npm/s3rver"
if [ ! -d "$PARTY/node_modules/s3rver" ]; then
    mkdir -p "$PARTY"
    timeout 120 npm install --prefix "$PARTY" --no-audit --no-fund --silent s3rver@3.7.1 >"$PARTY/npm.log" 2>&1 ||
        skip_all "npm cannot fetch s3rver (see $PARTY/npm.log)"
fi
# s3rver makes its continuation tokens with a cipher that OpenSSL 3 calls legacy.
exec node --openssl-legacy-provider tests/aws/s3rver.mjs

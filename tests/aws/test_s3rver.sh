#!/bin/sh
# S3 Tasks against s3rver (npm): s3rver.mjs.
cd "$(dirname "$0")/../.."
skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v node >/dev/null || skip "Node is not installed (apt-get install nodejs npm)"
command -v npm >/dev/null || skip "npm is not installed (apt-get install npm)"
export PARTY="$PWD/build/npm/s3rver"
if [ ! -d "$PARTY/node_modules/s3rver" ]; then
    mkdir -p "$PARTY"
    timeout 120 npm install --prefix "$PARTY" --no-audit --no-fund --silent s3rver@3.7.1 >"$PARTY/npm.log" 2>&1 ||
        skip "npm cannot fetch s3rver (see $PARTY/npm.log)"
fi
# s3rver makes its continuation tokens with a cipher that OpenSSL 3 calls legacy.
STEPWELL="${STEPWELL:-$PWD/build/stepwell}" exec node --openssl-legacy-provider tests/aws/s3rver.mjs

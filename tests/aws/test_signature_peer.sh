#!/bin/sh
# Requests of ours at a peer that checks signatures with the SDK's own signer: signature_peer.mjs.
cd "$(dirname "$0")/../.."
skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v node >/dev/null || skip "Node is not installed (apt-get install nodejs npm)"
command -v npm >/dev/null || skip "npm is not installed (apt-get install npm)"
folder=build/npm/signature-v4
if [ ! -d $folder/node_modules/@smithy/signature-v4 ]; then
    mkdir -p $folder
    timeout 120 npm install --prefix $folder --no-audit --no-fund --silent @smithy/signature-v4@5 >$folder/npm.log 2>&1 ||
        skip "npm cannot fetch @smithy/signature-v4 (see $folder/npm.log)"
fi
export STEPWELL="${STEPWELL:-$PWD/build/stepwell}"
SIGNER="$PWD/$folder" exec node tests/aws/signature_peer.mjs

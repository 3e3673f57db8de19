#!/bin/sh
# Requests of ours at a peer that checks signatures with the SDK's own signer: signature_peer.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
needs_or_ends node nodejs
needs_or_ends npm npm
folder=build/npm/signature-v4
if [ ! -d $folder/node_modules/@smithy/signature-v4 ]; then
    mkdir -p $folder
    timeout 120 npm install --prefix $folder --no-audit --no-fund --silent @smithy/signature-v4@5 >$folder/npm.log 2>&1 ||
        skip_all "npm cannot fetch @smithy/signature-v4 (see $folder/npm.log)"
fi
export STEPWELL="${STEPWELL:-$PWD/build/stepwell}"
SIGNER="$PWD/$folder" exec node tests/aws/signature_peer.mjs

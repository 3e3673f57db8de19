#!/bin/sh
# The public SDK for JavaScript provoking each modelled error: errors.mjs. The SDK is fetched once, into
# build/.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
needs_or_ends npm npm
folder=build/npm-client-sfn
if [ ! -d $folder/node_modules/@aws-sdk/client-sfn ]; then
    mkdir -p $folder
    (cd $folder && echo '{"private": true}' >package.json &&
        timeout 120 npm install --no-audit --no-fund --silent @aws-sdk/client-sfn@3 >npm.log 2>&1) ||
        skip_all "npm cannot fetch @aws-sdk/client-sfn (see $folder/npm.log)"
fi
SDK="$PWD/$folder/node_modules/@aws-sdk/client-sfn/dist-cjs/index.js" exec node tests/api/errors.mjs

#!/bin/sh
# The public SDK for JavaScript in several regions and accounts: scopes.mjs. The SDK is fetched once, into
# build/.
cd "$(dirname "$0")/../.."
[ -x build/asan/stepwell ] && export STEPWELL="$PWD/build/asan/stepwell" # with the sanitizers where it is built
skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v node >/dev/null || skip "Node is not installed (apt-get install nodejs npm)"
command -v npm >/dev/null || skip "npm is not installed (apt-get install npm)"
folder=build/npm-client-sfn
if [ ! -d $folder/node_modules/@aws-sdk/client-sfn ]; then
    mkdir -p $folder
    (cd $folder && echo '{"private": true}' >package.json &&
        timeout 120 npm install --no-audit --no-fund --silent @aws-sdk/client-sfn@3 >npm.log 2>&1) ||
        skip "npm cannot fetch @aws-sdk/client-sfn (see $folder/npm.log)"
fi
SDK="$PWD/$folder/node_modules/@aws-sdk/client-sfn/dist-cjs/index.js" exec node tests/api/scopes.mjs

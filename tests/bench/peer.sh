#!/bin/sh
# Transitions per second of aws-local-stepfunctions (npm) on a definition: peer.sh FILE INPUT COUNT,
# COUNT executions at once. Prints one number; fails when node or npm or the package is not to be had.
set -eu
version=3.0.0
place=build/bench/npm
here=$(pwd)
if [ ! -d "$place/node_modules/aws-local-stepfunctions" ]; then
    mkdir -p "$place"
    npm install --prefix "$place" --no-audit --no-fund --silent "aws-local-stepfunctions@$version" \
        >/dev/null 2>&1
fi
peer=${PEER:-peer.mjs} # another script takes the same place
cp "tests/bench/$peer" "$place/$peer"
cd "$place"
exec node "$peer" "$here/$1" "$2" "$3"

#!/bin/sh
# Every member of every operation, held against the service's model: members.mjs.
cd "$(dirname "$0")/../.."
[ -x build/asan/stepwell ] && export STEPWELL="$PWD/build/asan/stepwell" # with the sanitizers where it is built
if ! command -v node >/dev/null; then
    echo "skipped: Node is not installed (apt-get install nodejs)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node tests/api/members.mjs

#!/bin/sh
# Machines from files: serve_files.mjs.
cd "$(dirname "$0")/../.."
[ -x build/asan/stepwell ] && export STEPWELL="$PWD/build/asan/stepwell" # with the sanitizers where it is built
if ! command -v node >/dev/null; then
    echo "skipped: Node is not installed (apt-get install nodejs)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node tests/api/serve_files.mjs

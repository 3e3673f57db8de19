#!/bin/sh
# Slow clients by the hundred, honest ones beside them: slow.mjs, its short form.
cd "$(dirname "$0")/../.."
if ! command -v node >/dev/null; then
    echo "skipped: Node is not installed (apt-get install nodejs)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node tests/api/slow.mjs

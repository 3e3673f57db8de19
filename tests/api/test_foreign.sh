#!/bin/sh
# Foreign pages get nothing, tried by a real browser: foreign.mjs.
cd "$(dirname "$0")/../.."
if ! command -v node >/dev/null; then
    echo "skipped: Node is not installed (apt-get install nodejs)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1
fi
exec node tests/api/foreign.mjs

#!/bin/sh
# Foreign pages get nothing, tried by a real browser: foreign.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
needs_or_ends node nodejs
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1
fi
exec node tests/api/foreign.mjs

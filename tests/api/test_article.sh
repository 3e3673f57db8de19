#!/bin/sh
# The article whole: a day of exports in virtual time, with kills: article.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/article.mjs

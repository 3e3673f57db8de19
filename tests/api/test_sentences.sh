#!/bin/sh
# What AWS says in its reference, sentence by sentence: sentences.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends node nodejs
exec node tests/api/sentences.mjs

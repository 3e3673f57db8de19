#!/bin/sh
# Tasks against an HTTPS API with OAuth and a Kubernetes API over real TLS: https_parties.mjs.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
needs_or_ends node nodejs
needs_or_ends openssl openssl
exec node tests/aws/https_parties.mjs

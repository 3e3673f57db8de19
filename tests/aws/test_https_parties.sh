#!/bin/sh
# Tasks against an HTTPS API with OAuth and a Kubernetes API over real TLS: https_parties.mjs.
cd "$(dirname "$0")/../.."
skip() {
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
command -v node >/dev/null || skip "Node is not installed (apt-get install nodejs npm)"
command -v openssl >/dev/null || skip "the openssl program is not installed (apt-get install openssl)"
STEPWELL="${STEPWELL:-$PWD/build/stepwell}" exec node tests/aws/https_parties.mjs

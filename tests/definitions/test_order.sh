#!/bin/sh
# definitions/order end to end: functions in Node through the Runtime API, an SQS callback that a consumer
# answers, SNS, EventBridge, a secret; and that the secret is in nothing that tells of the run.
cd "$(dirname "$0")/../.." || exit 1
[ -x build/asan/stepwell ] && STEPWELL=$PWD/build/asan/stepwell
command -v node >/dev/null || { echo "skipped: Node is not installed (apt-get install nodejs)"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
passed=0 failed=0
expect() { # WHAT PATTERN OUTPUT
    case $3 in
    *"$2"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); printf '%s: wanted "%s", got: %s\n' "$1" "$2" "$3" ;;
    esac
}
WORK=$(mktemp -d)/run
export WORK
trap 'rm -rf "${WORK%/run}"' EXIT
out=$(sh definitions/order/run.sh "$STEPWELL" 2>&1)
expect "the end" 'SUCCEEDED {"order":"1001","total":2100,"receipt":"R-2100","parcel":"P-1001"}' "$out"
expect "where it goes" 'node:functions/charge.handler' "$out"
expect "the mail" '"Order 1001 is on its way: parcel P-1001"' "$out"
expect "the event" '"{\"order\":\"1001\",\"total\":2100}"' "$out"
expect "what a function says" 'charged 2100 with a key of 14 letters, as arn:aws:lambda:us-east-1:123456789012:function:order-charge:live' \
    "$(cat "$WORK/data/lambda/order-charge.log")"
expect "the event's log" '"detail-type":"OrderShipped","source":"shop"' "$(cat "$WORK/data/events.log")"
expect "the execution among its resources" '"resources":["arn:aws:states:us-east-1:123456789012:execution:order:' "$(cat "$WORK/data/events.log")"
expect "the secret stays in" no "$(grep -qs not-in-any-log "$WORK"/order.db* "$WORK"/serve.log "$WORK"/data/*.log "$WORK"/data/lambda/* && echo yes || echo no)"
out=$(sh definitions/order/run.sh "$STEPWELL" '{"id": "7", "card": "4000", "items": []}' 2>&1)
expect "a declined card" 'FAILED OrderRefused: CardDeclined' "$out"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

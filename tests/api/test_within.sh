#!/bin/sh
# `stepwell run` of a machine that starts another, waits for it, and asks Step Functions itself: within
# the process, on no port.
cd "$(dirname "$0")/../.."
program="$PWD/build/stepwell"
[ -x build/asan/stepwell ] && program="$PWD/build/asan/stepwell" # with the sanitizers where it is built
folder=$(mktemp -d) passed=0 failed=0
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
arn=arn:aws:states:us-east-1:123456789012:stateMachine:child
echo '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":90,"Next":"P"},
  "P":{"Type":"Pass","Parameters":{"got.$":"$.n"},"End":true}}}' >child.asl.json
task() { # name, resource, parameters, result
    echo "{\"StartAt\":\"S\",\"States\":{\"S\":{\"Type\":\"Task\",\"Resource\":\"$2\",\"Parameters\":$3,
      \"ResultSelector\":{\"out.\$\":\"$4\"},\"End\":true}}}" >"$1.asl.json"
}
is() { # what, expected status, expected text, given status, given text
    if [ "$2" = "$4" ] && case $5 in *"$3"*) true ;; *) false ;; esac; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1: status $4 (not $2), and: $5"
    fi
}
try() { # name, expected status, expected text
    given=$(timeout 240 "$program" run "$1.asl.json" --db a.db --time skip --quiet 2>&1 | tr -d ' \n')
    timeout 240 "$program" run "$1.asl.json" --db a.db --time skip --quiet >/dev/null 2>&1
    is "$1" "$2" "$3" $? "$given"
}
"$program" run child.asl.json --db a.db --time skip --quiet --input '{"n":0}' >/dev/null
task sync2 arn:aws:states:::states:startExecution.sync:2 "{\"StateMachineArn\":\"$arn\",\"Input\":{\"n\":7}}" '$.Output'
try sync2 0 '{"out":{"got":7}}'
task sync arn:aws:states:::states:startExecution.sync "{\"StateMachineArn\":\"$arn\",\"Input\":{\"n\":7}}" '$.Output'
try sync 0 '{"out":"{\"got\":7}"}'
task go arn:aws:states:::states:startExecution "{\"StateMachineArn\":\"$arn\",\"Input\":{\"n\":7}}" '$.ExecutionArn'
try go 0 ':execution:child:'
task sdk arn:aws:states:::aws-sdk:sfn:describeStateMachine "{\"StateMachineArn\":\"$arn\"}" '$.Name'
try sdk 0 '{"out":"child"}'
task missing arn:aws:states:::states:startExecution "{\"StateMachineArn\":\"${arn}ren\"}" '$.ExecutionArn'
try missing 3 StateMachineDoesNotExist
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

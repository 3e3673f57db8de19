#!/bin/sh
# EventBridge's rules start executions: events that came while no server ran, and before a kill -9, are not
# forgotten, and each starts exactly one. On one port with the schedules' rules.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
needs_or_ends curl curl
server=
work=$(mktemp -d)
trap 'kill $server 2>/dev/null; wait; rm -rf "$work"' EXIT
serve() {
    : >"$work/log" # the one before said where it was
    "$STEPWELL" serve --port 0 --db "$work/db" --route "function:f=sh:cat >>$work/told; echo {}" 2>"$work/log" &
    server=$!
    patiently grep -q 'API on http' "$work/log"
    url=$(sed -n 's/.*API on \(http.*\)/\1/p' "$work/log")
}
ask() { # TARGET BODY
    curl -sS -H 'Content-Type: application/x-amz-json-1.1' -H "X-Amz-Target: AWSEvents.$1" -d "$2" "$url"
}
states() {
    curl -sS -H 'Content-Type: application/x-amz-json-1.0' -H "X-Amz-Target: AWSStepFunctions.$1" -d "$2" "$url"
}
machine=arn:aws:states:us-east-1:123456789012:stateMachine:m
executions() { states ListExecutions "{\"stateMachineArn\":\"$machine\"}" | grep -o '"executionArn"' | wc -l; }
are_there() { [ "$(executions)" -ge "$1" ]; }
await() { # COUNT
    patiently are_there "$1"
    executions
}
serve
states CreateStateMachine '{"name":"m","roleArn":"arn:aws:iam::123456789012:role/r","definition":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"}' >/dev/null
expect "a rule with a pattern" rule/p "$(ask PutRule '{"Name":"p","EventPattern":"{\"source\":[\"shop\"]}"}')"
expect "a rule with a schedule" rule/s "$(ask PutRule '{"Name":"s","ScheduleExpression":"rate(1 day)"}')"
expect "a target" '"FailedEntryCount":0' "$(ask PutTargets "{\"Rule\":\"p\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"$machine\",\"InputPath\":\"\$.detail\"}]}")"
expect "both are known" '"ScheduleExpression":"rate(1 day)"' "$(ask DescribeRule '{"Name":"s"}')"
expect "each by its own" '"EventPattern":' "$(ask DescribeRule '{"Name":"p"}')"
expect "both are listed" '"ScheduleExpression"' "$(ask ListRules '{}')"
expect "the one and the other" '"EventPattern"' "$(ask ListRules '{}')"
event='{"Entries":[{"Source":"shop","DetailType":"T","Detail":"{\"n\":1}"}]}'
expect "an event" '"FailedEntryCount":0' "$(ask PutEvents "$event")"
expect "starts one" 1 "$(await 1)"
arn=$(states ListExecutions "{\"stateMachineArn\":\"$machine\"}" | sed -n 's/.*"executionArn":"\([^"]*\)".*/\1/p')
expect "with its detail" '"input":"{\"n\":1}"' "$(states DescribeExecution "{\"executionArn\":\"$arn\"}")"
kill -9 $server
wait $server 2>/dev/null
"$STEPWELL" local --data "$work/db.data" events PutEvents "$event" >/dev/null
"$STEPWELL" local --data "$work/db.data" events PutEvents "$event" >/dev/null
serve
expect "what came meanwhile" 3 "$(await 3)"
ask PutEvents "$event" >/dev/null # behind it, nothing of those before is under way
expect "and no more" 4 "$(await 4)"
# A function behind a rule, and behind a topic.
function=arn:aws:lambda:us-east-1:123456789012:function:f
told() { # PATTERN
    patiently grep -q "$1" "$work/told"
    cat "$work/told"
}
sns() { "$STEPWELL" local --data "$work/db.data" sns "$1" "$2"; }
expect "a function as target" '"FailedEntryCount":0' "$(ask PutTargets "{\"Rule\":\"p\",\"Targets\":[{\"Id\":\"2\",\"Arn\":\"$function\",\"InputPath\":\"\$.detail\"}]}")"
ask PutEvents '{"Entries":[{"Source":"shop","DetailType":"T","Detail":"{\"to\":\"function\"}"}]}' >/dev/null
expect "it is called" '{"to":"function"}' "$(told function)"
kill $server
wait $server 2>/dev/null
sns CreateTopic '{"Name":"t"}' >/dev/null
sns Subscribe "{\"TopicArn\":\"arn:aws:sns:us-east-1:123456789012:t\",\"Protocol\":\"lambda\",\"Endpoint\":\"$function\"}" >/dev/null
sns Publish '{"TopicArn":"arn:aws:sns:us-east-1:123456789012:t","Subject":"s","Message":"from the topic"}' >/dev/null
serve
expect "a topic calls it, later" '"Message":"from the topic"' "$(told 'from the topic')"
expect "as SNS does" '{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":"arn:aws:sns:us-east-1:123456789012:t:' "$(told topic)"
expect "once" 1 "$(grep -c 'from the topic' "$work/told")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

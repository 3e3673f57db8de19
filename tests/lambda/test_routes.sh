#!/bin/sh
# stepwell routes and run --dry-run: where each Task would go, by which rule, and that nothing is made.
cd "$(dirname "$0")/../.." || exit 1
[ -x build/asan/stepwell ] && STEPWELL=$PWD/build/asan/stepwell
passed=0 failed=0
expect() { # WHAT PATTERN OUTPUT
    case $3 in
    *"$2"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); printf '%s: wanted "%s", got: %s\n' "$1" "$2" "$3" ;;
    esac
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$PWD
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none"
cat >"$work/d.asl.json" <<'D'
{"StartAt": "Function", "States": {
  "Function": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:n", "Next": "Qualified"},
  "Qualified": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "n:2"}, "Next": "Unknown"},
  "Unknown": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "none"}, "Next": "Later"},
  "Later": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.f"}, "Next": "Http"},
  "Http": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": {"ApiEndpoint": "https://api.example.com/x", "Method": "GET",
    "Authentication": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1"}}, "Next": "Api"},
  "Api": {"Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": {"ApiEndpoint": "x.execute-api.us-east-1.amazonaws.com", "Method": "GET"}, "Next": "Queue"},
  "Queue": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody": "b"}, "Next": "Keys"},
  "Keys": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:kms:listKeys", "Parameters": {}, "Next": "Both"},
  "Both": {"Type": "Parallel", "Branches": [{"StartAt": "Inner", "States": {"Inner": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem",
    "Parameters": {"TableName": "t", "Key": {"id": {"S": "1"}}}, "End": true}}}], "Next": "Each"},
  "Each": {"Type": "Map", "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true}}}, "Next": "Routed"},
  "Routed": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:none", "End": true}}}
D
routes() { (cd "$work" && "$STEPWELL" routes "$@" d.asl.json 2>&1 | tr -s ' '); }
out=$(routes --routes "$here/tests/lambda/routes.json" --route state:Routed=sh:cat)
expect "a function" "function:n node:functions/index.handler the route function:n" "$out"
expect "its qualifier" "Qualified arn:aws:states:::lambda:invoke node:functions/module.handler the route function:n:2" "$out"
expect "no such function" "nowhere no function of that name: give --route function:none=..." "$out"
expect "a name known later" "stand-in, function (known when it runs)" "$out"
expect "http:invoke" "https://api.example.com/x http:invoke calls its ApiEndpoint" "$out"
expect "execute-api" "nowhere nothing may be sent to x.execute-api.us-east-1.amazonaws.com" "$out"
expect "a stand-in" "Queue arn:aws:states:::sqs:sendMessage stand-in the embedded stand-in" "$out"
expect "no stand-in" "Keys arn:aws:states:::aws-sdk:kms:listKeys nowhere nothing answers for kms here" "$out"
expect "in a branch" "Inner arn:aws:states:::dynamodb:getItem stand-in" "$out"
expect "an activity" "Work arn:aws:states:us-east-1:123456789012:activity:a a worker" "$out"
expect "a state's own" "Routed arn:aws:lambda:us-east-1:123456789012:function:none sh:cat the route state:Routed" "$out"
cat >"$work/template.asl.json" <<'D'
{"StartAt": "A", "States": {
  "A": {"Type": "Task", "Resource": "${Function}", "TimeoutSeconds": ${Wait}, "Next": "B"},
  "B": {"Type": "Task", "Resource": "${Function}", "TimeoutSeconds": ${Wait}, "Next": "C"},
  "C": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "${Url}", "MessageBody": "b"}, "End": true}}}
D
out=$("$STEPWELL" routes "$work/template.asl.json" 2>&1 | tr -s ' ')
expect "a template" "C arn:aws:states:::sqs:sendMessage stand-in" "$out"
expect "a Resource without a value" 'A ${Function} (known when it runs) give its Resource with --var' "$out"
expect "each missing name is told once" 1 "$(echo "$out" | grep -c 'Function} has no --var')"
expect "a template is not run" 'hint: a ${Name} that stands outside of quotes has no value yet' \
    "$("$STEPWELL" run --db "$work/t.db" "$work/template.asl.json" 2>&1)"
routes >/dev/null
(cd "$work" && "$STEPWELL" routes d.asl.json >/dev/null 2>&1)
expect "some have nowhere to go" 1 $?
out=$(routes --region eu-west-1 --route kms=aws --route dynamodb:getItem=http://localhost:8000 --route state:Queue=http://localhost:9324 \
    --route http=http://localhost:1 --route execute-api=http://localhost:2 --route 'function:*=http://localhost:3')
expect "real AWS" "https://kms.eu-west-1.amazonaws.com the route kms" "$out"
expect "an action" "http://localhost:8000 the route dynamodb:getItem" "$out"
expect "a state to a URL" "http://localhost:9324 the route state:Queue" "$out"
expect "http routed" "http://localhost:1 the route http" "$out"
expect "execute-api routed" "http://localhost:2 the route execute-api" "$out"
expect "all functions" "http://localhost:3 the route function:*" "$out"
own=$(routes --route http=http://localhost:1 --route state:Http=http://localhost:5 --route state:Api=http://localhost:6)
expect "a state of http:invoke" "http://localhost:5 the route of its state" "$own"
expect "a state of apigateway" "http://localhost:6 the route of its state" "$own"
expect "all go somewhere" no "$(echo "$out" | grep -q nowhere && echo yes || echo no)"
expect "real AWS was not asked for" no "$(routes | grep -q amazonaws.com' real' && echo yes || echo no)"
expect "it was" "https://sqs.us-east-1.amazonaws.com real AWS, as asked for" "$(AWS_REGION=us-east-1 routes --aws)"
expect "by variable" "http://localhost:4 AWS_ENDPOINT_URL_SQS" "$(AWS_ENDPOINT_URL_SQS=http://localhost:4 routes)"
expect "the stand-in all the same" "stand-in the route sqs" "$(AWS_ENDPOINT_URL_SQS=http://localhost:4 routes --route sqs=local)"
expect "json" '"where": "stand-in"' "$(cd "$work" && "$STEPWELL" run --dry-run --json d.asl.json)"
expect "nothing was made" "d.asl.json" "$(ls -A "$work")"
refused() { (cd "$work" && "$STEPWELL" routes --routes "$work/r.json" d.asl.json 2>&1); }
echo '{"function:x": {"to": "node:x.y", "timeouts": 1}}' >"$work/r.json"
expect "an unknown member" "r.json: function:x: has a member that is none of" "$(refused)"
echo '{"function:x": {"timeout": 1}}' >"$work/r.json"
expect "no to" 'wants "to"' "$(refused)"
echo '{"function:x": {"to": "exec:x", "timeout": 901}}' >"$work/r.json"
expect "too long" '"timeout" is a number above 0, at most 900' "$(refused)"
echo '{"function:x": 1}' >"$work/r.json"
expect "a number" "is a string or an object" "$(refused)"
echo '{"sqsx": "local"}' >"$work/r.json"
expect "no service" "no AWS service is called 'sqsx'" "$(refused)"
echo '{"sqs": "exec:cat"}' >"$work/r.json"
expect "a program for SQS" "programs and handlers answer for Lambda functions only" "$(refused)"
echo '{"a": ' >"$work/r.json"
expect "no JSON" "r.json:2:1:" "$(refused)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

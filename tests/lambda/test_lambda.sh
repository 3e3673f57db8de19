#!/bin/sh
# Functions on this machine through Lambda's Invoke API, the Runtime API and whole workflows: handlers for
# Node and Python, programs, a custom runtime; what they give, how they fail, that nothing is left behind.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
for need in node python3 curl; do
    command -v $need >/dev/null || skip_all "$need is not installed (apt-get install nodejs python3 curl)"
done
work=$(mktemp -d)
export AWS_ACCESS_KEY_ID=canary AWS_SECRET_ACCESS_KEY=canary-secret CANARY=canary-variable
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
"$STEPWELL" serve --port 0 --db "$work/serve.db" --routes tests/lambda/routes.json 2>"$work/serve.log" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"' EXIT
patiently grep -q 'API on http' "$work/serve.log"
url=$(sed -n 's/.*API on \(http.*\)/\1/p' "$work/serve.log")
invoke() { # NAME PAYLOAD [CURL OPTIONS]: the payload, then the headers that tell of it
    function=$1 payload=$2
    shift 2
    curl -sS -D "$work/head" --data-binary "$payload" "$@" "$url/2015-03-31/functions/$function/invocations"
    tr -d '\r' <"$work/head" | grep -iE '^(HTTP|x-amz-(function|executed|log)|x-amzn-errortype)' | tr '\n' ' '
}

expect "a result" '"event":{"a":1}' "$(invoke n '{"a":1}')"
expect "kept warm" '"calls":2' "$(invoke n '{}')"
expect "context" '"name":"n","arn":"arn:aws:lambda:us-east-1:123456789012:function:n","left":true' "$(invoke n '{}')"
expect "its own environment" '"own":"mine"' "$(invoke n '{}')"
expect "no credentials of ours" '"secret":"local",' "$(invoke n '{}')"
expect "credentials when asked for" '"secret":"canary-secret"' "$(invoke ours '{}')"
expect "the stand-ins' place" '"endpoint":true' "$(invoke n '{}')"
expect "nothing else of ours" 'no' "$(invoke n '{}' | grep -q canary-variable && echo yes || echo no)"
expect "an empty event" '"event":{}' "$(invoke n '')"
expect "by qualifier" '"module":true' "$(invoke n:2 '{}')"
expect "its version" 'Executed-Version: 2' "$(invoke n '{}' -G --data-urlencode Qualifier=2 -X POST)"
expect "another qualifier" 'Executed-Version: $LATEST' "$(invoke n:prod '{}')"
expect "by ARN" '"calls":' "$(invoke arn:aws:lambda:us-east-1:123456789012:function:n '{}')"
expect "called back" '"called back"' "$(invoke callback '{}')"
expect "called back with an error" '"errorType":"string"' "$(invoke callback '{"error":"bad"}')"
expect "an error" '{"errorType":"PriceError","errorMessage":"no price","trace":["PriceError: no price"' "$(invoke n '{"fail":1}')"
expect "told as one" 'Function-Error: Unhandled' "$(invoke n '{"fail":1}')"
expect "exit" 'Runtime exited with error: exit status 3"' "$(invoke n '{"exit":3}')"
expect "exit 0" 'Error: Runtime exited without providing a reason"' "$(invoke n '{"exit":0}')"
expect "killed" '"errorType":"Runtime.ExitError","errorMessage":"RequestId: ' "$(invoke n '{"kill":1}')"
expect "killed, how" 'Runtime exited with error: signal: killed"' "$(invoke n '{"kill":1}')"
expect "alive again" '"calls":1' "$(invoke n '{}')"
expect "unhandled rejection" 'Runtime.UnhandledPromiseRejection' "$(invoke n '{"reject":1}')"
expect "no JSON" 'Runtime.MarshalError' "$(invoke n '{"circle":1}')"
expect "too large a result" 'Function.ResponseSizeTooLarge' "$(invoke n '{"big":6291460}')"
expect "just small enough" 'HTTP/1.1 200' "$(invoke n '{"big":6291450}' -o /dev/null)"
expect "timed out" 'Sandbox.Timedout","errorMessage":"RequestId: ' "$(invoke slow '{"sleep":5000}')"
expect "how long" 'Error: Task timed out after 0.50 seconds' "$(invoke slow '{"sleep":5000}')"
expect "no function in it" '"errorType":"Runtime.HandlerNotFound"' "$(invoke number '{}')"
expect "syntax" '"errorType":"Runtime.UserCodeSyntaxError"' "$(invoke broken '{}')"
expect "no module" '"errorType":"Runtime.ImportModuleError"' "$(invoke missing '{}')"
expect "no function" 'ResourceNotFoundException' "$(invoke none '{}')"
expect "no function, its words" 'Function not found: arn:aws:lambda:us-east-1:123456789012:function:none:$LATEST' "$(invoke none '{}')"
expect "no JSON in" 'InvalidRequestContentException' "$(invoke n '{')"
head -c 6291460 /dev/zero | tr '\0' '1' >"$work/large"
expect "too large an event" 'HTTP/1.1 413' "$(invoke n "@$work/large")"
expect "dry run" 'HTTP/1.1 204' "$(invoke n '{}' -H 'X-Amz-Invocation-Type: DryRun')"
expect "event" 'HTTP/1.1 202' "$(invoke n '{}' -H 'X-Amz-Invocation-Type: Event')"
expect "log tail" 'START RequestId: ' "$(invoke n '{}' -H 'X-Amz-Log-Type: Tail' | sed -n 's/.*Log-Result: \([^ ]*\).*/\1/p' | base64 -d)"
expect "log file" 'called 1' "$(cat "$work/serve.db.data/lambda/n.log")"

expect "python" '"name": "py", "text": "é"' "$(invoke py '{"q":1}')"
expect "python, an error" '"errorType": "ValueError"' "$(invoke py '{"fail":1}')"
expect "python, its trace" '"stackTrace": ["  File \"'"$PWD"'/tests/lambda/functions/app.py\", line 4, in handler\n    raise ValueError' \
    "$(invoke py '{"fail":1}')"
expect "python, no JSON" 'Runtime.MarshalError' "$(invoke py '{"set":1}')"

expect "a program" '{"you": {"a":1}}' "$(invoke program '{"a":1}')"
expect "a program's status" 'Runtime exited with error: exit status 4' "$(invoke program '{"fail":1}')"
expect "a program's own error" '{"errorType":"MyError","errorMessage":"it said so"}' "$(invoke program '{"told":1}')"
expect "a program's junk" 'is no JSON: line 1, column 1' "$(invoke program '{"junk":1}')"
expect "a program's silence" 'null' "$(invoke program '{"nothing":1}')"
expect "a program's log" 'a line of the log' "$(cat "$work/serve.db.data/lambda/program.log")"
expect "a program too slow" 'timed out after 0.30 seconds' "$(invoke quick '{"sleep":1}')"
expect "no program" 'Runtime.InvalidEntrypoint' "$(invoke nowhere '{}')"
expect "a shell" '{"A":1}' "$(invoke shell '{"a":1}')"
expect "a custom runtime" '{"custom": {"a":1}}' "$(invoke custom '{"a":1}')"
expect "its error" '"errorType": "Own.Error"' "$(invoke custom '{"fail":1}')"
expect "another's id" 'InvalidRequestID' "$(invoke custom '{"wrong":1}')"

if command -v aws >/dev/null; then
    aws_() { aws --endpoint-url "$url" --region us-east-1 --output text lambda invoke "$@" "$work/answer" 2>&1; }
    echo '{"k":1}' >"$work/event"
    expect "awscli" '$LATEST' "$(aws_ --function-name custom --payload "fileb://$work/event")"
    expect "awscli, the result" '"custom": {"k":1}' "$(cat "$work/answer")"
    echo '{"fail":1}' >"$work/event"
    expect "awscli, an error" Unhandled "$(aws_ --function-name n --payload "fileb://$work/event")"
fi

# At once: six calls, three processes; none ends before three have begun.
for i in 1 2 3 4 5 6; do
    invoke n "{\"gate\":\"$work/gate\"}" -D /dev/null >"$work/at-once.$i" 2>&1 &
    calls="$calls $!"
done
begun() { [ "$(ls "$work" | grep -c '^gate.begun')" -ge 3 ]; }
patiently begun
touch "$work/gate"
for call in $calls; do wait "$call"; done
processes=$(cat "$work"/at-once.* | grep -o '"pid":[0-9]*' | sort -u | wc -l)
answers=$(cat "$work"/at-once.* | grep -o '"pid":[0-9]*' | wc -l)
expect "all answered" 6 "$answers"
expect "bounded" 3 "$processes"

# A whole workflow: ARN and lambda:invoke, a state's own route, a Task that gives up.
cat >"$work/w.asl.json" <<'W'
{"StartAt": "Arn", "States": {
  "Arn": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:n:2", "Parameters": {"a": 1}, "ResultPath": "$.arn", "Next": "Invoke"},
  "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "py", "Payload": {"b": 2}},
    "ResultSelector": {"got.$": "$.Payload.got"}, "ResultPath": "$.invoked", "Next": "Routed"},
  "Routed": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:none", "ResultPath": "$.state", "Next": "Fails"},
  "Fails": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:n", "Parameters": {"fail": 1},
    "Catch": [{"ErrorEquals": ["PriceError"], "ResultPath": "$.failed", "Next": "Slow"}], "End": true},
  "Slow": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:program", "Parameters": {"sleep": 1}, "TimeoutSeconds": 1,
    "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.slow", "Next": "Unknown"}], "End": true},
  "Unknown": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:none",
    "Catch": [{"ErrorEquals": ["Lambda.ResourceNotFoundException"], "ResultPath": "$.unknown", "Next": "Done"}], "End": true},
  "Done": {"Type": "Succeed"}}}
W
out=$("$STEPWELL" run --db "$work/run.db" --routes tests/lambda/routes.json --json "$work/w.asl.json" 2>&1)
expect "workflow" '"status": "SUCCEEDED"' "$out"
for part in '\"arn\":{\"module\":true,\"event\":{\"a\":1}}' '\"invoked\":{\"got\":{\"b\":2}}' '\"state\":{\"routed\":true}' \
    '\"failed\":{\"Error\":\"PriceError\"' '\"slow\":{\"Error\":\"States.Timeout\"' '\"unknown\":{\"Error\":\"Lambda.ResourceNotFoundException\"'; do
    expect "workflow, $part" "$part" "$out"
done
cat >"$work/t.asl.json" <<'W'
{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
  "Parameters": {"FunctionName": "token", "Payload": {"token.$": "$$.Task.Token"}}, "TimeoutSeconds": 200, "End": true}}}
W
expect "a function answers its token" '{\"answered\":true}' \
    "$("$STEPWELL" run --db "$work/token.db" --route function:token=node:tests/lambda/functions/index.answer --json "$work/t.asl.json" 2>&1)"
expect "the canary stays out" no "$(grep -rqs canary "$work"/*.db* && echo yes || echo no)"

# Nothing is left: no process of the group, no zombie.
left() { ps -o pid=,stat=,args= --ppid $server | grep -v 'node -e\|python3 -c\|runtime.sh'; }
only_warm_ones() { [ -z "$(left)" ]; }
patiently only_warm_ones
expect "only warm ones" "none" "$(left || echo none)"
children=$(ps -o pid= --ppid $server)
kill $server
wait $server
expect "the server ended well" 0 $?
alive() { for child in $children; do kill -0 "$child" 2>/dev/null && echo "$child"; done; }
all_gone() { [ -z "$(alive)" ]; }
patiently all_gone
expect "and its functions with it" 0 "$(alive | wc -l)"
expect "no complaint" no "$(grep -qE 'ERROR: (Address|Leak)Sanitizer|runtime error' "$work/serve.log" && echo yes && cat "$work/serve.log" || echo no)"
expect "a route that runs nothing" "programs and handlers answer for Lambda functions only" \
    "$("$STEPWELL" run --route s3=exec:cat --db "$work/x.db" "$work/w.asl.json" 2>&1)"
expect "a handler that is not there" "there is no " "$("$STEPWELL" run --route function:x=node:nowhere/index.handler --db "$work/x.db" "$work/w.asl.json" 2>&1)"
expect "no handler" "it is FILE.NAME" "$("$STEPWELL" run --route function:x=node:index --db "$work/x.db" "$work/w.asl.json" 2>&1)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/sh
# The AWS CLI against `serve`, signatures verified: the operations it knows, a worker and a task-token
# callback with a kill -9 of the server in between.
cd "$(dirname "$0")/../.."
program="$PWD/build/stepwell"
[ -x build/asan/stepwell ] && program="$PWD/build/asan/stepwell" # with the sanitizers where it is built
for a in /usr/bin/aws aws; do command -v "$a" >/dev/null && AWS=$a && break; done
if [ -z "$AWS" ]; then
    echo "skipped: awscli is not installed (apt-get install awscli)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
folder=$(mktemp -d) server=
trap 'kill -9 "$server" 2>/dev/null; rm -rf "$folder"' EXIT
export AWS_ACCESS_KEY_ID=AKIDCLI AWS_SECRET_ACCESS_KEY=secret AWS_DEFAULT_REGION=us-east-1 AWS_PAGER= \
    AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none" AWS_EC2_METADATA_DISABLED=true
passed=0 failed=0 port=0
begin() {
    : >"$folder/log" # the one before said where it was
    "$program" serve --port "$port" --db "$folder/a.db" --require-signature 2>"$folder/log" &
    server=$!
    for _ in $(seq 2400); do
        port=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\).*|\1|p' "$folder/log")
        [ -n "$port" ] && return
        sleep 0.05
    done
}
sfn() { "$AWS" stepfunctions --endpoint-url "http://127.0.0.1:$port" --output text "$@" 2>&1; }
is() { # what, wanted, given
    case $3 in
    *"$2"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)) && printf 'FAILED %s: wanted "%s", got: %s\n' "$1" "$2" "$3" ;;
    esac
}
begin
arn=arn:aws:states:us-east-1:123456789012
role=arn:aws:iam::123456789012:role/r
activity=$(sfn create-activity --name work --query activityArn)
is create-activity "$arn:activity:work" "$activity"
definition="{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"$activity\",\"End\":true}}}"
machine=$(sfn create-state-machine --name m --definition "$definition" --role-arn $role --query stateMachineArn)
is create-state-machine "$arn:stateMachine:m" "$machine"
is list-state-machines m "$(sfn list-state-machines --query 'stateMachines[].name')"
is describe-state-machine ACTIVE "$(sfn describe-state-machine --state-machine-arn "$machine" --query status)"
one=$(sfn start-execution --state-machine-arn "$machine" --name one --input '{"n":1}' --query executionArn)
is start-execution "$arn:execution:m:one" "$one"
token=$(sfn get-activity-task --activity-arn "$activity" --worker-name cli --query taskToken)
is heartbeat "[]" "[$(sfn send-task-heartbeat --task-token "$token")]"
kill -9 $server
wait $server 2>/dev/null
begin
is "send-task-success over kill -9" "[]" "[$(sfn send-task-success --task-token "$token" --task-output '{"done":1}')]"
is describe-execution 'SUCCEEDED	{"done":1}' "$(sfn describe-execution --execution-arn "$one" --query '[status,output]')"
is get-execution-history ActivitySucceeded "$(sfn get-execution-history --execution-arn "$one" --query 'events[].type')"
two=$(sfn start-execution --state-machine-arn "$machine" --query executionArn)
is stop-execution 20 "$(sfn stop-execution --execution-arn "$two" --error E --query stopDate)"
is list-executions one "$(sfn list-executions --state-machine-arn "$machine" --status-filter SUCCEEDED --query 'executions[].name')"
is "an error" ExecutionAlreadyExists "$(sfn start-execution --state-machine-arn "$machine" --name one --input '{"n":2}')"
is "another error" TaskTimedOut "$(sfn send-task-failure --task-token "$token")"
is tag-resource "[]" "[$(sfn tag-resource --resource-arn "$machine" --tags key=k,value=v)]"
is list-tags-for-resource v "$(sfn list-tags-for-resource --resource-arn "$machine" --query 'tags[].value')"
is "a wrong key" InvalidSignature "$(AWS_SECRET_ACCESS_KEY=other sfn list-activities)"
is "an unknown key" UnrecognizedClient "$(AWS_ACCESS_KEY_ID=AKIDOTHER sfn list-activities)"
is delete-state-machine "[]" "[$(sfn delete-state-machine --state-machine-arn "$machine")]"
is delete-activity "[]" "[$(sfn delete-activity --activity-arn "$activity")]"
kill $server
wait $server
is "a graceful end" 0 $?
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

#!/bin/sh
# `stepwell test` as people use it: cases/ must pass, each file of wrong/ be refused with the words that
# stand beside it in wrong/expected.txt, failures be told with their place, and every report be what
# its readers take (JUnit by junit.xsd, TAP by its grammar, the schema by a validator). Closes with
# "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
set -u
here=$root/tests/test_command
scratch

call() { # wanted exit status, arguments of `stepwell test`
    wanted=$1
    shift
    timeout "$patience" "$STEPWELL" test "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ]
    judge $? "exit status $wanted from: test $*"
}

# ---- what must pass ----
case_name="cases"
call 0 "$here/cases"
says out "passed, 0 failed, 1 skipped"
case_name="a year in under 20 ms"
call 0 "$here/cases/year.test.json" --json
took=$(sed -n 's/.*"wallMs": \([0-9]*\).*/\1/p' out)
[ "${took:-99}" -lt 20 ]
judge $? "the year took $took ms of real time"
case_name="the workflows of definitions/"
call 0 "$root/definitions"

# ---- what is wrong ----
tab=$(printf '\t')
while IFS="$tab" read -r file text; do
    case $file in \#*) continue ;; esac
    case_name="wrong/$file"
    call 2 "$here/wrong/$file"
    says out "$text"
done <"$here/wrong/expected.txt"
case_name="a path that is not there"
call 2 nothere
says err "nothere: No such file or directory"
case_name="nothing to run"
mkdir empty
call 2 empty
says err "no test file (*.test.json) was found there"
case_name="a filter that selects nothing"
call 2 "$here/cases" --filter 'no such name'
says err "no test's name contains that"

# ---- what fails, and how it is told ----
cat >fails.test.json <<'END'
{"definition": {"StartAt": "Get", "States": {
  "Get": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"},
          "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 5}], "OutputPath": "$.Payload", "Next": "Wait"},
  "Wait": {"Type": "Wait", "Seconds": 60, "End": true}}},
 "mocks": {"Get": {"result": {"Payload": {"total": 20, "of": ["a", "b"]}}}},
 "tests": [
  {"name": "output", "expect": {"output": {"total": 30, "of": ["a"]}}},
  {"name": "status", "mocks": {"Get": {"error": "Lambda.Unknown", "cause": "why"}}},
  {"name": "path", "expect": {"path": ["Get", "Wait", "Done"]}},
  {"name": "nobody answers", "mocks": {"Get": [{"error": "Busy"}]}},
  {"name": "never called", "mocks": {"Get": [{"result": {"Payload": 1}}, {"result": {"Payload": 2}}]}},
  {"name": "waits for ever", "mocks": {"Get": {"never": true}}},
  {"name": "calls", "expect": {"calls": [{"state": "Get", "parameters": {"FunctionName": "g"}}]}},
  {"name": "duration", "expect": {"duration": "59 s"}},
  {"name": "events", "expect": {"events": [{"type": "TaskSucceeded"}, {"type": "TaskScheduled"}]}},
  {"name": "fine"}]}
END
sed -i 's/, "Done"\]/]/' fails.test.json
sed -i 's/"path": \["Get", "Wait"\]/"path": ["Wait"]/' fails.test.json
case_name="failures"
call 1 fails.test.json
says out 'output $.total  (fails.test.json:7:53)'
says out 'expected  30'
says out 'came      20'
says out 'output $.of[1]'
says out 'came      FAILED with Lambda.Unknown: why, in state Get'
says out 'came      Get > Wait'
says out 'Get called arn:aws:states:::lambda:invoke, attempt 2 with {"FunctionName":"f"}, and its mock has answered 1 time'
says out 'this mock of Get was never called'
says out 'came      RUNNING: it waits for what never comes, in state Get'
says out 'call 1, Get $'
says out 'expected  "g"'
says out 'expected  59 s'
says out 'came      1 min'
says out 'no such event among the'
says out '1 passed, 9 failed'
case_name="parameters that AWS refuses"
cat >refused.test.json <<'END'
{"definition": {"StartAt": "Put", "States": {
  "Put": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": true,
          "Parameters": {"Bucket.$": "$.bucket", "Key": "k", "Bdy": "x"}}}},
 "mocks": {"Put": {"result": {}}},
 "tests": [{"name": "a", "input": {"bucket": "b"}}]}
END
call 1 refused.test.json
says out 'could not be used to start the Task: [The field "Bdy" is not supported by Step Functions]'
case_name="a payload that AWS refuses, and those it takes"
cat >payload.test.json <<'END'
{"definition": {"StartAt": "Call", "States": {
  "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
           "Parameters": {"FunctionName": "f", "Payload.$": "$"}}}},
 "mocks": {"Call": {"result": {"Payload": 1}}},
 "tests": [{"name": "number", "input": 5}, {"name": "object", "input": {"a": 1}},
           {"name": "array", "input": [1]}, {"name": "text", "input": "a"}]}
END
call 1 payload.test.json
says out "could not be used to start the Task: [The value for the field 'Payload' must be a STRING]"
says out '3 passed, 1 failed'
case_name="a filter"
call 0 fails.test.json --filter FINE
says out '1 passed, 0 failed'
case_name="a list"
call 0 fails.test.json --list
says out 'fails.test.json: never called'
case_name="a mock of the file that no test calls"
sed 's/"tests": \[/"tests": [{"name": "own", "mocks": {"Get": {"result": {"Payload": 1}}}}]}/; /"name": "output"/,$d' \
    fails.test.json >shared.test.json
call 1 shared.test.json
says out 'no test ever called this mock'
case_name="workers"
call 1 fails.test.json --workers 0
says out '1 passed, 9 failed'
call 2 fails.test.json --workers many
says err "--workers is a number"

# ---- reports ----
case_name="JSON"
call 1 fails.test.json --json
says out '"passed": 1'
says out '"outcome": "failed"'
case_name="TAP"
call 1 fails.test.json "$here/cases" --tap
says out 'TAP version 14'
says out 'not ok 1 - fails.test.json: output'
says out '# SKIP the service is being rebuilt'
says out "1..$(grep -cE '^(not )?ok [0-9]+ - ' out)"
case_name="JUnit"
call 2 fails.test.json "$here/cases" "$here/wrong/cut.test.json" --junit junit.xml
says junit.xml '<failure type="output">'
says junit.xml '<error type="test file">'
says junit.xml '<skipped>'
if has xmllint libxml2-utils; then
    xmllint --noout --schema "$here/junit.xsd" junit.xml 2>err
    judge $? "JUnit's XML is valid"
    printf '{"definition": {"StartAt": "A", "States": {"A": {"Type": "Fail", "Cause": "<&\\"]]>\\u0001\\uffff\\n"}}},\n "tests": [{"name": "<&>\\u0002 \\"x\\"", "skip": "<b>"}, {"name": "]]>"}]}' >odd.test.json
    call 1 odd.test.json --junit odd.xml
    xmllint --noout --schema "$here/junit.xsd" odd.xml 2>err
    judge $? "JUnit's XML is valid, whatever stands in it"
    sed 's/<properties\/>//' junit.xml >bent.xml
    ! xmllint --noout --schema "$here/junit.xsd" bent.xml 2>err
    judge $? "the schema notices what is missing"
else
    skip "JUnit's schema: xmllint (libxml2-utils) is not to be had"
fi

# ---- coverage ----
case_name="coverage"
call 0 "$root/definitions/incremental-export" --coverage --coverage-threshold 100
says out '100.0 % of 51 goals'
call 1 "$root/definitions/incremental-export" --filter 'leaves everything' --coverage-threshold states=100
call 0 "$root/definitions/incremental-export" --coverage=lcov --coverage-output cov.lcov
says cov.lcov 'end_of_record'
call 2 "$root/definitions/incremental-export" --coverage=picture

# ---- update ----
case_name="update"
cat >update.test.json <<'END'
{"definition": {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 90, "Next": "B"},
   "B": {"Type": "Pass", "Parameters": {"n": 1, "list": [1, {"deep": true}], "id.$": "$$.Execution.Name"}, "End": true}}},

  "tests": [ {"name":  "one",
     "expect": {"output": {"n":   2, "list": [1, {"deep":false}], "id": {"$type": "string"}}, "path": ["A"],
                "duration":  "1 min"   , "visits": {"A": 1,    "B": 7}}},
    {"name": "two", "expect": {"output": {"$record": true}, "path": {"$record": true}, "calls": {"$record": true}, "duration": {"$record": true}}},
    {"name": "other end", "expect": {"status": "FAILED", "path": ["A"]}} ]
}
END
cat >updated.json <<'END'
{"definition": {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 90, "Next": "B"},
   "B": {"Type": "Pass", "Parameters": {"n": 1, "list": [1, {"deep": true}], "id.$": "$$.Execution.Name"}, "End": true}}},

  "tests": [ {"name":  "one",
     "expect": {"output": {"n":   1, "list": [1, {"deep":true}], "id": {"$type": "string"}}, "path": ["A", "B"],
                "duration":  "1 min 30 s"   , "visits": {"A": 1,    "B": 1}}},
    {"name": "two", "expect": {"output": { "n": 1, "list": [1, { "deep": true }], "id": "two" }, "path": ["A", "B"], "calls": [], "duration": "1 min 30 s"}},
    {"name": "other end", "expect": {"status": "FAILED", "path": ["A"]}} ]
}
END
call 1 update.test.json --update
cmp -s update.test.json updated.json
judge $? "only what is to be updated is rewritten: $(diff update.test.json updated.json | head -6)"
says err '9 expectations were rewritten'
call 0 update.test.json --filter ': one' --filter ': two'

# ---- from a history ----
case_name="from a history"
cat >copy.asl.json <<'END'
{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 30, "Next": "P"},
 "P": {"Type": "Pass", "Parameters": {"said.$": "$.say", "id.$": "States.UUID()"}, "End": true}}}
END
"$STEPWELL" run copy.asl.json --input '{"say": "hi"}' --time skip --db s.db --quiet --name first >out 2>err
call 0 --from-history first --db s.db --output first.test.json
call 0 first.test.json
says first.test.json '"id": { "$type": "string" }'
"$STEPWELL" history first --db s.db --json >first.json 2>err
call 0 --from-history first.json --definition copy.asl.json --output second.test.json
says second.test.json '"definition": "copy.asl.json"'
call 0 second.test.json
call 2 --from-history first.json
says err 'give the definition with --definition'
call 2 --from-history first.json --definition copy.asl.json --output second.test.json
says err 'it is there already'

# ---- calls that are made ----
case_name="calls"
cat >call.test.json <<'END'
{"definition": {"StartAt": "Put", "States": {
 "Put": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:createBucket", "Parameters": {"Bucket": "bucket"}, "ResultPath": null, "Next": "List"},
 "List": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "Parameters": {}, "End": true}}},
 "mocks": {"Put": {"call": true}, "List": {"call": true}},
 "tests": [
  {"name": "the stand-in answers", "expect": {"output": {"$partial": {"Buckets": [{"Name": "bucket"}]}}}},
  {"name": "and has forgotten it the next time", "expect": {"output": {"$partial": {"Buckets": {"$length": 1}}}}},
  {"name": "a route leads to nobody", "routes": {"s3:listBuckets": "http://127.0.0.1:1"},
   "expect": {"error": "S3.SdkClientException", "path": ["Put", "List"]}}]}
END
call 0 call.test.json --workers 1

# ---- watch ----
case_name="watch"
"$STEPWELL" test second.test.json --watch >watched 2>err &
watcher=$!
patiently grep -q waiting err
sed 's/"Seconds": 30/"Seconds": 31/; s/"said/"told/' copy.asl.json >copy.new && mv copy.new copy.asl.json
patiently grep -q '0 passed, 1 failed' watched
kill "$watcher"
wait "$watcher" 2>/dev/null
says watched '1 passed, 0 failed'
says watched '0 passed, 1 failed'

# ---- the schema and the reader agree ----
case_name="schema"
call 0 --schema
cp out schema.json
if has node nodejs && [ -d "$root/build/bench/ajv/node_modules/ajv" ] || {
    command -v npm >/dev/null 2>&1 && mkdir -p "$root/build/bench/ajv" &&
        npm install --prefix "$root/build/bench/ajv" --no-audit --no-fund --silent ajv@8.17.1 >/dev/null 2>&1
}; then
    cp "$here/schema.mjs" "$root/build/bench/ajv/schema.mjs"
    node "$root/build/bench/ajv/schema.mjs" schema.json "$STEPWELL" "$here" "$root/definitions" >out 2>err
    judge $? "the schema refuses what the reader refuses by its form, and takes what it takes"
    lacks out 'disagree:'
else
    skip "the schema: node and npm's ajv are not to be had"
fi

close_count

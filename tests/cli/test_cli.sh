#!/bin/sh
# The command line as people use it: what is printed where, the exit statuses scripts rely on, bad
# input, signals, and dying at every named point. Each case gets a folder of its own, so that no case
# leans on another's store. Closes with "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
set -u
scratch
stepwell=$STEPWELL folder=0

fresh() { # a new folder with a new name for the case
    case_name=$1
    folder=$((folder + 1))
    mkdir "$place/$folder" && cd "$place/$folder" || exit 1
}

definition() { # file, states by name: "StartAt", then the body of States
    printf '{"StartAt": "%s", "States": {%s}}\n' "$2" "$3" >"$1"
}

pass() { definition pass.asl.json P '"P": {"Type": "Pass", "End": true}'; }
waits() { # seconds
    definition wait.asl.json W \
        "\"W\": {\"Type\": \"Wait\", \"Seconds\": $1, \"Next\": \"P\"}, \"P\": {\"Type\": \"Pass\", \"End\": true}"
}

# ---- run, and how it ends ----
fresh "run: success"
pass
call 0 run pass.asl.json --input '{"id": 7}'
says out '"id": 7'
call 0 run pass.asl.json --input '{"id": 8}' --name eight --json
says out '"status": "SUCCEEDED"'
says out '"executionArn": "arn:aws:states:us-east-1:123456789012:execution:pass:eight"'
says out '"startDate"'
says out '"stopDate"'
printf '{"from": "file"}' >in.json
call 0 run pass.asl.json --input @in.json --quiet
says out '"from": "file"'
[ ! -s err ]
judge $? "nothing on stderr with --quiet"
call 2 run pass.asl.json --name eight
says err "eight"
call 0 list
says out eight
says out SUCCEEDED
call 0 list --json --status succeeded
says out '"name": "eight"'
call 0 list --status FAILED --json
says out '[]'
call 0 show eight
says out SUCCEEDED
call 0 show eight --json
says out '"status": "SUCCEEDED"'
call 0 history eight
says out ExecutionSucceeded
call 0 history eight --json
says out '"previousEventId"'
says out '"type": "PassStateEntered"'
call 2 show nobody
says err "there is no execution 'nobody'"
call 2 history nobody
call 2 stop eight
says err "not running"
call 2 resume eight
says err "has ended"

fresh "run: FAILED"
definition fail.asl.json F '"F": {"Type": "Fail", "Error": "Sad", "Cause": "because"}'
call 3 run fail.asl.json --json
says out '"status": "FAILED"'
says out '"error": "Sad"'
call 3 run fail.asl.json
says err Sad
says err because

fresh "run: TIMED_OUT"
printf '{"TimeoutSeconds": 5, "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}' >slow.asl.json
call 4 run slow.asl.json --time skip --json
says out '"status": "TIMED_OUT"'

fresh "run: ABORTED by stop"
waits 60
"$stepwell" run wait.asl.json --name long --quiet >/dev/null 2>&1 &
runner=$!
patiently "$stepwell" show long
kill -INT $runner
wait $runner
status=$?
[ $status -eq 6 ]
judge $? "exit status 6 after SIGINT"
call 0 stop long --error Operator --cause 'wrong table'
call 0 show long --json
says out '"status": "ABORTED"'
says out '"error": "Operator"'
call 2 resume long

fresh "run: variables"
printf '{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${Table}", "End": true}}}' >var.asl.json
call 0 run var.asl.json --var 'Table=a "quoted" \name'
says out '"a \"quoted\" \\name"'
call 2 run var.asl.json --var Table
says err "Name=Value"
call 0 validate var.asl.json --var Table=x

fresh "time"
waits 31536000
call 0 run wait.asl.json --time skip --quiet
call 2 run wait.asl.json --time soon
says err "--time is real, skip or xN"
call 2 run wait.asl.json --time x0

# ---- wrong usage ----
fresh "usage"
pass
call 2
says err usage
call 0 --help
says out validate
call 0 --version
says out stepwell
call 2 rnu pass.asl.json
says err "there is no command 'rnu'"
call 2 run
says err "one definition"
call 2 run pass.asl.json --inptu '{}'
says err "did you mean --input?"
call 2 run pass.asl.json --input
says err "--input wants"
call 2 run pass.asl.json --json=yes
says err "takes no value"
call 2 run none.asl.json
says err "none.asl.json: No such file"
call 2 run .
says err ".: "
call 2 run pass.asl.json --input @none.json
says err "none.json: No such file"
call 2 run pass.asl.json --type QUICK
says err "STANDARD or EXPRESS"
call 2 run pass.asl.json --name 'a b'
says err "no execution name"
call 2 run pass.asl.json --account 12
says err "twelve digits"
call 2 list --limit many
says err "wants a number"
call 2 list --status GONE
for c in run resume list show history stop validate local eval graph diff replay; do
    "$stepwell" --help | grep -q "^  $c " || continue
    call 0 $c --help
    says out "example"
done

# ---- input that is none ----
fresh "bad input"
pass
refuse() { # input text, words of the complaint
    printf "$1" >bad.json
    call 2 run pass.asl.json --input @bad.json
    says err "$2"
    says err "line 1"
    lacks out "{"
}
refuse '' 'column 1'
refuse '{"a": 01}' 'column 7'
refuse '{"a": 1} x' 'column 10'
refuse '{"a": 1, "a": 2}' '"a"'
refuse '{"a": "\377"}' 'UTF-8'
refuse '{"a": "x' 'column'
refuse '{"a": nul}' 'column 7'
refuse '{"a": "\\ud800"}' 'column'
head -c 100000 /dev/zero | tr '\0' '[' >deep.json
call 2 run pass.asl.json --input @deep.json
says err deep
{ printf '"'; head -c 307200 /dev/zero | tr '\0' x; printf '"'; } >large.json
call 2 run pass.asl.json --input @large.json
says err "262144"
[ ! -e stepwell.db ]
judge $? "no store was made for refused input"
call 2 run large.json

fresh "kept exactly"
pass
printf '{"n": 1e400, "i": 9007199254740993, "d": 1.10, "z": "a\\u0000b", "e": "\\u00e9"}' >odd.json
call 0 run pass.asl.json --input @odd.json
says out 1e400
says out 9007199254740993
says out 1.10
says out 'a\u0000b'

fresh "a definition with a mistake"
printf '{"StartAt": "P",\n "States": {"P": {"Type": "Pass", "Nxt": "Q", "End": true}}}' >wrong.asl.json
call 2 run wrong.asl.json
says err "wrong.asl.json:2:"
says err "Nxt"
says err "mend its definition"
call 1 validate wrong.asl.json
says out "Nxt"
says out 'did you mean'
call 1 validate wrong.asl.json --json
says out '"result": "FAIL"'
says out '"line": 2'
says out '"location"'
pass
call 0 validate pass.asl.json --json
says out '"result": "OK"'
call 1 validate pass.asl.json wrong.asl.json
head -c 100000 /dev/zero | tr '\0' '[' >deep.asl.json
call 1 validate deep.asl.json
printf '{"StartAt": "\377"}' >latin.asl.json
call 1 validate latin.asl.json
: >empty.asl.json
call 1 validate empty.asl.json
call 2 validate none.asl.json
call 2 validate
# YAML is told of as what it is, and not passed over in a folder without a word.
mkdir yaml && printf 'StartAt: A\nStates:\n  A: {Type: Pass, End: true}\n' >yaml/job.asl.yaml
cp pass.asl.json yaml/ && printf 'a: 1\n' >yaml/template.yaml
call 1 validate yaml/job.asl.yaml
says out 'YAML is not read'
call 1 validate yaml/job.asl.yaml --json
says out 'YAML is not read'
call 2 run yaml/job.asl.yaml
says err 'YAML is not read'
call 0 validate yaml
says err 'job.asl.yaml is left out'
! grep -q template err
judge $? "a template is no definition"

# ---- stores that are none ----
fresh "stores"
pass
waits 60
call 7 list --db none.db
says err none.db
call 7 list
call 0 run pass.asl.json --db good.db --name one --quiet
printf 'this is a text and no database, however long one looks at it\n' >foreign.db
cp foreign.db foreign.before
call 7 run pass.asl.json --db foreign.db
says err foreign.db
call 7 list --db foreign.db
cmp -s foreign.db foreign.before
judge $? "a foreign file is left as it is"
rm -f good.db-wal good.db-shm
head -c 3000 good.db >cut.db
call 7 list --db cut.db
says err cut.db
call 7 run pass.asl.json --db cut.db
call 7 run pass.asl.json --db no/such/folder/x.db
says err no/such/folder
call 7 run pass.asl.json --db .
call 0 show one --db good.db
"$stepwell" run wait.asl.json --db good.db --name holder --quiet >/dev/null 2>&1 &
holder=$!
patiently "$stepwell" show holder --db good.db
call 7 run pass.asl.json --db good.db
says err good.db
kill -INT $holder
wait $holder
if [ "$(id -u)" = 0 ]; then
    : # root may write anywhere: a read-only folder shows nothing
else
    mkdir locked
    chmod 500 locked
    call 7 run pass.asl.json --db locked/x.db
    chmod 700 locked
fi
mode=$(stat -c %a good.db)
status=0
[ "$mode" = 600 ]
judge $? "the store is its owner's alone (mode $mode)"

# ---- interrupted, killed, crashed: the same end ----
fresh "SIGKILL during a Wait"
waits 60
"$stepwell" run wait.asl.json --name killed --input '{"k": 1}' --quiet >/dev/null 2>&1 &
runner=$!
began=$(date +%s%N)
patiently tells WaitStateEntered "$stepwell" history killed
kill -KILL $runner
wait $runner 2>/dev/null
call 0 list
says out RUNNING
call 0 resume killed --time skip
says out '"k": 1'
call 0 history killed
says out ExecutionSucceeded
call 0 history killed --json
waited=$(awk -F '[:,]' '/"timestamp"/ { at[n++] = $2 } END { printf "%.0f", (at[2] - at[1]) * 1000 }' out)
took=$((($(date +%s%N) - began) / 1000000)) # skipped time passes by real milliseconds, too
status=0
[ "$waited" -ge 59999 ] && [ "$waited" -le $((60001 + took)) ]
judge $? "it ends at its due time, not $waited ms after it began"

fresh "SIGINT during a Wait"
waits 60
"$stepwell" run wait.asl.json --name stopped --input '{"k": 2}' --json >out 2>err &
runner=$!
patiently tells WaitStateEntered "$stepwell" history stopped
kill -INT $runner
wait $runner
status=$?
[ $status -eq 6 ]
judge $? "exit status 6 after SIGINT"
call 0 resume --time skip
call 0 show stopped --json
says out '"status": "SUCCEEDED"'

definition_of_all() {
    definition all.asl.json A '"A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "W"},
        "W": {"Type": "Wait", "Seconds": 1, "Next": "D"},
        "D": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables", "Parameters": {}, "ResultPath": "$.t", "Next": "M"},
        "M": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.m", "ItemProcessor": {"StartAt": "I",
            "States": {"I": {"Type": "Pass", "End": true}}}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.items[0]", "NumericEquals": 1, "Next": "Z"}], "Default": "Z"},
        "Z": {"Type": "Pass", "End": true}'
}
fresh "dying at every point"
definition_of_all
call 0 run all.asl.json --name whole --input '{"items": [1, 2]}' --time skip --quiet
cp out whole.out
"$stepwell" history whole | awk 'NR > 1 { print $1, $2, $5 }' >whole.history
for point in turn.begin turn.stepped commit.before commit.after task.send task.sent task.reported \
    answer finished recovery due close; do
    for n in 1 2 3; do
        rm -rf crash.db* crash.db.data
        STEPWELL_CRASH_AT=$point:$n "$stepwell" run all.asl.json --db crash.db --name it \
            --input '{"items": [1, 2]}' --time skip --quiet >/dev/null 2>&1
        died=$?
        status=$died
        if "$stepwell" show it --db crash.db >out 2>err; then
            if grep -q RUNNING out; then
                "$stepwell" resume it --db crash.db --time skip --quiet >out 2>err
                status=$?
                [ $status -eq 0 ] && cmp -s out whole.out
                judge $? "resume after $point:$n ends as the whole run did"
            fi
            "$stepwell" history it --db crash.db | awk 'NR > 1 { print $1, $2, $5 }' >it.history
            cmp -s it.history whole.history
            judge $? "after $point:$n the history is the whole run's"
        else # dead before the start was durable: nothing was acknowledged, so it is started again
            call 0 run all.asl.json --db crash.db --name it --input '{"items": [1, 2]}' \
                --time skip --quiet
        fi
        [ $died -eq 137 ] || break # the point was not passed as often
    done
done
STEPWELL_CRASH_AT=task.send "$stepwell" run all.asl.json --db twice.db --name it \
    --input '{"items": [1, 2]}' --time skip --quiet >/dev/null 2>&1
STEPWELL_CRASH_AT=recovery "$stepwell" resume it --db twice.db --time skip >out 2>err
status=$?
[ $status -eq 137 ]
judge $? "it dies in recovery"
call 0 resume it --db twice.db --time skip --quiet
cmp -s out whole.out
judge $? "dying in recovery loses nothing"

# ---- the stand-ins alone ----
fresh "local"
call 0 local dynamodb ListTables
says out '"TableNames"'
call 1 local dynamodb DescribeTable '{"TableName": "none"}'
cat out >>err
says err ResourceNotFoundException
call 2 local nothing ListTables
says err "no stand-in for 'nothing'"
call 2 local dynamodb
call 1 local dynamodb ListTables '{'

# ---- replay ----
fresh "replay"
cat >m.asl.json <<'END'
{"StartAt": "A", "States": {
 "A": {"Type": "Pass", "Result": [1, 2, 3], "ResultPath": "$.items", "Next": "W"},
 "W": {"Type": "Wait", "Seconds": 100, "Next": "D"},
 "D": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables", "Parameters": {}, "ResultPath": "$.t",
  "Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "M"},
 "M": {"Type": "Map", "MaxConcurrency": 2, "ItemsPath": "$.items", "ResultPath": "$.r", "ItemProcessor": {"StartAt": "I", "States": {
  "I": {"Type": "Wait", "Seconds": 3, "Next": "J"},
  "J": {"Type": "Pass", "Parameters": {"t.$": "$$.State.EnteredTime", "u.$": "States.UUID()", "n.$": "$$.Execution.Name"}, "End": true}}},
  "Next": "Z"},
 "Z": {"Type": "Pass", "End": true}}}
END
call 0 run m.asl.json --time skip --quiet --name one
call 0 run m.asl.json --time skip --quiet --name two
call 0 replay one
says out "same           one"
call 0 replay --machine m --json
says out '"same": 2'
call 0 replay --all
says out "2 replayed: 2 same"
"$stepwell" history one --json >one.json
call 2 replay one.json
says err "--definition"
call 0 replay one.json --definition m.asl.json --fail-on any
says out "same           one.json"
edit() { # verdict, exit status, sed script: what an edit comes to
    sed "$3" m.asl.json >edited.asl.json
    call "$2" replay one one.json --definition edited.asl.json --json
    says out "\"$1\": 2"
}
edit same 0 's/"Retry": .*}\], "Next"/"Next"/'
edit other-payload 0 's/"Seconds": 100/"Seconds": 200/' # the times in its output move
edit other-payload 0 's/\[1, 2, 3\]/[1, 2, 4]/'
edit other-payload 0 's/"MaxConcurrency": 2/"MaxConcurrency": 1/' # no other path: each iteration its own
edit other-path 0 's/\[1, 2, 3\]/[1, 2]/'
edit other-path 0 's/"D"/"Renamed"/g'
edit needs-outcome 1 's/listTables/describeLimits/; s/"D"/"Renamed"/g'
edit would-fail 1 's/"Z": {"Type": "Pass", "End": true}/"Z": {"Type": "Fail", "Error": "No"}/'
edit would-fail 1 's/"ItemsPath": "$.items"/"ItemsPath": "$.none"/'
call 1 replay one --definition edited.asl.json --fail-on would-fail
call 0 replay one --definition edited.asl.json --fail-on none
call 2 replay one --fail-on sometimes
says err "other-path"

fresh "replay: an execution that is open"
waits 60
"$stepwell" run wait.asl.json --name open --quiet >/dev/null 2>&1 &
runner=$!
patiently tells WaitStateEntered "$stepwell" history open
kill -INT $runner
wait $runner
call 0 replay open
says out "same           open"
sed 's/"W"/"V"/g' wait.asl.json >edited.asl.json
call 1 replay open --definition edited.asl.json
says out unreachable
sed 's/"Next": "P"/"End": true/; s/, "P": {[^}]*}//' wait.asl.json >edited.asl.json
call 0 replay open --definition edited.asl.json
says out "same           open"

fresh "replay: pages, and what is no history"
pass
call 0 run pass.asl.json --name p --quiet
call 0 replay p
"$stepwell" history p --json >whole.json
cat >page1.json <<'END'
{"events": [{"timestamp": "2024-05-01T10:00:00.100000+02:00", "type": "ExecutionStarted", "id": 1, "previousEventId": 0,
  "executionStartedEventDetails": {"input": "{}", "inputDetails": {"truncated": false}, "roleArn": "arn:aws:iam::111111111111:role/r"}},
 {"timestamp": "2024-05-01T10:00:00.130000+02:00", "type": "PassStateEntered", "id": 2, "previousEventId": 0,
  "stateEnteredEventDetails": {"name": "P", "input": "{}", "inputDetails": {"truncated": false}}}], "NextToken": "x"}
END
cat >page2.json <<'END'
{"events": [{"timestamp": 1714550400.14, "type": "ExecutionSucceeded", "id": 4, "previousEventId": 3,
  "executionSucceededEventDetails": {"output": "{}", "outputDetails": {"truncated": false}}},
 {"timestamp": 1714550400.13, "type": "PassStateExited", "id": 3, "previousEventId": 2,
  "stateExitedEventDetails": {"name": "P", "output": "{}", "outputDetails": {"truncated": false}}}]}
END
mkdir histories
cp page1.json page2.json histories
cat page1.json page2.json >both.json
for source in histories both.json "page1.json page2.json"; do
    call 0 replay $source --definition pass.asl.json
    says out "1 replayed: 1 same"
done
call 0 replay page1.json --definition pass.asl.json # open, and it could go on
says out "1 same"
definition other.asl.json Q '"Q": {"Type": "Pass", "End": true}'
call 1 replay page1.json --definition other.asl.json
says out unreachable
call 2 replay page2.json --definition pass.asl.json
says err "the history is cut: event 1 is missing"
unreadable() { # text, words of the complaint
    printf "$1" >bad.json
    call 2 replay bad.json --definition pass.asl.json
    says err "$2"
}
unreadable '' 'empty'
unreadable '{"events": [' 'line 1'
unreadable '[[[[[]]]]]' 'get-execution-history'
unreadable '{"events": []}' 'no events'
unreadable '{"a": 1}' 'get-execution-history'
unreadable '{"events": [{"type": "ExecutionStarted", "id": 1}]}' 'without its data'
unreadable '{"events": [{"type": "PassStateEntered", "id": 1}]}' 'begins with ExecutionStarted'
unreadable '{"events": [{"type": "ExecutionStarted", "id": 1, "previousEventId": 9}]}' 'previousEventId 9'
unreadable '{"events": [{"type": "ExecutionStarted", "id": 2}]}' 'event 1 is missing'
call 2 replay none.json --definition pass.asl.json
call 2 replay nobody
call 2 replay

# ---- graph, diff ----
fresh "graph"
cat >g.asl.json <<'END'
{"StartAt": "A \"x\"", "States": {
 "A \"x\"": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.n", "NumericGreaterThan": 5}, {"Variable": "$.s", "IsPresent": true}], "Next": "M"}],
  "Default": "P"},
 "M": {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}},
  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}], "Next": "P"},
 "P": {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}], "End": true},
 "F": {"Type": "Fail"}}}
END
call 0 graph g.asl.json
says out 'flowchart TD'
says out 's0{"A #34;x#34;<br/>'
says out 's0 -->|"#40;$.n #62; 5 and $.s is present#41;"| s1'
says out 's0 -->|"default"| s3'
says out 'subgraph g1["M"]'
says out 's1 -.-> s2'
says out 's1 -.->|"States.ALL"| s5'
says out 's3 --> finish'
lacks out 's5 -->'
call 0 graph g.asl.json --format dot
says out 'digraph machine {'
says out 'label="A \"x\"\nChoice"'
says out 'subgraph cluster_'
[ "$(grep -o '{' out | wc -l)" = "$(grep -o '}' out | wc -l)" ]
judge $? "every brace is closed"
call 0 run g.asl.json --input '{"n": 1}' --name one --quiet
call 0 graph g.asl.json --execution one
says out ':::entered'
call 2 graph g.asl.json --execution none
call 2 graph g.asl.json --format png
call 2 graph none.asl.json
call 2 graph

fresh "diff"
definition a.asl.json A '"A": {"Type": "Pass", "Result": {"Next": 1, "x": [1, 2]}, "Next": "B"}, "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
    "C": {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}, "Next": "D"},
    "D": {"Type": "Succeed"}'
definition b.asl.json A '"A": {"Type": "Pass", "Result": {"Next": 2, "x": [1, 3]}, "Next": "Renamed"}, "Renamed": {"Type": "Wait", "Seconds": 1, "Next": "C"},
    "C": {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "J"}, "J": {"Type": "Pass", "End": true}}}, "Next": "E"},
    "E": {"Type": "Fail"}'
call 0 diff a.asl.json a.asl.json
[ ! -s out ]
judge $? "nothing is said of equal definitions"
call 1 diff a.asl.json b.asl.json
cat >wanted <<'END'
changed  A: Result.Next: 1 -> 2
changed  A: Result.x[1]: 2 -> 3
renamed  B -> Renamed
rewired  C/I: End: true -> nothing
rewired  C/I: Next: nothing -> "J"
added    C/J (Pass)
rewired  C: Next: "D" -> "E"
removed  D (Succeed)
added    E (Fail)
END
cmp -s out wanted
judge $? "each change in its own line, and no other"
call 1 diff a.asl.json b.asl.json --json
says out '"change": "renamed"'
printf '{"States": 1' >cut.asl.json
call 2 diff a.asl.json cut.asl.json
says err "cut.asl.json:1:"
printf '[]' >none.asl.json
call 2 diff none.asl.json a.asl.json
says err "no definition"
call 2 diff a.asl.json

close_count

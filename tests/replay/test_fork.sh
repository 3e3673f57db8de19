#!/bin/sh
# Forks as people use them: begun in the midst with what the state had, edited or under another
# definition, replayed, forked again. Breaks when a fork gets another input or other variables, or
# begins where it cannot. Closes with "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
set -u
scratch

cat >m.asl.json <<'END'
{"StartAt": "Greet", "States": {
  "Greet": {"Type": "Pass", "Assign": {"who": "Ada"}, "Parameters": {"n.$": "$.n"}, "Next": "Loop"},
  "Loop": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Assign": {"last.$": "$.n"},
    "Next": "Enough"},
  "Enough": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Loop"}],
    "Default": "Both"},
  "Both": {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {"In": {"Type": "Pass",
    "Assign": {"inner": 1}, "End": true}}}], "ResultPath": null, "Next": "Tell"},
  "Tell": {"Type": "Pass", "Parameters": {"text.$": "States.Format('{} {} {}', $who, $.n, $last)"},
    "Next": "Last"},
  "Last": {"Type": "Wait", "Seconds": 60, "End": true}}}
END
call 0 run m.asl.json --name one --input '{"n": 0}' --time skip
says out '"Ada 3 3"'

call 0 fork one --from 'Loop#2' --time skip --name second
says out '"Ada 3 3"'
says err 'from Loop#2 at event 8 of one'
call 0 history second --json
says out '"previousEventId": 0'
[ "$(grep -c '"type": "PassStateEntered"' out)" = 4 ] # Loop twice, In, Tell
judge $? "it began with Loop, the second time"

call 0 fork one --from Loop --set '$who="Bob"' --set '$.n=7' --time skip --quiet
says out '"Bob 8 8"'
call 0 fork one --from Tell --input '{"n": "x"}' --time skip --quiet
says out '"Ada x 3"'
call 0 fork second --from Tell --time skip --quiet --name third # of a fork: what it was born with, too
says out '"Ada 3 3"'

sed "s/'{} {} {}'/'edited: {} {} {}'/" m.asl.json >edited.asl.json
call 0 fork one --from Both --definition edited.asl.json --time skip --quiet
says out 'edited: Ada 3 3'

# A fork is an execution like any other: it is interrupted, resumed, replayed.
call 0 replay --all
says out '6 replayed: 6 same'
call 0 replay third --definition edited.asl.json
says out 'other-payload  third'
sed 's/"Tell"/"Say"/g' m.asl.json >renamed.asl.json
call 1 replay third --definition renamed.asl.json
says out 'it began at Tell, which the definition has not'
"$STEPWELL" fork one --from Last --name open --quiet --db stepwell.db >/dev/null 2>&1 &
runner=$!
patiently tells WaitStateEntered "$STEPWELL" history open
kill -INT $runner 2>/dev/null
wait $runner
call 0 resume open --time skip
says out '"Ada 3 3"'

# Where it cannot begin, and edits that are none.
call 2 fork one --from In
says err 'within a Map or a Parallel'
call 2 fork one --from Nowhere
says err 'never entered'
call 2 fork one --from 'Loop#9'
says err 'there is no #9'
call 2 fork one --from Tell --definition renamed.asl.json
says err 'no state Tell at its top level'
call 2 fork one --from Tell --set '$.n'
says err 'PATH=JSON'
call 2 fork one --from Tell --set '$.n=x'
call 2 fork one --from Tell --set '$$.Execution=1'
call 2 fork one --from Tell --set '$.n.deep=1'
call 2 fork one --from Tell --input '{'
call 2 fork one --from Tell --name 'a b'
call 2 fork nobody --from Tell
call 2 fork one

close_count

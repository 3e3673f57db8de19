#!/bin/sh
# Coverage as people and their tools see it: over stored executions, its page, the tracefile read by
# genhtml, thresholds, counts saved and added; and the drawings of stepwell graph. Closes with "N passed,
# N failed".
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
set -u
scratch

cat >m.asl.json <<'END'
{"StartAt": "Which <b>", "States": {
  "Which <b>": {"Type": "Choice",
    "Choices": [
      {"And": [
        {"Variable": "$.n", "NumericGreaterThan": 1},
        {"Variable": "$.n", "NumericLessThan": 5}],
       "Next": "Each"}],
    "Default": "Enough"},
  "Each": {"Type": "Map", "ItemsPath": "$.items",
    "ItemProcessor": {"StartAt": "One", "States": {
      "One": {"Type": "Pass", "End": true}}},
    "Next": "Enough"},
  "Enough": {"Type": "Succeed"}}}
END
call 0 run m.asl.json --input '{"n": 2, "items": [1, 2]}' --quiet --name one
call 0 coverage --machine m
says out 'm: 64.7 % of 17 goals reached by 1 execution'
says out 'm:4: Which <b> rule 1, ($.n > 1 and $.n < 5), was never false'
says out 'm:5: Which <b> in rule 1, $.n > 1, was never false'
says out 'm:8: Which <b> to Enough by Default was never taken'
says out 'm:9: Each never had one item'
call 0 coverage one --definition m.asl.json --save first.json
says out 'm.asl.json: 64.7 %'
call 0 run m.asl.json --input '{"n": 0, "items": []}' --quiet --name two
call 0 run m.asl.json --input '{"n": 7, "items": []}' --quiet --name three
call 0 coverage two three --definition m.asl.json --add first.json --json
says out '"percent": 88.2'
says out '"executions": 3'
call 1 coverage --all --threshold 89
says err 'covered 88.2 %, wanted 89.0 %'
call 0 coverage --all --threshold states=100,operands=100
call 1 coverage --all --threshold maps=50
call 2 coverage --all --threshold half
call 2 coverage
call 2 coverage nobody
call 2 coverage --machine nothing
sed 's/"NumericLessThan": 5/"NumericLessThan": 6/' m.asl.json >other.asl.json
call 2 coverage --definition other.asl.json --add first.json
says err 'another definition'
printf '{"definitions": [{"sha256": 1}]}' >bad.json
call 2 coverage --definition m.asl.json --add bad.json
printf '[' >cut.json
call 2 coverage --definition m.asl.json --add cut.json
says err 'cut.json:1:2'

# the page: one file, nothing of others' unescaped
call 0 coverage --all --definition m.asl.json --html page.html --lcov trace.info
says page.html 'Which &#60;b&#62;'
lacks page.html 'Which <b>'
lacks page.html '<script'
lacks page.html 'http://www.w3.org/1999' # only the name of SVG
says page.html 'class="box reached"'
says page.html '<div class="miss"><b>9</b>'
if needs genhtml lcov; then
    genhtml --branch-coverage -q -o html trace.info >out 2>err
    status=$?
    judge $status "genhtml reads the tracefile"
    grep -rqF 'NumericGreaterThan' html
    judge $? "and shows the definition beside the counts"
fi

# drawings
call 0 graph m.asl.json --format svg --execution one
cp out m.svg
says m.svg 'id="state-Which_20_3Cb_3E" class="box reached"'
says m.svg 'class="box reached"'
says m.svg '<title id="machine-title">m</title>'
lacks m.svg 'Which <b>'
call 0 graph m.asl.json --format svg
lacks out 'class="box reached"'
if needs xmllint libxml2-utils; then
    xmllint --noout m.svg >out 2>err
    status=$?
    judge $status "the drawing is XML"
fi

close_count

#!/bin/sh
# `stepwell eval` without a terminal: the languages, where input comes from, exit statuses; and what is
# said of 50 wrong expressions, carets.txt, to the letter. The prompt: test_prompt.c.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
set -u
carets=$PWD/tests/cli/carets.txt
scratch

call 0 eval '$sum($states.input.items.price)' --input '{"items": [{"price": 4}, {"price": 5.5}]}'
[ "$(cat out)" = 9.5 ]
judge $? "the result alone on stdout"
printf '{"items": [{"price": 4}, {"price": 5.5}]}' >order.json
call 0 eval '$.items[?(@.price > 4)].price' --language jsonpath --input @order.json
says out 5.5
lacks out 4
call 0 eval "States.Format('{} of {}', \$.n, \$v)" --input '{"n": 1}' --variables '{"v": "x"}'
says out '"1 of x"'
call 0 eval '{% $states.context.Execution.Id & $v %}' --context '{"Execution": {"Id": "e"}}' \
    --variables '{"v": 7}'
says out '"e7"'
call 0 eval '$$.Execution.Id' --language jsonpath --context '{"Execution": {"Id": "e"}}'
says out '"e"'
call 0 eval '$range(1, 3, 1)'
printf '1 +\n  1' >two.jsonata
call 0 eval @two.jsonata
says out 2
call 1 eval '1 + "a"'
says err 'T2002'
says err '  1 + "a"'
says err '    ^'
call 1 eval '$.a[' --language jsonpath
says err '      ^'
call 1 eval '$.a.b' --language jsonpath
call 1 eval '$states.input.nothing'
says err undefined
call 1 eval 'function($x) { $x }'
call 1 eval '$eval("1")'
call 1 eval ''
call 2 eval '1' --input '[1'
says err 'the input: line 1, column 3'
call 2 eval '1' --variables '[1]'
says err 'object'
call 2 eval '1' --language sql
call 2 eval 1 2
call 1 eval '(function($n) { $n = 0 ? 0 : 1 + $f($n - 1) })(1)'
call 1 eval '($f := function($n) { 1 + $f($n) }; $f(1))'

echo '1 + 1' | "$STEPWELL" eval >out 2>err
[ "$(cat out)" = 2 ]
judge $? "an expression on stdin"
call 1 eval "$(printf '"\377"')"
says err 'not UTF-8'

# ---- what is said, and where the caret stands ----
check() { # $asked, the arguments as in a shell; $told, what must be said
    eval "set -- $asked"
    timeout "$patience" "$STEPWELL" eval "$@" >out 2>err </dev/null
    status=$?
    [ "$status" = 1 ] && [ ! -s out ] && [ "$(cat err)" = "$told" ]
    judge $? "eval $asked: $told"
}
asked= told=
while IFS= read -r line; do
    case $line in
    '#'*) ;;
    '$ '*) asked=${line#\$ } told= ;;
    '') [ -n "$asked" ] && check && asked= ;;
    *) told="$told${told:+
}$line" ;;
    esac
done <<END
$(cat "$carets")

END
[ -n "$asked" ] && check
close_count

#!/bin/sh
# Lambda's asynchronous calls (InvocationType Event): answered 202 when they are on disk, made at least once over
# a kill -9, tried again twice when they fail, and kept for a run that knows the function.
cd "$(dirname "$0")/../.." || exit 1
. tests/shell.sh
with_sanitizers
command -v curl >/dev/null || { echo "skipped: curl is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
work=$(mktemp -d)
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
trap 'kill -9 $server 2>/dev/null; rm -rf "$work"' EXIT
is() { # WHAT EXPECTED GIVEN
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); else
        failed=$((failed + 1)); printf '%s: wanted "%s", got "%s"\n' "$1" "$2" "$3"; fi
}
serve() { # OPTIONS...
    : >"$work/log" # the one before said where it was
    "$STEPWELL" serve --port 0 --db "$work/a.db" "$@" 2>"$work/log" &
    server=$!
    patiently grep -q 'API on http' "$work/log"
    url=$(sed -n 's/.*API on \(http.*\)/\1/p' "$work/log")
}
send() { # FUNCTION PAYLOAD: the status
    curl -sS -o /dev/null -w '%{http_code}' -H 'X-Amz-Invocation-Type: Event' --data-binary "$2" \
        "$url/2015-03-31/functions/$1/invocations"
}
gives() { # EXPECTED COMMAND...
    expected=$1
    shift
    given=$("$@" 2>/dev/null)
    [ "$given" = "$expected" ]
}
until_is() { # WHAT EXPECTED COMMAND...
    what=$1
    shift
    patiently gives "$@"
    is "$what" "$expected" "$given"
}
lines() { wc -l <"$work/$1" | tr -d ' '; }

cat >"$work/slow" <<END
#!/bin/sh
cat >>"$work/began"; echo >>"$work/began"
[ -e "$work/go" ] || exec sleep 60
echo done >>"$work/done"; echo '{}'
END
cat >"$work/mark" <<END
#!/bin/sh
cat >>"$work/marked"; echo >>"$work/marked"; echo '{}'
END
cat >"$work/bad" <<END
#!/bin/sh
cat >/dev/null
echo x >>"$work/tried"
[ \$(wc -l <"$work/tried") -gt \$(cat "$work/fails") ] && echo '{}' || exit 1
END
chmod +x "$work/slow" "$work/bad" "$work/mark"
slow="function:slow=exec:$work/slow" bad="function:bad=exec:$work/bad" mark="function:mark=exec:$work/mark"
until_marked() { # TEXT: what was kept before this event has had its turn once this one is called
    send mark "$1" >/dev/null
    patiently grep -q "$1" "$work/marked"
}

serve --route "$slow"
is "an event is taken" 202 "$(send slow '{"n":1}')"
is "one of an unknown function is not" 404 "$(send none '{}')"
until_is "it is called" '{"n":1}' cat "$work/began"
kill -9 $server; wait $server 2>/dev/null
touch "$work/go"
serve --route "$mark"                    # knows no such function: what is kept waits
until_marked '"first"'
is "it waits where nothing runs it" 1 "$(lines began)"
kill $server; wait $server 2>/dev/null; is "and nothing leaks" 0 $?
serve --route "$slow"
until_is "it is called again" 1 lines done
kill $server; wait $server 2>/dev/null; is "a good end" 0 $?
serve --route "$slow" --route "$mark"
until_marked '"second"'
is "what is done is not called any more" 1 "$(lines done)"
kill $server; wait $server 2>/dev/null

echo 2 >"$work/fails"
serve --route "$bad" --time x600
is "one that fails is taken" 202 "$(send bad '{}')"
until_is "it is tried three times" 3 lines tried
echo 9 >"$work/fails" # another takes as long as a fourth attempt of the first one would
send bad '{}' >/dev/null
until_is "it is given up" 1 grep -c 'failed 3 times and is given up' "$work/log"
is "after three attempts, and the first one was done" 6 "$(lines tried)"
kill $server; wait $server 2>/dev/null; is "an end with nothing left" 0 $?
echo "test_async: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

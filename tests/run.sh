#!/bin/sh
# Runs every test: the C programs (sanitizers on), then the scripts tests/**/test_*.sh. Each runs in its
# own process under a time limit and says how it went in its last lines: "N passed, N failed[, N
# skipped]", or cmocka's own. Closes with the sum. A name as argument runs those that contain it.
set -u
cd "$(dirname "$0")/.."
limit=${TEST_SECONDS:-600}
filter=${1:-}
passed=0 failed=0 skipped=0 broken=""
log=build/test.log
mkdir -p build
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export STEPWELL="$PWD/build/stepwell"

count() { # the sum of the numbers that sed finds in the log
    sed -n "$1" "$log" | awk '{ s += $1 } END { print s + 0 }'
}

number() { # of the closing line: "12 passed" gives 12
    echo "$plain" | grep -oE "[0-9]+ $1" | cut -d ' ' -f 1
}

# What a failed program said, so that its log alone tells the cause: all of it where that is short; else what it
# says of its failures, what stands around the first word of a sanitizer, whose traces bury the rest, and its end.
complaint='FAILED|ERROR|LINE   \]|[Aa]ssert|: error:|wanted|does not come|runtime error|Error:|no end within'
tell() {
    if [ "$(wc -l <"$log")" -le 120 ]; then
        cut -c 1-2000 "$log"
        return
    fi
    echo "--- where it complains (line: text)"
    grep -nE -A 2 "$complaint" "$log" | cut -c 1-1000 | head -n 60
    first=$(grep -nE '^==[0-9]+==ERROR|runtime error:' "$log" | head -n 1 | cut -d : -f 1)
    if [ -n "$first" ]; then
        echo "--- around the sanitizer's first word"
        sed -n "$((first > 25 ? first - 25 : 1)),$((first + 25))p" "$log" | cut -c 1-1000
    fi
    echo "--- its end"
    tail -n 40 "$log" | cut -c 1-1000
}

run() { # name, command...
    name=$1
    shift
    case $name in *"$filter"*) ;; *) return ;; esac
    timeout "$limit" "$@" >"$log" 2>&1 </dev/null
    status=$?
    plain=$(grep -E '^([A-Za-z0-9_.-]+: )?[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    if [ -n "$plain" ]; then
        p=$(number passed) f=$(number failed) s=$(number skipped)
    else
        p=$(count 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p')
        f=$(count 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p')
        s=$(count 's/^\[  SKIPPED \] \([0-9]*\) test.*/\1/p')
    fi
    p=${p:-0} f=${f:-0} s=${s:-0}
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
        [ "$status" -eq 124 ] && echo "$name: no end within $limit s"
    fi
    if [ "$status" -eq 0 ] && [ "$p" -eq 0 ] && [ "$s" -eq 0 ]; then
        f=1
        echo "$name: it ran, and counted nothing"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
        echo "FAILED  $name ($p passed, $f failed)"
        tell
        broken="$broken $name"
    else
        echo "ok      $name ($p passed$([ "$s" -gt 0 ] && echo ", $s skipped"))"
        grep -iE '^ *skipped?:' "$log" | head -n 5
    fi
}

for source in $(find tests -name 'test_*.c' | sort); do
    program=${source%.c}
    run "${program#tests/}" "build/asan/$program"
done
for script in $(find tests -name 'test_*.sh' | sort); do
    run "${script#tests/}" sh "$script"
done
[ -n "$broken" ] && echo "failed:$broken"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

#!/bin/sh
# The rooms keep their walls: asl links alone and asks for no clock, file, socket, thread or
# randomness; asl and store do not know each other nor the engine. And the layout is clang-format's.
# Breaks when a forbidden symbol or include creeps in, or a line was not formatted (make format).
set -u
cd "$(dirname "$0")/.."
failed=0 passed=0 skipped=0
judge() { # what, list of offenders
    if [ -n "$2" ]; then
        echo "FAILED: $1: $(echo "$2" | tr '\n' ' ')"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

# Everything libasl.a asks of others must be on this list: memory, strings, mathematics, PCRE2.
allowed='^(malloc|calloc|realloc|free|abort|__assert_fail|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__errno_location'
allowed="$allowed"'|mem(chr|cmp|cpy|move|set|rchr|mem)|str(chr|rchr|cmp|ncmp|len|nlen|ncpy|cpy|pbrk|spn|cspn|str|tod|tol|tok_r|toll|toul|toull|casecmp|ncasecmp)'
allowed="$allowed"'|(__)?v?snprintf(_chk)?|__(mem|str|st[rp])[a-z]*_chk|qsort(_r)?|bsearch|abs|labs|isalpha|__ctype_[a-z_]*|to(lower|upper)'
allowed="$allowed"'|(floor|ceil|round|trunc|rint|nearbyint|fmod|pow|sqrt|log|log2|log10|exp|fabs|modf|frexp|ldexp|lround|llround|cbrt|hypot|f?min|f?max|copysign)[fl]?'
allowed="$allowed"'|setjmp|_setjmp|longjmp|__longjmp_chk|pcre2_[a-z_0-9]*)$'
if [ -f build/release/libasl.a ]; then
    defined=$(mktemp) wanted=$(mktemp)
    nm -g --defined-only build/release/libasl.a 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$defined"
    nm -gu build/release/libasl.a 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >"$wanted"
    judge "libasl asks for" "$(comm -13 "$defined" "$wanted" | grep -vE "$allowed")"
    rm -f "$defined" "$wanted"
else
    judge "build/release/libasl.a is missing" "run make first"
fi
judge "asl includes from other rooms" \
    "$(grep -rnE '#include "(\.\./)*(store|engine|tests)/' asl)"
judge "store includes from other rooms" \
    "$(grep -rnE '#include "(\.\./)*(asl|engine|tests)/' store)"
judge "files that listen to a clock or a die in asl" \
    "$(grep -rnE '#include <(time|sys/[a-z]+|unistd|pthread|fcntl|signal)\.h>' asl)"
case $(clang-format --version 2>/dev/null) in
*"version 14."*) # each version has a layout of its own
    judge "layout that is not clang-format's (make format)" \
        "$(find asl store engine tests -name '*.[ch]' -print0 |
            xargs -0 -n 60 clang-format --dry-run --Werror 2>&1 | grep -oE '^[^:]+:[0-9]+' | sort -u | head -n 9)"
    ;;
*)
    echo "skipped: clang-format 14 is not here (apt-get install clang-format-14)"
    skipped=1
    ;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

# What the scripts test_*.sh share; each begins with
#
#     cd "$(dirname "$0")/../.." || exit 1
#     . tests/shell.sh
#
# STEPWELL: the program (build/stepwell unless the caller says otherwise). A script that counts calls
# `scratch` for a folder that goes with it, judges with call, says, lacks, expect and judge, waits for
# what is to come with patiently, never by sleeping, and ends with `close_count`. What the machine
# lacks is installed where that may be (needs), else skipped.
root=$PWD
STEPWELL=${STEPWELL:-$root/build/stepwell}
export STEPWELL
passed=0 failed=0 skipped=0 case_name="" status=0
patience=240 # seconds that a command may take before it is held to hang

# ---- what there must be ----

with_sanitizers() { # the program with the sanitizers, where it is built
    [ -x "$root/build/asan/stepwell" ] && STEPWELL=$root/build/asan/stepwell
    return 0
}
skip_all() { # reason
    echo "skipped: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
skip() { # reason
    echo "skipped: $1"
    skipped=$((skipped + 1))
}
has() { # program, Debian package: there, or installed where that may be
    command -v "$1" >/dev/null 2>&1 && return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "$2"; } >/dev/null 2>&1
    command -v "$1" >/dev/null 2>&1
}
needs() { # program, Debian package; else one test is skipped
    has "$1" "$2" && return 0
    skip "$1 is not here; Debian has it in $2"
    return 1
}
needs_or_ends() { # program, Debian package; else all is skipped
    command -v "$1" >/dev/null 2>&1 || skip_all "$1 is not installed (apt-get install $2)"
}

needs_sdk_or_ends() { # npm's client of Step Functions, fetched once, into build/; SDK: its file
    needs_or_ends node nodejs
    needs_or_ends npm npm
    folder=$root/build/npm-client-sfn
    SDK=$folder/node_modules/@aws-sdk/client-sfn/dist-cjs/index.js
    export SDK
    [ -f "$SDK" ] && return 0
    mkdir -p "$folder.new.$$" # whole or not at all: another script may look for it meanwhile
    (cd "$folder.new.$$" && echo '{"private": true}' >package.json &&
        timeout 280 npm install --no-audit --no-fund --silent @aws-sdk/client-sfn@3 >npm.log 2>&1) ||
        skip_all "npm cannot fetch @aws-sdk/client-sfn (see $folder.new.$$/npm.log)"
    [ -f "$SDK" ] || { rm -rf "$folder"; mv "$folder.new.$$" "$folder"; }
    rm -rf "$folder.new.$$"
}

# ---- waiting ----

patiently() { # command...: again and again until it succeeds; false when it never does, however slow the machine
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || return 1
        sleep 0.1
    done
}
tells() { # fixed text, command...: does its output hold it?
    wanted_text=$1
    shift
    "$@" 2>/dev/null | grep -qF -- "$wanted_text"
}

# ---- judging ----

scratch() { # a folder of the script's own, to work in
    place=$(mktemp -d) || exit 1
    trap 'rm -rf "$place"' EXIT
    cd "$place" || exit 1
}
judge() { # 0 or not, what was expected
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $case_name${case_name:+: }$2"
        echo "  status $status; out: $(head -c 600 out 2>/dev/null); err: $(head -c 400 err 2>/dev/null)"
    fi
}
call() { # wanted exit status, arguments... leaves out and err
    wanted=$1
    shift
    timeout "$patience" "$STEPWELL" "$@" >out 2>err </dev/null
    status=$?
    [ "$status" -eq "$wanted" ]
    judge $? "exit status $wanted from: $*"
}
says() { # file, fixed text in it
    grep -qF -- "$2" "$1"
    judge $? "'$2' in $1"
}
lacks() { # file, fixed text not in it
    ! grep -qF -- "$2" "$1"
    judge $? "no '$2' in $1"
}
expect() { # what, text wanted in it, text given
    case $3 in
    *"$2"*) passed=$((passed + 1)) ;;
    *)
        failed=$((failed + 1))
        printf 'FAILED: %s: wanted "%s", got: %s\n' "$1" "$2" "$3"
        ;;
    esac
}
close_count() {
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
}

#!/bin/sh
# A function as a program: the event on stdin, the result on stdout.
read -r event
echo "a line of the log" >&2
case $event in
*fail*) exit 4 ;;
*told*) echo '{"errorType": "MyError", "errorMessage": "it said so"}' && exit 1 ;;
*junk*) echo junk ;;
*nothing*) ;;
*sleep*) sleep 60 & wait ;;
*) printf '{"you": %s}\n' "$event" ;;
esac

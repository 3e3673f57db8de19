#!/bin/sh
# Runs an order on this machine, end to end: seeds the stand-ins, serves the API with the functions routed,
# lets the warehouse answer, and shows what came of it.
# usage: run.sh STEPWELL [INPUT]   (data goes to build/order/, or to $WORK)
set -eu
stepwell=$1
here=$(dirname "$0")
work=${WORK:-build/order}
rm -rf "$work"
mkdir -p "$work"
"$stepwell" routes "$here/machine.asl.json" --routes "$here/routes.json"
"$stepwell" local --data "$work/data" --file "$here/seed.json"
: >"$work/serve.log"
"$stepwell" serve --port 0 --db "$work/order.db" --data "$work/data" --routes "$here/routes.json" 2>"$work/serve.log" &
server=$!
warehouse=
trap 'kill $server $warehouse 2>/dev/null || true; wait' EXIT
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
    url=$(sed -n 's/.*API on \(http.*\)/\1/p' "$work/serve.log")
    [ -n "$url" ] && break
    sleep 0.2
done
[ -n "$url" ] || { cat "$work/serve.log" >&2; exit 1; }
node "$here/warehouse.mjs" "$url" &
warehouse=$!
node "$here/start.mjs" "$url" "$here/machine.asl.json" "${2:-$(cat "$here/input.json")}"
for queue in mail shipped; do
    echo "In the queue $queue:"
    "$stepwell" local --data "$work/data" sqs ReceiveMessage "{\"QueueUrl\": \"$queue\"}" | sed -n 's/^ *"Body": //p'
done

#!/bin/sh
# Seeds the tables, runs the export live, and shows what came of it: the job item and the file.
# usage: run.sh STEPWELL [skip|real|xN]   (from the project's folder; data goes to build/run/)
set -eu
stepwell=$1
time=${2:-skip}
here=$(dirname "$0")
work=build/run
data=$work/data
rm -rf "$work"
mkdir -p "$work"

fail() {
    echo "incremental-export: $*" >&2
    exit 1
}
stand_in() { # SERVICE OPERATION PARAMETERS
    "$stepwell" local --data "$data" "$@"
}

last_run=$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%S.000Z)
echo "Seeding two tables and two hours of changes; the last run was at $last_run."
stand_in --file "$here/seed.json" --var LastRunTime="$last_run" >"$work/seed.log" || {
    cat "$work/seed.log" >&2
    fail "the tables could not be seeded"
}

"$stepwell" run "$here/machine.asl.json" --input "@$here/input.json" \
    --db "$work/stepwell.db" --data "$data" --time "$time" \
    --var JobTable=JobExport --var Bucket=exports \
    --var TableArn=arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog ||
    fail "the run ended with status $?"

echo
echo "The job item now:"
item=$(stand_in dynamodb GetItem '{"TableName":"JobExport","Key":{"id":{"S":"RUN"}}}')
echo "$item"
case $item in *'COMPLETED'*) ;; *) fail "the job item is not COMPLETED" ;; esac

exports=$data/s3/exports/AWSDynamoDB
manifest=$(find "$exports" -name manifest-files.json)
[ "$(echo "$manifest" | grep -c .)" = 1 ] || fail "expected one export under $exports"
file=$(find "$exports/data" -name '*.json.gz')
echo
echo "The export, $file:"
zcat "$file" | tee "$work/export.json"
[ "$(grep -c . "$work/export.json")" = 3 ] || fail "expected three changes in the export"
[ "$time" = real ] || {
    echo
    echo "Nobody waited: the clock skipped ahead. To watch it in real time: make run TIME=real"
}

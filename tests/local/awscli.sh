#!/bin/sh
# DynamoDB and S3 as people call them from a shell.
. tests/local/awscli_common.sh

expect "create table" CREATING "$(aws_ dynamodb create-table --table-name Jobs --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH)"
expect "wait" "" "$(aws_ dynamodb wait table-exists --table-name Jobs)"
expect "put" "" "$(aws_ dynamodb put-item --table-name Jobs --item '{"id":{"S":"a"},"n":{"N":"1.10"}}')"
expect "update" "2.1" "$(aws_ dynamodb update-item --table-name Jobs --key '{"id":{"S":"a"}}' --return-values ALL_NEW \
    --update-expression 'SET n = n + :one' --expression-attribute-values '{":one":{"N":"1"}}')"
expect "condition" ConditionalCheckFailedException "$(aws_ dynamodb put-item --table-name Jobs --item '{"id":{"S":"a"}}' \
    --condition-expression 'attribute_not_exists(id)')"
expect "get" "2.1" "$(aws_ dynamodb get-item --table-name Jobs --key '{"id":{"S":"a"}}' --consistent-read)"
expect "query" "2.1" "$(aws_ dynamodb query --table-name Jobs --key-condition-expression 'id = :i' \
    --expression-attribute-values '{":i":{"S":"a"}}')"
expect "no table" ResourceNotFoundException "$(aws_ dynamodb scan --table-name None)"
expect "transaction" ConditionalCheckFailed "$(aws_ dynamodb transact-write-items --transact-items \
    '[{"Put":{"TableName":"Jobs","Item":{"id":{"S":"b"}}}},{"ConditionCheck":{"TableName":"Jobs","Key":{"id":{"S":"a"}},"ConditionExpression":"attribute_not_exists(id)"}}]')"
expect "transaction undone" "" "$(aws_ dynamodb get-item --table-name Jobs --key '{"id":{"S":"b"}}')"
expect "recovery off" DISABLED "$(aws_ dynamodb describe-continuous-backups --table-name Jobs)"
expect "export without recovery" PointInTimeRecoveryUnavailableException "$(aws_ dynamodb export-table-to-point-in-time \
    --table-arn arn:aws:dynamodb:us-east-1:123456789012:table/Jobs --s3-bucket exports)"
expect "recovery on" ENABLED "$(aws_ dynamodb update-continuous-backups --table-name Jobs \
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true)"

expect "create bucket" /exports "$(aws_ s3api create-bucket --bucket exports)"
asked=$(aws_ dynamodb export-table-to-point-in-time --s3-bucket exports --s3-prefix daily \
    --table-arn arn:aws:dynamodb:us-east-1:123456789012:table/Jobs --query 'ExportDescription.[ExportArn,ExportStatus]')
export_answer=$(echo "$asked" | cut -f 1)
expect "full export" "table/Jobs/export/" "$export_answer"
expect "in progress" IN_PROGRESS "$asked"
for try in $(seq 200); do # it takes a second
    described=$(aws_ dynamodb describe-export --export-arn "$export_answer")
    case $described in *IN_PROGRESS*) sleep 0.3 ;; *) break ;; esac
done
expect "completed" COMPLETED "$described"
expect "listed" "$export_answer" "$(aws_ dynamodb list-exports)"
expect "synced" "manifest-summary.json" "$(aws_ s3 sync s3://exports "$WORK/copy" --no-progress)"
expect "exported" '{"Item":{"id":{"S":"a"},"n":{"N":"2.1"}}}' "$(zcat "$WORK"/copy/daily/AWSDynamoDB/*/data/*.json.gz)"
expect "checksum" "$(openssl md5 -binary "$WORK"/copy/daily/AWSDynamoDB/*/manifest-files.json | base64)" \
    "$(cat "$WORK"/copy/daily/AWSDynamoDB/*/manifest-files.md5)"

printf 'hello, world' >"$WORK/file"
expect "put object" "$(md5sum "$WORK/file" | cut -d ' ' -f 1)" "$(aws_ s3api put-object --bucket exports --key 'a b/é?.txt' \
    --body "$WORK/file" --content-type text/plain --metadata colour=red --checksum-algorithm SHA256)"
expect "head object" red "$(aws_ s3api head-object --bucket exports --key 'a b/é?.txt')"
expect "get object" text/plain "$(aws_ s3api get-object --bucket exports --key 'a b/é?.txt' "$WORK/back")"
expect "same bytes" "hello, world" "$(cat "$WORK/back")"
expect "range" 5 "$(aws_ s3api get-object --bucket exports --key 'a b/é?.txt' --range bytes=0-4 "$WORK/part" --query ContentLength)"
expect "part" hello "$(cat "$WORK/part")"
expect "no key" NoSuchKey "$(aws_ s3api get-object --bucket exports --key none "$WORK/none")"
expect "no bucket" NoSuchBucket "$(aws_ s3api list-objects-v2 --bucket nothing)"
expect "cp in" upload "$(aws_ s3 cp "$WORK/file" s3://exports/up/load --no-progress)"
expect "copy" ETag "$(aws_ s3api copy-object --bucket exports --key copy --copy-source exports/up/load --output json)"
expect "list" "a b/é?.txt" "$(aws_ s3api list-objects-v2 --bucket exports)"
expect "common prefixes" "daily/" "$(aws_ s3api list-objects-v2 --bucket exports --delimiter /)"
expect "pages" "copy" "$(aws_ s3api list-objects-v2 --bucket exports --page-size 1 --query 'Contents[].Key')"
expect "not offered" NotImplemented "$(aws_ s3api create-multipart-upload --bucket exports --key x)"
expect "not empty" BucketNotEmpty "$(aws_ s3api delete-bucket --bucket exports)"
expect "remove all" "delete: s3://exports/" "$(aws_ s3 rm s3://exports --recursive)"
expect "delete many" "" "$(aws_ s3api delete-objects --bucket exports --delete 'Objects=[{Key=a},{Key=b}],Quiet=true')"
expect "remove bucket" remove_bucket "$(aws_ s3 rb s3://exports)"
expect "another service" NotImplemented "$(aws_ kinesis list-streams)"
expect "delete table" DELETING "$(aws_ dynamodb delete-table --table-name Jobs)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/sh
# SQS, SNS, EventBridge, Secrets Manager and Systems Manager's parameters as people call them from a shell.
. tests/local/awscli_common.sh

url=$(aws_ sqs create-queue --queue-name orders --attributes VisibilityTimeout=300)
expect "create queue" "/123456789012/orders" "$url"
expect "the same again" "$url" "$(aws_ sqs create-queue --queue-name orders --attributes VisibilityTimeout=300)"
expect "another of that name" QueueAlreadyExists "$(aws_ sqs create-queue --queue-name orders --attributes VisibilityTimeout=6)"
expect "queue url" "$url" "$(aws_ sqs get-queue-url --queue-name orders)"
expect "list queues" "$url" "$(aws_ sqs list-queues --queue-name-prefix ord)"
# the CLI checks both MD5 sums itself
expect "send" "$(printf 'hello' | md5sum | cut -d ' ' -f 1)" "$(aws_ sqs send-message --queue-url "$url" --message-body hello \
    --message-attributes '{"n":{"DataType":"Number","StringValue":"7"},"b":{"DataType":"Binary","BinaryValue":"AAEC"}}')"
expect "receive" hello "$(aws_ sqs receive-message --queue-url "$url" --message-attribute-names All --attribute-names All)"
expect "hidden now" "" "$(aws_ sqs receive-message --queue-url "$url")"
handle=$(aws_ sqs send-message --queue-url "$url" --message-body second >/dev/null &&
    aws_ sqs receive-message --queue-url "$url" --wait-time-seconds 2 --query 'Messages[0].ReceiptHandle')
expect "visible again" "" "$(aws_ sqs change-message-visibility --queue-url "$url" --receipt-handle "$handle" --visibility-timeout 0)"
expect "again" second "$(aws_ sqs receive-message --queue-url "$url")"
expect "delete" "" "$(aws_ sqs delete-message --queue-url "$url" --receipt-handle "$handle")"
expect "bad receipt" ReceiptHandleIsInvalid "$(aws_ sqs delete-message --queue-url "$url" --receipt-handle nothing)"
expect "purge" "" "$(aws_ sqs purge-queue --queue-url "$url")"
expect "batch" two "$(aws_ sqs send-message-batch --queue-url "$url" --entries Id=one,MessageBody=1 Id=two,MessageBody=2)"
expect "no ids twice" BatchEntryIdsNotDistinct "$(aws_ sqs send-message-batch --queue-url "$url" --entries Id=one,MessageBody=1 Id=one,MessageBody=2)"
expect "counted" "	2" "$(aws_ sqs get-queue-attributes --queue-url "$url" --attribute-names ApproximateNumberOfMessages)"
expect "no queue" NonExistentQueue "$(aws_ sqs receive-message --queue-url "$url-not")"
expect "not offered" "not offered by this stand-in" "$(aws_ sqs add-permission --queue-url "$url" --label l --aws-account-ids 1 --actions SendMessage)"
expect "delete queue" "" "$(aws_ sqs delete-queue --queue-url "$url")"

topic=$(aws_ sns create-topic --name orders)
expect "create topic" arn:aws:sns:us-east-1:123456789012:orders "$topic"
aws_ sqs create-queue --queue-name mail --attributes VisibilityTimeout=43200 >/dev/null # nothing comes back, however slow we are
subscription=$(aws_ sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint arn:aws:sqs:us-east-1:123456789012:mail \
    --attributes '{"RawMessageDelivery":"true"}' --return-subscription-arn)
expect "subscribe" "$topic:" "$subscription"
expect "publish" "-" "$(aws_ sns publish --topic-arn "$topic" --message 'a <b> & c' --message-attributes '{"n":{"DataType":"String","StringValue":"v"}}')"
expect "publish batch" one "$(aws_ sns publish-batch --topic-arn "$topic" --publish-batch-request-entries Id=one,Message=1 Id=two,Message=2)"
expect "delivered" 'a <b> & c' "$(aws_ sqs receive-message --queue-url mail --message-attribute-names All --max-number-of-messages 10)"
expect "topics" "$topic" "$(aws_ sns list-topics)"
expect "subscriptions" "$subscription" "$(aws_ sns list-subscriptions-by-topic --topic-arn "$topic")"
expect "their attributes" true "$(aws_ sns get-subscription-attributes --subscription-arn "$subscription" --query Attributes.RawMessageDelivery)"
expect "no topic" NotFound "$(aws_ sns publish --topic-arn "$topic-not" --message m)"
expect "unsubscribe" "" "$(aws_ sns unsubscribe --subscription-arn "$subscription")"
expect "delete topic" "" "$(aws_ sns delete-topic --topic-arn "$topic")"

expect "purge" "said nothing" "said $(aws_ sqs purge-queue --queue-url mail)nothing"
expect "put rule" rule/dear "$(aws_ events put-rule --name dear --event-pattern '{"source":["shop"],"detail":{"total":[{"numeric":[">",5]}]}}')"
expect "put targets" 0 "$(aws_ events put-targets --rule dear --targets Id=1,Arn=arn:aws:sqs:us-east-1:123456789012:mail)"
expect "put events" 0 "$(aws_ events put-events --entries '[{"Source":"shop","DetailType":"T","Detail":"{\"total\":6}"},{"Source":"shop","DetailType":"T","Detail":"{\"total\":5}"}]' --query FailedEntryCount)"
expect "to its queue" '"detail":{"total":6}' "$(aws_ sqs receive-message --queue-url mail --query 'Messages[0].Body')"
expect "and the other not" None "$(aws_ sqs receive-message --queue-url mail --query 'Messages[0].Body')"
expect "test pattern" True "$(aws_ events test-event-pattern --event-pattern '{"source":["a"]}' --event '{"id":"1","account":"1","source":"a","time":"t","region":"r","resources":[],"detail-type":"d"}')"
expect "a bad pattern" InvalidEventPatternException "$(aws_ events put-rule --name bad --event-pattern '{"source":"shop"}')"
expect "rules" dear "$(aws_ events list-rules)"
expect "targets" arn:aws:sqs:us-east-1:123456789012:mail "$(aws_ events list-targets-by-rule --rule dear)"
expect "remove targets" 0 "$(aws_ events remove-targets --rule dear --ids 1)"
expect "delete rule" "" "$(aws_ events delete-rule --name dear)"

expect "create secret" secret:db/password- "$(aws_ secretsmanager create-secret --name db/password --secret-string old)"
expect "put value" AWSCURRENT "$(aws_ secretsmanager put-secret-value --secret-id db/password --secret-string new)"
expect "get value" new "$(aws_ secretsmanager get-secret-value --secret-id db/password --query SecretString)"
expect "previous" old "$(aws_ secretsmanager get-secret-value --secret-id db/password --version-stage AWSPREVIOUS --query SecretString)"
arn=$(aws_ secretsmanager describe-secret --secret-id db/password --query ARN)
expect "by ARN" new "$(aws_ secretsmanager get-secret-value --secret-id "$arn" --query SecretString)"
expect "list" db/password "$(aws_ secretsmanager list-secrets)"
expect "delete" "$arn" "$(aws_ secretsmanager delete-secret --secret-id db/password)"
expect "gone" InvalidRequestException "$(aws_ secretsmanager get-secret-value --secret-id db/password)"
expect "no secret" ResourceNotFoundException "$(aws_ secretsmanager get-secret-value --secret-id nothing)"

expect "put parameter" 1 "$(aws_ ssm put-parameter --name /app/url --value http-here --type String)"
expect "exists" ParameterAlreadyExists "$(aws_ ssm put-parameter --name /app/url --value x --type String)"
expect "overwrite" 2 "$(aws_ ssm put-parameter --name /app/url --value there --overwrite)"
expect "secure" 1 "$(aws_ ssm put-parameter --name /app/deep/key --value k --type SecureString)"
expect "get" there "$(aws_ ssm get-parameter --name /app/url --query Parameter.Value)"
expect "get version" http-here "$(aws_ ssm get-parameter --name /app/url:1 --query Parameter.Value)"
expect "decrypted" k "$(aws_ ssm get-parameter --name /app/deep/key --with-decryption --query Parameter.Value)"
expect "several" /app/none "$(aws_ ssm get-parameters --names /app/url /app/none)"
expect "by path" /app/deep/key "$(aws_ ssm get-parameters-by-path --path /app --recursive)"
expect "one level" "there" "$(aws_ ssm get-parameters-by-path --path /app --query 'Parameters[].Value')"
expect "delete" "" "$(aws_ ssm delete-parameter --name /app/url)"
expect "gone" ParameterNotFound "$(aws_ ssm get-parameter --name /app/url)"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

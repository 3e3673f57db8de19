#!/bin/sh
# A custom runtime, as the Lambda developer guide shows one: curl against the Runtime API.
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
headers=$(mktemp)
while :; do
    event=$(curl -sS -L -D "$headers" "$api/invocation/next") || exit 0
    id=$(grep -i '^lambda-runtime-aws-request-id:' "$headers" | tr -d '\r' | cut -d ' ' -f 2)
    [ -n "$id" ] || { rm -f "$headers"; exit 0; }
    case $event in
    *fail*) curl -sS -o /dev/null -d '{"errorType": "Own.Error", "errorMessage": "from a script"}' "$api/invocation/$id/error" ;;
    *wrong*) curl -sS -o "$headers.wrong" -d '{}' "$api/invocation/another/response"
        curl -sS -o /dev/null --data-binary "@$headers.wrong" "$api/invocation/$id/response" ;;
    *) curl -sS -o /dev/null -d "{\"custom\": $event}" "$api/invocation/$id/response" ;;
    esac
done

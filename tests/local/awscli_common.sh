# What the scripts that call the stand-ins (STAND_IN) as people do from a shell share: the AWS CLI with made-up
# credentials and nothing of this machine's configuration, and the counting. WORK is a scratch folder.
command -v aws >/dev/null || { echo "skipped: awscli is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1 AWS_DEFAULT_OUTPUT=text
export AWS_CONFIG_FILE="$WORK/none" AWS_SHARED_CREDENTIALS_FILE="$WORK/none" AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
passed=0 failed=0
aws_() { aws --endpoint-url "$STAND_IN" "$@" 2>&1; }
expect() { # WHAT PATTERN OUTPUT
    case $3 in
    *$2*) passed=$((passed + 1)) ;;
    *)
        failed=$((failed + 1))
        printf '%s: wanted "%s", got: %s\n' "$1" "$2" "$3"
        ;;
    esac
}


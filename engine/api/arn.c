/* ARNs of Step Functions, read and made. Serves: facts 1.3 (names), 1.4. */
#include "engine/api/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

/* One character of UTF-8 at p (the text is valid); its size. */
static size_t decode(const unsigned char *p, uint32_t *c)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t size = *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    *c = *p & masks[size];
    for (size_t i = 1; i < size; i++)
        *c = *c << 6 | (p[i] & 0x3F);
    return size;
}

static bool may_stand_in_name(uint32_t c)
{
    if (c < 0x80)
        return c > ' ' && c != 0x7F && !strchr("<>{}[]?*\"#%\\^|~`$&,;:/", (int)c);
    return !(c <= 0x9F || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
             c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFFFE ||
             c == 0xFFFF || c == 0x10FFFF);
}

bool api_check_name(struct api_call *call, struct asl_text name)
{
    size_t characters = 0;
    bool fine = name.size > 0;
    for (size_t at = 0; fine && at < name.size; characters++) {
        uint32_t c;
        at += decode((const unsigned char *)name.data + at, &c);
        fine = may_stand_in_name(c);
    }
    if (!fine || characters > API_NAME_MAXIMUM) {
        api_fail(call, "InvalidName", "Invalid Name: '%.*s'", ASL_TEXT_ARGS(name));
        return false;
    }
    return true;
}

/* ---- reading ---- */

/* The part up to the next `separator`, or all that is left; copied. False when it does not fit. */
static bool take_part(struct asl_text *rest, char separator, char *out, size_t size)
{
    const char *end = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    size_t length = end ? (size_t)(end - rest->data) : rest->size;
    if (length >= size || memchr(rest->data, '\0', length))
        return false;
    memcpy(out, rest->data, length);
    out[length] = '\0';
    length += end != NULL;
    rest->data += length;
    rest->size -= length;
    return true;
}

static const struct {
    const char *resource;
    enum arn_kind kind;
} resources[] = {
    {"stateMachine", ARN_MACHINE}, {"execution", ARN_EXECUTION}, {"express", ARN_EXPRESS},
    {"activity", ARN_ACTIVITY},    {"mapRun", ARN_MAP_RUN},
};

static void split_label(struct arn *arn)
{
    char *slash = strchr(arn->name, '/');
    if (!slash)
        return;
    snprintf(arn->label, sizeof arn->label, "%s", slash + 1);
    *slash = '\0';
}

bool arn_read(struct asl_text text, struct arn *arn)
{
    char part[64];
    struct scope *scope = &arn->scope;
    struct asl_text rest = text;
    *arn = (struct arn){.kind = ARN_OTHER};
    if (!asl_text_starts(text, "arn:") || !take_part(&rest, ':', part, sizeof part) ||
        !take_part(&rest, ':', scope->partition, sizeof scope->partition) ||
        strncmp(scope->partition, "aws", 3) != 0 || !take_part(&rest, ':', part, sizeof part) ||
        strcmp(part, "states") != 0 ||
        !take_part(&rest, ':', scope->region, sizeof scope->region) ||
        !take_part(&rest, ':', scope->account, sizeof scope->account) ||
        !take_part(&rest, ':', arn->resource, sizeof arn->resource) ||
        !take_part(&rest, ':', arn->name, sizeof arn->name) || arn->name[0] == '\0' ||
        rest.size >= sizeof arn->qualifier || !scope->region[0] || strlen(scope->account) != 12 ||
        strspn(scope->account, "0123456789") != 12)
        return false;
    memcpy(arn->qualifier, rest.data ? rest.data : "", rest.size);
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        if (strcmp(arn->resource, resources[i].resource) == 0)
            arn->kind = resources[i].kind;
    split_label(arn);
    bool is_of_execution = arn->kind == ARN_EXECUTION || arn->kind == ARN_EXPRESS;
    return arn->name[0] && (!is_of_execution || arn->qualifier[0]);
}

bool api_arn(struct api_call *call, const char *member, unsigned kinds, struct arn *arn)
{
    struct asl_text text = api_text(call, member);
    if (!arn_read(text, arn)) {
        api_fail(call, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %.*s'",
                 ASL_TEXT_ARGS(text));
        return false;
    }
    if (!(kinds & 1u << arn->kind)) {
        api_fail(call, "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'",
                 arn->resource);
        return false;
    }
    return api_check_account(call, arn, text);
}

bool api_check_account(struct api_call *call, const struct arn *arn, struct asl_text text)
{
    if (scope_is_own_account(call, arn))
        return true;
    api_fail(call, "AccessDeniedException",
             "User: arn:%s:iam::%s:root is not authorized to perform: states:%s on resource: %.*s "
             "because no "
             "resource-based policy allows the states:%s action",
             call->scope.partition, call->scope.account, call->operation->name, ASL_TEXT_ARGS(text),
             call->operation->name);
    return false;
}

bool api_refuse_label(struct api_call *call, const struct arn *arn)
{
    if (!arn->label[0])
        return false;
    api_fail_with(call, "ValidationException", "reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS",
                  "%s does not take the ARN of a distributed Map's state machine: '%s/%s'",
                  call->operation->name, arn->name, arn->label);
    return true;
}

/* ---- making ---- */

void api_make_arn(const struct scope *s, const char *resource, const char *name,
                  const char *qualifier, char out[API_ARN_BYTES])
{
    snprintf(out, API_ARN_BYTES, "arn:%s:states:%s:%s:%s:%s%s%s", s->partition, s->region,
             s->account, resource, name, qualifier ? ":" : "", qualifier ? qualifier : "");
}

void api_machine_arn(const struct arn *arn, char out[API_ARN_BYTES])
{
    api_make_arn(&arn->scope, "stateMachine", arn->name, NULL, out);
}

const char *arn_name(const char *arn)
{
    const char *colon = strrchr(arn, ':');
    return colon ? colon + 1 : arn;
}

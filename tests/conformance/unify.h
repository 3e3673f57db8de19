/* Comparing what we give with what AWS's recording shows, strictly but for the recorder's own
 * marks.
 *
 * The recorder replaced what differs from run to run: `<uuid:1>`, `<ArnPart_0idx>`, account
 * numbers, and bare words like `lambda_function_name`. A mark stands for one text throughout a
 * case. Marks in angle brackets are learned where they first meet a text; bare words only from the
 * execution's own input (unify_learn), or from the table of the recorder's known words. Nothing
 * else may differ. JSON texts that the recorder shows parsed are parsed before comparing; objects
 * are unordered.
 */
#ifndef TESTS_CONFORMANCE_UNIFY_H
#define TESTS_CONFORMANCE_UNIFY_H

#include "asl/value/value.h"

struct unify_pair {
    char *mark, *text;
};

struct unify {
    struct unify_pair *pairs;
    size_t count, capacity;
    bool exact_numbers; /* 1 and 1.0 differ */
};

void unify_init(struct unify *u);
void unify_free(struct unify *u);
/* Forgets what was learned after the first `count` pairs. */
void unify_rewind(struct unify *u, size_t count);
void unify_know(struct unify *u, const char *mark, const char *text);

/* Learns marks and bare words from an input as recorded and as it was. False: another input. */
bool unify_learn(struct unify *u, const asl_value *recorded, const asl_value *input);
bool unify_text(struct unify *u, struct asl_text recorded, struct asl_text text, bool may_learn);
/* False at the first difference, which is told in `difference` ("path: expected ..., got ..."). */
bool unify_value(struct unify *u, const asl_value *recorded, const asl_value *value,
                 struct asl_buffer *difference);
/* One history event; timestamps do not count. With `blurred`, ids neither. */
bool unify_event(struct unify *u, const asl_value *recorded, const asl_value *event, bool blurred,
                 struct asl_buffer *difference);

#endif

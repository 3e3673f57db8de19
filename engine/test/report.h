/* What is told of a run: for people, as TAP, as JUnit's XML, as JSON. All of one shape; a report
 * sees the files in their order, and each file's tests in theirs. */
#ifndef ENGINE_TEST_REPORT_H
#define ENGINE_TEST_REPORT_H

#include "engine/test/expect.h"

struct tally {
    size_t passed, failed, skipped, files, wrong_files;
    double seconds; /* real time, of the whole run */
};

struct report {
    const struct report_form *form;
    struct asl_buffer *out;
    bool colour, verbose, update;
    size_t number; /* of tests told so far */
    size_t files;  /* told so far */
    size_t tests_in_all;
    struct value_list list; /* json: what was told */
};

struct report_form {
    const char *name;
    void (*begin)(struct report *r);
    /* A file with its results in order (NULL elements: not selected). `failures`: of the file as a
     * whole ({"what", "message", "line", "column"}), an array; complaints stand in `f`. */
    void (*file)(struct report *r, const struct test_file *f, asl_value *const *results,
                 const asl_value *failures);
    void (*end)(struct report *r, const struct tally *t);
};
extern const struct report_form report_text, report_tap, report_junit, report_json;

/* "file:12:5", as editors jump to it. */
void put_place_of(const struct test_file *f, const asl_value *failure, struct asl_buffer *out);
/* One failure in lines, each indented by `indent`. */
void put_failure(const struct test_file *f, const asl_value *failure, const char *indent,
                 struct asl_buffer *out);
int64_t result_number(const asl_value *result, const char *member); /* 0: absent */
double result_real(const asl_value *result, const char *member);
struct asl_text result_text(const asl_value *v, const char *member); /* "" : absent */

#endif

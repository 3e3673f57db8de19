/* Date/time by picture (fn:format-dateTime):
 * "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]". time_picture.c takes pictures apart and
 * knows the calendar, time_format.c writes, time_parse.c reads, function_time.c holds the
 * functions.
 */
#ifndef ASL_JSONATA_TIME_PICTURE_H
#define ASL_JSONATA_TIME_PICTURE_H

#include "integer_picture.h"

enum names { NAMES_NONE, NAMES_LOWER, NAMES_UPPER, NAMES_TITLE };

#define WIDTH_NONE -1.0

struct time_part {
    struct asl_text literal; /* when `component` is 0 */
    char component;          /* Y M D d F W w X x H h P m s f Z z C E, or another letter */
    enum names names;
    bool has_integer;
    struct integer_picture integer;
    bool zulu;                      /* second modifier t: "Z" for no offset */
    double width_least, width_most; /* WIDTH_NONE */
    double year_digits;             /* of Y: how many of its digits, or WIDTH_NONE */
};

struct time_picture {
    struct time_part *parts;
    size_t count;
};

/* A picture taken apart, kept with the program: a picture is mostly one literal, and taking it
 * apart costs more than using it. */
struct kept_picture {
    struct kept_picture *next;
    char *text;
    struct arena arena; /* of what is in `picture` */
    struct time_picture picture;
    struct regex *regex; /* for parsing; NULL before the first time */
};

/* NULL and the failure set when it is none. It stays until the next call. */
struct kept_picture *jsonata_time_picture(struct run *run, struct asl_text text);
void jsonata_pictures_free(struct kept_picture *list);

/* A moment's calendar fields, UTC. */
struct civil {
    double ms, year;
    int month, day; /* from 1 */
    int hour, minute, second, millisecond;
    int weekday; /* 1 Monday .. 7 Sunday */
};
#define TIME_MAXIMUM 8.64e15           /* of ECMA-262's time values */
struct civil jsonata_civil(double ms); /* |ms| at most TIME_MAXIMUM */
/* Milliseconds of a day that may lie outside its month; month from 0. NaN when out of range. */
double jsonata_utc(double year, double month, double day);
/* The same as JavaScript's Date.UTC: the years 0 to 99 are those from 1900. */
double jsonata_date_utc(double year, double month, double day);
/* A numeric component of the moment (Y M D d F W w X x H h m s f). */
double jsonata_time_component(const struct civil *c, char component);

extern const char *const jsonata_months[12], *const jsonata_days[8]; /* days from 1 */

item jsonata_time_format(struct run *run, double ms, item picture, item zone);
item jsonata_time_parse(struct run *run, struct asl_text text, struct asl_text picture);

#endif

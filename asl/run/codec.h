/* Numbers and texts as bytes: what history chunks and saved states are made of. Seven bits a byte,
 * low ones first; signed numbers zigzag. The reader trusts nothing: the first read that does not
 * fit sets `damaged`, and every later one gives 0 or the empty text. */
#ifndef ASL_RUN_CODEC_H
#define ASL_RUN_CODEC_H

#include "../value/value.h"

void codec_put_number(struct asl_buffer *b, uint64_t n);
void codec_put_signed(struct asl_buffer *b, int64_t n);
void codec_put_text(struct asl_buffer *b, struct asl_text t);

struct codec_reader {
    const unsigned char *at, *end;
    bool damaged;
};
uint64_t codec_number(struct codec_reader *r);
int64_t codec_signed(struct codec_reader *r);
unsigned codec_byte(struct codec_reader *r);
struct asl_text codec_text(struct codec_reader *r); /* points into the bytes */

#endif

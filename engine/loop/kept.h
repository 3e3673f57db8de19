/* Memory kept from one request to the next.
 *
 * A request of a few hundred bytes makes libcurl ask for memory some seventy times, one of them for
 * 16 KiB, and give all of it back at its end; our own calls are records of one and two KiB. With a
 * thousand requests under way at once the C library's allocator then joins and splits the same
 * pieces over and over: a tenth of all the time of such a load. So what is given back is kept, by
 * size, for the next one.
 *
 * Only the thread that began keeps and takes: others (curl's resolvers) go to the C library. A
 * block may be given back by another thread than took it. Under the address sanitizer nothing is
 * kept, so that a use after the end is seen.
 */
#ifndef ENGINE_LOOP_KEPT_H
#define ENGINE_LOOP_KEPT_H

#include <stddef.h>

/* In place of curl_global_init, from the loop's thread; undone by curl_global_cleanup. */
void kept_begin_curl(void);

void *kept_take(size_t size);     /* does not fail (asl_out_of_memory) */
void kept_give_back(void *block); /* of kept_take; NULL is allowed */

#endif

/* Memory for libcurl. A request of a few hundred bytes makes curl ask for memory some seventy times, one
 * of them for 16 KiB, and give all of it back at its end; with a thousand requests under way at once the
 * C library's allocator then joins and splits the same pieces over and over: a tenth of all the time of
 * such a load. So what curl gives back is kept, by size, for its next request.
 *
 * Only the thread that began keeps and takes: curl's resolver threads, which allocate as well, go to the
 * C library. A block may be given back by another thread than took it.
 */
#ifndef ENGINE_LOOP_CURL_MEMORY_H
#define ENGINE_LOOP_CURL_MEMORY_H

/* In place of curl_global_init, from the loop's thread; undone by curl_global_cleanup. */
void curl_memory_begin(void);

#endif

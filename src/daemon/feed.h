/* Lines from the workers to those who read them on the control socket. Workers never wait: where there is no
 * room a line is lost, and counted for its reader.
 *
 *   feed_put(f, to, line)     from any thread
 *   on_line(ctx, to, line)    in the loop's thread, in the order of each sender
 */
#ifndef HARK_DAEMON_FEED_H
#define HARK_DAEMON_FEED_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

#define FEED_READERS 6u /* walks and readers of events together */

struct feed;

/* A reader: its place, and which of those who had that place it is. */
struct feed_reader {
    uint32_t place, turn;
};

/* last: nothing more follows. */
typedef void feed_line_fn(void *ctx, struct feed_reader to, const char *line, bool last);

struct feed *feed_new(uv_loop_t *loop, feed_line_fn *on_line, void *ctx);
/** Takes the reference. last: nothing more follows. Returns the line's octets, which are what it cost. */
size_t feed_put(struct feed *f, struct feed_reader to, json_t *line, bool last);
/** Is there room for one more? If not it is lost: for who would make it in vain. */
bool feed_has_room(struct feed *f, struct feed_reader to);
/** So many more are lost. */
void feed_lose(struct feed *f, struct feed_reader to, uint64_t lines);
/** How many were lost for the reader at that place since this was asked last. */
uint64_t feed_take_lost(struct feed *f, uint32_t place);
/** In the loop's thread: what still comes is forgotten. */
void feed_close(struct feed *f);
/** Once the loop has run and all threads that may put have ended. */
void feed_free(struct feed *f);

#endif

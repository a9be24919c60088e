/* Lines on their way to a file, a pipe or the journal: a bounded ring and a thread of its own that writes.
 * Who has a line never waits for whoever reads it; where there is no room the line is lost, and counted
 * (fault F22).
 *
 *   sink_new(fd, lost)          lost: the line that says how many were lost, put in once there is room again
 *   sink_put(s, line, len)      from any thread
 *   sink_free(s)                what is left is written, if it is taken within a second
 */
#ifndef HARK_BASE_SINK_H
#define HARK_BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_LINE_MAX                                                                                        \
    4096u /* PIPE_BUF: a write of so much is one piece and does not wait once poll() says so */

struct sink;

/** Writes a line, with its end, to buf and returns its length. */
typedef size_t sink_lost_fn(uint64_t lines, char *buf, size_t cap);

/** Takes over fd. NULL: there can be no thread (errno); fd is still the caller's. */
struct sink *sink_new(int fd, sink_lost_fn *lost);
/** One whole line, with its end, at most SINK_LINE_MAX octets. False: no room, it is lost. */
bool sink_put(struct sink *s, const char *line, size_t len);
/** Lines lost so far: no room, or the write failed. */
uint64_t sink_lost(const struct sink *s);
/** Goes on with that file, which it takes over (a log that was rotated away). */
void sink_turn(struct sink *s, int fd);
void sink_free(struct sink *s);

#endif

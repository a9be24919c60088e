/* Messages on a stream: two octets of length before each (RFC 1035 4.2.2, RFC 7766 8),
 * split by the sender's network anywhere. */
#ifndef HARK_NET_FRAMING_H
#define HARK_NET_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pieces of memory that were given back, for the next who needs one: most messages come and go within one. */
#define FRAMING_SPARES 16u /* as many as wait at once where nobody is slow; 64 KiB */
struct framing_spares {
    uint8_t *pieces[FRAMING_SPARES];
    unsigned count;
};

void framing_spares_fini(struct framing_spares *s);

/* Octets of a stream between data[start] and data[end]. Invariant: start <= end <= cap; empty: no memory is
 * held (after a trim). Zeroed but for spares: empty. */
struct framing {
    uint8_t *data;
    size_t start, end, cap;
    struct framing_spares *spares; /* shared by those of one thread; NULL: none */
};

void framing_fini(struct framing *f);
static inline size_t framing_left(const struct framing *f)
{
    return f->end - f->start;
}

/** Room for the octets that come next, *n > 0 of them; never more memory than the message under way needs or
 * one small piece. Call only when framing_next() has no whole message, then framing_got(). */
uint8_t *framing_room(struct framing *f, size_t *n);
void framing_got(struct framing *f, size_t n);
/** The next whole message (possibly of no octets), valid until the next call but framing_next();
 * false: none yet. */
bool framing_next(struct framing *f, const uint8_t **wire, size_t *len);
/** Gives memory back if nothing is left. */
void framing_trim(struct framing *f);

/** Queues one message with its length. len <= 65535. */
void framing_add(struct framing *f, const uint8_t *wire, size_t len);

enum framing_written {
    FRAMING_ALL,     /* nothing is left */
    FRAMING_BLOCKED, /* the peer takes no more for now */
    FRAMING_BROKEN,  /* the connection is gone; errno tells */
};
/** Sends what is queued on a non-blocking stream socket, in one system call if the kernel takes it. */
enum framing_written framing_write(struct framing *f, int fd);
/** One read from a non-blocking stream socket: octets got, 0 at the end of the stream, -1 nothing now, -2 the
 * connection is gone (errno tells). */
int framing_read(struct framing *f, int fd);

#endif

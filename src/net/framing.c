#include "net/framing.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cursor.h"
#include "base/mem.h"

/* What is read at a time where no longer message is announced: some fifty queries, and little enough to be
 * held for each of thousands of connections. */
#define PIECE 4096u

void framing_spares_fini(struct framing_spares *s)
{
    while (s->count > 0)
        mem_free(s->pieces[--s->count]);
}

void framing_fini(struct framing *f)
{
    struct framing_spares *spares = f->spares;
    if (spares && f->cap == PIECE && spares->count < FRAMING_SPARES)
        spares->pieces[spares->count++] = f->data;
    else
        mem_free(f->data);
    *f = (struct framing){.spares = spares};
}

static void make_cap(struct framing *f, size_t cap)
{
    if (f->start > 0) {
        memmove(f->data, f->data + f->start, framing_left(f));
        f->end -= f->start;
        f->start = 0;
    }
    if (!f->data && f->spares && cap <= PIECE) {
        f->data = f->spares->count > 0 ? f->spares->pieces[--f->spares->count] : mem_grow(NULL, PIECE);
        f->cap = PIECE;
    } else if (cap > f->cap) {
        f->data = mem_grow(f->data, cap);
        f->cap = cap;
    }
}

uint8_t *framing_room(struct framing *f, size_t *n)
{
    size_t left = framing_left(f);
    size_t need = left >= 2 ? 2u + get_u16(f->data + f->start) : PIECE;
    if (need < PIECE)
        need = PIECE;
    /* Announced octets get room as they come: who announces 64 KiB and sends one octet has a piece. */
    size_t step = left < PIECE ? PIECE : 2 * left;
    make_cap(f, step < need ? step : need);
    *n = f->cap - f->end;
    assert(*n > 0);
    return f->data + f->end;
}

void framing_got(struct framing *f, size_t n)
{
    assert(n <= f->cap - f->end);
    f->end += n;
}

bool framing_next(struct framing *f, const uint8_t **wire, size_t *len)
{
    size_t left = framing_left(f);
    if (left < 2)
        return false;
    size_t n = get_u16(f->data + f->start);
    if (left - 2 < n)
        return false;
    *wire = f->data + f->start + 2;
    *len = n;
    f->start += 2 + n;
    return true;
}

void framing_trim(struct framing *f)
{
    if (framing_left(f) == 0)
        framing_fini(f);
}

void framing_add(struct framing *f, const uint8_t *wire, size_t len)
{
    assert(len <= UINT16_MAX);
    size_t need = framing_left(f) + 2 + len;
    /* Moving to the front pays only where it frees half of the room. */
    if (f->end + 2 + len > f->cap)
        make_cap(f, need <= f->cap / 2 ? need : need + need / 2);
    put_u16(f->data + f->end, (uint16_t)len);
    if (len)
        memcpy(f->data + f->end + 2, wire, len);
    f->end += 2 + len;
}

enum framing_written framing_write(struct framing *f, int fd)
{
    while (framing_left(f) > 0) {
        ssize_t n = send(fd, f->data + f->start, framing_left(f), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            f->start += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return FRAMING_BLOCKED;
        else if (errno != EINTR)
            return FRAMING_BROKEN;
    }
    framing_trim(f);
    return FRAMING_ALL;
}

int framing_read(struct framing *f, int fd)
{
    size_t room;
    uint8_t *at = framing_room(f, &room);
    ssize_t n = recv(fd, at, room, MSG_DONTWAIT);
    if (n > 0)
        framing_got(f, (size_t)n);
    int e = errno;
    if (n <= 0)
        framing_trim(f);
    errno = e;
    if (n >= 0)
        return (int)n;
    return e == EAGAIN || e == EWOULDBLOCK || e == EINTR ? -1 : -2;
}

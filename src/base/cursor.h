/* Sized reads and writes. The error sticks: read ten fields, check once. */
#ifndef HARK_BASE_CURSOR_H
#define HARK_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Reader. Invariant: pos <= len; after a read past the end, bad is set and every read gives 0. */
struct reader {
    const uint8_t *data;
    size_t len, pos;
    bool bad;
};

static inline struct reader reader_of(const void *data, size_t len)
{
    return (struct reader){.data = data, .len = len};
}

static inline size_t reader_left(const struct reader *r)
{
    return r->bad ? 0 : r->len - r->pos;
}

/** n octets in place, or NULL (and bad). */
static inline const uint8_t *read_octets(struct reader *r, size_t n)
{
    if (r->bad || r->len - r->pos < n) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->data + r->pos;
    r->pos += n;
    return p;
}

static inline uint8_t read_u8(struct reader *r)
{
    const uint8_t *p = read_octets(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
    const uint8_t *p = read_octets(r, 2);
    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t read_u32(struct reader *r)
{
    const uint8_t *p = read_octets(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* Writer into the caller's storage. Invariant: pos <= cap; past the end nothing is written and bad is set. */
struct writer {
    uint8_t *data;
    size_t cap, pos;
    bool bad;
};

static inline struct writer writer_of(void *data, size_t cap)
{
    return (struct writer){.data = data, .cap = cap};
}

static inline size_t writer_left(const struct writer *w)
{
    return w->bad ? 0 : w->cap - w->pos;
}

/** Room for n octets, to be filled by the caller; NULL (and bad) if they do not fit. */
static inline uint8_t *write_room(struct writer *w, size_t n)
{
    if (w->bad || w->cap - w->pos < n) {
        w->bad = true;
        return NULL;
    }
    uint8_t *p = w->data + w->pos;
    w->pos += n;
    return p;
}

static inline void write_octets(struct writer *w, const void *p, size_t n)
{
    uint8_t *room = write_room(w, n);
    if (room && n)
        memcpy(room, p, n);
}

static inline void write_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = write_room(w, 1);
    if (p)
        p[0] = v;
}

static inline void put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
    put_u16(p, (uint16_t)(v >> 16));
    put_u16(p + 2, (uint16_t)v);
}

static inline uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

static inline void write_u16(struct writer *w, uint16_t v)
{
    uint8_t *p = write_room(w, 2);
    if (p)
        put_u16(p, v);
}

static inline void write_u32(struct writer *w, uint32_t v)
{
    uint8_t *p = write_room(w, 4);
    if (p)
        put_u32(p, v);
}

#endif

#include "serve/recent.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "dns/rrtype.h"

/* A record: head, name, tag and text (each with its zero), entries. Numbers as the machine has them: a record
 * never leaves the process but as JSON. */
struct head {
    uint32_t len; /* with the head */
    uint32_t end_s, took_ms, messages;
    int64_t end_ms, wall_s;
    uint16_t type, rcode, name_len, tag_len, text_len;
    int16_t ede;
    uint8_t verdict, from, left_out;
};

/* An entry begins with its length in two octets, then kind and end in one each. A message: this and three
 * names. */
struct message {
    uint16_t len;
    uint8_t kind, end;
    uint32_t send, rtt_ms;
    uint16_t rcode, port, sent_type;
    bool stream, server_known;
    struct addr addr;
};
#define ENTRY_HEAD 4u
#define TEXT_MAX 200u /* octets kept of a reason's text */
#define TAG_MAX 48u
#define NO_MESSAGE UINT8_MAX /* that one was left out */
_Static_assert(RECENT_MESSAGES_MAX < NO_MESSAGE, "its number among those kept, in an octet");
#define LEFT_OUT_KNOWN 8u /* messages left out whose further events are known as theirs */
#define SPARE_MAX 64u     /* 128 KiB a worker that was busy once */

struct recent_walk {
    struct observer observer;
    struct recent_walk *next, *prev; /* of those under way, or spare */
    bool began;                      /* it is the question that the look-up began for */
    bool given_up;                   /* some message was: its reply may still come */
    uint8_t told_last;               /* the message that was told last: what is wrong with it comes next */
    uint8_t messages, left_out;
    uint16_t type, name_len;
    uint32_t left[LEFT_OUT_KNOWN]; /* the sends that were left out last; 0: none */
    int64_t begin_ms;
    struct writer w; /* over entries */
    name_t name[NAME_MAX_LEN];
    uint8_t entries[RECENT_RECORD_MAX - 2 * NAME_MAX_LEN];
};

/* Invariant: the records at offsets[first…] (count of them, oldest first, in a ring of offset_cap) lie in
 * data in that order, from the oldest on, and `at` is where the newest ends; they wrap once at most. */
struct recent {
    bool on;
    struct recent_walk *spare; /* not zeroed: that would cost as much as all the rest */
    unsigned spare_count;
    struct recent_walk *walking;
    unsigned under_way;
    uint32_t cap, at;
    uint8_t *data; /* NULL: nothing was ever recorded */
    uint32_t *offsets;
    size_t offset_cap, first, count;
};

_Static_assert(sizeof(struct head) + NAME_MAX_LEN + TAG_MAX + TEXT_MAX + 4 <= 2 * NAME_MAX_LEN + 128,
    "what is not entries fits beside them");
#define WHOLE_MAX (RECENT_RECORD_MAX + 128u)

/* ---- while it goes on ---- */

static void write_name(struct writer *w, const name_t *name)
{
    write_octets(w, name, name_len(name));
}

/* With its zero. */
static void write_text(struct writer *w, const char *text, size_t most)
{
    size_t len = text ? strnlen(text, most) : 0;
    write_octets(w, text, len);
    write_u8(w, 0);
}

static void leave_out(struct recent_walk *walk)
{
    if (walk->left_out < UINT8_MAX)
        walk->left_out++;
}

/* A message has several events: given up, useless, answered late. It is left out once. */
static void leave_out_message(struct recent_walk *walk, uint32_t send)
{
    for (unsigned i = 0; i < LEFT_OUT_KNOWN; i++)
        if (send && walk->left[i] == send)
            return;
    walk->left[walk->left_out % LEFT_OUT_KNOWN] = send;
    leave_out(walk);
}

static size_t entry_begin(struct writer *w, enum recent_kind kind)
{
    const uint8_t head[ENTRY_HEAD] = {0, 0, (uint8_t)kind, RECENT_ANSWERED};
    size_t at = w->pos;
    write_octets(w, head, sizeof head);
    return at;
}

/* What does not fit is left out whole. False: this one. */
static bool entry_end(struct recent_walk *walk, size_t at)
{
    if (walk->w.bad) {
        walk->w.bad = false;
        walk->w.pos = at;
        return false;
    }
    uint16_t len = (uint16_t)(walk->w.pos - at);
    memcpy(walk->entries + at, &len, sizeof len);
    return true;
}

static void add_message(struct recent_walk *walk, const struct event *e, enum recent_end end)
{
    struct writer *w = &walk->w;
    size_t at = w->pos;
    walk->told_last = NO_MESSAGE;
    if (walk->messages == RECENT_MESSAGES_MAX) {
        leave_out_message(walk, (uint32_t)e->send);
        return;
    }
    const struct message m = {.kind = RECENT_MESSAGE,
        .end = (uint8_t)end,
        .send = (uint32_t)e->send,
        .rtt_ms = e->rtt_ms,
        .rcode = e->rcode,
        .port = e->to->port,
        .sent_type = e->sent_type,
        .stream = e->transport == TRANSPORT_TCP,
        .server_known = e->server != NULL,
        .addr = e->to->addr};
    write_octets(w, &m, sizeof m);
    write_name(w, e->zone ? e->zone : NAME_ROOT);
    write_name(w, e->server ? e->server : NAME_ROOT);
    write_name(w, e->sent_name ? e->sent_name : e->qname);
    if (entry_end(walk, at))
        walk->told_last = walk->messages++;
    else
        leave_out_message(walk, m.send);
}

static uint16_t entry_len(const uint8_t *entry)
{
    uint16_t len;
    memcpy(&len, entry, sizeof len);
    return len;
}

/* Of a message that was given up already: then it is the one told last. */
static uint8_t *find_message(struct recent_walk *walk, uint32_t send, struct message *m)
{
    uint8_t number = 0;
    for (size_t at = 0; at < walk->w.pos; at += entry_len(walk->entries + at)) {
        uint8_t *entry = walk->entries + at;
        if (entry[2] != RECENT_MESSAGE)
            continue;
        memcpy(m, entry, sizeof *m);
        if (m->send == send) {
            walk->told_last = number;
            return entry;
        }
        number++;
    }
    return NULL;
}

static void on_reply(struct recent_walk *walk, const struct event *e)
{
    struct message m;
    uint8_t *entry = walk->given_up ? find_message(walk, (uint32_t)e->send, &m) : NULL;
    if (!entry) {
        add_message(walk, e, RECENT_ANSWERED);
        return;
    }
    m.end = RECENT_ANSWERED;
    m.rtt_ms = e->rtt_ms;
    m.rcode = e->rcode;
    memcpy(entry, &m, sizeof m);
}

static void on_given_up(struct recent_walk *walk, const struct event *e, enum recent_end end)
{
    struct message m;
    if (!find_message(walk, (uint32_t)e->send, &m))
        add_message(walk, e, end);
    walk->given_up = true;
}

static void add_trouble(struct recent_walk *walk, const char *tag)
{
    size_t at = entry_begin(&walk->w, RECENT_TROUBLE);
    write_u8(&walk->w, walk->told_last);
    write_text(&walk->w, tag, TAG_MAX);
    if (!entry_end(walk, at))
        leave_out(walk);
}

static void on_useless(struct recent_walk *walk, const struct event *e)
{
    /* One that the network failed, or that is asked in another way, has a number; what a reply is useless for
     * follows the reply. */
    if (e->send)
        on_given_up(walk, e, RECENT_FAILED);
    if (walk->told_last == NO_MESSAGE)
        return;
    add_trouble(walk, e->kind == EVENT_TRUNCATED ? "truncated" : e->tag);
    walk->told_last = NO_MESSAGE;
}

static void add_chain(struct recent_walk *walk, const struct event *e)
{
    struct writer *w = &walk->w;
    size_t at = entry_begin(w, RECENT_CHAIN);
    write_u8(w, e->verdict);
    write_u8(w, e->anchor);
    write_u8(w, e->sig != NULL);
    write_u8(w, e->sig ? e->sig->algorithm : 0);
    write_u16(w, e->sig ? e->sig->tag : 0);
    write_name(w, e->zone ? e->zone : NAME_ROOT);
    write_text(w, e->tag, TAG_MAX);
    if (!entry_end(walk, at))
        leave_out(walk);
}

#define KINDS                                                                                                \
    (EVENT_BIT(EVENT_REPLY) | EVENT_BIT(EVENT_TIMEOUT) | EVENT_BIT(EVENT_USELESS) |                          \
        EVENT_BIT(EVENT_TRUNCATED) | EVENT_BIT(EVENT_NEAR_MISS) | EVENT_BIT(EVENT_FALLBACK) |                \
        EVENT_BIT(EVENT_CHAIN))

static void watch(void *ctx, const struct event *e)
{
    struct recent_walk *walk = ctx;
    switch (e->kind) {
    case EVENT_REPLY:
        on_reply(walk, e);
        break;
    case EVENT_TIMEOUT:
        on_given_up(walk, e, RECENT_SILENT);
        break;
    case EVENT_NEAR_MISS:
        on_given_up(walk, e, RECENT_SPOILT);
        break;
    case EVENT_TRUNCATED:
    case EVENT_USELESS:
        on_useless(walk, e);
        break;
    case EVENT_FALLBACK:
        if (e->send) /* else its reply was told */
            on_useless(walk, e);
        break;
    case EVENT_CHAIN:
        add_chain(walk, e);
        break;
    default:
        break;
    }
}

static struct recent_walk *walk_new(struct recent *r)
{
    struct recent_walk *walk = r->spare;
    if (!walk)
        return mem_alloc(sizeof *walk);
    r->spare = walk->next;
    r->spare_count--;
    return walk;
}

struct recent_walk *recent_begin(struct recent *r, const name_t *name, uint16_t type, now_t now)
{
    if (!r->on || r->under_way >= RECENT_UNDER_WAY_MAX)
        return NULL;
    struct recent_walk *walk = walk_new(r);
    walk->observer = (struct observer){.event = watch, .ctx = walk, .kinds = KINDS};
    walk->began = walk->given_up = false;
    walk->messages = walk->left_out = 0;
    memset(walk->left, 0, sizeof walk->left);
    walk->told_last = NO_MESSAGE;
    walk->type = type;
    walk->name_len = (uint16_t)name_lower_copy(walk->name, name);
    walk->begin_ms = now.mono_ms;
    walk->w = writer_of(walk->entries, sizeof walk->entries);
    walk->next = r->walking;
    walk->prev = NULL;
    if (r->walking)
        r->walking->prev = walk;
    r->walking = walk;
    r->under_way++;
    return walk;
}

void recent_began(struct recent_walk *walk)
{
    if (walk)
        walk->began = true;
}

const struct observer *recent_observer(const struct recent_walk *walk)
{
    return walk ? &walk->observer : NULL;
}

/* ---- the ring ---- */

static uint8_t *record_at(const struct recent *r, size_t i)
{
    return r->data + r->offsets[(r->first + i) % r->offset_cap];
}

static struct head head_of(const uint8_t *record)
{
    struct head h;
    memcpy(&h, record, sizeof h);
    return h;
}

static void forget_oldest(struct recent *r)
{
    uint8_t *oldest = record_at(r, 0);
    memset(oldest, 0, head_of(oldest).len);
    r->first = (r->first + 1) % r->offset_cap;
    r->count--;
}

static bool is_too_old(const struct head *h, uint32_t now_s)
{
    return now_s - h->end_s > RECENT_AGE_S;
}

bool recent_forget(struct recent *r, uint32_t now_s)
{
    for (struct recent_walk *walk = r->spare; walk; walk = walk->next) {
        memset(walk->name, 0, sizeof walk->name);
        memset(walk->entries, 0, sizeof walk->entries);
    }
    for (; r->count > 0; forget_oldest(r)) {
        struct head h = head_of(record_at(r, 0));
        if (!is_too_old(&h, now_s))
            break;
    }
    return r->count > 0;
}

/* Where the next record goes: the oldest make room. */
static uint8_t *room_for(struct recent *r, uint32_t len)
{
    if (r->count == r->offset_cap)
        forget_oldest(r);
    for (;; forget_oldest(r)) {
        if (r->count == 0) {
            r->at = 0;
            break;
        }
        uint32_t oldest = r->offsets[r->first];
        if (r->at <= oldest) { /* they wrap; equal: full */
            if (oldest - r->at >= len)
                break;
            continue;
        }
        if (r->cap - r->at >= len)
            break;
        if (oldest >= len) {
            r->at = 0;
            break;
        }
    }
    r->offsets[(r->first + r->count++) % r->offset_cap] = r->at;
    r->at += len;
    return r->data + r->at - len;
}

static uint8_t *put(uint8_t *to, const void *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

static void keep(struct recent *r, const struct recent_walk *walk, const struct outcome *o, now_t now)
{
    const char *tag = o->reason.tag ? o->reason.tag : "", *text = o->reason.text ? o->reason.text : "";
    struct head h = {.end_s = now.cache_s,
        .end_ms = now.mono_ms,
        .took_ms = (uint32_t)(now.mono_ms - walk->begin_ms),
        .messages = o->messages,
        .wall_s = now.wall_s,
        .type = walk->type,
        .rcode = o->rcode,
        .name_len = walk->name_len,
        .tag_len = *tag ? (uint16_t)strnlen(tag, TAG_MAX) : 0,
        .text_len = *text ? (uint16_t)strnlen(text, TEXT_MAX) : 0,
        .ede = (int16_t)o->reason.ede,
        .verdict = o->verdict,
        .from = o->stale        ? RECENT_STALE
                : o->from_cache ? RECENT_CACHE
                                : RECENT_FETCHED,
        .left_out = walk->left_out};
    h.len = (uint32_t)(sizeof h + h.name_len + h.tag_len + 1u + h.text_len + 1u + walk->w.pos);
    if (!r->data) {
        r->data = mem_alloc(r->cap);
        r->offsets = mem_alloc(r->offset_cap * sizeof *r->offsets);
    }
    uint8_t *at = put(room_for(r, h.len), &h, sizeof h);
    at = put(at, walk->name, h.name_len);
    at = put(at, tag, h.tag_len);
    *at++ = 0;
    at = put(at, text, h.text_len);
    *at++ = 0;
    put(at, walk->entries, walk->w.pos);
}

void recent_end(struct recent *r, struct recent_walk *walk, const struct outcome *outcome, now_t now)
{
    if (!walk)
        return;
    if (outcome && walk->began && r->on)
        keep(r, walk, outcome, now);
    *(walk->prev ? &walk->prev->next : &r->walking) = walk->next;
    if (walk->next)
        walk->next->prev = walk->prev;
    r->under_way--;
    if (r->spare_count == SPARE_MAX) {
        mem_free(walk);
        return;
    }
    walk->next = r->spare;
    r->spare = walk;
    r->spare_count++;
}

struct recent *recent_new(unsigned share)
{
    struct recent *r = mem_alloc(sizeof *r);
    r->cap = RECENT_OCTETS_MAX / share > WHOLE_MAX ? RECENT_OCTETS_MAX / share : WHOLE_MAX;
    r->offset_cap = (RECENT_RECORDS_MAX + share - 1) / share;
    return r;
}

void recent_free(struct recent *r)
{
    if (!r)
        return;
    while (r->walking)
        recent_end(r, r->walking, NULL, (now_t){0});
    for (struct recent_walk *walk = r->spare, *next; walk; walk = next) {
        next = walk->next;
        mem_free(walk);
    }
    mem_free(r->data);
    mem_free(r->offsets);
    mem_free(r);
}

void recent_switch(struct recent *r, bool on)
{
    r->on = on;
    if (on)
        return;
    mem_free(r->data);
    mem_free(r->offsets);
    r->data = NULL;
    r->offsets = NULL;
    r->first = r->count = 0;
    r->at = 0;
}

/* ---- reading ---- */

size_t recent_find(const struct recent *r, const name_t *name, uint16_t type, uint32_t now_s, size_t most,
    void (*fn)(void *ctx, const uint8_t *record, size_t len), void *ctx)
{
    size_t found = 0;
    for (size_t i = r->count; i-- > 0;) {
        const uint8_t *record = record_at(r, i);
        struct head h = head_of(record);
        if (is_too_old(&h, now_s))
            break; /* and those before it are older */
        if ((type != TYPE_NONE && h.type != type) || (name && !name_equal(record + sizeof h, name)))
            continue;
        if (found++ < most)
            fn(ctx, record, h.len);
    }
    return found;
}

bool recent_read(struct recent_record *out, const uint8_t *record, size_t len)
{
    struct head h;
    if (len < sizeof h)
        return false;
    memcpy(&h, record, sizeof h);
    size_t fixed = sizeof h + h.name_len + h.tag_len + 1 + h.text_len + 1;
    if (h.len != len || fixed > len)
        return false;
    *out = (struct recent_record){.name = record + sizeof h,
        .type = h.type,
        .rcode = h.rcode,
        .verdict = h.verdict,
        .from = h.from,
        .ede = h.ede,
        .tag = (const char *)record + sizeof h + h.name_len,
        .text = (const char *)record + sizeof h + h.name_len + h.tag_len + 1,
        .end_s = h.end_s,
        .end_ms = h.end_ms,
        .wall_s = h.wall_s,
        .took_ms = h.took_ms,
        .messages = h.messages,
        .left_out = h.left_out,
        .entries = reader_of(record + fixed, len - fixed)};
    return true;
}

static const name_t *next_name(struct reader *r)
{
    const name_t *name = r->data + r->pos;
    size_t n = reader_left(r) ? name_check(name, reader_left(r)) : 0;
    return n && read_octets(r, n) ? name : NAME_ROOT;
}

static bool read_message(const uint8_t *entry, size_t len, struct recent_entry *out)
{
    struct message m;
    if (len < sizeof m)
        return false;
    memcpy(&m, entry, sizeof m);
    struct reader r = reader_of(entry + sizeof m, len - sizeof m);
    out->zone = next_name(&r);
    const name_t *server = next_name(&r);
    out->sent_name = next_name(&r);
    out->end = m.end;
    out->server = m.server_known ? server : NULL;
    out->addr = m.addr;
    out->rtt_ms = m.rtt_ms;
    out->rcode = m.rcode;
    out->port = m.port;
    out->sent_type = m.sent_type;
    out->stream = m.stream;
    return !r.bad;
}

static void read_chain(struct reader *r, struct recent_entry *out)
{
    out->verdict = read_u8(r);
    out->anchor = read_u8(r);
    out->has_key = read_u8(r);
    out->algorithm = read_u8(r);
    out->key_tag = read_u16(r);
    out->zone = next_name(r);
}

bool recent_next(struct reader *entries, struct recent_entry *out)
{
    const uint8_t *entry = entries->data + entries->pos;
    size_t len = reader_left(entries) >= ENTRY_HEAD ? entry_len(entry) : 0;
    if (len < ENTRY_HEAD || !read_octets(entries, len))
        return false;
    *out = (struct recent_entry){.kind = entry[2], .tag = ""};
    if (out->kind == RECENT_MESSAGE)
        return read_message(entry, len, out);
    struct reader r = reader_of(entry + ENTRY_HEAD, len - ENTRY_HEAD);
    if (out->kind == RECENT_CHAIN)
        read_chain(&r, out);
    else
        out->message = read_u8(&r);
    out->tag = reader_left(&r) ? (const char *)r.data + r.pos : "";
    return true;
}

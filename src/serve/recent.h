/* What was asked in the last quarter of an hour, and how the answer was found: which servers were asked, how
 * long each took, what was validated. In memory alone, bounded in time, number and octets; of clients it
 * knows nothing. One a worker; questions that a finished answer in the cache serves leave no record.
 *
 *   walk = recent_begin(r, …)         before the resolver is asked; NULL: no record is made
 *   recent_observer(walk)             watches on its behalf
 *   recent_began(walk)                nobody had asked the same before it
 *   recent_end(r, walk, outcome, now) the record is made, if it began
 *   recent_forget(r, now)             now and then, what is too old
 *   recent_find(r, …)                 the newest first
 *   recent_read(), recent_next()      take one apart, in whichever thread it was copied to
 */
#ifndef HARK_SERVE_RECENT_H
#define HARK_SERVE_RECENT_H

#include "base/cursor.h"
#include "defs/limits.h"
#include "resolve/resolve.h"

struct recent;
struct recent_walk;

enum recent_from { RECENT_FETCHED, RECENT_CACHE, RECENT_STALE };

/* A record, taken apart; points into it. Texts are the resolver's own words. */
struct recent_record {
    const name_t *name; /* lower case */
    uint16_t type, rcode;
    uint8_t verdict;
    enum recent_from from;
    int ede;                /* EDE_NONE: nothing to say */
    const char *tag, *text; /* "": none */
    uint32_t end_s;         /* now_t.cache_s */
    int64_t end_ms, wall_s; /* now_t.mono_ms, .wall_s */
    uint32_t took_ms, messages;
    unsigned left_out;     /* entries that found no place */
    struct reader entries; /* for recent_next() */
};

enum recent_kind { RECENT_MESSAGE = 1, RECENT_CHAIN, RECENT_TROUBLE };
/* SPOILT: what came was no answer to it (somebody guesses, or letters or octets changed on the way). */
enum recent_end { RECENT_ANSWERED, RECENT_SILENT, RECENT_FAILED, RECENT_SPOILT };

/* A part of a record; points into it. */
struct recent_entry {
    enum recent_kind kind;
    const name_t *zone;
    /* MESSAGE, in the order in which their replies came or were given up */
    enum recent_end end;
    const name_t *server, *sent_name; /* server: NULL if it is not known */
    struct addr addr;
    uint16_t port, sent_type, rcode;
    bool stream;
    uint32_t rtt_ms;
    /* CHAIN */
    uint8_t verdict, algorithm;
    uint16_t key_tag;
    bool anchor, has_key;
    const char *tag; /* CHAIN: why it is not secure; "": nothing to say */
    /* TROUBLE: what is wrong (tag) with which MESSAGE, counted from 0 */
    uint8_t message;
};

/** share: so many have one each; together they keep what limits.h says. */
struct recent *recent_new(unsigned share);
/** Once no resolver has an observer of its walks any more. */
void recent_free(struct recent *r);
/** Off: what is there is forgotten. */
void recent_switch(struct recent *r, bool on);
struct recent_walk *recent_begin(struct recent *r, const name_t *name, uint16_t type, now_t now);
/** It is the question that the look-up began for. NULL: nothing. */
void recent_began(struct recent_walk *walk);
/** Lives as long as the walk. */
const struct observer *recent_observer(const struct recent_walk *walk);
/** outcome NULL: nobody heard of one. walk NULL: nothing. */
void recent_end(struct recent *r, struct recent_walk *walk, const struct outcome *outcome, now_t now);
/** Forgets, octet by octet, what is too old, and what spare memory still has of walks. Are there records
 * left?
 */
bool recent_forget(struct recent *r, uint32_t now_s);
/** Calls fn for at most `most` records of that name (NULL: any) and type (TYPE_NONE: any) that are not too
 * old, newest first. Returns how many there are. */
size_t recent_find(const struct recent *r, const name_t *name, uint16_t type, uint32_t now_s, size_t most,
    void (*fn)(void *ctx, const uint8_t *record, size_t len), void *ctx);
/** False: that is no record. */
bool recent_read(struct recent_record *out, const uint8_t *record, size_t len);
bool recent_next(struct reader *entries, struct recent_entry *out);

#endif

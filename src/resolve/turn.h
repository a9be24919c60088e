/* Whose turn it is to send, where a zone or an address has as much in flight as it may (cache/inflight.h);
 * and who has to go when too many questions are pending. Only files of src/resolve include this.
 *
 * A job that may not send waits in the line of what it waits for: a slot of the zone, or of the address. In a
 * line, zones and clients take turns, each pair (zone, client) having a queue of its own: one that asks much
 * waits behind itself (threat A15).
 *
 * Apart from that every job is listed under the zone that it is in and the client that caused it. When there
 * are more questions than places, the oldest question of the client with the most, in the zone with the most,
 * is given up (threat A16).
 */
#ifndef HARK_RESOLVE_TURN_H
#define HARK_RESOLVE_TURN_H

#include "base/addr.h"
#include "base/heap.h"
#include "base/table.h"

struct job;
struct resolver;

/* The jobs of a (zone, client) in a line, first come, first served. */
struct turn_flow {
    struct table_node node; /* turns.flows */
    struct turn_line *line;
    struct turn_flow *next, *prev; /* in the line's ring */
    uint32_t zone;
    struct addr client;
    struct job *first, *last;
};

/* Of a slot without room. Lives as long as somebody stands in it. */
struct turn_line {
    struct table_node node;        /* turns.lines; key: the slot */
    struct turn_line *next, *prev; /* all lines */
    struct turn_flow *flow;        /* whose turn it is */
    bool freed;                    /* something of the slot became free in this turn */
};

struct turns {
    struct table lines, flows;
    struct turn_line *first;
    bool freed;      /* so did something of a line */
    int64_t poll_ms; /* when to look for what other workers freed; while there are lines */
};

/* A job's place. Zeroed: it stands in no line. */
struct turn {
    struct turn_flow *flow;
    struct job *next, *prev;
    uint32_t slot;      /* of the line; stays when called */
    uint32_t zone_slot; /* of the zone that it waits for, while it stands in a line */
    bool called;        /* may send if there is still room, before those who stand in the line */
};

/* ---- load.c ---- */

struct load_client {
    struct table_node node; /* load.clients */
    struct heap_node rank;  /* in the zone's */
    struct load_zone *zone;
    struct addr client;
    unsigned count;
    struct job *first, *last; /* oldest first */
};

struct load_zone {
    struct table_node node; /* load.zones; key: the zone's hash */
    struct heap_node rank;  /* in load.ranks */
    struct heap clients;    /* who has most comes first */
    unsigned count;
};

struct load {
    struct table zones, clients;
    struct heap ranks; /* who has most comes first */
};

/* A job's place there. Zeroed: it is in no zone yet. */
struct load_place {
    struct load_client *client;
    struct job *next, *prev;
};

#endif

/* What the server (stream.c) and its connections (stream_client.c) share. */
#ifndef HARK_NET_STREAM_INNER_H
#define HARK_NET_STREAM_INNER_H

#include <stdbool.h>

#include "base/table.h"
#include "net/framing.h"
#include "net/stream.h"
#include "net/stream_quota.h"

/* Queues of connections in the server, each in order of since when,
 * so that the head of a timed one is the next to be too late. */
enum stream_wait {
    WAIT_NONE,    /* in no queue */
    WAIT_FIRST,   /* for the first octet */
    WAIT_MESSAGE, /* for the rest of a message */
    WAIT_IDLE,    /* for another message; no question pending, no reply queued */
    WAIT_WRITE,   /* for the client to take octets of replies */
    WAIT_TURN,    /* not timed: something to do before the loop sleeps */
    WAIT_COUNT
};

struct stream_link {
    struct stream_link *next, *prev;
    int64_t since_ms;
    enum stream_wait wait; /* the queue it is in */
};

struct stream_queue {
    struct stream_link *head, *tail;
};

struct stream_server {
    uv_loop_t *loop;
    uv_poll_t accepting;
    uv_poll_t watching; /* clients_fd */
    uv_idle_t turn;     /* active while somebody is in WAIT_TURN or closed */
    uv_timer_t tick;    /* active while connections are open or accepting is paused */
    int fd;             /* listening; -1: stopped */
    int clients_fd;     /* an epoll of our own: a connection costs one call for it, where libuv makes six */
    int kept_fd;        /* descriptors up to this one may be kept, as of this tick */
    unsigned accepts;   /* at the next wake-up: twice as many as were there at the last one */
    int reserve_fd; /* given up for a moment to turn a connection away when no descriptor is left; -1: none */
    bool wildcard, accept_paused, closed;
    unsigned references; /* uv handles not yet closed, and clients not yet freed */
    struct endpoint at;
    struct stream_limits limits;
    stream_query_fn *on_query;
    void *ctx;
    struct stream_counters counters;
    struct stream_quota *quota;
    struct stream_part part; /* what this server has of it */
    struct framing_spares spares;
    struct stream_queue waits[WAIT_COUNT];
    struct stream_client *clients;        /* open ones */
    struct stream_client *closed_clients; /* of this turn: whoever closed them may still use them */
};

struct stream_client {
    struct stream_server *server;
    struct stream_client *next, *prev; /* in server->clients while fd >= 0, then in closed_clients */
    int fd;                            /* -1: closed */
    uint32_t events;                   /* that are watched; 0: it is not in the epoll */
    unsigned pending;                  /* questions handed up and not yet ended */
    bool ended;                        /* the client sends no more */
    bool greeted;                      /* an octet came */
    bool in_event;     /* what is replied now is sent when all that it sent has been looked at */
    bool reaped;       /* closed, and its buffers are gone */
    size_t write_goal; /* octets the client has to take before its time to take starts anew */
    struct stream_link reading, writing, turn;
    struct stream_source *source;
    struct endpoint peer, local;
    struct framing in, out;
    size_t charged; /* octets of in and out that the quota knows of */
};

/** Moves the link to the end of that queue, from now on; WAIT_NONE: out of any. */
void stream_link_put(struct stream_server *s, struct stream_link *l, enum stream_wait wait);
/** Has what waits for a turn done before the loop sleeps. */
void stream_server_has_turn(struct stream_server *s);
/** Has stream_client_advance called before the loop sleeps. */
void stream_client_advance_later(struct stream_client *c);
/** Gives one reference back; the last frees the server. */
void stream_server_release(struct stream_server *s);

/** Takes over fd (non-blocking). False: the loop does not want it; fd is still the caller's. */
bool stream_client_start(
    struct stream_server *s, int fd, const struct endpoint *peer, struct stream_source *source);
/** Something happened on it (EPOLLIN, …). */
void stream_client_event(struct stream_client *c, uint32_t events);
/** Frees buffers, and those clients that no question is pending of. */
void stream_clients_reap(struct stream_server *s);
/** Writes, hands up what waits, and closes if all is done. */
void stream_client_advance(struct stream_client *c);
/** The client has been waited for too long: closed, unless it can take octets after all. */
void stream_client_expire(struct stream_client *c, enum stream_wait wait);

#endif

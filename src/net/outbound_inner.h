/* What outbound.c, outbound_udp.c and outbound_stream.c share. */
#ifndef HARK_NET_OUTBOUND_INNER_H
#define HARK_NET_OUTBOUND_INNER_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/table.h"
#include "net/framing.h"
#include "net/outbound.h"

/* Messages without reply on one stream; the next one opens another. */
#define OUT_STREAM_PENDING_MAX 64u

enum out_kind {
    OUT_UDP,     /* in outbound's list of those with a socket of their own */
    OUT_STREAM,  /* in its stream's list */
    OUT_FAILED,  /* in outbound's list of failures to tell */
    OUT_WAITING, /* in outbound's list of those for which there was no descriptor */
    OUT_PARKED,  /* dropped; its socket is there until outbound_settle() */
};

struct out_send {
    struct table_node node; /* by send_id */
    struct out_send *next, *prev;
    enum out_kind kind;
    struct endpoint to;
    enum transport transport;
    bool reuse;
    int64_t since_ms;     /* out_now() when it was sent, or began to wait */
    int fd;               /* OUT_UDP; -1: deaf, its socket was given to another */
    uint64_t port_of;     /* OUT_UDP: as the message says */
    unsigned heard;       /* OUT_UDP: what came at the socket, errors too */
    unsigned port_uses;   /* messages that left from the port, this one included */
    int64_t port_ms;      /* out_now() when the first of them did */
    struct addr first_to; /* where to */
    enum net_fail why;    /* OUT_FAILED */
    uint8_t *wire;        /* OUT_WAITING, OUT_STREAM: kept for another try */
    size_t len;
    int64_t deadline_ms;
    struct out_stream *stream; /* OUT_STREAM, and the rest: */
    struct heap_node deadline;
    bool joined;   /* the stream had carried another message before */
    bool retried;  /* this is the second try */
    bool answered; /* a reply came; it was not what the caller waits for */
};

struct out_list {
    struct out_send *head, *tail;
};

struct outbound {
    uv_loop_t *loop;
    struct outbound_settings settings; /* addresses are our copies */
    struct outbound_events events;
    struct random *rng;
    struct outbound_counters counters;
    bool closed;
    unsigned references;  /* uv handles not yet closed */
    struct table sends;   /* by send_id */
    struct table streams; /* by hash of endpoint */
    struct hash_key key;
    struct out_list failed;
    struct out_list udp;     /* in order of sending */
    struct out_list parked;  /* in order of dropping */
    struct out_list waiting; /* in order of coming, `waiting_count` of them */
    unsigned waiting_count;
    bool may_go_on;        /* a descriptor became free: those that wait are tried */
    uv_idle_t telling;     /* active while there are failures to tell, or may_go_on */
    uv_timer_t timer;      /* for the earliest of deadlines, idles and the next look at those that wait */
    int64_t timer_at;      /* where it is set to, if active */
    struct heap deadlines; /* of sends on streams */
    struct heap idles;     /* of streams kept for reuse */
    int reserve_fd;        /* given up when descriptors run out: one question at a time goes on; -1: in use */
    struct out_send *spare; /* sends for reuse, by next */
    unsigned spare_count;
    int kept_below;          /* descriptors below it may be kept, as it was at */
    int64_t kept_below_ms;   /* this time */
    struct out_send **by_fd; /* who owns the socket; by_fd_count of them */
    size_t by_fd_count;
    /* UDP sockets are watched by an epoll of our own:
     * one system call each instead of libuv's four, and no handle to close. */
    int udp_epoll;
    uv_poll_t udp_poll; /* on udp_epoll */
    uint8_t *udp_buf;   /* udp_max + 1 octets */
};

/* What a start gives if the send is under way, or if it may be later; else an enum net_fail. */
#define OUT_STARTED (-1)
#define OUT_NO_DESCRIPTOR (-2)

void out_list_add(struct out_list *list, struct out_send *s);
void out_list_remove(struct out_list *list, struct out_send *s);

/** The send that is under way by that id, or NULL. */
struct out_send *out_find(const struct outbound *o, uint64_t send_id);
/** Takes the send from its socket or stream; on_fail is called in the next loop turn. */
void out_fail(struct outbound *o, struct out_send *s, enum net_fail why);
/** CLOCK_MONOTONIC, milliseconds. */
int64_t out_now(void);
/** Sets the timer to what comes first. */
void out_arm(struct outbound *o);
/** One uv handle is closed; after the last one the memory goes. */
void out_release(struct outbound *o);
/** A non-blocking socket, by the reserved descriptor or that of somebody who can do without if need be; -1
 * with errno set. */
int out_socket(struct outbound *o, const struct endpoint *to, int type);
void out_close_socket(struct outbound *o, int fd);
/** One of our addresses for that family, at random; NULL: the kernel's choice. */
const struct addr *out_source(struct outbound *o, const struct endpoint *to);
/** What a start gives that ended with this errno of socket(): */
int out_start_failed(int e);
/** What an errno of connect, send or receive means; `other` if it is none of the network's. */
enum net_fail out_fail_of(int e, enum net_fail other);

int out_udp_start(struct outbound *o, struct out_send *s, const uint8_t *wire, size_t len);
void out_udp_stop(struct outbound *o, struct out_send *s);
/** Whether another message may leave from its port. */
bool out_udp_may_be_kept(const struct out_send *s);
void out_udp_on_ready(uv_poll_t *poll, int status, int events);

/** Of s->wire, which goes with the send. */
int out_stream_start(struct outbound *o, struct out_send *s);
/** The send leaves its stream. */
void out_stream_stop(struct outbound *o, struct out_send *s);
/** The deadline of the send passed. */
void out_stream_expire(struct outbound *o, struct out_send *s);
/** The stream that owns this node of idles, kept long enough, is closed. */
void out_stream_expire_idle(struct outbound *o, struct heap_node *idle);
void out_stream_close_all(struct outbound *o);

#endif

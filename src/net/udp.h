/* UDP listeners: batches of datagrams in, replies out from the address that was asked.
 *
 *   udp_listener_open(&l, loop, listen_open(&at, SOCK_DGRAM, false), on_query, ctx)
 *       on_query(ctx, l, path, wire, len, reply, cap) → octets in reply: sent in the same batch
 *                                                     → 0: nothing now; later, or never,
 *                                                       udp_listener_reply(l, path, …)
 *   udp_listener_close(l)
 */
#ifndef HARK_NET_UDP_H
#define HARK_NET_UDP_H

#include <uv.h>

#include "base/addr.h"
#include "base/err.h"

#define UDP_BATCH 64u       /* datagrams per system call */
#define UDP_QUERY_MAX 4096u /* longer queries are cut off by the kernel and dropped */
#define UDP_REPLY_MAX 4096u /* room given to on_query */

/* How a reply goes back: to `peer`, from `local` by interface `ifindex` (IP_PKTINFO, IPV6_PKTINFO). Flat:
 * copy it freely. */
struct udp_path {
    struct endpoint peer;
    struct addr local;
    uint32_t ifindex;
    uint32_t
        near; /* the query's place in a batch that was prepared (struct udp_prepare), from 1; 0: it was not */
};

struct udp_listener;

typedef size_t udp_query_fn(void *ctx, struct udp_listener *l, const struct udp_path *path,
    const uint8_t *wire, size_t len, uint8_t reply[UDP_REPLY_MAX]);

/* Of the queries of a batch, before any is handed up: the memory that they will need may be fetched. near:
 * its place in the batch, from 1. */
struct udp_prepare {
    void (*near)(void *ctx, unsigned near, const uint8_t *wire, size_t len); /* first for each … */
    void (*nearer)(void *ctx, unsigned near);                                /* … then this for each */
};

struct udp_counters {
    uint64_t received, sent, send_failed, too_long;
    uint64_t dropped; /* by the kernel: its queue was full */
    uint64_t room;    /* octets that the queue may hold, as the kernel counts them; a gauge */
};

/** Takes over fd, a bound socket (listen.h). Packet info on if it is bound to no one address; path MTU
 * discovery off (IP_PMTUDISC_OMIT); reads by uv_poll with recvmmsg/sendmmsg. ERR_SYSTEM with errno: fd is
 * closed, or was negative (then errno is the caller's). */
enum err udp_listener_open(
    struct udp_listener **out, uv_loop_t *loop, int fd, udp_query_fn *on_query, void *ctx);
/** prepare is borrowed for the listener's life. */
void udp_listener_prepare(struct udp_listener *l, const struct udp_prepare *prepare);
/** A reply that is ready later. Best effort, as UDP is. */
void udp_listener_reply(struct udp_listener *l, const struct udp_path *path, const uint8_t *wire, size_t len);
/** Hands up what has come, then stops reading (drain); replies still go out. */
void udp_listener_stop(struct udp_listener *l);
/** Closes; memory is freed once the loop has run. */
void udp_listener_close(struct udp_listener *l);
/** As they are now; dropped and room are asked of the kernel here, so that serving costs nothing for them. */
const struct udp_counters *udp_listener_counters(struct udp_listener *l);
/** The endpoint it is bound to (port 0 asked: the port got). */
const struct endpoint *udp_listener_at(const struct udp_listener *l);

#endif

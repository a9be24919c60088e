/* Messages to servers: connected UDP sockets with unpredictable ports, one a message unless the caller says
 * otherwise, TCP streams that are reused.
 *
 *   outbound_send(o, &m)        → on_reply(ctx, send_id, wire, len), any number of times while not dropped
 *                                 (UDP: a wrong packet never ends the wait)
 *                               → or on_fail(ctx, send_id, why), at most once; the send is then dropped
 *   outbound_drop(o, send_id)   nothing more is expected; only now the socket goes, or is handed to a message
 *                                 that names this one (port_of)
 *   outbound_settle(o)          no such message comes any more
 *
 * Where descriptors run out, messages wait for one, at most a second; sockets on which nothing was heard for
 * long, and idle streams, are given up for them (fault F11).
 *
 * Knows nothing of DNS but that a message starts with two octets that identify the exchange on a stream, and
 * that a stream carries two octets of length.
 */
#ifndef HARK_NET_OUTBOUND_H
#define HARK_NET_OUTBOUND_H

#include <stdbool.h>
#include <uv.h>

#include "base/addr.h"
#include "base/random.h"
#include "base/transport.h"

struct outbound;

struct outbound_settings {
    const struct addr *source_v4; /* source addresses to choose from at random; none: the kernel chooses */
    size_t source_v4_count;
    const struct addr *source_v6;
    size_t source_v6_count;
    size_t udp_max; /* the EDNS size we announced; of longer UDP replies udp_max + 1 octets are given */
    uint32_t stream_idle_ms; /* how long an idle stream is kept for reuse, 0: closed after its last reply */
};

struct outbound_message {
    uint64_t send_id;
    struct endpoint to;
    enum transport transport;
    bool reuse;          /* a stream may be shared with other messages */
    const uint8_t *wire; /* borrowed for the call */
    size_t len;
    int64_t deadline_ms; /* CLOCK_MONOTONIC: then on_fail(NET_TIMEOUT). UDP: not looked at */
    /* UDP: a send dropped since the last outbound_settle(), whose port may serve once more: whoever was asked
     * from it is no danger to this message (docs/decisions/0007). 0: none. Taken where it was answered once,
     * soon, without errors, by another address. */
    uint64_t port_of;
};

struct outbound_events {
    void (*on_reply)(void *ctx, uint64_t send_id, const uint8_t *wire, size_t len);
    void (*on_fail)(void *ctx, uint64_t send_id, enum net_fail why);
    void *ctx;
};

struct outbound_counters {
    uint64_t udp_sent, tcp_sent, received, stray, port_retries, local_failures;
    uint64_t ports_kept;                      /* messages from the port of another */
    uint64_t waited, deafened;                /* for want of descriptors */
    unsigned udp_open, streams_open, waiting; /* gauges */
};

/** rng is borrowed and must outlive it. */
struct outbound *outbound_new(uv_loop_t *loop, const struct outbound_settings *settings,
    const struct outbound_events *events, struct random *rng);
/** Other settings (copied) for messages sent from now on; UDP replies on their way are measured by the new
 * udp_max. Not from within a callback. */
void outbound_settings_set(struct outbound *o, const struct outbound_settings *settings);
/** Never calls back from within: failures at once are reported in the next loop turn. */
void outbound_send(struct outbound *o, const struct outbound_message *m);
void outbound_drop(struct outbound *o, uint64_t send_id);
/** Sockets of dropped sends that no message took over go. To be called before the loop waits again. */
void outbound_settle(struct outbound *o);
/** Closes everything; memory is freed once the loop has run. */
void outbound_close(struct outbound *o);
const struct outbound_counters *outbound_counters(struct outbound *o);

#endif

/* What comes from the network: is it a reply to what was asked (RFC 5452 9.1)? And what fails there. */
#include "resolve/reply.h"

/* The cheap part of matching (RFC 5452 9.1): header, one question, the very name that was sent.
 * Everything else is somebody's guess. */
enum match { MATCH_YES, MATCH_CASE, MATCH_BARE, MATCH_NO };

static enum match match(const struct send *s, const uint8_t *wire, size_t len)
{
    if (len < MSG_HEADER_LEN)
        return MATCH_NO;
    uint16_t flags = get_u16(wire + 2), qdcount = get_u16(wire + 4);
    if (get_u16(wire) != s->msg_id || !(flags & FLAG_QR) || (flags >> 11 & 15) != OPCODE_QUERY)
        return MATCH_NO;
    unsigned rcode = flags & 15;
    if (qdcount == 0 && len == MSG_HEADER_LEN && (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP))
        return MATCH_BARE;
    if (qdcount != 1)
        return MATCH_NO;
    /* The question's name stands uncompressed: there is nothing before it to point at. */
    const name_t *name = wire + MSG_HEADER_LEN;
    size_t n = name_check(name, len - MSG_HEADER_LEN);
    if (n == 0 || len - MSG_HEADER_LEN < n + 4 || !name_equal(name, s->name) ||
        get_u16(name + n) != s->type || get_u16(name + n + 2) != s->job->class)
        return MATCH_NO;
    return name_same_case(name, s->name) ? MATCH_YES : MATCH_CASE;
}

/* A wrong packet at the right port: somebody guesses, or a middlebox spoils. The wait goes on, and the
 * exchange is finished over TCP as well (threat P4, P12). */
static enum heard near_miss(struct send *s, bool only_case)
{
    struct job *j = s->job;
    j->r->counters.near_misses++;
    s->near_misses++;
    struct candidate *c = &j->zone.candidates[s->candidate];
    JOB_EVENT(j, EVENT_NEAR_MISS, .to = &s->to, .server = c->server, .transport = s->transport,
        .sent_name = send_name(s), .sent_type = s->type, .send = s->id);
    if (only_case)
        c->case_missed = true;
    if (s->transport == TRANSPORT_UDP && !c->stream_tried && !c->stream_failed) {
        c->stream = true;
        job_wake(j);
    }
    return HEARD_NEAR_MISS;
}

/* Messages to the same server before this one that were not answered yet, and should have been: a slow server
 * answers the first one first. */
static unsigned count_lost(const struct send *answered)
{
    struct job *j = answered->job;
    int64_t now_ms = j->r->now.mono_ms, rtt_ms = now_ms - answered->sent_ms;
    unsigned lost = 0;
    for (struct send *s = j->sends; s && answered->transport == TRANSPORT_UDP; s = s->next) {
        if (s == answered || s->lost || s->candidate != answered->candidate ||
            s->transport != TRANSPORT_UDP || s->sent_ms >= answered->sent_ms ||
            now_ms - s->sent_ms < 2 * rtt_ms + 20)
            continue;
        s->lost = true;
        lost++;
    }
    return lost;
}

enum heard resolve_heard(struct resolver *r, send_id id, const uint8_t *wire, size_t len, now_t now)
{
    resolver_enter(r, now);
    struct table_node *n = table_find(&r->sends, id);
    struct send *s = n ? HOLDER(n, struct send, node) : NULL;
    if (!s || s->job->reply || s->near_misses > NEAR_MISSES_MAX) {
        r->counters.ignored++;
        return HEARD_IGNORED;
    }
    struct job *j = s->job;
    enum heard heard = HEARD_MATCHED;
    bool too_long = s->transport == TRANSPORT_UDP && len > r->set.udp_size;
    enum match m = too_long ? MATCH_NO : match(s, wire, len);
    if (too_long) {
        /* It may have been put together from fragments of which one is forged (threat P5): over TCP then. */
        j->zone.trouble = (struct reason){EDE_INVALID_DATA, "oversized-reply",
            "a name server sent a longer UDP message than it was asked for"};
        heard = near_miss(s, false);
    } else if (m == MATCH_YES) {
        uint8_t *copy = arena_copy(&j->arena, wire, len);
        /* Our own letters back, so that names compressed towards the question do not carry random
         * case into the cache. */
        name_lower_copy(copy + MSG_HEADER_LEN, s->name);
        struct msg *msg = ARENA_NEW(&j->arena, struct msg);
        j->work->octets += (uint32_t)len;
        bool parsed = msg_parse(msg, copy, len, &j->arena) == MSG_OK;
        if (parsed && cookie_matches(s, &msg->edns)) {
            unsigned lost = count_lost(s);
            j->reply = reply_read(j, s, msg, cookie_learn(s, &msg->edns, lost));
            j->reply->octets = len;
            j->reply->lost = lost;
            j->reply->unspoilt = s->transport == TRANSPORT_UDP && s->near_misses == 0 && !s->bare_error;
            if (s->patience_over)
                r->counters.late_answers++;
            tell_learn(j, &msg->edns);
            reach_heard(r, s);
            turn_end(s, FLIGHT_ANSWERED);
            send_drop(s);
            job_wake(j);
        } else {
            j->zone.trouble =
                parsed ? (struct reason){EDE_INVALID_DATA, "wrong-cookie", "a reply without our cookie came"}
                       : (struct reason){
                             EDE_INVALID_DATA, "malformed-reply", "a name server sent a malformed reply"};
            /* Where cookies are spoilt on the way, TCP must do without. One that is missing may come there.
             */
            j->zone.candidates[s->candidate].no_cookie = !parsed || msg->edns.cookie_len > 0;
            heard = near_miss(s, false);
        }
    } else if (m == MATCH_BARE) {
        s->bare_error = true; /* believed when the timer ends (threat P12) */
        heard = HEARD_NEAR_MISS;
    } else {
        heard = near_miss(s, m == MATCH_CASE);
    }
    resolver_pump(r);
    return heard;
}

void resolve_failed(struct resolver *r, send_id id, enum net_fail why, now_t now)
{
    static const struct reason reasons[] = {
        [NET_REFUSED] = {EDE_NETWORK_ERROR, "port-closed", "no name server listens at the address"},
        [NET_UNREACHABLE] = {EDE_NETWORK_ERROR, "unreachable", "there is no route to the name server"},
        [NET_TIMEOUT] = {EDE_NO_REACHABLE_AUTHORITY, "stream-timeout",
            "the name server did not answer over TCP in time"},
        [NET_CLOSED] = {EDE_NETWORK_ERROR, "stream-closed", "the name server closed the TCP connection"},
        [NET_LOCAL] = {EDE_NETWORK_ERROR, "no-socket", "this machine has no socket to spare"},
    };
    resolver_enter(r, now);
    struct table_node *n = table_find(&r->sends, id);
    if (!n)
        return;
    struct send *s = HOLDER(n, struct send, node);
    struct job *j = s->job;
    struct candidate *c = &j->zone.candidates[s->candidate];
    j->zone.trouble = reasons[why];
    JOB_EVENT(j, EVENT_USELESS, .server = c->server, .to = &s->to, .transport = s->transport,
        .sent_name = send_name(s), .sent_type = s->type, .send = s->id, .tag = reasons[why].tag,
        .text = reasons[why].text);
    if (why == NET_UNREACHABLE && s->transport == TRANSPORT_UDP)
        c->dead = c->no_route = true;
    if (why == NET_UNREACHABLE)
        reach_no_route(r, &s->to);
    else if (why == NET_REFUSED || why == NET_CLOSED)
        reach_heard(r, s);
    if (s->transport == TRANSPORT_TCP && !c->truncated && !c->facts.case_broken && !c->stream_failed) {
        /* One damaged packet must not be the end of a server that has no TCP (threat F5). */
        c->stream = c->stream_tried = false;
        c->stream_failed = true;
    } else if (why == NET_REFUSED || s->transport == TRANSPORT_TCP) {
        c->dead = true;
    }
    if (s->transport == TRANSPORT_TCP && why != NET_LOCAL)
        stream_useless(j, c);
    bool awaited = !s->patience_over;
    send_drop(s);
    /* The one that was waited for is gone: do not wait for its timer. */
    if ((awaited || !is_in_patience(j)) && j->state == JOB_WAIT_REPLY) {
        j->state = JOB_PICK;
        job_wake(j);
    }
    resolver_pump(r);
}

/* What is asked (RFC 9156: no more labels than the server must know) and how it leaves. */
#include "resolve/job.h"

/* Header, question, OPT with a cookie and key tags. */
#define QUERY_MAX_LEN                                                                                        \
    (MSG_HEADER_LEN + NAME_MAX_LEN + 4u + 11u + 4u + EDNS_COOKIE_MAX + 4u + 2u * ANCHOR_TAGS_MAX)
#define STREAM_DEADLINE_MS 4000

enum known { KNOWN_NOTHING, KNOWN_NO_CUT, KNOWN_DENIED };

/* What the cache says of a name on the way, from an earlier question's probe: no zone begins there, or it
 * does not exist. Then it need not be probed again. An address or the apex's own denial says nothing: they
 * may come from the zone that begins there, and the parent's servers are not to learn the labels below. */
static enum known known_on_the_way(struct job *j, const name_t *name, uint16_t type)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    struct negative n;
    if (j->flags.no_read)
        return KNOWN_NOTHING;
    if (cache_rrset_get(c, name, TYPE_CNAME, j->class, now_s, &j->arena))
        return KNOWN_NO_CUT;
    if (!cache_negative_get(c, name, type, j->class, now_s, &j->arena, &n) || n.authority.count == 0 ||
        name_equal(n.authority.items[0]->owner, name))
        return KNOWN_NOTHING;
    return n.nxdomain ? KNOWN_DENIED : KNOWN_NO_CUT;
}

/* Asks for `labels` labels of the name, or for the least number beyond that is worth a question,
 * or for the whole. */
static void ask_labels(struct job *j, unsigned labels)
{
    unsigned all = name_labels(j->name);
    j->zone.asked = 0;
    /* A question for NS needs no disguise. */
    uint16_t type = j->type == TYPE_NS ? TYPE_NS : j->r->set.minimise_type;
    bool whole = j->ask.whole || !j->r->set.minimise || j->ask.steps >= MINIMISE_STEPS_MAX;
    for (; labels < all && !whole; labels++) {
        const name_t *name = name_parent(j->name, all - labels);
        /* Underscore labels (_tcp, _dmarc) are hardly ever zone cuts: they are passed over (RFC 9156 2.3). */
        if (name[1] == '_' || tell_is_report(j, name))
            continue;
        enum known known = known_on_the_way(j, name, type);
        if (known == KNOWN_DENIED)
            break;
        if (known == KNOWN_NO_CUT)
            continue;
        j->ask.name = name;
        j->ask.type = type;
        j->ask.labels = labels;
        j->ask.steps++;
        return;
    }
    j->ask.name = j->name;
    j->ask.type = j->type;
    j->ask.labels = all;
}

void ask_begin(struct job *j)
{
    ask_labels(j, name_labels(j->zone.cut->zone) + 1);
}

void ask_next_label(struct job *j)
{
    ask_labels(j, j->ask.labels + 1);
}

void ask_whole(struct job *j)
{
    j->ask.whole = true;
    ask_labels(j, name_labels(j->name));
}

bool ask_is_minimised(const struct job *j)
{
    return j->ask.name != j->name;
}

/* Random letter case (draft-vixie-dnsext-dns0x20): about as many more bits to guess as there are letters. */
static void randomise_case(name_t *n, struct random *rng)
{
    uint8_t bits[NAME_MAX_LEN / 8 + 1];
    size_t len = name_len(n);
    random_octets(rng, bits, len / 8 + 1);
    for (size_t at = 0; n[at] != 0; at += n[at] + 1u)
        for (size_t i = at + 1; i <= at + n[at]; i++)
            if (n[i] >= 'a' && n[i] <= 'z' && (bits[i / 8] >> i % 8 & 1))
                n[i] = (uint8_t)(n[i] - 'a' + 'A');
}

bool zone_is_signed(const struct job *j)
{
    return rrset_list_find(&j->zone.cut->proofs, j->zone.cut->zone, TYPE_DS) != NULL;
}

static struct send *send_new(struct job *j, unsigned candidate, enum transport transport)
{
    struct resolver *r = j->r;
    const struct candidate *c = &j->zone.candidates[candidate];
    struct send *s = mem_pool_alloc(&r->send_pool);
    s->job = j;
    s->id = ++r->last_id;
    s->to = c->at;
    s->transport = transport;
    s->candidate = candidate;
    s->msg_id = random_u16(r->rng);
    s->type = j->ask.type;
    s->minimised = ask_is_minimised(j);
    s->sent_ms = r->now.mono_ms;
    /* After three objections the other servers of the zone are spared the question (threat M9). */
    s->with_edns = !c->no_edns && (j->zone.edns_objections < 3 || zone_is_signed(j));
    name_copy(s->name, j->ask.name);
    if (r->set.case_random && transport == TRANSPORT_UDP)
        randomise_case(s->name, r->rng);
    s->next = j->sends;
    j->sends = s;
    table_add(&r->sends, &s->node, s->id);
    r->counters.sends++;
    turn_begin(s);
    return s;
}

bool send_to(struct job *j, unsigned candidate, enum transport transport)
{
    struct resolver *r = j->r;
    struct candidate *c = &j->zone.candidates[candidate];
    if (j->work->messages >= j->work->messages_max || j->work->octets >= WORK_OCTETS_MAX)
        return false;
    j->work->messages++;
    j->messages++;
    r->counters.messages++;
    j->zone.messages++;
    struct send *s = send_new(j, candidate, transport);
    struct msg_question q = {.type = s->type, .class = j->class};
    name_copy(q.name, s->name);
    struct edns opt = {.present = true, .dnssec_ok = true, .udp_size = r->set.udp_size};
    uint8_t tags[2 * ANCHOR_TAGS_MAX];
    cookie_write(s, &opt);
    tell_keys_in(s, &opt, tags);
    uint8_t wire[QUERY_MAX_LEN];
    size_t len = msg_query(wire, sizeof wire, s->msg_id, 0, &q, s->with_edns ? &opt : NULL);

    int64_t now_ms = r->now.mono_ms;
    if (transport == TRANSPORT_UDP) {
        s->patience_ms = now_ms + pick_asked(j, candidate);
    } else {
        c->stream_tried = true;
        r->counters.tcp_messages++;
        s->patience_ms = now_ms + pick_stream_patience(j, candidate);
    }
    j->patience_ms = s->patience_ms;
    j->ask.current = candidate;

    struct action *a = action_push(r, ACTION_SEND);
    a->send.id = s->id;
    a->send.to = s->to;
    a->send.transport = transport;
    a->send.reuse = true;
    a->send.wire = arena_copy(&j->arena, wire, len);
    a->send.len = len;
    a->send.deadline_ms = now_ms + STREAM_DEADLINE_MS;
    a->send.port_of = transport == TRANSPORT_UDP ? j->port_of : 0;
    j->port_of = 0;
    JOB_EVENT(j, EVENT_SENT, .server = c->server, .to = &s->to, .transport = transport,
        .sent_name = j->ask.name, .sent_type = s->type, .send = s->id);
    return true;
}

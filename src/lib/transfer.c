#include "lib/transfer.h"

#include "defs/limits.h"

#define SOA_NUMBERS_LEN 20u /* the five behind the two names, the serial first (RFC 1035 3.3.13) */

void transfer_init(struct transfer *t, const name_t *zone, uint16_t type, uint32_t held)
{
    *t = (struct transfer){.zone = zone, .changes = type == TYPE_IXFR, .held = held};
}

static bool is_soa(const struct transfer *t, const struct rr *rr)
{
    return rr->type == TYPE_SOA && rr->rdata.len >= SOA_NUMBERS_LEN && name_equal(rr->owner, t->zone);
}

static uint32_t serial_of(const struct rr *soa)
{
    return get_u32(soa->rdata.data + soa->rdata.len - SOA_NUMBERS_LEN);
}

/* RFC 1982 3.2 */
static bool is_newer(uint32_t serial, uint32_t than)
{
    return serial != than && serial - than < 0x80000000u;
}

static enum transfer_state at_first(struct transfer *t, const struct rr *rr)
{
    if (!is_soa(t, rr))
        return TRANSFER_NO_SOA;
    t->serial = serial_of(rr);
    if (!t->changes)
        return TRANSFER_ZONE;
    return is_newer(t->serial, t->held) ? TRANSFER_WHOLE : TRANSFER_CURRENT;
}

static enum transfer_state after(struct transfer *t, const struct rr *rr)
{
    if (t->state == TRANSFER_BEGIN)
        return at_first(t, rr);
    bool soa = is_soa(t, rr), last = soa && serial_of(rr) == t->serial;
    switch (t->state) {
    case TRANSFER_WHOLE:
        return last ? TRANSFER_DONE : soa ? TRANSFER_GONE : TRANSFER_ZONE;
    case TRANSFER_ZONE:
        return last ? TRANSFER_DONE : soa ? TRANSFER_CHANGED : TRANSFER_ZONE;
    case TRANSFER_GONE:
        return soa ? TRANSFER_NEW : TRANSFER_GONE;
    default:
        return last ? TRANSFER_DONE : soa ? TRANSFER_GONE : TRANSFER_NEW;
    }
}

size_t transfer_take(struct transfer *t, const struct msg *m, size_t octets)
{
    size_t n = 0;
    t->messages++;
    t->octets += octets;
    t->rcode = m->rcode;
    if (m->rcode != RCODE_NOERROR)
        t->state = TRANSFER_ERROR;
    else if (m->counts[SECTION_ANSWER] == 0)
        t->state = TRANSFER_EMPTY;
    else if (t->octets > TRANSFER_OCTETS_MAX)
        t->state = TRANSFER_TOO_MUCH;
    while (n < m->counts[SECTION_ANSWER] && transfer_is_under_way(t)) {
        t->state = after(t, &m->rrs[SECTION_ANSWER][n]);
        if (t->state != TRANSFER_NO_SOA)
            n++;
    }
    t->records += n;
    return n;
}

bool transfer_is_under_way(const struct transfer *t)
{
    return t->state < TRANSFER_DONE;
}

bool transfer_is_complete(const struct transfer *t)
{
    return t->state == TRANSFER_DONE || t->state == TRANSFER_CURRENT;
}

void transfer_fault_text(struct text *out, const struct transfer *t)
{
    switch (t->state) {
    case TRANSFER_ERROR:
        rcode_to_text(out, t->rcode);
        if (t->rcode == RCODE_REFUSED)
            text_add(out, ": the server gives this zone to others only, or to nobody");
        else if (t->rcode == RCODE_NOTAUTH)
            text_add(out, ": the server does not serve this zone, or not to whom it does not know");
        return;
    case TRANSFER_EMPTY:
        text_add(out, "the server sent a message without records");
        return;
    case TRANSFER_NO_SOA:
        text_add(out, "the first record is not the zone's SOA");
        return;
    case TRANSFER_CHANGED:
        text_add(out, "the zone changed under way: the SOA at the end is not that of the beginning");
        return;
    case TRANSFER_TOO_MUCH:
        text_printf(out, "it has more than %llu octets", TRANSFER_OCTETS_MAX);
        return;
    default:
        return;
    }
}

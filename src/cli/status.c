#include "cli/status.h"

bool status_is_bogus(int ede_code)
{
    switch (ede_code) {
    case EDE_DNSSEC_BOGUS:
    case EDE_SIGNATURE_EXPIRED:
    case EDE_SIGNATURE_NOT_YET_VALID:
    case EDE_DNSKEY_MISSING:
    case EDE_RRSIGS_MISSING:
    case EDE_NO_ZONE_KEY_BIT:
    case EDE_NSEC_MISSING:
    case EDE_SIGNATURE_EXPIRED_BEFORE_VALID:
        return true;
    default:
        return false;
    }
}

enum status status_of_msg(const struct msg *m, uint16_t qtype)
{
    switch (m->rcode) {
    case RCODE_NOERROR:
        break;
    case RCODE_NXDOMAIN:
        return STATUS_NO_DATA;
    case RCODE_SERVFAIL:
        for (unsigned i = 0; i < m->edns.ede_count; i++)
            if (status_is_bogus(m->edns.ede[i].code))
                return STATUS_BOGUS;
        return STATUS_FAILURE;
    default:
        return STATUS_FAILURE;
    }
    for (size_t i = 0; i < m->counts[SECTION_ANSWER]; i++)
        if (m->rrs[SECTION_ANSWER][i].type == qtype || qtype == TYPE_ANY)
            return STATUS_ANSWER;
    return STATUS_NO_DATA;
}

enum status status_of_ask(const struct ask_reply *r, uint16_t qtype)
{
    switch (r->end) {
    case ASK_REPLY:
        return status_of_msg(&r->msg, qtype);
    case ASK_TIMEOUT:
    case ASK_UNREACHABLE:
        return STATUS_NO_REPLY;
    case ASK_MALFORMED:
        return STATUS_FAILURE;
    case ASK_LOCAL:
        break;
    }
    return STATUS_INTERNAL;
}

enum status status_of_outcome(const struct outcome *o, uint16_t qtype)
{
    if (o->rcode == RCODE_NXDOMAIN)
        return STATUS_NO_DATA;
    if (o->rcode != RCODE_NOERROR) {
        if (o->verdict == VERDICT_BOGUS || status_is_bogus(o->reason.ede))
            return STATUS_BOGUS;
        bool silent = o->reason.ede == EDE_NO_REACHABLE_AUTHORITY || o->reason.ede == EDE_NETWORK_ERROR;
        return silent ? STATUS_NO_REPLY : STATUS_FAILURE;
    }
    for (size_t i = 0; i < o->answer.count; i++)
        if (o->answer.items[i]->type == qtype || qtype == TYPE_ANY)
            return STATUS_ANSWER;
    return STATUS_NO_DATA;
}

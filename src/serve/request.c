#include "serve/request.h"

#include <string.h>

#define FLAG_OPCODE 0x7800u
#define OPT_FIXED_LEN 11u /* root, type, size, TTL field, RDLENGTH: RFC 6891 6.1.2 */
#define EDNS_FLAG_DO 0x8000u
#define EDNS_FLAG_CO 0x4000u

/* The places of the header's counts. */
enum { AT_QDCOUNT = 4, AT_ANCOUNT = 6, AT_NSCOUNT = 8, AT_ARCOUNT = 10 };

/* False: an option that no query may have. */
static bool take_edns(struct request *rq, const struct edns *e)
{
    rq->edns = e->present;
    rq->edns_version = e->version;
    rq->dnssec_ok = e->dnssec_ok;
    rq->compact_ok = e->compact_ok;
    rq->udp_size = e->udp_size;
    rq->nsid = e->nsid_asked;
    rq->cookie_len = e->cookie_len;
    memcpy(rq->cookie, e->cookie, e->cookie_len);
    rq->keepalive = e->keepalive_present &&
                    rq->transport == TRANSPORT_TCP;    /* RFC 7828 3.2.1: over UDP it is not looked at */
    return !e->subnet_present || e->subnet_scope == 0; /* RFC 7871 6: of responses */
}

/* A cookie as the only option, as clients send it (dig, glibc's likes, other resolvers). */
static bool read_cookie_alone(struct request *rq, const uint8_t *options, size_t len)
{
    if (len < EDNS_OPTION_HEADER_LEN || get_u16(options) != EDNS_COOKIE ||
        get_u16(options + 2) != len - EDNS_OPTION_HEADER_LEN ||
        !edns_cookie_len_right(len - EDNS_OPTION_HEADER_LEN))
        return false;
    rq->cookie_len = (uint8_t)(len - EDNS_OPTION_HEADER_LEN);
    memcpy(rq->cookie, options + EDNS_OPTION_HEADER_LEN, rq->cookie_len);
    return true;
}

/* False: malformed. */
__attribute__((noinline)) static bool read_options(
    struct request *rq, const uint8_t *opt, size_t len, struct arena *scratch)
{
    struct edns e;
    return edns_read(&e, get_u16(opt + 3), get_u32(opt + 5), opt + OPT_FIXED_LEN, len - OPT_FIXED_LEN,
               scratch) == ERR_OK &&
           take_edns(rq, &e);
}

/* The OPT alone behind the question, up to the end of the message. False: not of that form. Inlined, for
 * nearly all questions have one. */
__attribute__((always_inline)) static inline bool read_opt_in_place(
    struct request *rq, const uint8_t *p, size_t len, struct arena *scratch, bool *malformed)
{
    if (len < OPT_FIXED_LEN || p[0] != 0 || get_u16(p + 1) != TYPE_OPT ||
        get_u16(p + 9) != len - OPT_FIXED_LEN)
        return false;
    rq->edns = true;
    rq->udp_size = get_u16(p + 3);
    rq->edns_version = p[6];
    rq->dnssec_ok = get_u16(p + 7) & EDNS_FLAG_DO;
    rq->compact_ok = get_u16(p + 7) & EDNS_FLAG_CO;
    /* Options of another version may have another form: nothing of them matters to BADVERS. */
    if (len == OPT_FIXED_LEN || rq->edns_version != 0 ||
        read_cookie_alone(rq, p + OPT_FIXED_LEN, len - OPT_FIXED_LEN))
        return true;
    *malformed = !read_options(rq, p, len, scratch);
    return true;
}

/* Of whole messages, for those who share a key with us: nobody does, and what cannot be checked is not read
 * on (RFC 8945 5.2, RFC 2931 3.2, RFC 2930; threat S4). */
static bool is_signature(uint16_t type)
{
    return type == TYPE_TSIG || type == TYPE_SIG || type == TYPE_TKEY;
}

/* A message with more in it than a question and an OPT. */
static enum request_form read_unusual(
    struct request *rq, const uint8_t *wire, size_t len, struct arena *scratch)
{
    struct msg *m = ARENA_NEW(scratch, struct msg);
    enum msg_fault fault = msg_parse(m, wire, len, scratch);
    if (fault == MSG_BAD_OPT || fault == MSG_OPT_TWICE) {
        rq->edns = true;
        rq->udp_size = UDP_SIZE_PLAIN;
    }
    if (fault != MSG_OK || !take_edns(rq, &m->edns))
        return REQUEST_MALFORMED;
    if (rq->edns && rq->edns_version != 0)
        return REQUEST_OK;
    /* No query has an answer, and none but IXFR (RFC 1995 3), which is refused, anything of authority. */
    if (m->counts[SECTION_ANSWER] || (m->counts[SECTION_AUTHORITY] && rq->type != TYPE_IXFR))
        return REQUEST_MALFORMED;
    for (size_t i = 0; i < m->counts[SECTION_ADDITIONAL]; i++)
        if (is_signature(m->rrs[SECTION_ADDITIONAL][i].type))
            return REQUEST_MALFORMED;
    return REQUEST_OK;
}

/* RFC 7873 5.4: header and OPT alone. */
__attribute__((noinline)) static enum request_form read_without_question(
    struct request *rq, const uint8_t *wire, size_t len, struct arena *scratch)
{
    bool malformed = false;
    if (get_u16(wire + AT_ANCOUNT) || get_u16(wire + AT_NSCOUNT) || get_u16(wire + AT_ARCOUNT) != 1 ||
        rq->flags & FLAG_TC)
        return REQUEST_MALFORMED;
    if (!read_opt_in_place(rq, wire + MSG_HEADER_LEN, len - MSG_HEADER_LEN, scratch, &malformed) || malformed)
        return REQUEST_MALFORMED;
    if (rq->edns_version != 0)
        return REQUEST_OK; /* for BADVERS */
    return rq->cookie_len ? REQUEST_COOKIE : REQUEST_MALFORMED;
}

enum request_form request_read(
    struct request *rq, const uint8_t *wire, size_t len, struct request_name known, struct arena *scratch)
{
    rq->question = rq->edns = rq->dnssec_ok = rq->compact_ok = false;
    rq->keepalive = rq->nsid = rq->cookie_good = false;
    rq->cookie_len = 0;
    rq->edns_version = 0;
    rq->udp_size = UDP_SIZE_PLAIN;
    rq->ede = EDE_NONE;
    rq->ede_text = "";
    if (len < MSG_HEADER_LEN)
        return REQUEST_SILENT;
    rq->id = get_u16(wire);
    rq->flags = get_u16(wire + 2);
    if (rq->flags & FLAG_QR)
        return REQUEST_SILENT;
    if (rq->flags & FLAG_OPCODE)
        return REQUEST_OPCODE;
    /* RFC 9619 4: one question; none is left to those that come for a cookie. */
    if (get_u16(wire + AT_QDCOUNT) == 0)
        return read_without_question(rq, wire, len, scratch);
    if (get_u16(wire + AT_QDCOUNT) != 1)
        return REQUEST_MALFORMED;
    size_t last_label = known.last_label, name_octets = known.octets;
    if (name_octets == 0)
        name_octets = name_check_last(wire + MSG_HEADER_LEN, len - MSG_HEADER_LEN, &last_label);
    size_t at = MSG_HEADER_LEN + name_octets;
    if (name_octets == 0 || len < at + 4)
        return REQUEST_MALFORMED;
    memcpy(rq->name, wire + MSG_HEADER_LEN, name_octets);
    rq->name_len = (uint16_t)name_octets;
    rq->last_label = (uint8_t)last_label;
    rq->type = get_u16(wire + at);
    rq->class = get_u16(wire + at + 2);
    rq->question = true;
    at += 4;
    if (rq->flags & FLAG_TC)
        return REQUEST_MALFORMED; /* RFC 2181 9: of responses alone; what a query lacks cannot be guessed */
    if (get_u32(wire + AT_ANCOUNT) == 0) {
        unsigned more = get_u16(wire + AT_ARCOUNT);
        bool malformed = false;
        if (more == 0 && at == len)
            return REQUEST_OK;
        if (more == 1 && read_opt_in_place(rq, wire + at, len - at, scratch, &malformed))
            return malformed ? REQUEST_MALFORMED : REQUEST_OK;
    }
    return read_unusual(rq, wire, len, scratch);
}

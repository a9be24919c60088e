/* What a client asked. Flat: copied from thread to thread as it is. */
#ifndef HARK_SERVE_REQUEST_H
#define HARK_SERVE_REQUEST_H

#include "base/addr.h"
#include "base/transport.h"
#include "dns/msg.h"

struct request {
    /* the caller's */
    enum transport transport;
    struct addr client;
    uint8_t near; /* what serve_near() was told of this very message; 0: nothing */
    /* the message's */
    uint16_t id, flags; /* flags as sent, opcode and rcode bits included */
    bool question;      /* name, type and class are there */
    uint16_t type, class;
    uint16_t name_len;
    uint8_t last_label;        /* of the name, where it begins */
    name_t name[NAME_MAX_LEN]; /* in the asker's letter case */
    bool edns;                 /* there was an OPT, so the reply has one (RFC 6891 6.1.1) */
    bool dnssec_ok, keepalive, nsid;
    bool compact_ok; /* CO: takes NXDOMAIN with a compact denial (RFC 9824 5.1) */
    uint8_t edns_version;
    uint16_t udp_size;
    uint8_t cookie_len; /* 0: none; else the client's part, with or without a server's */
    uint8_t cookie[EDNS_COOKIE_MAX];
    bool cookie_good; /* the server's part is ours and recent: the client is where it says it is */
    /* a reason for the reply's OPT, while one is made */
    int ede; /* enum ede_code */
    const char *ede_text;
};

enum request_form {
    REQUEST_OK,
    REQUEST_SILENT,    /* a response, or no header: never answered, lest two servers talk forever */
    REQUEST_COOKIE,    /* no question, but a cookie: RFC 7873 5.4 */
    REQUEST_OPCODE,    /* not QUERY: nothing after the header was read */
    REQUEST_MALFORMED, /* FORMERR */
};

/* What name_check_last() says of the octets behind the header. */
struct request_name {
    uint16_t octets; /* 0: nobody has looked, or it is no name */
    uint8_t last_label;
};

/** Reads a message into rq (transport and client stay). The usual form needs no malloc; others, the arena.
 * known: of this very message. */
enum request_form request_read(
    struct request *rq, const uint8_t *wire, size_t len, struct request_name known, struct arena *scratch);

#endif

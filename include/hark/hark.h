/* libhark: look-ups that go around the system for good reason, as functions without I/O of their own.
 *
 * Where does mail for a domain go? The plan that a mail server follows (RFC 5321 5.1), from look-ups that the
 * caller makes:
 *
 *     static void look_up(void *context, const char *name, uint16_t type, struct hark_answer *answer)
 *     {
 *         … ask DNS for name and type, point answer->records at the RDATA …
 *     }
 *
 *     struct hark_mx_settings settings = {.look_up = look_up};
 *     struct hark_mx_plan *plan = hark_mx_plan("user@example.org", &settings, NULL);
 *     printf("%s\n", hark_mx_verdict_text(plan->verdict));
 *     for (size_t i = 0; i < plan->host_count; i++)
 *         if (plan->hosts[i].state == HARK_MX_HOST_USED)
 *             for (size_t j = 0; j < plan->hosts[i].address_count; j++)
 *                 printf("%s %s 25\n", plan->hosts[i].name, plan->hosts[i].addresses[j]);
 *     hark_mx_plan_free(plan);
 *
 * Compile with `-lhark`. Nothing here keeps state between calls or touches a socket, a file or a clock, so
 * threads may call as they like. Where memory ends, so does the process.
 */
#ifndef HARK_HARK_H
#define HARK_HARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HARK_PUBLIC __attribute__((visibility("default")))

/* ---- look-ups, made by the caller ---- */

enum hark_found {
    HARK_FOUND,   /* records of that type, perhaps behind aliases */
    HARK_NO_DATA, /* the name is there, records of that type are not (NOERROR) */
    HARK_NO_NAME, /* there is no such name (NXDOMAIN) */
    HARK_FAILED   /* nobody knows for now: no reply, SERVFAIL, REFUSED, data that failed validation */
};

/* RDATA as it stands in a message, names in it not compressed. */
struct hark_rdata {
    const uint8_t *data;
    size_t length;
};

/* Zeroed when the look-up begins. What it points at must live until the next look-up of the same plan. */
struct hark_answer {
    enum hark_found found;
    bool secure;           /* DNSSEC: all of it is validated, aliases and denials too */
    const char *canonical; /* where aliases led to; NULL: there was none */
    const struct hark_rdata *records;
    size_t count;
    const char *why; /* FAILED: the reason in words, or NULL */
};

/** name: absolute, A-labels, without the final dot (but the root is "."); \DDD and \X escapes as in master
 * files. type: 1 A, 5 CNAME, 12 PTR, 15 MX, 16 TXT, 28 AAAA, 52 TLSA. */
typedef void hark_look_up_fn(void *context, const char *name, uint16_t type, struct hark_answer *answer);

struct hark_wish {
    const char *name;
    uint16_t type;
};

/** These look-ups follow, each at least once: whoever can makes them side by side and remembers the answers.
 */
typedef void hark_ahead_fn(void *context, const struct hark_wish *wishes, size_t count);

struct hark_document {
    int status;       /* of HTTP; 0: there was no reply, `why` tells */
    const char *type; /* Content-Type or NULL */
    const char *body; /* octets, need not end with 0 */
    size_t length;
    const char *why;
};

/** GET over HTTPS with the certificate checked; no redirect may be followed (RFC 8461 3.3). */
typedef void hark_fetch_fn(void *context, const char *url, struct hark_document *document);

/** Uniform in [0, n). */
typedef uint32_t hark_random_fn(void *context, uint32_t n);

/* ---- mail ---- */

enum hark_mx_verdict {
    HARK_MX_DELIVERABLE, /* at least one host is USED */
    HARK_MX_NO_MAIL,     /* permanent: it says so (null MX), or it has no host that could take any */
    HARK_MX_TEMPORARY,   /* nobody knows for now: try again later */
    HARK_MX_NO_DOMAIN,   /* permanent: there is no such domain */
    HARK_MX_LOOP         /* permanent: the best host for it is ourselves */
};

enum hark_mx_host_state {
    HARK_MX_HOST_USED,
    HARK_MX_HOST_NO_NAME,       /* its name does not exist */
    HARK_MX_HOST_NO_ADDRESS,    /* it has no address (of the wanted families) */
    HARK_MX_HOST_NOT_A_HOST,    /* the target is the root or an address, not a host's name */
    HARK_MX_HOST_FAILED,        /* its addresses cannot be looked up for now */
    HARK_MX_HOST_TLSA_FAILED,   /* its TLSA records cannot be looked up for now (RFC 7672 2.2) */
    HARK_MX_HOST_NOT_IN_POLICY, /* MTA-STS in mode enforce does not name it (RFC 8461 4.1) */
    HARK_MX_HOST_SELF,          /* ourselves, or no better than ourselves (RFC 5321 5.1) */
    HARK_MX_HOST_BEYOND         /* one of so many that it is not looked at */
};

/* What the connection to a host must have. */
enum hark_mx_tls {
    HARK_TLS_OPPORTUNISTIC, /* TLS if the host offers it */
    HARK_TLS_DANE,          /* TLS, the certificate as its TLSA records say (RFC 7672) */
    HARK_TLS_ENCRYPT,       /* TLS, any certificate: it has TLSA records, but none is usable (RFC 7672 2.2) */
    HARK_TLS_STS            /* TLS, a certificate of a public authority for its name (RFC 8461, enforce) */
};

struct hark_tlsa {
    uint8_t usage, selector, matching;
    bool usable; /* RFC 7672 3.1: usage 2 or 3, and a known selector and matching type */
    struct hark_rdata data;
};

struct hark_mx_host {
    uint16_t preference; /* 0 of an implicit MX and of an address literal */
    enum hark_mx_host_state state;
    const char *name;             /* as the MX record has it; of an address literal the address */
    const char *canonical;        /* where it is an alias to; NULL: it is none */
    const char *const *addresses; /* text, IPv6 first */
    size_t address_count;
    bool secure; /* MX and addresses are validated */
    enum hark_mx_tls tls;
    const char *tlsa_name; /* where the TLSA records are; NULL without any */
    const struct hark_tlsa *tlsa;
    size_t tlsa_count;
    const char *why; /* of what failed, or NULL */
};

enum hark_sts_mode {
    HARK_STS_NONE,    /* no policy, or one that says none */
    HARK_STS_TESTING, /* problems are to be reported, mail is delivered all the same */
    HARK_STS_ENFORCE,
    HARK_STS_UNKNOWN /* one is announced, and could not be fetched or read: `why` tells */
};

struct hark_sts {
    enum hark_sts_mode mode;
    const char *id; /* of the announcement; NULL: there is none */
    uint32_t max_age_s;
    const char *const *patterns;
    size_t pattern_count;
    const char *why;
};

/* Everything belongs to the plan. */
struct hark_mx_plan {
    enum hark_mx_verdict verdict;
    const char *why;       /* one line; NULL where the verdict says all */
    const char *domain;    /* as looked up: A-labels; of an address literal the address */
    const char *canonical; /* what the domain is an alias of, or NULL */
    bool implicit;         /* there is no MX, and the domain itself is the host */
    bool literal;          /* user@[192.0.2.1] */
    bool needs_utf8;       /* the local part is not ASCII: the host must offer SMTPUTF8 (RFC 6531) */
    bool secure;           /* the MX records, or their denial, are validated */
    const struct hark_mx_host *hosts; /* all, in the order of delivery */
    size_t host_count;
    struct hark_sts sts;
    const char *reports; /* where TLS reports go (RFC 8460): rua; NULL: nowhere */
    const char *const *warnings;
    size_t warning_count;
};

enum hark_family { HARK_IPV4 = 1, HARK_IPV6 = 2 };

struct hark_mx_settings {
    hark_look_up_fn *look_up; /* needed */
    hark_fetch_fn *fetch;     /* for MTA-STS policies; NULL: they are not fetched */
    hark_random_fn *random;   /* shuffles hosts of equal preference; NULL: they stay as they came */
    void *context;            /* for all of these functions */
    const char *const *self;  /* our own names and addresses */
    size_t self_count;
    unsigned families;    /* enum hark_family; 0: both */
    bool no_tls;          /* nothing of DANE, MTA-STS and TLS reports is looked up */
    bool no_pointers;     /* whether addresses have names is not looked up */
    hark_ahead_fn *ahead; /* told what look-ups follow; NULL: nobody is */
};

/** target: DOMAIN, USER@DOMAIN, or either with an address literal ([192.0.2.1], [IPv6:2001:db8::1]); UTF-8 is
 * taken as IDNA2008; a USER with an @ or a space in it stands in quotes (RFC 5321 4.1.2). Never fails but for
 * a target that is no domain: NULL, and *why (may be NULL) is a static phrase. Free it with
 * hark_mx_plan_free(). */
HARK_PUBLIC struct hark_mx_plan *hark_mx_plan(
    const char *target, const struct hark_mx_settings *settings, const char **why);
HARK_PUBLIC void hark_mx_plan_free(struct hark_mx_plan *plan);
/** "deliverable", "accepts no mail", "temporary failure", "no such domain", "loops back to us" */
HARK_PUBLIC const char *hark_mx_verdict_text(enum hark_mx_verdict verdict);
/** "used", "no such name" … */
HARK_PUBLIC const char *hark_mx_host_state_text(enum hark_mx_host_state state);
/** "opportunistic", "DANE", "encrypted, not authenticated", "MTA-STS" */
HARK_PUBLIC const char *hark_mx_tls_text(enum hark_mx_tls tls);

#ifdef __cplusplus
}
#endif

#endif

/* What the files that read WHOIS share. */
#ifndef HARK_LIB_WHOIS_INNER_H
#define HARK_LIB_WHOIS_INNER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/card.h"

#define CONTACTS_MAX 8u /* with a handle, of one reply */

enum field {
    FIELD_NONE,
    FIELD_NAME,
    FIELD_ACE, /* the name in A-labels, where FIELD_NAME is in its own script */
    FIELD_RANGE,
    FIELD_ROUTE, /* a range only where there is no other */
    FIELD_ASN,
    FIELD_LABEL,
    FIELD_HANDLE,
    FIELD_HOLDER,
    FIELD_HOLDER_HANDLE,
    FIELD_ORGANISATION, /* a name (IANA, .ru), or a handle ORG-… whose org-name stands below (RPSL) */
    FIELD_DESCRIPTION,
    FIELD_COUNTRY,
    FIELD_REGISTRAR,
    FIELD_REGISTRAR_ID,
    FIELD_REGISTRAR_URL,
    FIELD_EMAIL,
    FIELD_PHONE,
    FIELD_CREATED,
    FIELD_CHANGED,
    FIELD_EXPIRES,
    FIELD_STATUS,
    FIELD_SERVER,
    FIELD_DNS,
    FIELD_DNSSEC,
    FIELD_DNSKEY,
    FIELD_DS,
    FIELD_REFERRAL,
    FIELD_COUNT
};

enum part {
    PART_UNKNOWN,
    PART_NONE,
    PART_NAME,
    PART_ORGANISATION,
    PART_COUNTRY,
    PART_HANDLE,
    PART_URL,
    PART_EMAIL,
    PART_PHONE,
    PART_COUNT
};

/* What lines are about. ROLE_OBJECT is a paragraph of a contact that its handle names. */
enum role {
    ROLE_SUBJECT,
    ROLE_HOLDER,
    ROLE_REGISTRAR,
    ROLE_ABUSE,
    ROLE_SERVERS,
    ROLE_KEYS,
    ROLE_OTHER,
    ROLE_OBJECT
};

struct contact {
    const char *parts[PART_COUNT];
};

struct reading {
    struct card *card;
    struct arena *arena;
    enum role role;
    bool begins;      /* a paragraph: the line before was empty */
    bool fresh;       /* nothing of this section was read yet */
    bool passed_over; /* a network around the one that was read */
    bool hidden;      /* there is a holder, who is not told */
    enum field block; /* whose values the lines below are */
    struct contact contact, contacts[CONTACTS_MAX];
    size_t contact_count;
    const char *organisation, *description, *holder_handle;
    const char *abuse; /* by a comment, which stands above its object */
};

/** The value of a field of the registration itself, where it is the first one. */
void whois_take(struct reading *r, enum field field, const char *value);
void whois_take_registrar(struct reading *r, const char *value);
/** Names at the beginning of a line, with addresses between them: "ns1.example 192.0.2.1, ns2.example". What
 * follows the first word that is neither is glue in brackets, or what the registry thinks of the server. */
void whois_take_servers(struct reading *r, const char *value);

/** Called for each line, cleaned (card_text; NULL: it is empty) and as it came. False ends it. */
typedef bool whois_line_fn(void *context, const char *line, const char *raw, size_t length);
void whois_each_line(const char *reply, size_t length, struct arena *a, whois_line_fn *fn, void *context);
/** Octets at its beginning that a host name may have. */
size_t whois_host_length(const char *text);
/** Does the status say that nobody has it? */
bool whois_is_free(const char *status);

#endif

/* A registration as registries tell it, in whatever form: what a person wants to know, cleaned of what could
 * harm a terminal or a page. Every text is UTF-8 of harmless characters (base/utf8.h), one line, at most
 * CARD_TEXT_MAX octets, and lives in the arena. */
#ifndef HARK_LIB_CARD_H
#define HARK_LIB_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "defs/limits.h"

enum card_kind { CARD_NONE, CARD_DOMAIN, CARD_NETWORK, CARD_ASN, CARD_ENTITY };
enum card_signed { CARD_SIGNED_UNKNOWN, CARD_UNSIGNED, CARD_SIGNED };

struct card_list {
    const char *items[CARD_LIST_MAX];
    size_t count;
};

/* A text that nobody gave is NULL. */
struct card {
    enum card_kind kind; /* CARD_NONE: nothing is registered there */
    const char *name;    /* of a domain: lower case; of a network its range; AS64500 */
    const char *unicode; /* the domain's name in its own script */
    const char *label;   /* of a network or AS its short name */
    const char *handle;
    const char *holder, *country;
    const char *registrar, *registrar_id, *registrar_url;
    const char *abuse_email, *abuse_phone;
    const char *created, *changed, *expires; /* as they came */
    struct card_list status;
    struct card_list servers;  /* names in lower case, without final dot */
    struct card_list ds;       /* "TAG ALGORITHM DIGEST-TYPE HEX" */
    struct card_list redacted; /* RFC 9537 */
    enum card_signed is_signed;
    const char *related;  /* URL of RDAP that knows more: the registrar's */
    const char *referral; /* WHOIS server that knows more, or the one to ask instead */
};

/** n octets of a stranger as the text of a card; what is not UTF-8 is taken for ISO 8859-1. White space and
 * line ends are single spaces, none at the ends. NULL if nothing is left. */
const char *card_text(const char *s, size_t n, struct arena *a);
/** The same in ASCII lower case, without a final dot. */
const char *card_name(const char *s, size_t n, struct arena *a);
/** Takes a domain's name as it comes: lower case, without a final dot; in its own script it is `unicode`, and
 * `name` is made of it. Makes the card a domain's. Nothing where there is one. */
void card_domain(struct card *card, const char *name, struct arena *a);
/** Does the text only say that something is not told ("REDACTED FOR PRIVACY")? */
bool card_is_hidden(const char *text);
/** Sets it if it was not set. */
void card_set(const char **field, const char *text);
/** Adds it unless it is there, is NULL, or the list is full. */
void card_add(struct card_list *list, const char *text);
bool card_list_has(const struct card_list *list, const char *text);
/** What is missing in `card` is taken from `more`. */
void card_merge(struct card *card, const struct card *more);
/** A whole reply for people: as card_text(), but its lines stay, and may be long. */
const char *card_page(const char *s, size_t n, struct arena *a);

#endif

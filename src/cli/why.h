/* `hark why NAME`: all that is found out, and what is worth noticing about it. */
#ifndef HARK_CLI_WHY_H
#define HARK_CLI_WHY_H

#include "cli/out.h"
#include "cli/system_question.h"
#include "cli/why_links.h"
#include "lib/dns_origin.h"
#include "lib/walk.h"

#define WHY_NOTICES_MAX 24u

/* A walk from the root. */
struct why_walk {
    bool begun, done;
    char name[RESOLVCONF_CANDIDATE_LEN];
    struct child child;
    struct walk_said said; /* if done */
};

struct why {
    struct system_question q;
    char type[16]; /* that was named; "": none */
    struct dns_origin origin;
    struct why_links links;
    struct why_walk typed;          /* of the name as it was typed */
    struct why_walk searched;       /* of the name of the search list that has the answer, if it is another */
    const char *no_walk;            /* why the name as typed was not looked for from the root; NULL: it was */
    char *notices[WHY_NOTICES_MAX]; /* mem_free() */
    size_t notice_count;
};

/** The part whose answer programs get; NULL: none. */
const struct system_part *why_winner(const struct why *w);
/** Fills in the notices: each a sentence that says what is odd, and what to make of it. */
void why_notice(struct why *w);
/** What harkd's record tells, if it tells of this question. */
void why_view_records(struct out *out, const struct why *w);
/** "  label         words", on as many lines as they need. */
void why_row(struct out *out, enum out_style style, const char *label, const char *words);
void why_heading(struct out *out, const char *words);
/** One more of them. */
void why_say(struct why *w, const char *words);
/** Do two servers that answer say the same, as far as may be expected of two? */
bool why_same_answer(const struct stub_said *a, const struct stub_said *b);
/** "192.0.2.1, TTL 300 s, 2.0 ms", "NXDOMAIN: no such name, 1.0 ms" */
void why_add_server_said(struct text *t, const struct stub_said *s);
/** A new reference. */
json_t *why_server_json(const struct why *w, const struct stub_said *s);
/** Text or JSON. */
void why_view(struct out *out, const struct why *w);
/** Those, or "10 mail.example." */
void why_add_data(struct text *t, const struct rdata_texts *data, const struct addr *list, size_t count);
void why_add_endpoints(struct text *t, const struct endpoint *list, size_t count);

#endif

/* The name servers of each network link, for `hark why`: which of them a name goes to, what they say, and
 * what is odd about it. */
#ifndef HARK_CLI_WHY_LINKS_H
#define HARK_CLI_WHY_LINKS_H

#include "cli/out.h"
#include "cli/system_question.h"
#include "lib/links.h"

struct why;

/* One server of a link that is asked. */
struct why_link_question {
    const struct link *link;
    uint32_t server; /* of the link's */
    struct child child;
    struct stub_said said;
    bool done;
};

struct why_links {
    struct child child;
    bool begun;
    bool judged; /* links_route() was */
    struct links told;
    struct why_link_question questions[LINK_QUESTIONS_MAX];
    unsigned count;
};

/** Asks the bus, without waiting. */
void why_links_begin(struct why_links *l);
/** Hears it, and asks the servers that the question goes to, without waiting. compare: also those that would
 * be asked if no link claimed the name. */
void why_links_ask(struct why_links *l, const struct system_question *q, bool compare);
void why_links_end(struct why_links *l, int64_t until_us);
void why_links_view(struct out *out, const struct why *w);
/** A rule of why_notice(). */
void why_links_notice(struct why *w);
/** A new reference; NULL: nobody told. */
json_t *why_links_json(const struct why *w);

#endif

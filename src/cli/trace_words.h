/* What page and picture say of a walk's steps. */
#ifndef HARK_CLI_TRACE_WORDS_H
#define HARK_CLI_TRACE_WORDS_H

#include "cli/out.h"
#include "cli/trace_walk.h"

#define TRACE_SILENT_SHOWN 3u /* messages without a reply in a row */

/** A message that got no reply. NULL is none. */
bool trace_is_silent(const struct walk_step *s);
/** "", or "s" of several. */
const char *trace_plural(unsigned n);
/** "the root", or the name without its final dot. Returns it, or buf. */
const char *trace_zone_name(const name_t *zone, char buf[NAME_TEXT_LEN]);
/** What was sent: the name, and its type. */
void trace_add_asked(struct text *t, const struct walk_step *message);
/** What the message came to; "" if it got no reply. */
enum out_style trace_add_said(struct text *t, const struct trace_walk *w, const struct walk_step *message);
/** What a WALK_KNOWN or WALK_CACHED step says. */
void trace_add_known(struct text *t, const struct event *e);
/** What a WALK_NOTE or WALK_FAILED step says; false: nothing that is worth a line. */
bool trace_add_note(struct text *t, const struct event *e);
/** "12 ms", "no reply", "refused": at most 9 characters. */
void trace_add_time(struct text *t, const struct walk_step *message);
/** "bogus" of what the server said; else "secure", "insecure: no DS", "bogus" of the zone that was asked;
 * nothing where nobody judged. */
enum out_style trace_add_mark(struct text *t, const struct trace_walk *w, const struct walk_step *message);
/** "Which are the root's name servers today?" and the like. */
void trace_add_question(struct text *t, const struct walk_question *q);

/** The message of priming that went as it should; NULL: there is more to tell of it. */
const struct walk_step *trace_primed(const struct walk_question *q);
/** "13 servers today, by a.root-servers.net" */
void trace_add_primed(struct text *t, const struct walk_step *message);

/* Look-ups of the chain of trust, taken together. */
struct trace_trust {
    unsigned messages, unanswered;
    int64_t from_ms, to_ms;         /* of the messages */
    unsigned zone_count;            /* zones whose DS or keys were asked for */
    const name_t *zones[16];        /* the first ones */
    const struct event *reasons[4]; /* of what went wrong: the first ones that differ */
    unsigned reason_count;
};

/** Those that stand in a row from that sub-question on, with what is below them; returns the last one. */
const struct walk_step *trace_trust_run(struct trace_trust *t, const struct walk_step *s);
/** "3 messages for the keys of the root, org and 3 more", within that width if it can be. */
void trace_trust_words(struct text *t, const struct trace_trust *trust, size_t width);

#endif

#include "control/event_filter.h"

#include <string.h>

#include "base/nearest.h"
#include "dns/msg.h"

static bool read_tag(struct event_filter *f, const char *word, struct text *problem)
{
    const char *tags[EVENT_COUNT + 2] = {[EVENT_COUNT] = "failures"};
    for (int i = 0; i < EVENT_COUNT; i++) {
        tags[i] = event_tag((enum event_kind)i);
        if (strcmp(word, tags[i]) == 0) {
            f->kinds |= EVENT_BIT(i);
            return true;
        }
    }
    const char *near = nearest_word(word, tags);
    text_add(problem, "there is no such event; ");
    if (near) {
        text_printf(problem, "did you mean %s?", near);
        return false;
    }
    text_add(problem, "there are ");
    for (int i = 0; i <= EVENT_COUNT; i++)
        text_printf(problem, "%s, ", tags[i]);
    text_add(problem, "name=SUFFIX");
    return false;
}

bool event_filter_read(
    struct event_filter *out, const char *const *words, unsigned count, struct text *problem)
{
    *out = (struct event_filter){0};
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(words[i], "failures") == 0) {
            out->failures = true;
        } else if (strncmp(words[i], "name=", 5) == 0) {
            if (out->named || name_from_text(out->suffix, words[i] + 5, strlen(words[i] + 5), NULL)) {
                text_add(
                    problem, out->named ? "one name= is all there can be" : "that is no name after name=");
                return false;
            }
            out->named = true;
        } else if (!read_tag(out, words[i], problem)) {
            return false;
        }
    }
    if (!out->kinds)
        out->kinds = (uint32_t)((UINT64_C(1) << EVENT_COUNT) - 1);
    return true;
}

static bool is_failure(const struct event *e)
{
    switch (e->kind) {
    case EVENT_USELESS:
    case EVENT_TIMEOUT:
    case EVENT_NEAR_MISS:
    case EVENT_SCRUBBED:
    case EVENT_STALE:
    case EVENT_FAILED:
        return true;
    case EVENT_CHAIN:
    case EVENT_VALIDATED:
        return e->verdict == VERDICT_BOGUS;
    case EVENT_DONE:
        return e->rcode != RCODE_NOERROR && e->rcode != RCODE_NXDOMAIN;
    default:
        return false;
    }
}

bool event_filter_takes(const struct event_filter *f, const struct event *e)
{
    if (!(f->kinds & EVENT_BIT(e->kind)) || (f->failures && !is_failure(e)))
        return false;
    return !f->named || name_is_within(e->qname, f->suffix) ||
           (e->root_name && name_is_within(e->root_name, f->suffix));
}

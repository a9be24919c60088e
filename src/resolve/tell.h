/* Questions of the resolver's own that are asked for nobody's answer, but so that somebody hears them: which
 * keys are trusted here (RFC 8145), and what of a zone fails (RFC 9567). Both are off by default. */
#ifndef HARK_RESOLVE_TELL_H
#define HARK_RESOLVE_TELL_H

#include "defs/limits.h"
#include "dns/edns.h"

struct job;
struct send;

/* Error reports sent. */
struct reports {
    int64_t due_ms; /* when the next one would be due at REPORT_SPACING_MS; the burst is how far it may lie
                       ahead */
    struct {
        uint64_t hash;
        int64_t until_ms;
    } sent[REPORTS_REMEMBERED];
};

/** A message for the DNSKEY of a zone with a trust anchor says which keys are trusted (RFC 8145 4).
 * octets[2 * ANCHOR_TAGS_MAX] must live as long as opt. */
void tell_keys_in(const struct send *s, struct edns *opt, uint8_t *octets);
/** The job, which was for DNSKEY of such a zone, is done: likewise as a question (RFC 8145 5). */
void tell_keys(struct job *j);
/** Whom the zone that is asked now wants to hear of failures. */
void tell_learn(struct job *j, const struct edns *opt);
/** Is the name, which the job is to ask a part of, below where reports go? The agent is to hear it whole:
 * labels denied on the way would end it. */
bool tell_is_report(const struct job *j, const name_t *name);
/** The job is done: if it failed, the zone's agent hears of it. */
void tell_failure(struct job *j);

#endif

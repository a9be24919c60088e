/* Entries against messages: does it match, how would it answer, and how do the two differ? */
#ifndef HARK_SCENARIO_ENTRY_H
#define HARK_SCENARIO_ENTRY_H

#include "base/text.h"
#include "base/transport.h"
#include "scenario.h"

/** The parts of what the entry compares that differ in m (0: it matches). m came over t.
 * The DO bit is never compared. */
unsigned entry_differs(const struct entry *e, const struct msg *m, enum transport t);
/** The entry's answer to `query`, as a server would send it over t: longer than the query allows over UDP, it
 * is cut to TC. Returns the length; 0: no answer is sent. cap should be 65,535. */
size_t entry_answer(
    const struct entry *e, const struct msg *query, enum transport t, uint8_t *out, size_t cap);
/** The query that the entry describes, with EDNS. Returns the length; 0: it does not fit. */
size_t entry_query(const struct entry *e, uint16_t id, uint8_t *out, size_t cap);
/** The message that the entry describes, to be shown beside another. */
void entry_to_msg(const struct entry *e, struct msg *out);
/** "answer, rcode" */
void match_to_text(struct text *t, unsigned set);

#endif

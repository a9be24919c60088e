/* What a server of world.h replies: which of its rules fits, and the octets. */
#ifndef HARK_TESTS_RESOLVE_WORLD_REPLY_H
#define HARK_TESTS_RESOLVE_WORLD_REPLY_H

#include "world.h"

/** Of that name, or below it ("*.zone."), or of any (NULL). */
bool world_rule_names(const struct world_rule *rule, const name_t *name);
/** The first that fits; NULL: none does. */
const struct world_rule *world_rule_find(
    const struct world_rule *rules, size_t count, const char *addr, const struct msg *q);
/** Sets *as to the rule as it replies to that query's cookie. False: there is no answer. */
bool world_rule_heed_cookie(
    const struct msg *q, const struct world_rule *rule, bool udp, struct world_rule *as);
/** Fills buf[MSG_MAX_LEN]; rule NULL: without records. Returns its length. */
size_t world_reply_build(uint8_t *buf, const struct msg *q, const struct world_rule *rule, uint16_t flags,
    uint16_t rcode, struct arena *a);
/** What TuDoor-like attackers send first: the right ID, and something wrong (threat P12, M18). Returns its
 * length. */
size_t world_reply_damage(uint8_t *buf, size_t len, unsigned which);

#endif

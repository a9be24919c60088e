/* How often those are told so who may not ask. Their addresses may be forged: then each refusal goes to
 * somebody who never asked (threat A23). A token bucket a /24 or /56, in a small table of fixed size that all
 * threads share. Where two active neighbourhoods meet in the table, the later one hears nothing: he loses an
 * error message, no service. */
#ifndef HARK_POLICY_STRANGERS_H
#define HARK_POLICY_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"

struct strangers;

struct strangers *strangers_new(const struct hash_key *key);
void strangers_free(struct strangers *s);
/** May this client be told that he is refused? From any thread. */
bool strangers_may_hear(struct strangers *s, const struct addr *client, int64_t mono_ms);

#endif

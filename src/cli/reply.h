/* Members of what harkd replied, and how the views say them. A member that is missing, or of another kind
 * than expected, is none: harkd may be older or newer than this hark. */
#ifndef HARK_CLI_REPLY_H
#define HARK_CLI_REPLY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/text.h"

bool reply_has(const json_t *j, const char *key);
bool reply_is_true(const json_t *j, const char *key);
/** "" where there is none. */
const char *reply_text(const json_t *j, const char *key);
/** "-" where there is none. */
const char *reply_shown(const json_t *j, const char *key);
/** 0 where there is none. */
long long reply_number(const json_t *j, const char *key);

/** As people write names: without the final dot. */
void reply_add_name(struct text *t, const char *name);
/** The same, and "the root". */
void reply_add_zone(struct text *t, const char *name);
/** "www.example A", of those two members. */
void reply_add_question(struct text *t, const json_t *j, const char *name, const char *type);
/** "EDE 22, No Reachable Authority", of a member "ede": {"code": 22, "purpose": "…"}. */
void reply_add_ede(struct text *t, const json_t *ede);
/** "ns1.example 192.0.2.1 over TCP", of members server, address and transport. */
void reply_add_server(struct text *t, const json_t *j);

#endif

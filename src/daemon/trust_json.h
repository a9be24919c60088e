/* What is trusted, as `hark ctl anchors` and `hark ctl nta list` tell it. */
#ifndef HARK_DAEMON_TRUST_JSON_H
#define HARK_DAEMON_TRUST_JSON_H

#include <jansson.h>
#include <limits.h>

#include "dnssec/rfc5011.h"
#include "lib/trust.h"

struct trust_facts {
    struct anchors *anchors;      /* as the workers have them; owned */
    struct rfc5011 root;          /* what was seen of the root's keys */
    struct negative_anchor *ntas; /* the operator's; zones are owned */
    size_t nta_count;
    bool validates, follows; /* follows: looks at the root's keys now and then */
    bool clock_known;
    struct trust_origin origin; /* of the root's anchors */
    struct config_roots roots;  /* where walks begin */
    char folder[PATH_MAX];      /* where `root` is remembered; "": nowhere */
};

/** "2027-01-31T12:00:00Z", in buf. */
const char *trust_date(int64_t wall_s, char buf[32]);
json_t *trust_json(const struct trust_facts *f);
json_t *trust_json_negatives(const struct trust_facts *f);

#endif

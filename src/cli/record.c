#include "cli/record.h"

#include "dns/rdata.h"

void record_short(struct out *out, const struct rr *rr)
{
    struct text t;
    text_init(&t);
    rdata_to_text(&t, rr->type, rr->class, &rr->rdata);
    out_put(out, STYLE_PLAIN, t.data);
    out_end(out);
    text_fini(&t);
}

/* Who asks, and may he? */
#include <string.h>

#include "policy/access.h"
#include "serve/inner.h"

/* RFC 7873 5.2: the reply has a cookie whatever else it says, so it is made before anything is judged. */
enum step_end step_cookie(struct visit *v)
{
    struct request *rq = v->rq;
    struct serve_settings *settings = &v->s->settings;
    if (rq->cookie_len && settings->cookies) {
        v->sent_cookie = rq->cookie_len > COOKIE_CLIENT_LEN;
        rq->cookie_good = cookie_take(
            &settings->cookie_secrets, &rq->client, rq->cookie, rq->cookie_len, (uint32_t)v->now.wall_s);
    }
    return STEP_NEXT;
}

/* Before the message's faults are: a stranger learns no more from a bad message than from a good one. Where
 * the address may be forged, few are told, so that nobody can be flooded from here (threat A23). */
enum step_end step_access(struct visit *v)
{
    const struct serve_settings *settings = &v->s->settings;
    const struct request *rq = v->rq;
    serve_count(&v->s->counters.refused);
    if (rq->transport == TRANSPORT_UDP && !rq->cookie_good && settings->strangers &&
        !strangers_may_hear(settings->strangers, &rq->client, v->now.mono_ms))
        return STEP_SILENT;
    return step_refuse(v, RCODE_REFUSED, EDE_PROHIBITED, "this client is not in the access list");
}

enum step_end step_form(struct visit *v)
{
    const struct serve *s = v->s;
    switch (v->form) {
    case REQUEST_OPCODE: /* RFC 1035 4.1.1; what follows the header has another form in every opcode */
        return step_refuse(v, RCODE_NOTIMP, EDE_NONE, "");
    case REQUEST_COOKIE: /* RFC 7873 5.4 */
        if (s->settings.cookies)
            return step_refuse(
                v, v->sent_cookie && !v->rq->cookie_good ? RCODE_BADCOOKIE : RCODE_NOERROR, EDE_NONE, "");
        return step_refuse(v, RCODE_FORMERR, EDE_NONE, "");
    case REQUEST_OK:
        /* RFC 6891 6.1.3 */
        if (v->rq->edns && v->rq->edns_version != 0)
            return step_refuse(v, RCODE_BADVERS, EDE_NONE, "");
        return STEP_NEXT;
    default:
        return step_refuse(v, RCODE_FORMERR, EDE_NONE, "");
    }
}

/* RFC 7873 5.2.3: who knows cookies comes back with one; who does not, over TCP. */
enum step_end step_proof(struct visit *v)
{
    const struct serve_settings *settings = &v->s->settings;
    const struct request *rq = v->rq;
    if (!settings->cookies_require || rq->transport != TRANSPORT_UDP || rq->cookie_good)
        return STEP_NEXT;
    if (rq->cookie_len && settings->cookies)
        return step_refuse(v, RCODE_BADCOOKIE, EDE_NONE, "");
    step_refuse(v, RCODE_NOERROR, EDE_NONE, "");
    v->reply->data[2] |= FLAG_TC >> 8;
    return STEP_REPLIED;
}

/* Whether somebody asked for a name is nobody else's business; who runs the server may look. */
enum step_end step_snoop(struct visit *v)
{
    static const struct prefix_list nobody;
    if (v->rq->flags & FLAG_RD || access_allows(&v->s->settings.snoopers, &nobody, &v->rq->client))
        return STEP_NEXT;
    return step_refuse(v, RCODE_REFUSED, EDE_PROHIBITED, "recursion was not asked for");
}

/* Cookies to servers (RFC 7873, RFC 9018): 64 bits more that somebody off the path would have to guess.
 *
 * The client's part is drawn by chance for each server and kept together with what the server gave for it.
 * When the network changes all are forgotten, so that nobody can follow a machine from address to address by
 * them.
 */
#include <string.h>

#include "resolve/reply.h"

/* Servers of a zone that say BADCOOKIE again, after which none of its servers is asked a second time for it:
 * each (server, feature) once is not enough where thirteen do so (threat A14). */
#define OBJECTIONS_MAX 3u

void cookie_write(struct send *s, struct edns *opt)
{
    struct job *j = s->job;
    struct resolver *r = j->r;
    struct candidate *c = &j->zone.candidates[s->candidate];
    struct server_cookie known;
    if (!r->set.cookies || !s->with_edns || c->no_cookie)
        return;
    bool is_known = c->facts.cookie_known && cache_cookie_get(r->cache, &s->to, r->now.cache_s, &known);
    if (!is_known)
        known = (struct server_cookie){.epoch = cache_cookies_epoch(r->cache)};
    /* A server that does not answer may be one that drops what it does not know. */
    if (known.unwanted || (known.server_len == 0 && c->tries > 0 && s->transport == TRANSPORT_UDP))
        return;
    if (!is_known)
        random_octets(r->rng, known.client, sizeof known.client);
    s->with_cookie = true;
    s->cookie_epoch = known.epoch;
    s->cookie_due = known.server_len > 0;
    memcpy(s->cookie, known.client, sizeof s->cookie);
    memcpy(opt->cookie, known.client, COOKIE_CLIENT_LEN);
    memcpy(opt->cookie + COOKIE_CLIENT_LEN, known.server, known.server_len);
    opt->cookie_len = (uint8_t)(COOKIE_CLIENT_LEN + known.server_len);
}

bool cookie_matches(const struct send *s, const struct edns *opt)
{
    if (!s->with_cookie)
        return true;
    if (opt->cookie_len)
        return memcmp(opt->cookie, s->cookie, COOKIE_CLIENT_LEN) == 0;
    /* RFC 7873 5.3: missing where it was to be expected. Over TCP it only says that the server has given
     * cookies up. */
    return !s->cookie_due || s->transport == TRANSPORT_TCP;
}

static void keep(struct job *j, struct candidate *c, const struct server_cookie *cookie)
{
    cache_cookie_put(j->r->cache, &c->at, cookie, j->r->now.cache_s);
    if (c->facts.cookie_known)
        return;
    c->facts.cookie_known = 1;
    facts_save(j, c);
}

bool cookie_is_stale(const struct send *s)
{
    return s->with_cookie && s->cookie_epoch != cache_cookies_epoch(s->job->r->cache);
}

bool cookie_learn(const struct send *s, const struct edns *opt, unsigned lost)
{
    struct candidate *c = &s->job->zone.candidates[s->candidate];
    struct server_cookie cookie = {.epoch = cache_cookies_epoch(s->job->r->cache)};
    if (!s->job->r->set.cookies)
        return false;
    if (!s->with_cookie) {
        /* Silent when it was sent one, answers without: it gets none for a while. */
        cookie.unwanted = true;
        if (lost > 0 && s->with_edns)
            keep(s->job, c, &cookie);
        return false;
    }
    cookie.epoch = s->cookie_epoch;
    memcpy(cookie.client, s->cookie, COOKIE_CLIENT_LEN);
    if (opt->cookie_len > COOKIE_CLIENT_LEN) {
        cookie.server_len = (uint8_t)(opt->cookie_len - COOKIE_CLIENT_LEN);
        memcpy(cookie.server, opt->cookie + COOKIE_CLIENT_LEN, cookie.server_len);
        keep(s->job, c, &cookie);
        return true;
    }
    if (s->cookie_due)
        keep(s->job, c, &cookie);
    return false;
}

static enum job_state again(struct job *j, const struct reply *rep, const char *text)
{
    const struct candidate *c = &j->zone.candidates[rep->candidate];
    JOB_EVENT(j, EVENT_FALLBACK, .server = c->server, .to = &c->at, .tag = rep->tag, .text = text);
    return send_to(j, rep->candidate, rep->transport) ? JOB_WAIT_REPLY : out_of_work(j);
}

/* RFC 7873 5.3: once more with the cookie that it gave, then over TCP, then it is of no use. */
enum job_state cookie_refused(struct job *j, struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    /* What was sent before the new cookie was there says nothing of it. */
    if (c->renewed && rep->id < c->renewed)
        return is_in_patience(j) ? JOB_WAIT_REPLY : JOB_PICK;
    /* The cookie belonged to another network, and this one is not kept. */
    if (rep->cookie_stale)
        return is_in_patience(j) ? JOB_WAIT_REPLY : again(j, rep, "asking with a new cookie");
    if (!c->renewed && j->zone.cookie_objections < OBJECTIONS_MAX) {
        c->renewed = j->r->last_id + 1;
        return again(j, rep, "asking with the new cookie");
    }
    bool more = c->renewed && rep->transport == TRANSPORT_UDP && !c->stream_tried && !c->stream_failed;
    j->zone.cookie_objections++;
    j->zone.trouble = (struct reason){EDE_NO_REACHABLE_AUTHORITY, rep->tag, rep->text};
    c->stream = more;
    c->dead = !more;
    return JOB_PICK;
}

/* The server knows EDNS and objects: to what else than the option that it does not know? */
enum job_state cookie_unwanted(struct job *j, struct reply *rep)
{
    struct candidate *c = &j->zone.candidates[rep->candidate];
    struct server_cookie none = {.unwanted = true, .epoch = cache_cookies_epoch(j->r->cache)};
    if (c->no_cookie) /* an earlier try's: it is asked without already */
        return is_in_patience(j) ? JOB_WAIT_REPLY : JOB_PICK;
    c->no_cookie = true;
    keep(j, c, &none);
    return again(j, rep, "asking without a cookie");
}

/* JOB_PICK, JOB_WAIT_REPLY, JOB_TIMER: the next message,
 * and waiting for what it or an address look-up brings. */
#include "resolve/job.h"

/* A name server's address that is not there after this long: the next name is looked up beside it. */
#define LOOK_UP_PATIENCE_MS 400

/* ---- addresses of name servers ---- */

static bool may_look_up(struct job *j)
{
    const struct zone_stage *z = &j->zone;
    /* CVE-2020-8616: a referral that lists many names gets few tries. */
    if (z->cut->listed_many && (z->failed_servers >= DELEGATION_BIG_FAILURES_MAX ||
                                   j->work->messages - z->entered_messages >= DELEGATION_BIG_MESSAGES_MAX))
        return false;
    if (j->work->target_failures + WORK_TARGET_FAILURES_AFTER_ALIASES(j->alias_depth) <
        WORK_TARGET_FAILURES_MAX)
        return true;
    j->limited = true;
    return false;
}

/* The next name without an address; names outside of the zone first: they cost the parent nothing. */
static int next_server(const struct job *j)
{
    int inside = -1;
    for (unsigned i = 0; i < j->zone.server_count; i++) {
        const struct server *sv = &j->zone.servers[i];
        if (sv->state != SERVER_UNASKED)
            continue;
        if (!name_is_within(sv->name, j->zone.cut->zone))
            return (int)i;
        if (inside < 0)
            inside = (int)i;
    }
    return inside;
}

static void server_failed(struct job *j, struct server *sv)
{
    sv->state = SERVER_FAILED;
    j->zone.failed_servers++;
    j->work->target_failures++;
    if (!j->zone.trouble.tag)
        j->zone.trouble = (struct reason){EDE_NO_REACHABLE_AUTHORITY, "no-server-address",
            "no address of a name server of the zone could be found"};
}

static bool is_address(const struct link *l)
{
    return l->purpose == PURPOSE_ADDRESS || l->purpose == PURPOSE_PARENT_ADDRESS;
}

static bool ask_address(struct job *j, unsigned server, uint16_t type, enum purpose purpose)
{
    struct server *sv = &j->zone.servers[server];
    if (job_sub(j, sv->name, type, purpose, server) != SUB_STARTED) {
        server_failed(j, sv);
        return false;
    }
    sv->state = type == TYPE_A ? SERVER_ASKED_A : SERVER_ASKED_AAAA;
    j->zone.look_up_ms = j->r->now.mono_ms;
    return true;
}

/* A name inside the zone could only be looked up at the servers that it is needed for: its parent's are asked
 * for the glue that the referral should have brought (RFC 9471). */
static enum purpose purpose_of(const struct job *j, unsigned server)
{
    bool inside = name_is_within(j->zone.servers[server].name, j->zone.cut->zone);
    return inside && !name_is_root(j->zone.cut->zone) ? PURPOSE_PARENT_ADDRESS : PURPOSE_ADDRESS;
}

/* Begins one more address look-up, unless one began just now. True: one is running. */
static bool look_up(struct job *j)
{
    uint16_t type = j->r->set.use_v4 ? TYPE_A : TYPE_AAAA;
    bool pending = false;
    for (const struct link *l = j->subs; l; l = l->next_of_parent)
        pending = pending || (is_address(l) && !l->done);
    if (pending && j->r->now.mono_ms < j->zone.look_up_ms + LOOK_UP_PATIENCE_MS)
        return true;
    for (int i; may_look_up(j) && (i = next_server(j)) >= 0;)
        if (ask_address(j, (unsigned)i, type, purpose_of(j, (unsigned)i)))
            return true;
    return pending;
}

static void address_came(struct job *j, const struct link *l)
{
    struct server *sv = &j->zone.servers[l->server];
    const struct outcome *o = &l->child->out;
    const struct rrset *rs = rrset_list_find(&o->answer, NULL, l->type);
    for (unsigned i = 0; rs && i < rs->count; i++) {
        struct addr a = l->type == TYPE_A ? addr_v4(rs->rdata[i].data) : addr_v6(rs->rdata[i].data);
        sv->has_address = true;
        candidate_add(j, sv->name, &a, false);
    }
    /* What its own zone says may still be asked for, once. */
    bool again = rs && rs->rank == RANK_GLUE && l->purpose == PURPOSE_ADDRESS && !sv->asked_again;
    sv->asked_again = sv->asked_again || again;
    if (sv->has_address)
        sv->state = again ? SERVER_UNASKED : SERVER_RESOLVED;
    else if (l->type == TYPE_A && j->r->set.use_v6 && o->rcode == RCODE_NOERROR)
        ask_address(j, l->server, TYPE_AAAA, l->purpose);
    else {
        j->limited = j->limited || l->child->limited;
        server_failed(j, sv);
    }
}

/* Reads the address look-ups that ended. True if there were any. */
static bool addresses_collect(struct job *j)
{
    struct link *done = NULL;
    for (struct link **p = &j->subs, *l; (l = *p);) {
        if (!l->done || !is_address(l)) {
            p = &l->next_of_parent;
            continue;
        }
        *p = l->next_of_parent;
        l->next_of_parent = done;
        done = l;
    }
    for (struct link *l = done, *next; l; l = next) {
        next = l->next_of_parent;
        address_came(j, l);
    }
    return done != NULL;
}

void look_up_extra(struct job *j)
{
    struct resolver *r = j->r;
    if (!r->set.extra_addresses || j->depth > 0 || j->zone.candidate_count != 1)
        return;
    int i = next_server(j);
    if (i < 0 || name_is_within(j->zone.servers[i].name, j->zone.cut->zone))
        return;
    struct job *extra = job_find_or_new(
        r, j->zone.servers[i].name, r->set.use_v4 ? TYPE_A : TYPE_AAAA, CLASS_IN, (struct job_flags){0});
    if (extra->work)
        return;
    /* It pays from the question's own work: together they cost no more than any question. */
    extra->work = j->work;
    extra->work->refs++;
    extra->depth = 1;
}

/* What the parent of a server's own zone says its address is: it is there already, and that zone is reached
 * by it. Before any look-up where the delegation has no address, and again when a look-up gave addresses that
 * do not serve. */
static void add_parent_glue(struct job *j)
{
    struct zone_stage *z = &j->zone;
    for (unsigned i = 0; i < z->server_count; i++) {
        const struct cut *own =
            cache_cut_deepest(j->r->cache, z->servers[i].name, j->r->now.cache_s, &j->arena);
        for (unsigned k = 0; own && k < own->server_count; k++) {
            const struct cut_server *cs = &own->servers[k];
            for (unsigned n = 0; name_equal(cs->name, z->servers[i].name) && n < cs->addr_count; n++)
                candidate_add(j, z->servers[i].name, &cs->addrs[n], false);
        }
    }
}

/* Names that the zone itself lists and its parent does not. */
static void add_child_servers(struct job *j)
{
    struct zone_stage *z = &j->zone;
    const struct rrset *ns =
        cache_rrset_get(j->r->cache, z->cut->zone, TYPE_NS, j->class, j->r->now.cache_s, &j->arena);
    unsigned listed = z->server_count;
    for (unsigned i = 0; ns && i < ns->count && z->server_count < DELEGATION_NAMES_MAX; i++) {
        const name_t *name = rdata_target(TYPE_NS, &ns->rdata[i]);
        bool known = false;
        for (unsigned k = 0; k < listed && !known; k++)
            known = name_equal(z->servers[k].name, name);
        if (!known)
            z->servers[z->server_count++] = (struct server){.name = name};
    }
}

/* Servers whose address of one family has no route from here may have one of the other. Names inside the zone
 * could only be looked up at these very servers. */
static bool look_up_other_family(struct job *j)
{
    struct zone_stage *z = &j->zone;
    bool any = false;
    for (unsigned i = 0; i < z->candidate_count && j->r->set.use_v4 && j->r->set.use_v6; i++) {
        const struct candidate *c = &z->candidates[i];
        if (!c->no_route || name_is_within(c->server, z->cut->zone) || !may_look_up(j))
            continue;
        for (unsigned k = 0; k < z->server_count; k++)
            if (z->servers[k].name == c->server && z->servers[k].state == SERVER_RESOLVED)
                any =
                    ask_address(j, k, c->at.addr.family == FAMILY_V4 ? TYPE_AAAA : TYPE_A, PURPOSE_ADDRESS) ||
                    any;
    }
    return any;
}

/* The last resort, once a zone. True: there is somebody more to ask. */
static bool last_resort(struct job *j)
{
    struct zone_stage *z = &j->zone;
    unsigned candidates = z->candidate_count, servers = z->server_count;
    if (z->last_resort_taken)
        return false;
    z->last_resort_taken = true;
    add_parent_glue(j);
    add_child_servers(j);
    bool asked = look_up_other_family(j);
    return asked || z->candidate_count > candidates || z->server_count > servers;
}

/* ---- the steps ---- */

enum job_state out_of_work(struct job *j)
{
    j->limited = true;
    return job_fail(j, EDE_OTHER, "work-limit", "the question needs more messages than it may cause");
}

static enum job_state nobody_left(struct job *j)
{
    if (zone_afresh(j))
        return JOB_PICK;
    struct reason why = j->zone.trouble;
    if (!why.tag)
        why = (struct reason){
            EDE_NO_REACHABLE_AUTHORITY, "no-servers", "the zone has no name server that could be asked"};
    return job_fail(j, why.ede, why.tag, why.text);
}

/* A candidate whose exchange is to be finished over TCP, or -1. */
static int stream_wanted(const struct job *j)
{
    for (unsigned i = 0; i < j->zone.candidate_count; i++) {
        const struct candidate *c = &j->zone.candidates[i];
        if (c->stream && !c->stream_tried && !c->dead)
            return (int)i;
    }
    return -1;
}

/* When the patience with the first of those that are waited for ends; INT64_MAX: nobody is. */
static int64_t sends_over_ms(const struct job *j)
{
    int64_t at = INT64_MAX;
    for (const struct send *s = j->sends; s; s = s->next)
        if (!s->patience_over && s->patience_ms < at)
            at = s->patience_ms;
    return at;
}

enum job_state step_pick(struct job *j)
{
    int64_t now_ms = j->r->now.mono_ms;
    if (j->zone.candidate_count == 0 && !j->zone.glue_taken) {
        j->zone.glue_taken = true;
        add_parent_glue(j);
    }
    addresses_collect(j); /* some may have ended in this very turn, before the link came up */
    bool spent = pick_is_spent(j);
    int i = spent ? -1 : stream_wanted(j);
    if (i >= 0) {
        JOB_EVENT(j, EVENT_FALLBACK, .to = &j->zone.candidates[i].at, .server = j->zone.candidates[i].server,
            .transport = TRANSPORT_TCP, .tag = "tcp", .text = "asking over TCP");
        return send_to(j, (unsigned)i, TRANSPORT_TCP) ? JOB_WAIT_REPLY : out_of_work(j);
    }
    i = spent ? -1 : pick_candidate(j);
    bool looking = false;
    if (!spent && (i < 0 || j->zone.candidates[i].tries > 0))
        looking = look_up(j);
    if (i >= 0 && (!pick_exhausted(j) || pick_is_owed(j, (unsigned)i))) {
        probe_settle(j);
        if (probe_wait(j))
            return JOB_WAIT_PROBE;
        int picked = i;
        bool first = ask_is_minimised(j) && j->zone.asked == 0;
        i = turn_candidate(j, (unsigned)picked);
        if (i < 0)
            return turn_wait(j, (unsigned)picked);
        /* A server that is known to spoil letter case is asked where case does not matter. */
        bool stream = j->r->set.case_random && j->zone.candidates[i].facts.case_broken;
        if (!send_to(j, (unsigned)i, stream ? TRANSPORT_TCP : TRANSPORT_UDP))
            return out_of_work(j);
        probe_begin(j, first);
        return JOB_WAIT_REPLY;
    }
    int64_t again = spent || pick_exhausted(j) ? INT64_MAX : pick_again_ms(j);
    if (looking && now_ms + LOOK_UP_PATIENCE_MS < again)
        again = now_ms + LOOK_UP_PATIENCE_MS;
    int64_t over_ms = sends_over_ms(j);
    j->patience_ms = over_ms < again ? over_ms : again;
    if (looking || again != INT64_MAX)
        return JOB_WAIT_REPLY;
    if (!spent && last_resort(j))
        return JOB_PICK;
    /* A late answer still counts (docs/threats.md). */
    return j->sends ? JOB_WAIT_REPLY : nobody_left(j);
}

void stream_useless(struct job *j, struct candidate *c)
{
    if (!c->truncated || reach_excuses(j))
        return;
    facts_lame(j, c);
}

bool is_in_patience(const struct job *j)
{
    for (const struct send *s = j->sends; s; s = s->next)
        if (!s->patience_over)
            return true;
    return false;
}

enum job_state step_wait_reply(struct job *j)
{
    /* First: look-ups that ended are gone with the next call from outside, whatever the reply leads to. */
    bool news = addresses_collect(j);
    if (j->reply) {
        struct reply *rep = j->reply;
        j->reply = NULL;
        return reply_handle(j, rep);
    }
    if (stream_wanted(j) >= 0 || (news && !is_in_patience(j)))
        return JOB_PICK;
    return JOB_WAIT_REPLY;
}

enum job_state step_timer(struct job *j)
{
    struct resolver *r = j->r;
    j->patience_ms = INT64_MAX;
    addresses_collect(j);
    for (struct send *s = j->sends, *next; s; s = next) {
        next = s->next;
        struct candidate *c = &j->zone.candidates[s->candidate];
        if (s->patience_over || s->patience_ms > r->now.mono_ms)
            continue;
        s->patience_over = true;
        if (s->bare_error && s->with_edns) {
            /* A header alone said FORMERR or NOTIMP, and nothing better came: a server of before EDNS. */
            c->no_edns = true;
            c->tries = 0;
            j->zone.edns_objections++;
            JOB_EVENT(j, EVENT_FALLBACK, .to = &s->to, .server = c->server, .sent_name = send_name(s),
                .sent_type = s->type, .send = s->id, .tag = "no-edns", .text = "asking without EDNS");
            send_drop(s);
            continue;
        }
        turn_end(s, FLIGHT_SILENT);
        pick_silence(j);
        j->zone.trouble = (struct reason){
            EDE_NO_REACHABLE_AUTHORITY, "silent-servers", "the name servers did not answer in time"};
        JOB_EVENT(j, EVENT_TIMEOUT, .to = &s->to, .server = c->server, .transport = s->transport,
            .sent_name = send_name(s), .sent_type = s->type, .send = s->id);
        if (s->transport == TRANSPORT_UDP)
            reach_silence(j, s);
        else
            stream_useless(j, c);
    }
    return JOB_PICK;
}

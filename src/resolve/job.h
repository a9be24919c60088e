/* Inside the core: jobs, their stages, what they wait for. Only files of src/resolve include this.
 *
 * A job answers one question (name, type, class) for all its waiters and for the jobs that need it. It is a
 * state machine: a step function reads its job, may push actions and ask sub-questions, and returns the next
 * state. Waiting is the return value JOB_WAIT_*; whatever is awaited wakes the job through job_wake(), and
 * the pump runs every woken job until none is left. No step ever calls into another job's step.
 */
#ifndef HARK_RESOLVE_JOB_H
#define HARK_RESOLVE_JOB_H

#include "base/heap.h"
#include "base/table.h"
#include "dns/msg.h"
#include "dns/rdata.h"
#include "resolve/probe.h"
#include "resolve/reach.h"
#include "resolve/refresh.h"
#include "resolve/resolve.h"
#include "resolve/stale.h"
#include "resolve/tell.h"
#include "resolve/turn.h"

enum job_state {
    JOB_KNOWN,        /* nothing done yet: does the cache know? */
    JOB_CUT,          /* the cache does not: where does the walk begin? */
    JOB_WAIT_PRIMING, /* no delegation of the root is known: its look-up runs */
    JOB_PICK,         /* a delegation is chosen (zone.cut): which server gets the next message? */
    JOB_WAIT_TURN,    /* the zone or its servers have enough in flight; in a line of turn.c */
    JOB_WAIT_PROBE,   /* another job asks just what this one is about to; probe.c */
    JOB_WAIT_REPLY,   /* messages are out, or name-server addresses are being looked up, or both */
    JOB_TIMER,        /* patience with the last message ended */
    JOB_WAIT_ALIAS,   /* the links are in out.answer, the target's job runs */
    JOB_VALIDATE,     /* something was found (val.found): is it true? */
    JOB_WAIT_CHAIN,   /* DS or DNSKEY of a zone is being looked up */
    JOB_WAIT_WORK,    /* a signature is to be checked; in the line of validate_work.c */
    JOB_DONE,         /* out is final */
    JOB_STATE_COUNT
};

#include "resolve/validate.h"

/* What one client question may cause; inherited by its sub-questions, never reset. */
struct work {
    unsigned refs;
    struct addr client; /* who asked; zeroed: nobody outside */
    uint32_t messages, octets, target_failures;
    uint32_t messages_max; /* little while nobody waits (job_own_work) */
    struct budget budget;  /* of validation */
    bool background;       /* nobody waits for it: it begins nothing further that nobody waits for */
    bool quiet;            /* a question of tell.c: nothing that happens on its way is told to anybody */
    /* Messages in a row that no server of a zone answered in time, for all look-ups of this question
     * together: thirteen name servers' names in one dead zone do not cost thirteen times its servers (threat
     * M3). */
    struct zone_silences {
        uint64_t zone; /* hash of its name; 0: free */
        unsigned count;
    } silent[4];
};

/* One asker from outside. */
struct waiter {
    struct table_node node; /* resolver.waiters, by id */
    struct waiter *next;
    struct job *job;
    ask_id id;
    int64_t deadline_ms;
    bool stale_ok;
    int64_t stale_ms; /* he gets what expired then (stale.c); INT64_MAX: no more, or never */
    const struct observer *observer;
};

enum purpose {
    PURPOSE_ADDRESS,        /* of a name server */
    PURPOSE_PARENT_ADDRESS, /* the same, asked above its zone: the glue that a referral left out */
    PURPOSE_ALIAS,
    PURPOSE_PRIMING,
    PURPOSE_DS,
    PURPOSE_KEYS,
};

/* A job that waits for another job. Lives in the parent's arena; listed by both until the child is done. */
struct link {
    struct job *parent, *child;
    struct link *next_of_parent, *next_of_child;
    enum purpose purpose;
    unsigned server; /* PURPOSE_ADDRESS: index into zone.servers */
    uint16_t type;
    bool done; /* the child ended; its outcome is to be read in this turn */
};

/* A message to a server that may still be answered. */
struct send {
    struct table_node node; /* resolver.sends, by id */
    struct send *next;      /* of the job */
    struct job *job;
    send_id id;
    struct endpoint to;
    enum transport transport;
    unsigned candidate; /* index into zone.candidates */
    uint16_t msg_id, type;
    name_t name[NAME_MAX_LEN]; /* as sent, letter case and all */
    bool with_edns, minimised, patience_over, bare_error;
    bool with_cookie, cookie_due; /* due: the server gives cookies */
    uint8_t cookie[COOKIE_CLIENT_LEN];
    uint32_t cookie_epoch;
    bool lost;    /* a later message to the server was answered first */
    bool counted; /* in the slots */
    uint8_t near_misses;
    uint32_t zone_slot, server_slot; /* of cache/inflight.h */
    int64_t sent_ms, patience_ms;
};

/* An address that may be asked. */
struct candidate {
    struct endpoint at;
    const name_t *server;
    struct server_facts facts;
    uint8_t tries;    /* over UDP since it last answered */
    int64_t again_ms; /* not asked again before then (pick.c) */
    bool dead;        /* useless for this zone, as this job has seen */
    bool no_route;    /* dead because this machine has no route there */
    bool lame;        /* remembered as lame: a last resort */
    bool no_edns;     /* it was asked with EDNS and objected */
    bool no_cookie;   /* something was wrong about the cookie in its answer */
    send_id renewed;  /* with the cookie that its BADCOOKIE gave; 0: not yet */
    bool stream;      /* finish over TCP */
    bool stream_tried;
    bool truncated;     /* its answer needs TCP */
    bool stream_failed; /* after a near miss; then UDP, with another ID and port, is all there is */
    bool full;          /* passed over in this turn: its address has enough in flight */
    bool case_missed;   /* echoed the name in other letters */
    uint32_t slot;      /* of cache/inflight.h; 0: not needed yet */
};

struct reply;

enum server_state { SERVER_UNASKED, SERVER_ASKED_A, SERVER_ASKED_AAAA, SERVER_RESOLVED, SERVER_FAILED };

/* A name server of the delegation. */
struct server {
    const name_t *name;
    enum server_state state;
    bool has_address;
    bool asked_again; /* its address was glue */
};

/* What the job knows of the zone that it asks now. Owned by job_cut.c and pick.c. */
struct zone_stage {
    struct cut *cut;
    uint32_t entered_s; /* now_t.cache_s; cut->ttl counts from here */
    unsigned server_count, candidate_count;
    struct server servers[DELEGATION_NAMES_MAX];
    unsigned candidate_cap;
    struct candidate *candidates; /* grows (candidate_add): a pointer into it lasts until then */
    uint64_t hash;                /* of its name */
    uint32_t slot;                /* of cache/inflight.h */
    unsigned silences;            /* tries of this job that no server of the zone answered in time */
    unsigned
        messages;     /* to the zone, over either transport, since one of them brought the question further */
    unsigned asked;   /* UDP messages for ask.name and ask.type */
    int64_t asked_ms; /* when the first of them left */
    uint32_t entered_messages;  /* work->messages then */
    int64_t look_up_ms;         /* when the last look-up of a server's address began */
    unsigned failed_servers;    /* names without an address */
    unsigned edns_objections;   /* FORMERR or NOTIMP answers to EDNS */
    unsigned cookie_objections; /* BADCOOKIE to a cookie just given */
    bool glue_taken;            /* addresses that other delegations' glue gives are candidates too */
    bool last_resort_taken;     /* names and glue that were not in the referral are candidates too */
    struct reason trouble;      /* the last thing that went wrong */
    const name_t *agent;        /* who wants to hear of failures (RFC 9567), NULL: nobody */
};

/* What is asked of the zone now. Owned by job_send.c. */
struct ask_stage {
    const name_t *name; /* points into job.name: a suffix of it */
    uint16_t type;
    unsigned labels;  /* of name */
    unsigned steps;   /* single-label steps taken so far (RFC 9156 2.3) */
    bool whole;       /* minimisation is over for this job */
    unsigned current; /* candidate asked last */
};

/* What makes questions of one name and type different. Compared as octets. */
struct job_flags {
    bool no_read, no_write, no_aliases;
    bool unchecked;   /* nobody wants it validated: CD, addresses of name servers */
    bool priming;     /* the root's own look-up: begins at the hints (RFC 9609) */
    bool parent_side; /* asked above the zone that the name lies in; glue will do, and is not kept */
};

struct job {
    struct resolver *r;
    struct arena arena;
    struct table_node node; /* resolver.jobs, by hash of the question */
    struct heap_node timer;
    struct job *next_ready, *next_dead;
    bool ready, dead;
    enum job_state state;

    name_t name[NAME_MAX_LEN]; /* lower case */
    uint16_t type, class;
    struct job_flags flags;
    unsigned depth;       /* of name-server address look-ups */
    unsigned alias_depth; /* links before this question */
    struct work *work;
    bool failed_before; /* the cache remembers failures of this question */
    bool remembered;    /* this failure of it too */
    bool owns_work;     /* a question from outside: work begins with it */
    bool thrifty;       /* asked for a delegation that lists suspiciously many servers (CVE-2020-8616) */
    bool limited;  /* a limit on work, depth or circles stood in its way: another asker might get further */
    unsigned mark; /* resolver.mark when visited by the cycle search */
    uint32_t messages;   /* sent for this job and what it waited for; what two of them share counts twice */
    uint32_t work_begin; /* work->messages when this job began */
    int64_t begin_ms;
    int64_t patience_ms; /* when JOB_TIMER is due; INT64_MAX: not armed */

    bool refreshes; /* nobody needs to wait for it (refresh.c) */
    struct stale_memo stale;
    bool turned_away; /* failed for want of a place */
    bool untrue;      /* what its servers said was false: nothing that expired may hide that */
    uint64_t afresh;  /* zone.hash of the one whose delegation was asked for again; 0: none */

    struct waiter *waiters, *last_waiter;
    unsigned waiter_count;
    struct turn turn;
    struct probe_place probe;
    struct load_place load;
    struct link *parents; /* jobs that wait for this one */
    struct link *subs;    /* what this one waits for */
    struct send *sends;
    struct reply *reply; /* heard, to be handled in this turn */
    /* The exchange whose referral is being followed, in this turn: whoever knows its port, a server above the
     * zone asked next or somebody on the way to it, decides already what is true there. Else 0. */
    send_id port_of;

    struct zone_stage zone;
    struct ask_stage ask;
    struct validation *val; /* NULL: nothing was found yet */
    struct outcome out;
};

/* Who hears of what happens. */
struct watchers {
    unsigned of_all, of_some;          /* observers of waiters, by what they want */
    uint32_t some;                     /* what those of some want, or wanted: bits of kinds */
    const struct observer *everything; /* resolve_watch() */
    uint32_t kinds;                    /* what anybody wants: derived from the above */
};

struct action_queue {
    struct action *items;
    size_t head, count, cap; /* a ring; cap is a power of two */
};

struct resolver {
    struct resolve_settings set;
    struct cache *cache;
    struct random *rng;
    struct hash_key key;
    struct table jobs, waiters, sends, probes;
    /* Memory of those that ended, for those that begin. */
    struct mem_pool job_pool, send_pool;
    struct arena_chunks chunks;
    struct heap timers;
    struct job *ready_first, *ready_last;
    struct job *dead; /* freed at the next call from outside, when no action points there any more */
    struct action_queue actions;
    struct verifier *verifier;          /* made when first needed */
    struct job *line_first, *line_last; /* signature checks wait (validate_work.c) */
    bool work_told;
    struct turns turns;
    struct load load;
    struct refresher refresh;
    int64_t wake_told_ms;
    int64_t prime_again_ms; /* priming failed: not before then */
    struct reach reach;
    uint64_t last_id;
    unsigned mark;
    struct watchers watchers;
    struct reports reports;
    now_t now;
    struct resolve_counters counters;
};

/* ---- resolver.c ---- */
/** Every call from outside begins so: dead jobs may go when no action points into them. */
void resolver_enter(struct resolver *r, now_t now);
/** Every call from outside ends so: jobs run until none is ready. */
void resolver_pump(struct resolver *r);
void job_wake(struct job *j);
struct action *action_push(struct resolver *r, enum action_kind kind);
struct job *job_find_or_new(
    struct resolver *r, const name_t *name, uint16_t type, uint16_t class, struct job_flags flags);
/** Asks for nobody: so that those who are asked hear it (tell.c). Past the cache, which might know the answer
 * without asking. Nothing if it is being asked. */
void job_tell(struct resolver *r, const name_t *name, uint16_t type);
/** Its work may send so many messages at least: somebody waits for it who would have been allowed them. What
 * was sent already counts. */
void job_may_work(struct job *j, uint32_t messages_max);
/** A job with the small budget of work that is for the background. NULL: such a one is there. */
struct job *job_in_background(
    struct resolver *r, const name_t *name, uint16_t type, uint16_t class, struct job_flags flags);
/** A new job, with work of its own, for waiters of the ended job j. */
void waiters_start_over(const struct job *j, struct waiter *waiters);
void waiters_answer(struct job *j, struct waiter *only, const struct outcome *o);

/* ---- job.c ---- */
/** Is it so old that waiters were told it failed? New ones do not join it. */
bool job_is_late(const struct job *j); /* resolver.c */
/** An equal job that others may join, or NULL. */
struct job *job_find_equal(const struct job *j); /* resolver.c */
/** The reason given, or our own link where that is to blame. */
struct reason job_reason(const struct job *j, struct reason why);
/** Another job's: tag and text may lie in its arena, which goes before j does. */
struct reason reason_copy(struct job *j, struct reason why);
/** Runs the job until it waits or is done. */
void job_run(struct job *j);
/** Messages that its work counter paid since it began. */
uint32_t job_paid(const struct job *j);
/** Takes it out of all lists; memory goes later. Sub-questions that only this job needed end too. */
void job_end(struct job *j);
/** The job's timer: the earliest of its own patience, its waiters' deadlines and the end of work. */
void job_arm(struct job *j);
enum sub_result { SUB_STARTED, SUB_CYCLE, SUB_TOO_DEEP };
/** Asks (or joins) a sub-question. With SUB_STARTED the link will be done in a later turn,
 * even if the cache knows. */
enum sub_result job_sub(
    struct job *j, const name_t *name, uint16_t type, enum purpose purpose, unsigned server);
/** What it waits for is asked again, as if nobody had been asked: the network has changed. */
void job_probe_again(struct job *j);
/** The failure is remembered (RFC 9520), once a job. */
void job_remember_failure(struct job *j, const struct reason *why);
/** out becomes SERVFAIL with this reason. Returns JOB_DONE. */
enum job_state job_fail(struct job *j, int ede, const char *tag, const char *text);
void job_drop_sends(struct job *j);
/** Leaves the sub-questions in flight; those that nobody else needs end. */
void job_drop_subs(struct job *j);
void send_drop(struct send *s);
/** What it asks, in lower case; lives as long as the job. */
const name_t *send_name(const struct send *s);

/* ---- observe.c ---- */
/** An observer of a waiter comes, or goes. */
void watchers_add(struct watchers *w, const struct observer *o);
void watchers_remove(struct watchers *w, const struct observer *o);
/** Event with the fields of the job filled in. */
void job_event(struct job *j, struct event *e);
/** Does anybody want events of that kind? Who makes words for one alone asks first. */
static inline bool job_is_heard(const struct job *j, enum event_kind what)
{
    return j->r->watchers.kinds >> what & 1u;
}
/* Nearly free where nobody wants that kind. */
#define JOB_EVENT(j, what, ...)                                                                              \
    (job_is_heard(j, what) ? job_event((j), &(struct event){.kind = (what), ##__VA_ARGS__}) : (void)0)

/* ---- the steps ---- */
enum job_state step_known(struct job *j);      /* job_known.c */
enum job_state step_cut(struct job *j);        /* job_cut.c */
enum job_state step_primed(struct job *j);     /* job_cut.c */
enum job_state step_pick(struct job *j);       /* job_pick.c */
enum job_state step_wait_reply(struct job *j); /* job_pick.c: a reply, or an address, came */
enum job_state step_timer(struct job *j);      /* job_pick.c */
enum job_state step_alias_done(struct job *j); /* job_alias.c */

/** job_denied.c. For a question that rrsets and negatives do not know: is it denied, or made of a wildcard,
 * by what is proven already? JOB_KNOWN: it is not; else the job's outcome is set (verdict, sections, TTLs),
 * and this is its next state: JOB_DONE, or that of an alias. Not to be asked with flags.unchecked. Only the
 * DS part is used when settings.aggressive is off. */
enum job_state known_denied(struct job *j);
/** Up to so many signature checks of those in line. */
void work_run(struct resolver *r, unsigned checks); /* validate_work.c */

/** Aliases in an answer section: CNAMEs, given or made of a DNAME. */
unsigned alias_links(const struct rrset_list *answer); /* job_alias.c */
enum job_state too_many_aliases(struct job *j);        /* job_alias.c */
/** Links of a reply, or jobs that wait for each other. */
enum job_state aliases_in_circle(struct job *j); /* job_alias.c */
/** The links are in out.answer; the walk goes on at target. */
enum job_state job_follow_alias(struct job *j, const name_t *target); /* job_alias.c */
/** Adds the CNAME that a DNAME at `dname` makes of name (RFC 6672 3.1).
 * False: the name grows over 255 octets. */
bool dname_synthesise(struct rrset_list *answer, const struct rrset *dname, const name_t *name,
    const name_t **target, struct arena *a);
/** Begins with this delegation: candidates, facts, where to start asking. */
void zone_enter(struct job *j, struct cut *cut); /* job_cut.c */
/** The servers of the zone entered are no servers of it any more: its parent is asked for the delegation,
 * once a job and not oftener than lameness is remembered. False: no use. */
bool zone_afresh(struct job *j); /* job_cut.c */
/** A delegation made of the configured or built-in hints. */
struct cut *hints_cut(struct resolver *r, struct arena *a); /* hints.c */

/* ---- job_send.c ---- */
/** Chooses the next name and type to ask in the zone entered (RFC 9156). */
void ask_begin(struct job *j);
/** One label more, or the whole name. */
void ask_next_label(struct job *j);
void ask_whole(struct job *j);
bool ask_is_minimised(const struct job *j);
/** Sends what is to be asked to that candidate. False: the question's work is used up. */
bool send_to(struct job *j, unsigned candidate, enum transport transport);
/** Its parent gave a DS for the zone entered. */
bool zone_is_signed(const struct job *j);

/* ---- job_cookie.c ---- */
/** What the message carries, if anything. */
void cookie_write(struct send *s, struct edns *opt);
/** False: the reply is not the server's. */
bool cookie_matches(const struct send *s, const struct edns *opt);
/** The cookies were flushed since it left. */
bool cookie_is_stale(const struct send *s);
/** Of a reply that matches. True: the server gave a cookie. lost: messages before it that were not answered.
 */
bool cookie_learn(const struct send *s, const struct edns *opt, unsigned lost);
enum job_state cookie_refused(struct job *j, struct reply *rep);
enum job_state cookie_unwanted(struct job *j, struct reply *rep);

/* ---- job_reply.c ---- */
/** What the heard reply means for the job. */
enum job_state reply_handle(struct job *j, struct reply *rep);
/** Without minimal_answers: the zone's NS set and addresses beside a positive answer from the cache. */
void outcome_add_zone(struct job *j);

/* ---- job_pick.c, for others ---- */
/** A zone that hangs on a single address gets a second one looked up in the background
 * (setting extra_addresses). */
void look_up_extra(struct job *j);
/** Is a message out whose time to be answered is not over? */
bool is_in_patience(const struct job *j);
/** TCP did not bring what UDP truncated: the server is a last resort for the zone, at the next label and for
 * the next question too, or each of them would wait for it again. */
void stream_useless(struct job *j, struct candidate *c);
enum job_state out_of_work(struct job *j);

/* ---- turn.c ---- */
void turns_init(struct turns *t);
void turns_fini(struct turns *t);
/** Wakes those whose turn it is. False: there was nothing to look at. */
bool turns_run(struct resolver *r);
/** The candidate picked, or another one that may be asked, with room for a message; -1: none. */
int turn_candidate(struct job *j, unsigned candidate);
/** Stands in line until there is room; where too many do, the job fails. */
enum job_state turn_wait(struct job *j, unsigned candidate);
/** Waited for too long, or in vain. */
enum job_state turn_fail(struct job *j);
enum job_state step_turn(struct job *j);
/** Out of the line, if it stands in one. */
void turn_leave(struct job *j);
/** A message is in flight; it is not any more, as far as it was counted. */
void turn_begin(struct send *s);
void turn_end(struct send *s, enum flight_end how);

/** It was called, and does not send: that is the next one's. */
void turn_pass(struct job *j);

/* ---- probe.c ---- */
/** About to send: does another job ask just that? Then this one waits for it (JOB_WAIT_PROBE). */
bool probe_wait(struct job *j);
/** A message left: others may wait for it. first: no message for this question left before. */
void probe_begin(struct job *j, bool first);
/** Is its question still waited for? Before the next one, and after each run of the job. */
void probe_settle(struct job *j);
void probe_end(struct job *j);
enum job_state step_probed(struct job *j);

/* ---- load.c ---- */
void load_init(struct load *l);
void load_fini(struct load *l);
/** The job entered a zone (zone.hash). */
void load_enter(struct job *j);
void load_leave(struct job *j);
/** It has more waiters by delta. */
void load_waiters(struct job *j, int delta);
/** Ends the question that has to go first, in the next turn. False: there is none. */
bool load_evict(struct resolver *r);

/* ---- pick.c: server selection without I/O ---- */
/** False: such an address is never asked. */
bool candidate_add(struct job *j, const name_t *server, const struct addr *addr, bool hint);
/** The best candidate to ask next, or -1. */
int pick_candidate(struct job *j);
/** A message to it leaves now. Returns how long to wait before another server is asked, ms. */
int64_t pick_asked(struct job *j, unsigned candidate);
/** How long to wait for it over TCP, ms. */
int64_t pick_stream_patience(const struct job *j, unsigned candidate);
/** Did so many messages to the zone bring nothing that its servers are given up? */
bool pick_is_spent(const struct job *j);
/** Were the servers silent so often that more messages are not worth it? */
bool pick_exhausted(const struct job *j);
/** May this candidate get its first message even so? */
bool pick_is_owed(const struct job *j, unsigned candidate);
void pick_silence(struct job *j);
/** A server of the zone did answer: what was lost before says nothing about what comes. */
void pick_silences_over(struct job *j);
/** When the next candidate may be asked again; INT64_MAX: never. */
int64_t pick_again_ms(const struct job *j);
/** lost: messages sent before the one that was answered, and given up. */
void facts_heard(struct job *j, struct candidate *c, int64_t rtt_ms, bool had_opt, unsigned lost);
void facts_save(struct job *j, const struct candidate *c);
/** It is lame for the zone, and that is remembered. */
void facts_lame(struct job *j, struct candidate *c);

#endif

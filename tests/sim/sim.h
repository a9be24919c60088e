/* One run: a tree of zones, a network, clients, all made from a seed, around one resolver in virtual time. */
#ifndef HARK_SIM_SIM_H
#define HARK_SIM_SIM_H

#include "authority.h"
#include "base/heap.h"
#include "base/table.h"
#include "resolve/resolve.h"
#include "tree.h"

enum {
    ASKS_MAX = 120,
    BURSTS_MAX = 8,
    WHY_LEN = 1024,
};

#define WALL_BEGIN_S 1800000000 /* the wall's clock when the world's own is at 0 */

/* What the network does to everybody. */
struct weather {
    unsigned loss_percent, duplicate_percent, corrupt_percent, spoof_percent, local_percent;
    unsigned jitter_ms;
    bool no_route[2], black_hole[2]; /* IPv4, IPv6 */
};

struct asking {
    ask_id id;
    int64_t at_ms;
    name_t name[NAME_MAX_LEN];
    struct question question;
    int64_t cancel_ms; /* 0: stays */
    bool begun, answered, cancelled, watched, hit;
    bool must; /* nothing that it needs is broken: SERVFAIL is an error */
};

struct tally {
    uint64_t runs, questions, must, answered, stale, servfail, messages, events;
};

struct sim {
    uint64_t seed;
    bool verbose, validates;
    struct dice dice; /* makes the world and the clients */
    struct dice luck; /* of the network */
    struct tree tree;
    struct tree_plan plan;
    struct weather weather;
    struct resolve_settings settings;
    struct cache_settings cache_settings;
    struct root_hint *hints;
    struct anchors *anchors; /* NULL: nothing is validated */
    struct endpoint own[2];
    struct cache *cache;
    struct random *rng;
    struct resolver *r;
    now_t now;
    int64_t slept_ms;   /* by which the boot clock is ahead of the monotonic one */
    int64_t skew_s;     /* of the cache's clock, where it follows a clock that is stepped */
    uint32_t back_s;    /* by how much it was stepped back in all */
    bool steps;         /* it does follow such a clock */
    int64_t wall_off_s; /* by which the wall's clock is wrong */
    bool wall_strange;  /* it is wrong, or unknown, now and then */
    bool outages;       /* our link fails now and then */
    bool narrow;        /* little may be in flight */
    int64_t link_up_ms; /* the link is down until then */
    bool link_is_told, link_unreachable;
    struct heap events;
    struct table open; /* messages that the core has not dropped */
    int64_t wake_ms;
    uint32_t heard_s;  /* when the core last heard something */
    uint32_t stale_s;  /* so long before its end may what it says have been true beyond TTLs; 0: not stale */
    uint32_t cached_s; /* so long the outcome that is looked at lay in the cache at least */
    int64_t calm_ms;   /* until then jobs may lack what was lost while the machine slept */
    struct asking asks[ASKS_MAX];
    unsigned ask_count;
    uint64_t event_count;
    size_t heap_begin;
    struct tally tally;
    char why[WHY_LEN]; /* empty: all is well */
};

struct sim_options {
    bool verbose, validate;
};

/** Runs one seed. Returns false with the reason in why. */
bool sim_run(uint64_t seed, const struct sim_options *options, struct tally *sum, char why[WHY_LEN]);

/** Notes the first thing that is wrong. */
__attribute__((format(printf, 2, 3))) void sim_wrong(struct sim *s, const char *format, ...);
/** A line for --verbose. */
__attribute__((format(printf, 2, 3))) void sim_tell(struct sim *s, const char *format, ...);
/** The world's own clock. */
uint32_t sim_true_s(const struct sim *s);

/* ---- network.c ---- */

void network_choose(struct sim *s);
void network_send(struct sim *s, const struct action *act);
void network_dropped(struct sim *s, send_id id);
/** The earliest event; INT64_MAX: none. */
int64_t network_next_ms(const struct sim *s);
/** Lets it happen. */
void network_step(struct sim *s);
/** All that is under way is lost. */
void network_forget(struct sim *s);
void network_end(struct sim *s);

/* ---- oracle.c ---- */

/** What a validator makes of data of this name; *certain: it was so all the time. */
enum trusted oracle_trust(const struct sim *s, const name_t *name, uint16_t type, bool *certain);
/** Is the outcome the truth, or what was the truth not longer ago than TTLs allow? */
void oracle_check(struct sim *s, const struct asking *a, const struct outcome *o);
/** The name lies in a zone that lies. */
bool oracle_is_evil(const struct sim *s, const name_t *name);

/* ---- must.c ---- */

/** Nothing that this question needs is broken, now or at any time. */
bool must_work(const struct sim *s, const struct question *q);

/* ---- heap.c ---- */

/** Octets that live in memory that the tested code and the simulator took. */
size_t heap_live(void);

#endif

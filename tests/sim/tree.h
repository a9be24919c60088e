/* The truth: a tree of zones made from a seed, the hosts that serve them, the machines behind those.
 *
 * Time changes some of it: sets of records appear, go or change their contents, delegations are withdrawn.
 * All times are seconds of the world's own clock, on which the cache's clock runs as well unless it is made
 * to step.
 */
#ifndef HARK_SIM_TREE_H
#define HARK_SIM_TREE_H

#include "base/addr.h"
#include "dice.h"
#include "dns/rr.h"
#include "dns/rrtype.h"
#include "sign_zone.h"

#define NEVER_S UINT32_MAX
enum {
    ZONES_MAX = 32,
    HOSTS_OF_ZONE_MAX = 13,
    MACHINES_OF_HOST_MAX = 4,
    ZONES_OF_MACHINE_MAX = ZONES_MAX,
    CHANGES_MAX = 24,
    VERSIONS = 8, /* of a set that changes: then they come again */
};

/* What is wrong with a machine. Those before MACHINES_SURVIVED cost time but not the answer. */
enum machine_fault {
    MACHINE_NONE,
    MACHINE_SLOW,
    MACHINE_TRUNCATES,     /* says TC to everything over UDP */
    MACHINE_FOLDS_CASE,    /* echoes the question in lower case */
    MACHINE_FORMERR_EDNS,  /* of before EDNS: FORMERR, no OPT */
    MACHINE_NOTIMP_EDNS,   /* likewise NOTIMP */
    MACHINE_BARE_FORMERR,  /* likewise with a header alone */
    MACHINE_IGNORES_EDNS,  /* answers without an OPT */
    MACHINE_BADVERS,       /* knows no version of EDNS that exists */
    MACHINE_ODD_OPTIONS,   /* its OPT holds unknown options */
    MACHINE_GARBAGE_FIRST, /* a malformed packet comes before the answer (threat P12) */
    MACHINE_EXPLAINS,      /* adds an extended error to whatever it says */
    MACHINES_SURVIVED,
    MACHINE_DEAD = MACHINES_SURVIVED,
    MACHINE_PORT_CLOSED,
    MACHINE_NO_ROUTE,
    MACHINE_REFUSES,
    MACHINE_SERVFAIL,
    MACHINE_LAME_UPWARD, /* refers to the root */
    MACHINE_LAME_EMPTY,  /* NOERROR, nothing in it, no AA */
    MACHINE_DROPS_EDNS,
    MACHINE_MANGLES_OPT,
    MACHINE_TWO_OPTS,  /* RFC 6891 6.1.1: one at most */
    MACHINE_TC_ALWAYS, /* over TCP too */
    MACHINE_BADCOOKIE,
    MACHINE_NO_TCP,     /* truncates, and TCP is closed */
    MACHINE_TCP_SILENT, /* truncates, and TCP never answers */
    MACHINE_WRONG_ID,
    MACHINE_WRONG_QUESTION,
    MACHINE_FLAPS,  /* silent every other minute */
    MACHINE_STRIPS, /* leaves out signatures and proofs */
    MACHINE_SPOILS, /* a bit of each signature is wrong */
    MACHINE_COUNT
};

/* What is wrong with all that a zone signs. */
enum spoil {
    SPOIL_NONE,
    SPOIL_EXPIRED,
    SPOIL_FUTURE,
    SPOIL_STRIPPED, /* no signatures, no proofs */
    SPOIL_OTHER_KEY,
    SPOIL_FLIPPED,
    SPOIL_COUNT
};

/* What the parent says of it. */
enum ds_kind {
    DS_OF_NONE,
    DS_OF_KEY,
    DS_OF_OTHER_KEY,
    DS_OF_UNSUPPORTED, /* an algorithm of which nobody knows anything */
};

/* What a validator is to make of a zone. */
enum trusted { TRUSTED_INSECURE, TRUSTED_SECURE, TRUSTED_BROKEN };

struct zone;

struct machine {
    struct addr addr;
    enum machine_fault fault;
    unsigned rtt_ms;
    bool chatty;   /* NS and addresses beside answers */
    bool one_link; /* gives one alias of a chain at a time */
    bool no_ent;   /* denies empty non-terminals with NXDOMAIN (of before RFC 8020) */
    enum { COOKIES_NONE, COOKIES_GIVEN, COOKIES_WANTED } cookies; /* RFC 7873 */
    bool evil;
    const struct zone *zones[ZONES_OF_MACHINE_MAX];
    unsigned zone_count;
};

/* A name server: a name in some zone, and machines. */
struct host {
    const name_t *name;
    const struct zone *home; /* the zone that holds its addresses */
    struct machine *machines[MACHINES_OF_HOST_MAX];
    unsigned machine_count;
};

struct set {
    uint16_t type;
    uint32_t ttl, born_s, dies_s; /* dies_s: NEVER_S if it stays */
    uint32_t period_s;            /* 0: the contents stay */
    unsigned count, pad;          /* pad: octets more in a TXT record */
    uint32_t id;
    const name_t *target;    /* CNAME, DNAME, MX */
    const struct host *host; /* A, AAAA of it */
    const struct zone *zone; /* NS, SOA, DNSKEY, DS of it */
};

struct node {
    const name_t *name;
    struct set *sets;
    unsigned set_count;
};

struct zone {
    const name_t *name;
    struct zone *parent; /* NULL: the root */
    unsigned index, depth;
    struct host *hosts[HOSTS_OF_ZONE_MAX];
    unsigned host_count;
    unsigned parent_lists, child_lists, glued; /* bit i: hosts[i] */
    uint32_t ns_ttl, child_ns_ttl, soa_ttl, minimum;
    uint32_t gone_s; /* its delegation is withdrawn then */
    enum ds_kind ds_kind;
    bool is_signed, anchored; /* anchored: the resolver has its key */
    bool distrusted;          /* the resolver has a negative anchor for it */
    enum spoil spoil;
    uint32_t validity_s; /* of its signatures */
    struct sign_key *key, *other_key;
    struct sign_zone_plan signing; /* how it denies */
    struct sign_zone *chain;       /* as of the changes so far; made when it is needed */
    unsigned chain_changes;
    bool evil; /* it, or one above it, lies */
    struct node *nodes;
    unsigned node_count;
    struct set apex[3]; /* NS, SOA, DNSKEY */
    struct set ds;
};

struct tree {
    struct arena arena;
    struct zone *zones[ZONES_MAX]; /* parents before children; the root first */
    unsigned zone_count;
    struct machine **machines;
    unsigned machine_count;
    struct host **hosts;
    unsigned host_count;
    uint32_t changes[CHANGES_MAX]; /* when something appears or goes; not the periods */
    unsigned change_count;
    uint32_t next_id;
    bool no_ent; /* some machine has it */
};

struct tree_plan {
    unsigned zones;         /* at most ZONES_MAX */
    unsigned fault_percent; /* of machines */
    unsigned evil_percent;  /* of zones below a TLD */
    unsigned sign_percent;  /* of zones; 0: the root neither */
    unsigned spoil_percent; /* of signed zones */
    bool only_survived;     /* of the faults */
    bool v4, v6;            /* families that machines have */
    uint32_t begin_s, end_s;
};

void tree_make(struct tree *t, const struct tree_plan *plan, struct dice *d);
void tree_free(struct tree *t);
void tree_print(const struct tree *t);

const char *machine_fault_text(enum machine_fault f);
const struct machine *tree_machine(const struct tree *t, const struct addr *a);

/* ---- signatures (signing.c) ---- */

/** Chooses how it is signed, and what its parent says of it. */
void zone_choose_signing(struct zone *z, const struct tree_plan *plan, struct dice *d);
void zone_forget_keys(struct zone *z);
enum trusted zone_trust(const struct zone *z);
/** Its keys' RDATA and its DS. */
struct rdata zone_key_rdata(const struct zone *z);
struct rdata zone_ds_rdata(const struct zone *z, struct arena *a);
/** NULL: such a zone leaves it out. */
const struct rdata *zone_sign(const struct zone *z, const struct rrset *rs, int64_t wall_s, struct arena *a);
/** The zone's chain of denial at that time. */
struct sign_zone *zone_chain(const struct tree *t, struct zone *z, uint32_t at_s, int64_t wall_s);

/* ---- truth (truth.c) ---- */

enum fact_kind { FACT_DATA, FACT_CNAME, FACT_DNAME, FACT_CUT, FACT_NODATA, FACT_NXDOMAIN };

struct fact {
    enum fact_kind kind;
    const struct zone *zone;
    const struct set *set;    /* DATA, CNAME, DNAME */
    const name_t *owner;      /* DNAME: where it stands */
    const struct node *node;  /* DATA of ANY; else NULL or the node found */
    const struct zone *child; /* CUT */
    bool entless;             /* NODATA of an empty non-terminal */
    bool by_empty_wildcard;   /* and that is a wildcard (RFC 4592 2.2.2) */
};

bool zone_is_delegated(const struct zone *z, uint32_t at_s);
bool set_is_alive(const struct set *s, uint32_t at_s);
/** No zone at or above it is ever withdrawn. */
bool zone_stays(const struct zone *z);
/** What the zone says of a name inside it (RFC 1034 4.3.2, RFC 6672 3.2), with the delegations of the time
 * view_s and the records of the time at_s. */
struct fact zone_find(const struct tree *t, const struct zone *z, const name_t *name, uint16_t type,
    uint32_t view_s, uint32_t at_s);
/** The zone that speaks for (name, type) when every delegation is followed. */
const struct zone *tree_zone_of(const struct tree *t, const name_t *name, uint16_t type, uint32_t view_s);
/** The deepest zone that ever was at or above the name. */
const struct zone *tree_zone_ever(const struct tree *t, const name_t *name);
/** Version of the contents at that time. */
unsigned set_version(const struct set *s, uint32_t at_s);
unsigned set_count(const struct set *s);
/** Record i of that version, into the arena. */
struct rdata set_rdata(const struct set *s, unsigned version, unsigned i, struct arena *a);
/** Adds the addresses of a host of one family. */
unsigned host_addr_count(const struct host *h, enum family family);
const struct addr *host_addr(const struct host *h, enum family family, unsigned i);

#endif

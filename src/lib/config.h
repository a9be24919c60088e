/* The configuration that harkd and hark share: YAML by defs/options.def. It lives here, below daemon and cli,
 * because `hark trace` obeys the same file; each program takes from it the settings of the layers it drives.
 */
#ifndef HARK_LIB_CONFIG_H
#define HARK_LIB_CONFIG_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cache/cache.h"
#include "dnssec/anchors.h"
#include "resolve/resolve.h"

/* What the query log tells of clients. */
enum config_clients { CLIENTS_NONE, CLIENTS_PREFIX, CLIENTS_ADDRESS };

#define CONFIG_SECRETS_MAX 2u /* RFC 9018 5: the one in use, and the one before or after it */

/* Secrets of server cookies; none: one of our own. */
struct config_secrets {
    uint8_t octets[CONFIG_SECRETS_MAX][16];
    unsigned count;
};

struct config_names {
    const name_t *const *items;
    size_t count;
};

struct config_texts {
    const char *const *items;
    size_t count;
};

struct config_anchor_files {
    const char *const *paths;
    const char *const *texts; /* what is in them */
    size_t count;
};

struct config_negatives {
    const struct negative_anchor *items;
    size_t count;
};

/* Where chains of trust begin (lib/trust.h). */
struct config_trust {
    bool validate;
    struct config_texts anchors;
    struct config_anchor_files files;
    bool builtin;
    const char *root_data; /* NULL: TRUST_ROOT_DATA if it is there; "": none */
    struct config_negatives negatives;
    bool rfc5011;
    bool believe_clock;
    const char *state; /* folder; NULL: the usual ones; "": none */
};

/* Which root servers resolve.hints are (lib/roots.h). */
enum config_roots_from { ROOTS_BUILT_IN, ROOTS_UPDATED, ROOTS_OF_SYSTEM, ROOTS_OF_SETTINGS };
#define CONFIG_DATE_LEN 11u /* "2026-11-23" with its zero */

struct config_roots {
    enum config_roots_from from;
    char date[CONFIG_DATE_LEN]; /* "": of the settings */
};

/* Effective values: the defaults of options.def, overruled by the file. Lists live in the arena. */
struct config {
    const char *file; /* the file read, NULL if none */
    /* server */
    struct endpoint *listen;
    size_t listen_count;
    struct prefix_list access, access_deny;
    unsigned workers; /* 0: one a core */
    bool drop_privileges;
    const char *user; /* whom to become; NULL: hark, else nobody */
    bool core_dumps;
    bool freebind; /* IP_FREEBIND for what it listens on */
    enum log_level log_level;
    bool log_json, log_time;
    const char *query_log; /* a path, "stderr", or "" for none */
    enum config_clients query_log_clients;
    const char *control; /* path of the control socket; "" none; NULL the default */
    bool recent;         /* serve/recent.h */
    /* cache */
    struct cache_settings cache;
    bool cache_clock_wall;
    /* answers */
    bool minimal_answers;
    bool rotate;
    struct prefix_list snoopers;    /* who may ask without RD */
    const char *identity, *version; /* of CH TXT; NULL: not told; "auto" */
    bool sentinel;                  /* RFC 8509 */
    bool cookies, cookies_require;
    struct config_secrets cookie_secrets;
    bool local_zones;              /* built-in local zones and special-use names answered here */
    struct config_names local_off; /* rows at and below these are not */
    uint16_t client_udp_size;      /* EDNS size accepted from and announced to clients */
    struct config_trust trust;
    /* limits */
    unsigned client_pending;
    /* upstream: complete resolve settings, and what the driver needs */
    struct resolve_settings resolve;
    struct config_roots roots; /* roots_settle() */
    struct addr *source_v4, *source_v6;
    size_t source_v4_count, source_v6_count;
};

#define CONFIG_CONTROL_PATH "/run/hark/control.sock" /* of a harkd that root started */

/** Fills the defaults only. */
void config_default(struct config *out, struct arena *a);
/** Reads `path`; NULL: the file that HARK_CONFIG names (ignored when set-id), else /etc/hark/hark.yaml if it
 * is there, else the defaults. On error `complaint` holds a line "FILE:LINE:COLUMN: …" for each of at most
 * ten mistakes (then one that counts the rest), with '\n' between them, each naming the value, what was
 * expected, and the nearest name where one was mistyped; what could be read is in *out all the same. */
enum err config_load(struct config *out, struct arena *a, const char *path, struct text *complaint);
/** All values as YAML that reads back equal, each with its help, those that are the default marked. */
void config_print(const struct config *c, struct text *t);
/** Settings that only a restart changes become those that are running, borrowed from there. */
void config_keep_restart(struct config *c, const struct config *running);
/** Where the control socket is, or is to be; false: nowhere. */
bool config_control_path(const struct config *c, char *buf, size_t cap);

#endif

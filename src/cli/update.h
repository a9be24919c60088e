/* What `hark update` looks at, one item a row: fetched, held against what can be checked, compared with what
 * is in use, kept if it is newer.
 *
 *   update_root_anchors()    root-anchors.xml and its signature           (update_root.c)
 *   update_root_hints()      named.root
 *   update_list()            a list of registries                         (update_list.c)
 */
#ifndef HARK_CLI_UPDATE_H
#define HARK_CLI_UPDATE_H

#include <jansson.h>

#include "base/now.h"
#include "cli/https.h"
#include "lib/bootstrap.h"
#include "lib/config.h"

#define UPDATE_CHANGES_MAX 64u /* lines of differences shown; 13 root servers have 26 addresses */

/* Everything lives in the arena. */
struct update_item {
    const char *name;  /* "root-hints" */
    const char *label; /* the same for people: "root servers" */
    const char *file;  /* in the folder */
    struct arena *arena;
    /* in use */
    const char *in_use; /* date */
    bool built_in;
    /* fetched */
    const char *trouble;                     /* NULL: it is good */
    bool no_reply;                           /* because nobody answered */
    const char *found;                       /* date; NULL: nothing usable was fetched */
    const char *summary;                     /* how it differs, in few words */
    const char *note;                        /* more that is to be told, or NULL */
    const char *changes[UPDATE_CHANGES_MAX]; /* "+ b.root-servers.net 192.0.2.1", "- key 19036" */
    size_t change_count;
    json_t *more;     /* members of its own in the JSON form; owned by whoever shows it */
    bool newer;       /* than what is in use */
    const char *body; /* to be written */
    size_t length;
    bool written;
};

struct update {
    const struct config *config;
    const char *authorities; /* PEM; NULL: ICANN's that is compiled in */
    now_t now;
};

void update_root_hints(struct update_item *item, const struct update *u);
void update_root_anchors(struct update_item *item, const struct update *u);
void update_list(struct update_item *item, const struct update *u, enum bootstrap_kind kind);

#define UPDATE_AHEAD_TROUBLE "it is dated %s, which is yet to come: is the clock right?"
/** Is a date ("2026-11-23") later than two days from now? What is kept so would have all that follows refused
 * as older. */
bool update_is_ahead(const struct update *u, const char *date);

/** False: item->trouble says why. */
bool update_fetch(struct update_item *item, struct https_reply *reply, const char *url, size_t max_octets);
__attribute__((format(printf, 2, 3))) void update_add_change(
    struct update_item *item, const char *format, ...);

#endif

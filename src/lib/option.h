/* One setting: its row of defs/options.def, its value from text and as text. */
#ifndef HARK_LIB_OPTION_H
#define HARK_LIB_OPTION_H

#include "lib/config.h"

/* A new kind takes a setter and a line in option_expects() (option.c), and its text (option_text.c); one
 * whose values are words takes a row of WORDS (option.c) alone. */
enum option_kind {
    OPTION_BOOL,       /* bool: yes, no, on, off, true, false */
    OPTION_UNSIGNED,   /* unsigned */
    OPTION_SECONDS,    /* uint32_t, with s, m, h or d behind it if wanted */
    OPTION_UDP_SIZE,   /* uint16_t */
    OPTION_PORT,       /* uint16_t */
    OPTION_SIZE,       /* size_t octets, with K M G (KiB MiB GiB) */
    OPTION_LEVEL,      /* enum log_level */
    OPTION_CLOCK,      /* bool: wall */
    OPTION_PATH,       /* const char *; "none": ""; "auto": NULL */
    OPTION_USER,       /* const char *, a user's name; "auto": NULL */
    OPTION_LOG_FORMAT, /* bool: JSON */
    OPTION_SINK,       /* const char *: a path, "stderr", or "" for none */
    OPTION_CLIENTS,    /* enum config_clients */
    OPTION_NXDOMAINS,  /* enum nxdomain_cut */
    OPTION_TELL,       /* const char *: a text of at most 255 octets; "none": NULL; "auto" */
    OPTION_ENDPOINTS,  /* from here on lists */
    OPTION_PREFIXES,   /* struct prefix_list */
    OPTION_SECRETS,    /* struct config_secrets */
    OPTION_ZONES,      /* struct config_names: zones of local.def and names above them */
    OPTION_ALGORITHMS, /* uint32_t: bits of those that are verified; the list is of those that are not */
    OPTION_DIGESTS,    /* likewise */
    OPTION_SOURCES,
    OPTION_HINTS,
    OPTION_ANCHORS,          /* struct config_texts: records that anchors_add_text() takes */
    OPTION_ANCHOR_FILES,     /* struct config_anchor_files: paths of files of such */
    OPTION_NEGATIVE_ANCHORS, /* struct config_negatives: "NAME" or "NAME DATE" */
    OPTION_KINDS
};

/* When a changed value takes effect. */
enum option_apply { OPTION_LIVE, OPTION_RESTART };

struct option {
    const char *path;
    enum option_kind kind;
    size_t offset;            /* in struct config */
    const char *default_text; /* list elements apart by spaces */
    long long min, max;
    enum option_apply apply;
    const char *help;
};

extern const struct option OPTIONS[];
extern const size_t OPTION_COUNT;

static inline bool option_is_list(const struct option *o)
{
    return o->kind >= OPTION_ENDPOINTS;
}

/** Sets it from `count` values (1, unless it is a list). On error *bad is the index of the wrong value and
 * `says` goes on after it: "is too large: expected a number from 0 to 256". Where *bad is `count` the list as
 * a whole is wrong. */
enum err option_set(const struct option *o, struct config *c, struct arena *a, const char *const *values,
    size_t count, size_t *bad, struct text *says);
/** What a value, or an element of the list, may be: "a number from 0 to 256". */
void option_expects(const struct option *o, struct text *t);
/** The value as YAML, on one line, in a form that reads back equal. */
void option_text(const struct option *o, const struct config *c, struct text *t);
bool option_equal(const struct option *o, const struct config *a, const struct config *b);
/** to's value becomes from's, which it borrows. */
void option_take(const struct option *o, struct config *to, const struct config *from);

#endif

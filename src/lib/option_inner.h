/* Inside the layer: what the setters of option.c and option_list.c share. */
#ifndef HARK_LIB_OPTION_INNER_H
#define HARK_LIB_OPTION_INNER_H

#include "lib/option.h"

/* What a setter gets. */
struct setting {
    const struct option *option;
    struct config *config;
    struct arena *arena;
    const char *const *values;
    size_t count;
    size_t *bad;
    struct text *says; /* empty: "is wrong: expected …" */
};

static inline void *option_field(const struct option *o, struct config *c)
{
    return (char *)c + o->offset;
}

static inline const void *option_field_const(const struct option *o, const struct config *c)
{
    return (const char *)c + o->offset;
}

/** The words that a value of this kind is one of, in the order of the values; NULL: no such kind. */
const char *const *option_words(enum option_kind kind);
/** Octets of the field in struct config. 0: the kind has fields of its own (option_take). */
size_t option_size(enum option_kind kind);
/** "512M": octets in the greatest unit that divides them. */
void option_size_text(struct text *t, unsigned long long octets);

/** Says "is wrong: expected yes or no; did you mean yes?", if one of the words is near. */
void option_suggest(const struct setting *s, const char *value, const char *const *words);

enum err option_set_endpoints(const struct setting *s);
enum err option_set_prefixes(const struct setting *s);
enum err option_set_secrets(const struct setting *s);
enum err option_set_zones(const struct setting *s);
/* option_algorithms.c: of OPTION_ALGORITHMS and OPTION_DIGESTS */
enum err option_set_algorithms(const struct setting *s);
void option_algorithms_text(const struct option *o, const struct config *c, struct text *t);
void option_algorithms_expected(const struct option *o, struct text *t);
enum err option_set_sources(const struct setting *s);
enum err option_set_hints(const struct setting *s);
/* option_trust.c */
enum err option_set_anchors(const struct setting *s);
enum err option_set_anchor_files(const struct setting *s);
enum err option_set_negative_anchors(const struct setting *s);
/** "2026-12-31T12:00:00Z": of a time beyond all years, nothing. */
void option_date_text(struct text *t, int64_t wall_s);

#endif

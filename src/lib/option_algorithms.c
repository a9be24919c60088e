/* Lists of DNSSEC algorithms and digests that are not verified, from the tables of defs/algorithm.def and
 * defs/digest.def. */
#include <stdio.h>
#include <strings.h>

#include "lib/option_inner.h"

struct numbered {
    unsigned number;
    const char *name;
};

static const struct numbered ALGORITHMS[] = {
#define ALGORITHM(name, number, text, use) {number, text},
#include "defs/algorithm.def"
#undef ALGORITHM
    {0, NULL}};

static const struct numbered DIGESTS[] = {
#define DIGEST(name, number, text, octets, use) {number, text},
#include "defs/digest.def"
#undef DIGEST
    {0, NULL}};

#define NAMES_MAX 32u /* bits of the field */

static const struct numbered *table_of(const struct option *o)
{
    return o->kind == OPTION_DIGESTS ? DIGESTS : ALGORITHMS;
}

static void say_nearest(const struct setting *s, const char *value)
{
    const char *names[NAMES_MAX + 1];
    size_t n = 0;
    for (const struct numbered *row = table_of(s->option); row->name && n < NAMES_MAX; row++)
        names[n++] = row->name;
    names[n] = NULL;
    option_suggest(s, value, names);
}

/* By name or number. */
static const struct numbered *row_of(const struct option *o, const char *value)
{
    for (const struct numbered *row = table_of(o); row->name; row++) {
        char number[12];
        snprintf(number, sizeof number, "%u", row->number);
        if (strcasecmp(value, row->name) == 0 || strcasecmp(value, number) == 0)
            return row;
    }
    return NULL;
}

enum err option_set_algorithms(const struct setting *s)
{
    uint32_t on = 0;
    for (const struct numbered *row = table_of(s->option); row->name; row++)
        on |= 1u << row->number;
    for (size_t i = 0; i < s->count; i++) {
        const struct numbered *row = row_of(s->option, s->values[i]);
        *s->bad = i;
        if (!row) {
            say_nearest(s, s->values[i]);
            return ERR_UNKNOWN;
        }
        on &= ~(1u << row->number);
    }
    *(uint32_t *)option_field(s->option, s->config) = on;
    return ERR_OK;
}

void option_algorithms_text(const struct option *o, const struct config *c, struct text *t)
{
    uint32_t on = *(const uint32_t *)option_field_const(o, c);
    const char *between = "";
    text_char(t, '[');
    for (const struct numbered *row = table_of(o); row->name; row++) {
        if (on >> row->number & 1)
            continue;
        text_printf(t, "%s%s", between, row->name);
        between = ", ";
    }
    text_char(t, ']');
}

void option_algorithms_expected(const struct option *o, struct text *t)
{
    for (const struct numbered *row = table_of(o); row->name; row++)
        text_printf(t, "%s%s", row == table_of(o) ? "" : row[1].name ? ", " : " or ", row->name);
}

#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/present.h"

#define FILE_MAX (4u << 20) /* the longest visible one has 60 KiB */
#define WORDS_MAX 24u

/* Where we stand. Invariant: entry points into range or step; section counts within an entry only. */
struct state {
    struct scenario *s;
    unsigned line;
    bool in_config, ended;
    struct range *range;
    struct step *step;
    struct entry *entry;
    int section;        /* enum section, or one of the following */
    struct text record; /* a record that goes on over lines within parentheses */
};

enum { SECTION_NONE = -1, SECTION_QUESTION = -2, SECTION_RAW = -3 };

static bool fail(struct state *st, const char *what, const char *detail)
{
    if (st->s->error[0] == 0)
        snprintf(st->s->error, sizeof st->s->error, "line %u: %s: %s", st->line, what, detail);
    return false;
}

/* An array in the arena that doubles; returns the new, zeroed element. */
static void *grow(struct arena *a, void **items, size_t *count, size_t *cap, size_t size)
{
    if (*count == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        void *bigger = arena_alloc(a, more * size);
        if (*count)
            memcpy(bigger, *items, *count * size);
        *items = bigger;
        *cap = more;
    }
    return (char *)*items + size * (*count)++;
}

#define GROW(a, items, count, cap) grow((a), (void **)&(items), &(count), &(cap), sizeof *(items))

/* Cuts a comment off: ';' outside of quotation marks, and '#' before which there is white space,
 * in the configuration only. */
static void strip_comment(char *line, bool hash)
{
    bool quoted = false;
    for (char *p = line; *p; p++) {
        if (*p == '"' && (p == line || p[-1] != '\\'))
            quoted = !quoted;
        bool starts = *p == ';' || (hash && *p == '#' && (p == line || isspace((unsigned char)p[-1])));
        if (starts && !quoted) {
            *p = 0;
            break;
        }
    }
    size_t n = strlen(line);
    while (n > 0 && isspace((unsigned char)line[n - 1]))
        line[--n] = 0;
}

static char *skip_space(char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

/* Splits in place at white space. */
static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t n = 0;
    char *save = NULL;
    for (char *w = strtok_r(line, " \t", &save); w && n < WORDS_MAX; w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    return n;
}

static bool read_number(const char *text, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(text, &end, 10);
    *out = (uint32_t)v;
    return isdigit((unsigned char)*text) && *end == 0 && errno == 0 && v <= UINT32_MAX;
}

/* ---- configuration ---- */

static char *unquote(char *value)
{
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = 0;
        value++;
    }
    return value;
}

static bool read_config(struct state *st, char *line)
{
    struct scenario *s = st->s;
    strip_comment(line, true);
    char *p = skip_space(line);
    if (*p == 0)
        return true;
    if (strncmp(p, "CONFIG_END", 10) == 0) {
        st->in_config = false;
        return true;
    }
    char *colon = strchr(p, ':');
    if (!colon)
        return fail(st, "configuration line without a colon", p);
    *colon = 0;
    struct config_line *c = GROW(&s->arena, s->config, s->config_count, s->config_cap);
    c->key = arena_strdup(&s->arena, p);
    c->value = arena_strdup(&s->arena, unquote(skip_space(colon + 1)));
    return true;
}

/* ---- entries ---- */

static const struct {
    const char *word;
    unsigned set;
} match_words[] =
    {
        {"opcode", MATCH_OPCODE},
        {"qtype", MATCH_QTYPE},
        {"qname", MATCH_QNAME},
        {"question", MATCH_QTYPE | MATCH_QNAME},
        {"qcase", MATCH_QNAME | MATCH_QCASE},
        {"subdomain", MATCH_SUBDOMAIN},
        {"flags", MATCH_FLAGS},
        {"rcode", MATCH_RCODE},
        {"answer", MATCH_ANSWER},
        {"authority", MATCH_AUTHORITY},
        {"additional", MATCH_ADDITIONAL},
        {"all", MATCH_ALL},
        {"ttl", MATCH_TTL},
        {"UDP", MATCH_UDP},
        {"TCP", MATCH_TCP},
},
  adjust_words[] =
      {
          {"copy_id", ADJUST_COPY_ID},
          {"copy_query", ADJUST_COPY_QUERY},
          {"raw_id", ADJUST_RAW_ID},
          {"do_not_answer", ADJUST_DO_NOT_ANSWER},
},
  flag_words[] = {
      {"QR", FLAG_QR},
      {"AA", FLAG_AA},
      {"TC", FLAG_TC},
      {"RD", FLAG_RD},
      {"RA", FLAG_RA},
      {"AD", FLAG_AD},
      {"CD", FLAG_CD},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool read_match(struct state *st, char **words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned set = 0;
        for (size_t k = 0; k < COUNT(match_words); k++)
            if (strcasecmp(words[i], match_words[k].word) == 0)
                set = match_words[k].set;
        if (strncasecmp(words[i], "ede=", 4) == 0) {
            uint32_t code = 0;
            set = MATCH_EDE;
            st->entry->ede = EDE_ANY;
            if (strcasecmp(words[i] + 4, "any") != 0) {
                if (!read_number(words[i] + 4, &code))
                    return fail(st, "MATCH", words[i]);
                st->entry->ede = (int)code;
            }
        }
        if (set == 0)
            return fail(st, "unknown MATCH", words[i]);
        st->entry->match |= set;
    }
    return true;
}

static bool read_adjust(struct state *st, char **words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned set = 0;
        for (size_t k = 0; k < COUNT(adjust_words); k++)
            if (strcasecmp(words[i], adjust_words[k].word) == 0)
                set = adjust_words[k].set;
        if (set == 0)
            return fail(st, "unknown ADJUST", words[i]);
        st->entry->adjust |= set;
    }
    return true;
}

static bool rcode_of(const char *word, uint16_t *out)
{
    for (uint16_t code = 0; code < 4096; code++) {
        const char *name = rcode_name(code);
        if (name && strcasecmp(name, word) == 0) {
            *out = code;
            return true;
        }
    }
    return false;
}

static bool read_reply(struct state *st, char **words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < COUNT(flag_words); k++)
            if (strcasecmp(words[i], flag_words[k].word) == 0) {
                st->entry->flags |= (uint16_t)flag_words[k].set;
                known = true;
            }
        if (strcasecmp(words[i], "DO") == 0) {
            st->entry->dnssec_ok = true;
            known = true;
        }
        if (!known && !rcode_of(words[i], &st->entry->rcode))
            return fail(st, "unknown REPLY", words[i]);
    }
    return true;
}

static bool read_section(struct state *st, const char *word)
{
    static const struct {
        const char *word;
        int section;
    } sections[] = {{"QUESTION", SECTION_QUESTION}, {"ANSWER", SECTION_ANSWER},
        {"AUTHORITY", SECTION_AUTHORITY}, {"ADDITIONAL", SECTION_ADDITIONAL}};
    for (size_t i = 0; i < COUNT(sections); i++)
        if (strcasecmp(word, sections[i].word) == 0) {
            st->section = sections[i].section;
            return true;
        }
    return fail(st, "unknown SECTION", word);
}

/* "name [class] type" */
static bool read_question(struct state *st, char **words, size_t n)
{
    struct msg_question *q = &st->entry->question;
    q->class = CLASS_IN;
    if (n < 2 || n > 3)
        return fail(st, "question", words[0]);
    if (name_from_text(q->name, words[0], strlen(words[0]), NAME_ROOT) != ERR_OK)
        return fail(st, "name", words[0]);
    if (n == 3 && rrclass_from_text(&q->class, words[1], strlen(words[1])) != ERR_OK)
        return fail(st, "class", words[1]);
    if (rrtype_from_text(&q->type, words[n - 1], strlen(words[n - 1])) != ERR_OK)
        return fail(st, "type", words[n - 1]);
    st->entry->has_question = true;
    return true;
}

/* A record ends with its line unless a parenthesis is open. */
static bool read_record(struct state *st, const char *line)
{
    if (st->record.len)
        text_char(&st->record, ' ');
    text_add(&st->record, line);
    int open = 0;
    bool quoted = false;
    for (const char *p = st->record.data; *p; p++) {
        quoted ^= *p == '"';
        open += !quoted && *p == '(';
        open -= !quoted && *p == ')';
    }
    if (open > 0)
        return true;
    struct entry *e = st->entry;
    struct rr *rr = GROW(&st->s->arena, e->rrs[st->section], e->counts[st->section], e->caps[st->section]);
    enum err err =
        rr_from_text(rr, st->record.data, st->record.len, NAME_ROOT, SCENARIO_TTL_DEFAULT, &st->s->arena);
    if (err != ERR_OK)
        return fail(st, err_text(err), st->record.data);
    text_clear(&st->record);
    return true;
}

static bool read_raw(struct state *st, const char *line)
{
    size_t cap = strlen(line) / 2 + 1;
    uint8_t *octets = arena_alloc(&st->s->arena, cap);
    long n = text_unhex(line, strlen(line), octets, cap);
    if (n < 0)
        return fail(st, "RAW", line);
    st->entry->raw = octets;
    st->entry->raw_len = (size_t)n;
    return true;
}

static bool read_entry_line(struct state *st, char *line)
{
    char *words[WORDS_MAX];
    char *copy = arena_strdup(&st->s->arena, line);
    size_t n = split(copy, words);
    if (strcmp(words[0], "ENTRY_END") == 0) {
        if (st->record.len)
            return fail(st, "record without end", st->record.data);
        st->entry = NULL;
        return true;
    }
    if (strcmp(words[0], "MATCH") == 0)
        return read_match(st, words + 1, n - 1);
    if (strcmp(words[0], "ADJUST") == 0)
        return read_adjust(st, words + 1, n - 1);
    if (strcmp(words[0], "REPLY") == 0 || strcmp(words[0], "FLAGS") == 0)
        return read_reply(st, words + 1, n - 1);
    if (strcmp(words[0], "SECTION") == 0)
        return n > 1 ? read_section(st, words[1]) : fail(st, "SECTION", "which?");
    if (strcmp(words[0], "MANDATORY") == 0) {
        st->entry->mandatory = true;
        return true;
    }
    if (strcmp(words[0], "RAW") == 0) {
        st->section = SECTION_RAW;
        return n == 1 || read_raw(st, words[1]);
    }
    switch (st->section) {
    case SECTION_NONE:
        return fail(st, "outside of a section", line);
    case SECTION_QUESTION:
        return read_question(st, words, n);
    case SECTION_RAW:
        return read_raw(st, line);
    default:
        return read_record(st, line);
    }
}

static bool begin_entry(struct state *st)
{
    if (st->range)
        st->entry = GROW(&st->s->arena, st->range->entries, st->range->entry_count, st->range->entry_cap);
    else if (st->step)
        st->entry = &st->step->entry;
    else
        return fail(st, "ENTRY_BEGIN", "neither in a range nor in a step");
    st->entry->line = st->line;
    st->section = SECTION_NONE;
    return true;
}

/* ---- ranges and steps ---- */

static bool begin_range(struct state *st, char **words, size_t n)
{
    struct range *r = GROW(&st->s->arena, st->s->ranges, st->s->range_count, st->s->range_cap);
    st->range = r;
    if (n != 3 || !read_number(words[1], &r->from) || !read_number(words[2], &r->to))
        return fail(st, "RANGE_BEGIN", "two step numbers are needed");
    return true;
}

static bool read_address(struct state *st, char **words, size_t n)
{
    if (!st->range || n != 2)
        return fail(st, "ADDRESS", "outside of a range");
    struct addr *a = GROW(&st->s->arena, st->range->addrs, st->range->addr_count, st->range->addr_cap);
    return addr_parse(a, words[1]) == ERR_OK || fail(st, "ADDRESS", words[1]);
}

static bool begin_step(struct state *st, char **words, size_t n)
{
    struct step *p = GROW(&st->s->arena, st->s->steps, st->s->step_count, st->s->step_cap);
    st->step = p;
    p->line = st->line;
    if (n < 3 || !read_number(words[1], &p->number))
        return fail(st, "STEP", "a number and what to do are needed");
    if (strcmp(words[2], "QUERY") == 0) {
        p->kind = STEP_QUERY;
        return true;
    }
    if (strcmp(words[2], "CHECK_ANSWER") == 0) {
        p->kind = STEP_CHECK_ANSWER;
        return true;
    }
    p->kind = STEP_TIME_PASSES;
    if (strcmp(words[2], "TIME_PASSES") == 0 && n == 5 && strcmp(words[3], "ELAPSE") == 0 &&
        read_number(words[4], &p->elapse_s))
        return true;
    return fail(st, "unknown STEP", words[2]);
}

static bool read_line(struct state *st, char *line)
{
    if (st->in_config)
        return read_config(st, line);
    strip_comment(line, false);
    line = skip_space(line);
    if (*line == 0 || st->ended)
        return true;
    if (st->entry)
        return read_entry_line(st, line);
    char *words[WORDS_MAX];
    char *copy = arena_strdup(&st->s->arena, line);
    size_t n = split(copy, words);
    if (strcmp(words[0], "SCENARIO_BEGIN") == 0)
        st->s->title = arena_strdup(&st->s->arena, skip_space(line + strlen(words[0])));
    else if (strcmp(words[0], "SCENARIO_END") == 0)
        st->ended = true;
    else if (strcmp(words[0], "RANGE_BEGIN") == 0)
        return begin_range(st, words, n);
    else if (strcmp(words[0], "RANGE_END") == 0)
        st->range = NULL;
    else if (strcmp(words[0], "ADDRESS") == 0)
        return read_address(st, words, n);
    else if (strcmp(words[0], "STEP") == 0)
        return begin_step(st, words, n);
    else if (strcmp(words[0], "ENTRY_BEGIN") == 0)
        return begin_entry(st);
    else
        return fail(st, "unknown line", line);
    return true;
}

bool scenario_read(struct scenario *s, const char *text, size_t len)
{
    *s = (struct scenario){.title = ""};
    arena_init(&s->arena);
    struct state st = {.s = s, .in_config = true, .section = SECTION_NONE};
    text_init(&st.record);
    bool ok = true;
    for (size_t at = 0; ok && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        char *line = arena_alloc(&s->arena, n + 1);
        memcpy(line, text + at, n);
        st.line++;
        ok = read_line(&st, line);
        at += n + 1;
    }
    if (ok && !st.ended)
        ok = fail(&st, "the scenario has no", "SCENARIO_END");
    text_fini(&st.record);
    return ok;
}

bool scenario_read_file(struct scenario *s, const char *path)
{
    *s = (struct scenario){.title = ""};
    arena_init(&s->arena);
    FILE *f = fopen(path, "rb");
    if (!f) {
        snprintf(s->error, sizeof s->error, "%s", strerror(errno));
        return false;
    }
    char *text = mem_alloc(FILE_MAX);
    size_t n = fread(text, 1, FILE_MAX, f);
    fclose(f);
    bool ok = scenario_read(s, text, n);
    mem_free(text);
    return ok;
}

void scenario_fini(struct scenario *s)
{
    arena_fini(&s->arena);
}

const char *scenario_config(const struct scenario *s, const char *key)
{
    for (size_t i = s->config_count; i-- > 0;)
        if (strcmp(s->config[i].key, key) == 0)
            return s->config[i].value;
    return NULL;
}

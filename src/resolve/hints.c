/* Where every walk begins: the root servers, built in or configured. */
#include <assert.h>
#include <pthread.h>

#include "resolve/job.h"

#define ROOT_COUNT 13u

struct root_text {
    const char *name, *v4, *v6;
};

static const struct root_text root_texts[ROOT_COUNT] = {
#define ROOT(letter, v4, v6) {#letter ".root-servers.net.", v4, v6},
#include "defs/roots.def"
#undef ROOT
};

const char ROOT_HINTS_DATE[] = ROOTS_DATE;

/* Immutable after the first call. */
static struct root_hint built_in[ROOT_COUNT];
static name_t built_in_names[ROOT_COUNT][24];
static pthread_once_t built_in_once = PTHREAD_ONCE_INIT;

static void build(void)
{
    for (unsigned i = 0; i < ROOT_COUNT; i++) {
        name_t name[NAME_MAX_LEN];
        enum err err = name_from_text(name, root_texts[i].name, sizeof "a.root-servers.net." - 1, NULL);
        assert(err == ERR_OK);
        name_copy(built_in_names[i], name);
        built_in[i].name = built_in_names[i];
        err = addr_parse(&built_in[i].addrs[0], root_texts[i].v4);
        assert(err == ERR_OK);
        err = addr_parse(&built_in[i].addrs[1], root_texts[i].v6);
        assert(err == ERR_OK);
        (void)err;
        built_in[i].addr_count = 2;
    }
}

const struct root_hint *root_hints(size_t *count)
{
    pthread_once(&built_in_once, build);
    *count = ROOT_COUNT;
    return built_in;
}

struct cut *hints_cut(struct resolver *r, struct arena *a)
{
    struct cut *cut = ARENA_NEW(a, struct cut);
    cut->zone = NAME_ROOT;
    cut->hint = true;
    cut->servers = ARENA_ARRAY(a, struct cut_server, DELEGATION_NAMES_MAX);
    for (size_t i = 0; i < r->set.hint_count && cut->server_count < DELEGATION_NAMES_MAX; i++) {
        const struct root_hint *h = &r->set.hints[i];
        struct cut_server *cs = &cut->servers[cut->server_count++];
        cs->name = name_dup(h->name, a); /* the settings may go while the job still runs */
        for (unsigned k = 0; k < h->addr_count && k < DELEGATION_ADDRS_PER_NAME; k++)
            cs->addrs[cs->addr_count++] = h->addrs[k];
    }
    return cut;
}

void resolve_settings_default(struct resolve_settings *s)
{
    *s = (struct resolve_settings){.port = 53,
        .prime = true,
        .minimise = true,
        .minimise_type = TYPE_A,
        .case_random = true,
        .cookies = true,
        .use_v4 = true,
        .use_v6 = true,
        .udp_size = UDP_SIZE_DEFAULT,
        .glue_hardening = true,
        .extra_addresses = true,
        .explore = true,
        .minimal_answers = true,
        .aggressive = true,
        .stale_max_s = 86400,
        .stale_ttl_s = 30,
        .stale_wait_ms = 1800,
        .prefetch = true};
    dnssec_policy_default(&s->policy);
}

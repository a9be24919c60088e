/* The plan of delivery: RFC 5321 5.1, RFC 7505.
 *
 * An address literal is the only host; else a domain's MX records say the hosts (aliases followed, 5.1).
 * Where there is no such name there is no such domain; a failure is temporary, and never leads to the address
 * instead (5.1); without MX the domain is its own host, an implicit MX of preference 0; one "0 ." accepts no
 * mail.
 *
 * Hosts are ordered by preference, equal ones shuffled; mx_ahead.c tells the caller what will be asked; each
 * one's addresses are looked up; we ourselves and all that is no better are left out; mx_tls.c says how safe
 * the way to each must be. One usable host is enough.
 */
#include <string.h>
#include <strings.h>

#include "defs/limits.h"
#include "dns/record.h"
#include "lib/mx_inner.h"
#include "lib/reverse.h"

struct hark_answer mx_look_up(struct mx *m, const char *name, uint16_t type)
{
    struct hark_answer answer = {.found = HARK_FAILED};
    m->settings->look_up(m->settings->context, name, type, &answer);
    if (answer.found == HARK_FOUND && answer.count == 0)
        answer.found = HARK_NO_DATA;
    return answer;
}

void mx_warn(struct mx *m, const char *format, ...)
{
    va_list ap;
    if (m->plan.warning_count == MX_WARNINGS_MAX)
        return;
    va_start(ap, format);
    m->warnings[m->plan.warning_count++] = arena_vprintf(&m->arena, format, ap);
    va_end(ap);
}

const char *mx_bare_name(struct mx *m, const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    return arena_strdup(&m->arena, record_bare_name(n, buf));
}

/* ---- hosts ---- */

static bool is_address(const char *name)
{
    struct addr a;
    return addr_parse(&a, name) == ERR_OK;
}

static struct hark_mx_host *add_host(struct mx *m, uint16_t preference, const char *name)
{
    struct hark_mx_host *h = &m->hosts[m->plan.host_count++];
    h->preference = preference;
    h->name = name;
    return h;
}

/* Ascending preference; equal ones keep their order, and are shuffled after. */
static int by_preference(const void *a, const void *b)
{
    const struct hark_mx_host *x = a, *y = b;
    return x->preference != y->preference ? (x->preference < y->preference ? -1 : 1)
                                          : strcasecmp(x->name, y->name);
}

static void shuffle(struct mx *m, struct hark_mx_host *hosts, size_t n)
{
    for (size_t i = n; i > 1 && m->settings->random; i--) {
        size_t j = m->settings->random(m->settings->context, (uint32_t)i) % i;
        struct hark_mx_host kept = hosts[i - 1];
        hosts[i - 1] = hosts[j];
        hosts[j] = kept;
    }
}

static void order_hosts(struct mx *m)
{
    size_t n = m->plan.host_count;
    qsort(m->hosts, n, sizeof *m->hosts, by_preference);
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && m->hosts[end].preference == m->hosts[i].preference)
            end++;
        shuffle(m, m->hosts + i, end - i);
        i = end;
    }
}

/* The MX records as hosts, all of them: which are looked at is decided when they are in order. */
static void take_mx(struct mx *m, const struct hark_answer *answer)
{
    m->hosts = ARENA_ARRAY(&m->arena, struct hark_mx_host, answer->count);
    for (size_t i = 0; i < answer->count; i++) {
        const struct hark_rdata *rd = &answer->records[i];
        if (rd->length < 3 || name_check(rd->data + 2, rd->length - 2) != rd->length - 2)
            continue;
        struct hark_mx_host *h = add_host(m, get_u16(rd->data), mx_bare_name(m, rd->data + 2));
        h->secure = answer->secure;
        if (name_is_root(rd->data + 2) || is_address(h->name))
            h->state = HARK_MX_HOST_NOT_A_HOST;
    }
    order_hosts(m);
    for (size_t i = MX_HOSTS_MAX; i < m->plan.host_count; i++)
        m->hosts[i].state = HARK_MX_HOST_BEYOND;
    if (m->plan.host_count > MX_HOSTS_MAX)
        mx_warn(m, "%zu MX records; only the best %u are looked at", m->plan.host_count, MX_HOSTS_MAX);
}

static void warn_of_targets(struct mx *m)
{
    for (size_t i = 0; i < m->plan.host_count; i++) {
        const struct hark_mx_host *h = &m->hosts[i];
        if (strcmp(h->name, ".") == 0 && m->plan.host_count > 1)
            mx_warn(m, "an MX to \".\" stands beside others: it says \"no mail\" only alone (RFC 7505 3)");
        else if (strcmp(h->name, ".") == 0)
            mx_warn(m, "an MX to \".\" has the preference %u: it says \"no mail\" with 0 only (RFC 7505 3)",
                h->preference);
        else if (h->state == HARK_MX_HOST_NOT_A_HOST)
            mx_warn(m, "the MX %s is an address, where only a name may stand (RFC 5321 5.1)", h->name);
    }
}

/* ---- addresses ---- */

struct addresses {
    const char **list;
    size_t count;
    bool failed, no_name, all_secure;
};

static void add_addresses(struct mx *m, struct hark_mx_host *h, uint16_t type, struct addresses *found)
{
    struct hark_answer answer = mx_look_up(m, h->name, type);
    if (answer.canonical && strcasecmp(answer.canonical, h->name) != 0 && !h->canonical)
        h->canonical = arena_strdup(&m->arena, answer.canonical);
    found->no_name = found->no_name || answer.found == HARK_NO_NAME;
    if (answer.found == HARK_FAILED) {
        found->failed = true;
        h->why = arena_strdup(&m->arena, answer.why ? answer.why : "the look-up failed");
    }
    if (answer.found != HARK_FOUND)
        return;
    found->all_secure = found->all_secure && answer.secure;
    for (size_t i = 0; i < answer.count && found->count < MX_ADDRESSES_MAX; i++) {
        char buf[ADDR_TEXT_LEN];
        const struct hark_rdata *rd = &answer.records[i];
        if (rd->length != (type == TYPE_A ? 4 : 16))
            continue;
        struct addr a = type == TYPE_A ? addr_v4(rd->data) : addr_v6(rd->data);
        found->list[found->count++] = arena_strdup(&m->arena, addr_text(&a, buf));
        if (addr_is_private(&a))
            mx_warn(m, "%s of %s is a private address: not to be reached from elsewhere", buf, h->name);
    }
}

static void look_up_host(struct mx *m, struct hark_mx_host *h)
{
    struct addresses found = {.all_secure = true};
    unsigned families = m->settings->families ? m->settings->families : HARK_IPV4 | HARK_IPV6;
    found.list = ARENA_ARRAY(&m->arena, const char *, MX_ADDRESSES_MAX);
    if (families & HARK_IPV6)
        add_addresses(m, h, TYPE_AAAA, &found);
    if (families & HARK_IPV4)
        add_addresses(m, h, TYPE_A, &found);
    h->addresses = found.list;
    h->address_count = found.count;
    h->secure = h->secure && found.all_secure && found.count > 0;
    if (found.count)
        h->why = NULL;
    else
        h->state = found.failed    ? HARK_MX_HOST_FAILED
                   : found.no_name ? HARK_MX_HOST_NO_NAME
                                   : HARK_MX_HOST_NO_ADDRESS;
    if (h->canonical && !m->plan.implicit)
        mx_warn(m, "the MX %s is an alias of %s, which it may not be (RFC 2181 10.3)", h->name, h->canonical);
}

static void look_up_pointers(struct mx *m, const struct hark_mx_host *h)
{
    for (size_t i = 0; i < h->address_count; i++) {
        char buf[REVERSE_TEXT_LEN];
        struct text t;
        struct addr a;
        text_init_fixed(&t, buf, sizeof buf);
        if (addr_parse(&a, h->addresses[i]) != ERR_OK || addr_is_private(&a))
            continue;
        reverse_text(&t, &a);
        enum hark_found found = mx_look_up(m, buf, TYPE_PTR).found;
        bool is_last = m->plan.warning_count >= MX_WARNINGS_MAX / 2; /* what weighs more follows */
        if ((found == HARK_NO_NAME || found == HARK_NO_DATA) && !is_last)
            mx_warn(m, "%s of %s has no name (PTR)", h->addresses[i], h->name);
    }
}

static void look_up_hosts(struct mx *m)
{
    for (size_t i = 0; i < m->plan.host_count; i++) {
        struct hark_mx_host *h = &m->hosts[i];
        if (h->state == HARK_MX_HOST_USED && h->address_count == 0)
            look_up_host(m, h);
        if (h->state == HARK_MX_HOST_USED && !m->settings->no_pointers)
            look_up_pointers(m, h);
    }
}

/* ---- ourselves ---- */

static bool same_self(const char *self, const char *ours)
{
    struct addr a, b;
    size_t n = strlen(self);
    if (addr_parse(&a, self) == ERR_OK)
        return addr_parse(&b, ours) == ERR_OK && addr_equal(&a, &b);
    n -= n > 1 && self[n - 1] == '.';
    return strlen(ours) == n && strncasecmp(self, ours, n) == 0;
}

static bool is_self(const struct mx *m, const struct hark_mx_host *h)
{
    for (size_t s = 0; s < m->settings->self_count; s++) {
        if (same_self(m->settings->self[s], h->name) ||
            (h->canonical && same_self(m->settings->self[s], h->canonical)))
            return true;
        for (size_t i = 0; i < h->address_count; i++)
            if (same_self(m->settings->self[s], h->addresses[i]))
                return true;
    }
    return false;
}

/* RFC 5321 5.1: us, and all of the same or a higher preference number. False: nobody better is left. */
static bool drop_self(struct mx *m)
{
    size_t best = 0, n = m->plan.host_count;
    while (best < n && !is_self(m, &m->hosts[best]))
        best++;
    if (best == n)
        return true;
    bool left = false;
    for (size_t i = 0; i < n; i++) {
        struct hark_mx_host *h = &m->hosts[i];
        if (h->preference >= m->hosts[best].preference)
            h->state = HARK_MX_HOST_SELF;
        else
            left = true;
    }
    return left;
}

/* ---- the whole ---- */

static void decide(struct mx *m)
{
    size_t used = 0, temporary = 0;
    bool ourselves = false;
    const char *why = NULL;
    for (size_t i = 0; i < m->plan.host_count; i++) {
        const struct hark_mx_host *h = &m->hosts[i];
        used += h->state == HARK_MX_HOST_USED;
        ourselves = ourselves || h->state == HARK_MX_HOST_SELF;
        if (h->state == HARK_MX_HOST_FAILED || h->state == HARK_MX_HOST_TLSA_FAILED ||
            h->state == HARK_MX_HOST_NOT_IN_POLICY) {
            temporary++;
            why = why ? why
                      : arena_printf(&m->arena, "%s: %s", h->name,
                            h->why ? h->why : hark_mx_host_state_text(h->state));
        }
    }
    m->plan.verdict = used ? HARK_MX_DELIVERABLE : temporary ? HARK_MX_TEMPORARY : HARK_MX_NO_MAIL;
    if (m->plan.verdict == HARK_MX_TEMPORARY)
        m->plan.why = why;
    else if (!used && m->settings->families == HARK_IPV4)
        m->plan.why = "none of its hosts has an IPv4 address";
    else if (!used && m->settings->families == HARK_IPV6)
        m->plan.why = "none of its hosts has an IPv6 address";
    else if (!used && ourselves)
        m->plan.why = "no host that is better than ourselves has an address";
    else if (!used)
        m->plan.why = m->plan.implicit ? "it has neither MX records nor an address"
                                       : "none of its hosts has an address";
}

static void plan_hosts(struct mx *m)
{
    mx_ahead_hosts(m);
    look_up_hosts(m);
    if (!drop_self(m)) {
        m->plan.verdict = HARK_MX_LOOP;
        m->plan.why = "no host is better than ourselves";
        return;
    }
    if (!m->settings->no_tls)
        mx_tls(m);
    decide(m);
}

static void plan_literal(struct mx *m)
{
    struct addr a;
    m->hosts = ARENA_NEW(&m->arena, struct hark_mx_host);
    struct hark_mx_host *h = add_host(m, 0, m->plan.domain);
    const char **list = ARENA_ARRAY(&m->arena, const char *, 1);
    list[0] = m->plan.domain;
    h->addresses = list;
    h->address_count = 1;
    unsigned family =
        addr_parse(&a, m->plan.domain) == ERR_OK && a.family == FAMILY_V4 ? HARK_IPV4 : HARK_IPV6;
    if (m->settings->families && !(m->settings->families & family)) {
        h->state = HARK_MX_HOST_NO_ADDRESS;
        h->address_count = 0;
    } else if (addr_is_private(&a)) {
        mx_warn(m, "%s is a private address: not to be reached from elsewhere", m->plan.domain);
    }
    plan_hosts(m);
}

static bool is_null_mx(const struct hark_answer *answer)
{
    const struct hark_rdata *rd = answer->records;
    return answer->count == 1 && rd->length == 3 && get_u16(rd->data) == 0 && rd->data[2] == 0;
}

static void plan_domain(struct mx *m)
{
    struct hark_answer mx = mx_look_up(m, m->plan.domain, TYPE_MX);
    m->plan.secure = mx.secure && mx.found != HARK_FAILED;
    if (mx.canonical && strcasecmp(mx.canonical, m->plan.domain) != 0)
        m->plan.canonical = arena_strdup(&m->arena, mx.canonical);
    switch (mx.found) {
    case HARK_NO_NAME:
        m->plan.verdict = HARK_MX_NO_DOMAIN;
        if (m->plan.canonical)
            m->plan.why =
                arena_printf(&m->arena, "it is an alias of %s, which does not exist", m->plan.canonical);
        return;
    case HARK_FAILED:
        m->plan.verdict = HARK_MX_TEMPORARY;
        m->plan.why = arena_printf(&m->arena, "MX: %s", mx.why ? mx.why : "the look-up failed");
        return;
    case HARK_NO_DATA:
        m->plan.implicit = true;
        m->hosts = ARENA_NEW(&m->arena, struct hark_mx_host);
        add_host(m, 0, m->plan.domain)->secure = mx.secure;
        break;
    case HARK_FOUND:
        if (is_null_mx(&mx)) {
            m->plan.verdict = HARK_MX_NO_MAIL;
            m->plan.why = "it says so: null MX (RFC 7505)";
            return;
        }
        take_mx(m, &mx);
        warn_of_targets(m);
        break;
    }
    plan_hosts(m);
}

struct hark_mx_plan *hark_mx_plan(
    const char *target, const struct hark_mx_settings *settings, const char **why)
{
    struct mx *m = mem_alloc(sizeof *m);
    arena_init(&m->arena);
    m->settings = settings;
    m->warnings = ARENA_ARRAY(&m->arena, const char *, MX_WARNINGS_MAX);
    const char *trouble = mx_read_target(m, target);
    if (why)
        *why = trouble;
    if (trouble) {
        hark_mx_plan_free(&m->plan);
        return NULL;
    }
    if (m->plan.literal)
        plan_literal(m);
    else
        plan_domain(m);
    m->plan.hosts = m->hosts;
    m->plan.warnings = m->warnings;
    m->settings = NULL;
    return &m->plan;
}

void hark_mx_plan_free(struct hark_mx_plan *plan)
{
    struct mx *m = (struct mx *)plan;
    if (!m)
        return;
    arena_fini(&m->arena);
    mem_free(m);
}

const char *hark_mx_verdict_text(enum hark_mx_verdict verdict)
{
    static const char *const texts[] = {[HARK_MX_DELIVERABLE] = "deliverable",
        [HARK_MX_NO_MAIL] = "accepts no mail",
        [HARK_MX_TEMPORARY] = "temporary failure",
        [HARK_MX_NO_DOMAIN] = "no such domain",
        [HARK_MX_LOOP] = "loops back to us"};
    return texts[verdict];
}

const char *hark_mx_host_state_text(enum hark_mx_host_state state)
{
    static const char *const texts[] = {[HARK_MX_HOST_USED] = "used",
        [HARK_MX_HOST_NO_NAME] = "no such name",
        [HARK_MX_HOST_NO_ADDRESS] = "no address",
        [HARK_MX_HOST_NOT_A_HOST] = "not a host's name",
        [HARK_MX_HOST_FAILED] = "its addresses cannot be looked up now",
        [HARK_MX_HOST_TLSA_FAILED] = "its TLSA records cannot be looked up now",
        [HARK_MX_HOST_NOT_IN_POLICY] = "the MTA-STS policy does not name it",
        [HARK_MX_HOST_SELF] = "ourselves, or no better than ourselves",
        [HARK_MX_HOST_BEYOND] = "not looked at"};
    return texts[state];
}

const char *hark_mx_tls_text(enum hark_mx_tls tls)
{
    static const char *const texts[] = {[HARK_TLS_OPPORTUNISTIC] = "opportunistic",
        [HARK_TLS_DANE] = "DANE",
        [HARK_TLS_ENCRYPT] = "encrypted, not authenticated",
        [HARK_TLS_STS] = "MTA-STS"};
    return texts[tls];
}

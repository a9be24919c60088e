/* hark update: fetches what IANA publishes and hark has compiled in, where it is newer.
 *
 * So far the lists of registries (RFC 9224). A list is kept only if it can be read, is no older than the one
 * in use and has not lost half of it; it replaces the one before in one step (rename), or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/now.h"
#include "cli/command.h"
#include "cli/https.h"
#include "cli/record.h"
#include "defs/limits.h"
#include "lib/registry_files.h"

#define SOURCE "https://data.iana.org/rdap/"
#define PATIENCE_MS 10000
#define COLUMN_DATE 8u
#define COLUMN_TEXT 22u

/* One list. */
struct list {
    enum bootstrap_kind kind;
    struct bootstrap now, fetched; /* now.count 0: the one compiled in is in use */
    const char *in_use;            /* its date */
    struct https_reply reply;
    size_t differ; /* entries whose server is another than now */
    const char *trouble;
    bool newer, written;
};

static const char *server_now(const struct list *l, const struct bootstrap_entry *e, struct arena *a)
{
    struct registry_key key = {.kind = l->kind};
    struct text name;
    text_init(&name);
    if (l->kind == BOOTSTRAP_DNS) {
        text_printf(&name, "x.%s", e->tld);
        key.name = arena_strdup(a, name.data);
    } else if (l->kind == BOOTSTRAP_ASN) {
        key.asn = e->asn.first;
    } else {
        key.addr = e->prefix.addr;
    }
    text_fini(&name);
    if (l->now.count == 0)
        return l->kind == BOOTSTRAP_DNS   ? registry_of_name(key.name).rdap
               : l->kind == BOOTSTRAP_ASN ? registry_of_asn(key.asn).rdap
                                          : registry_of_address(&key.addr).rdap;
    return l->kind == BOOTSTRAP_DNS   ? bootstrap_name(&l->now, key.name)
           : l->kind == BOOTSTRAP_ASN ? bootstrap_asn(&l->now, key.asn)
                                      : bootstrap_address(&l->now, &key.addr);
}

static void count_differences(struct list *l, struct arena *a)
{
    for (size_t i = 0; i < l->fetched.count; i++) {
        const char *now = server_now(l, &l->fetched.entries[i], a);
        l->differ += !now || strcmp(now, l->fetched.entries[i].url) != 0;
    }
}

/* Where a list is in use, the half of it; of what is compiled in, numbers that each list has had for years.
 */
static size_t least_entries(const struct list *l)
{
    static const size_t least[BOOTSTRAP_COUNT] = {
        [BOOTSTRAP_DNS] = 600, [BOOTSTRAP_IPV4] = 100, [BOOTSTRAP_IPV6] = 15, [BOOTSTRAP_ASN] = 100};
    return l->now.count ? l->now.count / 2 : least[l->kind];
}

static void judge(struct list *l, struct arena *a)
{
    const struct hark_document *doc = &l->reply.doc;
    if (doc->status != 200)
        l->trouble = doc->status ? "its server has it not" : doc->why;
    else if (bootstrap_read(&l->fetched, l->kind, doc->body, doc->length, a, &l->trouble) != ERR_OK)
        return;
    else if (strcmp(l->fetched.published, l->in_use) < 0)
        l->trouble = "it is older than the list in use";
    else if (l->fetched.count < least_entries(l))
        l->trouble = "more than half of the list is missing";
    if (l->trouble)
        return;
    l->newer = strcmp(l->fetched.published, l->in_use) > 0;
    count_differences(l, a);
}

static void fetch(struct list *l, struct arena *a)
{
    struct text url, why;
    struct https_request request = {
        .accept = "application/json", .max_octets = BOOTSTRAP_OCTETS_MAX, .redirects = WHOIS_REFERRALS_MAX};
    text_init(&url);
    text_init(&why);
    if (registry_fetched(&l->now, l->kind, a, &why) != ERR_OK)
        l->now.count = 0;
    l->in_use = l->now.count ? l->now.published : registry_date(l->kind);
    text_printf(&url, SOURCE "%s.json", bootstrap_kind_text(l->kind));
    request.url = arena_strdup(a, url.data);
    request.until_ms = now_read(false).mono_ms + PATIENCE_MS;
    https_get(&l->reply, &request, a);
    judge(l, a);
    text_fini(&why);
    text_fini(&url);
}

static bool write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t k = write(fd, data, n);
        if (k < 0 && errno != EINTR)
            return false;
        data += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    return fsync(fd) == 0;
}

/* Whole or not at all: a file beside it takes its place when it is on the disk. */
static bool put(const char *path, const char *data, size_t n)
{
    struct text beside;
    text_init(&beside);
    text_printf(&beside, "%s.new", path);
    int fd = open(beside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = fd >= 0 && write_all(fd, data, n);
    int kept = errno;
    if (fd >= 0)
        close(fd);
    if (good && rename(beside.data, path) < 0) {
        kept = errno;
        good = false;
    }
    if (!good && fd >= 0)
        unlink(beside.data);
    text_fini(&beside);
    errno = kept;
    return good;
}

static void store(struct list *l, struct arena *a)
{
    struct text path;
    text_init(&path);
    registry_path(&path, l->kind);
    l->written = put(path.data, l->reply.doc.body, l->reply.doc.length);
    if (!l->written) {
        struct text t;
        text_init(&t);
        text_printf(&t, "cannot write %s: %s", path.data, strerror(errno));
        l->trouble = arena_strdup(a, t.data);
        text_fini(&t);
    }
    text_fini(&path);
}

static void view_json(struct out *out, const struct list *l)
{
    json_t *j = json_object();
    json_object_set_new(j, "list", json_string(bootstrap_kind_text(l->kind)));
    json_object_set_new(j, "in_use", json_string(l->in_use));
    json_object_set_new(j, "compiled_in", json_boolean(l->now.count == 0));
    if (l->trouble)
        record_set_text(j, "trouble", l->trouble);
    if (!l->trouble || l->written) {
        json_object_set_new(j, "published", json_string(l->fetched.published));
        json_object_set_new(j, "entries", json_integer((json_int_t)l->fetched.count));
        json_object_set_new(j, "differ", json_integer((json_int_t)l->differ));
    }
    json_object_set_new(j, "newer", json_boolean(l->newer));
    json_object_set_new(j, "written", json_boolean(l->written));
    out_json(out, j);
}

static void view(struct out *out, const struct list *l)
{
    if (out->format == OUT_JSON) {
        view_json(out, l);
        return;
    }
    out_put(out, STYLE_STRONG, bootstrap_kind_text(l->kind));
    out_column(out, COLUMN_DATE);
    out_put(out, STYLE_PLAIN, l->in_use);
    out_column(out, COLUMN_TEXT);
    out_put(out, STYLE_DIM, l->now.count ? "(fetched)  " : "(built in) ");
    if (l->trouble)
        out_words(out, STYLE_WARN, l->trouble);
    else if (!l->newer)
        out_put(out, STYLE_PLAIN, "is the newest");
    else
        out_printf(out, STYLE_GOOD, "%s %s: %zu entries, %zu of another server",
            l->written ? "now" : "there is", l->fetched.published, l->fetched.count, l->differ);
    out_end(out);
}

/* 0: all is the newest now; 2: something newer is there (--check); 5: not to be had; 3: refused, or not
 * written. */
static enum status status_of(const struct list *l)
{
    if (l->trouble)
        return l->reply.doc.status == 0 ? STATUS_NO_REPLY : STATUS_FAILURE;
    return l->newer && !l->written ? STATUS_NO_DATA : STATUS_ANSWER;
}

enum status cmd_update(const struct args *args, struct out *out)
{
    enum status worst = STATUS_ANSWER;
    for (int kind = 0; kind < BOOTSTRAP_COUNT && !out->error; kind++) {
        struct arena arena;
        struct list l = {.kind = (enum bootstrap_kind)kind};
        arena_init(&arena);
        fetch(&l, &arena);
        if (l.newer && !args->on[OPTION_CHECK])
            store(&l, &arena);
        view(out, &l);
        worst = status_worst(worst, status_of(&l));
        arena_fini(&arena);
    }
    return worst;
}

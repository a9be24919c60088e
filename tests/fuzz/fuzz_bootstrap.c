/* A list of RDAP servers: refused, or entries that can be looked up, with URLs that may be asked. The first
 * octet says which list. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "defs/limits.h"
#include "lib/bootstrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_url(const char *url)
{
    size_t n = strlen(url);
    assert(n > 8 && n <= BOOTSTRAP_URL_MAX + 1 && url[n - 1] == '/' && strncasecmp(url, "http", 4) == 0);
    for (; *url; url++)
        assert(*url > 0x20 && *url < 0x7f && *url != '@');
}

static void check_tag(const struct bootstrap *b, const char *tag)
{
    char handle[BOOTSTRAP_TAG_MAX + 8];
    snprintf(handle, sizeof handle, "A-B-%s", tag);
    assert(bootstrap_handle(b, handle) && !bootstrap_handle(b, tag));
}

/* Each entry is found by itself, perhaps in favour of a longer one. */
static void check_entry(const struct bootstrap *b, const struct bootstrap_entry *e)
{
    check_url(e->url);
    if (b->kind == BOOTSTRAP_DNS)
        assert(bootstrap_name(b, e->tld));
    else if (b->kind == BOOTSTRAP_TAGS)
        check_tag(b, e->tag);
    else if (b->kind == BOOTSTRAP_ASN)
        assert(bootstrap_asn(b, e->asn.first) && bootstrap_asn(b, e->asn.last));
    else
        assert(bootstrap_address(b, &e->prefix.addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct bootstrap b;
    const char *why = NULL;
    if (len == 0)
        return 0;
    arena_init(&a);
    if (bootstrap_read(&b, data[0] % BOOTSTRAP_COUNT, (const char *)data + 1, len - 1, &a, &why) == ERR_OK) {
        assert(b.count > 0 && b.count <= BOOTSTRAP_ENTRIES_MAX && strlen(b.published) == 10);
        for (size_t i = 0; i < b.count; i++)
            check_entry(&b, &b.entries[i]);
    } else {
        assert(why);
    }
    arena_fini(&a);
    return 0;
}

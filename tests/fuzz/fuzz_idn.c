/* Names that are shown in their own script: what changes is harmless UTF-8 that leads back to the same label.
 */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "lib/idn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t label_len(const char *s)
{
    size_t n = 0;
    while (s[n] && s[n] != '.')
        n += s[n] == '\\' && s[n + 1] ? 2 : 1;
    return n;
}

static void leads_back(const char *shown, size_t shown_len, const char *plain, size_t plain_len)
{
    name_t was[NAME_MAX_LEN], is[NAME_MAX_LEN];
    struct text label, why;
    text_init(&label);
    text_init(&why);
    text_add_n(&label, shown, shown_len);
    for (size_t at = 0, n; at < shown_len; at += n) {
        uint32_t c;
        n = utf8_read(shown + at, shown_len - at, &c);
        assert(n && utf8_is_harmless(c) && c > 0x20);
    }
    assert(name_from_text(was, plain, plain_len, NULL) == ERR_OK);
    assert(idn_to_name(is, label.data, &why) == ERR_OK);
    assert(name_equal(was, is));
    text_fini(&label);
    text_fini(&why);
}

static void one_name(const name_t *name)
{
    char plain[NAME_TEXT_LEN];
    struct text t;
    text_init(&t);
    text_add(&t, name_text(name, plain));
    idn_respell(&t, 0);
    const char *p = plain, *s = t.data;
    while (*p) {
        size_t n = label_len(p), k = label_len(s);
        if (n != k || memcmp(p, s, n) != 0)
            leads_back(s, k, p, n);
        p += n;
        s += k;
        assert(*p == *s);
        p += *p == '.';
        s += *s == '.';
    }
    assert(!*s);
    text_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    name_t name[NAME_MAX_LEN];
    struct text t;
    if (name_check(data, len) == len && len)
        one_name(data);
    if (name_from_text(name, (const char *)data, len, NULL) == ERR_OK)
        one_name(name);
    /* A whole record's text, whatever it is. */
    text_init(&t);
    text_add_n(&t, (const char *)data, len);
    idn_respell(&t, len / 4 < t.len ? len / 4 : 0);
    text_fini(&t);
    return 0;
}

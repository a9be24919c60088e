/* What mail is sent to: DOMAIN, LOCAL-PART@DOMAIN, or either with an address literal (RFC 5321 4.1.2, 4.1.3;
 * in UTF-8: RFC 6531 3.3). A local part is only read to find where it ends: its meaning is the receiver's. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "lib/idn.h"
#include "lib/mx_inner.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define ATOM LETTERS_AND_DIGITS "!#$%&'*+-/=?^_`{|}~" /* RFC 5322 3.2.3 */

static bool is_beyond_ascii(char c)
{
    return (unsigned char)c > 0x7f;
}

/* The octet after a quoted local part, which begins at s; NULL: its quotes do not end, or it has what may not
 * stand there either. */
static const char *end_of_quoted(const char *s)
{
    for (s++; *s && *s != '"'; s++) {
        s += *s == '\\';
        if (!is_beyond_ascii(*s) && (*s < 0x20 || *s > 0x7e))
            return NULL;
    }
    return *s ? s + 1 : NULL;
}

static const char *bare_trouble(const char *s, size_t n)
{
    if (n == 0)
        return "nothing stands before the @";
    if (memchr(s, '<', n) || memchr(s, ':', n)) /* "Joe <joe@example.org>", "mailto:joe@example.org" */
        return "write the address alone: user@example.org";
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && (i == 0 || i + 1 == n || s[i + 1] == '.'))
            return "before the @, a dot at either end or two in a row need quotes: \"a..b\"@example.org";
        if (s[i] != '.' && !is_beyond_ascii(s[i]) && !strchr(ATOM, s[i]))
            return "before the @ stands what needs quotes: \"a b\"@example.org";
    }
    return NULL;
}

/* Where the domain begins. NULL: *why says what is wrong. */
static const char *domain_of(struct mx *m, const char *target, const char **why)
{
    const char *at = target[0] == '"' ? end_of_quoted(target) : strchr(target, '@');
    *why = NULL;
    if (target[0] == '"' && (!at || *at != '@'))
        *why = "what begins with a quote ends with one, before the @";
    else if (at && strchr(at + 1, '@'))
        *why = "it has more than one @: one before the last needs quotes: \"a@b\"@example.org";
    else if (target[0] != '"' && at)
        *why = bare_trouble(target, (size_t)(at - target));
    if (!*why && at && !utf8_is_valid(target, (size_t)(at - target)))
        *why = "it is not UTF-8";
    if (*why)
        return NULL;
    for (const char *c = target; at && c < at; c++)
        m->plan.needs_utf8 = m->plan.needs_utf8 || is_beyond_ascii(*c);
    return at ? at + 1 : target;
}

static bool read_literal(struct mx *m, const char *domain)
{
    char text[ADDR_TEXT_LEN];
    struct addr addr;
    size_t n = strlen(domain);
    bool six = strncasecmp(domain, "[IPv6:", 6) == 0; /* RFC 5321 4.1.3 */
    const char *start = domain + (six ? 6 : 1);
    size_t len = n - (size_t)(start - domain) - 1;
    if (domain[n - 1] != ']' || len >= sizeof text)
        return false;
    memcpy(text, start, len);
    text[len] = 0;
    if (addr_parse(&addr, text) != ERR_OK || (addr.family == FAMILY_V6) != six)
        return false;
    m->plan.literal = true;
    m->plan.domain = arena_strdup(&m->arena, addr_text(&addr, text));
    return true;
}

static const char *read_domain(struct mx *m, const char *domain)
{
    name_t name[NAME_MAX_LEN];
    struct addr addr;
    struct text why;
    if (addr_parse(&addr, domain) == ERR_OK)
        return "an address stands in brackets: user@[192.0.2.1], user@[IPv6:2001:db8::1]";
    text_init(&why);
    enum err err = idn_to_name(name, domain, &why);
    text_fini(&why);
    if (err)
        return "it is no domain name";
    if (name_is_root(name))
        return "the root has no mail";
    m->plan.domain = mx_bare_name(m, name);
    /* RFC 5321 2.3.5; an underscore is wrong there too, and is used */
    return m->plan.domain[strspn(m->plan.domain, LETTERS_AND_DIGITS "-_.")] ? "it is no domain name" : NULL;
}

const char *mx_read_target(struct mx *m, const char *target)
{
    const char *why, *domain = domain_of(m, target, &why);
    if (!domain)
        return why;
    if (domain[0] != '[')
        return read_domain(m, domain);
    return read_literal(m, domain) ? NULL : "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]";
}

/* A reply of a WHOIS server: a card of harmless texts; a referral is a host name; a page has no control
 * octets. */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "check_card.h"
#include "lib/whois.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_page(const char *page)
{
    uint32_t c;
    for (size_t left = strlen(page), n; left; page += n, left -= n) {
        n = utf8_read(page, left, &c);
        assert(n > 0 && (c == '\n' || utf8_is_harmless(c)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *reply = (const char *)data;
    struct arena a;
    struct card card;
    arena_init(&a);
    whois_read(&card, reply, len, &a);
    check_card(&card);
    if (card.referral)
        assert(strspn(card.referral, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(card.referral));
    (void)whois_means_none(reply, len);
    (void)whois_means_limit(reply, len);
    check_text(whois_said(reply, len, &a));
    check_page(card_page(reply, len, &a));
    arena_fini(&a);
    return 0;
}

#include "check_card.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

void check_text(const char *text)
{
    uint32_t c;
    if (!text)
        return;
    size_t left = strlen(text);
    assert(left > 0 && left <= CARD_TEXT_MAX && text[0] != ' ' && text[left - 1] != ' ');
    for (size_t n; left; text += n, left -= n) {
        n = utf8_read(text, left, &c);
        assert(n > 0 && utf8_is_harmless(c));
    }
}

static void check_list(const struct card_list *list)
{
    assert(list->count <= CARD_LIST_MAX);
    for (size_t i = 0; i < list->count; i++) {
        assert(list->items[i]);
        check_text(list->items[i]);
    }
}

void check_card(const struct card *c)
{
    const char *const texts[] = {c->name, c->unicode, c->label, c->handle, c->holder, c->country,
        c->registrar, c->registrar_id, c->registrar_url, c->abuse_email, c->abuse_phone, c->created,
        c->changed, c->expires, c->related, c->referral};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text(texts[i]);
    check_list(&c->status);
    check_list(&c->servers);
    check_list(&c->ds);
    check_list(&c->redacted);
}

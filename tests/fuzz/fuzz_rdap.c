/* A reply of an RDAP server: a card of harmless texts, or refused with a reason. */
#include <assert.h>
#include <string.h>

#include "check_card.h"
#include "lib/rdap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct card card;
    const char *why = NULL;
    arena_init(&a);
    if (rdap_read(&card, (const char *)data, len, &a, &why) == ERR_OK) {
        assert(card.kind != CARD_NONE);
        check_card(&card);
    } else {
        check_text(why);
        assert(why);
    }
    check_text(rdap_error((const char *)data, len, &a));
    arena_fini(&a);
    return 0;
}

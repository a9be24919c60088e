/* What every card promises, whatever it was read from. */
#ifndef HARK_TEST_CHECK_CARD_H
#define HARK_TEST_CHECK_CARD_H

#include "lib/card.h"

/** NULL, or harmless UTF-8 of one line, not too long. */
void check_text(const char *text);
void check_card(const struct card *card);

#endif

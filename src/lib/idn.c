#include "lib/idn.h"

#include <idn2.h>
#include <string.h>

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s > 0x7f)
            return false;
    return true;
}

static enum err name_of_ascii(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint)
{
    enum err err = text[0] ? name_from_text(out, text, strlen(text), NULL) : ERR_FORMAT;
    if (err == ERR_RANGE)
        text_add(complaint, "a label has at most 63 octets and a name 255");
    else if (err && !text[0])
        text_add(complaint, "it is empty; the root is \".\"");
    else if (err)
        text_add(complaint, "there is an empty label or a bad escape in it");
    return err;
}

enum err idn_to_name(name_t out[NAME_MAX_LEN], const char *text, struct text *complaint)
{
    if (is_ascii(text))
        return name_of_ascii(out, text, complaint);
    char *ascii = NULL;
    int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK) {
        text_printf(complaint, "not an internationalised name: %s", idn2_strerror(rc));
        return ERR_FORMAT;
    }
    enum err err = name_of_ascii(out, ascii, complaint);
    idn2_free(ascii);
    return err;
}

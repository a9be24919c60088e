#include "roff.h"

#include <ctype.h>

void roff_escaped(struct text *t, const char *s)
{
    for (const char *p = s; *p; p++) {
        if (p == s && (*p == '.' || *p == '\''))
            text_add(t, "\\&");
        if (*p == '-')
            text_add(t, "\\-");
        else if (*p == '\\')
            text_add(t, "\\e");
        else if (*p == '"')
            text_add(t, "\\(dq");
        else
            text_char(t, *p);
    }
}

void roff_sentence(struct text *t, const char *s)
{
    struct text copy;
    text_init(&copy);
    text_add(&copy, s);
    if (copy.len)
        copy.data[0] = (char)toupper((unsigned char)copy.data[0]);
    roff_escaped(t, copy.data);
    text_add(t, ".\n");
    text_fini(&copy);
}

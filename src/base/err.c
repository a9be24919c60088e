#include "base/err.h"

const char *err_text(enum err e)
{
    switch (e) {
    case ERR_OK:
        return "no error";
    case ERR_SHORT:
        return "input ends early";
    case ERR_FORMAT:
        return "wrong form";
    case ERR_RANGE:
        return "value out of range";
    case ERR_SPACE:
        return "no room";
    case ERR_LIMIT:
        return "limit reached";
    case ERR_UNKNOWN:
        return "unknown name";
    case ERR_NOTFOUND:
        return "not found";
    case ERR_SYSTEM:
        return "system error";
    }
    return "unknown error";
}

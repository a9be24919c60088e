/* How an operation failed. "DNS said no" is not an error but a value (struct outcome). */
#ifndef HARK_BASE_ERR_H
#define HARK_BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_SHORT,    /* input ends early */
    ERR_FORMAT,   /* input is not of the form */
    ERR_RANGE,    /* a value is out of its range */
    ERR_SPACE,    /* output does not fit */
    ERR_LIMIT,    /* a limit of defs/limits.h */
    ERR_UNKNOWN,  /* an unknown name: record type, option, setting */
    ERR_NOTFOUND, /* nothing there */
    ERR_SYSTEM,   /* the operating system said no; errno tells */
};

/** One short lower-case phrase for an error, static. */
const char *err_text(enum err e);

#endif

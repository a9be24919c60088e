/* A library that may be missing, and is loaded by who needs it (decision 23). The functions that are used of
 * it are one list:
 *
 *   #define FUNCTIONS(FUNCTION) FUNCTION(int, parse, XML_Parse, (XML_Parser, const char *, int, int)) …
 *   struct expat { FUNCTIONS(LIBRARY_FIELD) };
 *   LIBRARY_LOAD("libexpat.so.1", FUNCTIONS, &expat)
 */
#ifndef HARK_LIB_LIBRARY_H
#define HARK_LIB_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#define LIBRARY_FIELD(result, name, symbol, parameters) result(*name) parameters;
#define LIBRARY_SYMBOL(result, name, symbol, parameters) #symbol "\0"
#define LIBRARY_LOAD(file, FUNCTIONS, out)                                                                   \
    library_load((out), sizeof *(out), (file), FUNCTIONS(LIBRARY_SYMBOL))

/** Fills `functions`, size octets of pointers, with those of that many symbols, each with its zero. The
 * library stays until the process ends. False: it is missing, or one of them is. */
bool library_load(void *functions, size_t size, const char *file, const char *symbols);

#endif

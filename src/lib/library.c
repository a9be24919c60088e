#include "lib/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(void *functions, size_t size, const char *file, const char *symbols)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL), *function = library;
    for (size_t at = 0; function && at < size; at += sizeof function, symbols += strlen(symbols) + 1) {
        function = dlsym(library, symbols);
        memcpy((char *)functions + at, &function, sizeof function);
    }
    return function != NULL;
}

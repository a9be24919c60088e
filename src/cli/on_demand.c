/* Libraries that are loaded with the first call of one of their functions: `hark NAME` needs none of them,
 * and would spend more time on loading libcrypto than on the look-up. Each function of the table stands here
 * under its own name, so that the layers below call it as ever; harkd and libhark are linked with the
 * libraries themselves. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <dlfcn.h>
#include <idn2.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>
#include <yaml.h>

#include "cli/out.h"
#include "cli/status.h"

enum library { CRYPTO, UV, YAML, IDN2, LIBRARY_COUNT };

/* The interfaces that were compiled against. */
static const char *const files[LIBRARY_COUNT] = {
    [CRYPTO] = "libcrypto.so.3",
    [UV] = "libuv.so.1",
    [YAML] = "libyaml-0.so.2",
    [IDN2] = "libidn2.so.0",
};

/* Without it nothing of what was asked for can be done: there is no way back. */
static void *find(enum library which, const char *name)
{
    static void *libraries[LIBRARY_COUNT];
    void **library = &libraries[which];
    if (!*library)
        *library = dlopen(files[which], RTLD_NOW | RTLD_LOCAL); /* stays until the process ends */
    void *function = *library ? dlsym(*library, name) : NULL;
    if (function)
        return function;
    out_complain("cannot load %s: %s", files[which], dlerror());
    _exit(STATUS_INTERNAL);
}

#define FUNCTION(library, result, name, parameters, arguments)                                               \
    result name parameters                                                                                   \
    {                                                                                                        \
        static __typeof__(&name) real;                                                                       \
        if (!real)                                                                                           \
            *(void **)&real = find(library, #name);                                                          \
        return real arguments;                                                                               \
    }
#define PROCEDURE(library, name, parameters, arguments)                                                      \
    void name parameters                                                                                     \
    {                                                                                                        \
        static __typeof__(&name) real;                                                                       \
        if (!real)                                                                                           \
            *(void **)&real = find(library, #name);                                                          \
        real arguments;                                                                                      \
    }
#include "cli/on_demand.def"

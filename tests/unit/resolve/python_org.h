/* The way to python.org: rules of a scripted Internet that several files begin with. */
#ifndef HARK_TEST_PYTHON_ORG_H
#define HARK_TEST_PYTHON_ORG_H

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Root 10.0.0.1 → org 10.0.0.2 → python.org 10.1.0.1 */
#define ROOT_ORG                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.org.", .authority = "org. NS ns.org.\n",                              \
        .additional = "ns.org. A 10.0.0.2\n"                                                                 \
    }
#define ORG_PYTHON                                                                                           \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*.python.org.", .authority = "python.org. NS ns.python.org.\n",         \
        .additional = "ns.python.org. A 10.1.0.1\n"                                                          \
    }
#define ROOT_COM                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.com.", .authority = "com. NS ns.com.\n",                              \
        .additional = "ns.com. A 10.0.0.3\n"                                                                 \
    }

#define WWW_PYTHON                                                                                           \
    {                                                                                                        \
        .addr = "10.1.0.1", .name = "www.python.org.", .type = TYPE_A, .flags = FLAG_AA,                     \
        .answer = "www.python.org. 5 A 192.0.2.1\n"                                                          \
    }
#define SOA_PYTHON "python.org. 900 SOA ns.python.org. host.python.org. 1 2 3 4 300\n"

#endif

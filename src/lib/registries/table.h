/* The table of registries as compiled in (make.py). Texts are offsets into registries_text; 0 is none. */
#ifndef HARK_LIB_REGISTRIES_TABLE_H
#define HARK_LIB_REGISTRIES_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct registries_tld {
    uint32_t tld, rdap, whois;
};
struct registries_prefix {
    struct prefix prefix;
    uint32_t rdap;
};
struct registries_asn {
    uint32_t first, last, rdap;
};
struct registries_pair {
    uint32_t key, value;
};

extern const char registries_text[];
extern const uint32_t registries_dates[]; /* by enum bootstrap_kind */
extern const size_t registries_dates_count;
extern const struct registries_tld registries_tlds[]; /* by strcmp() of tld */
extern const size_t registries_tlds_count;
extern const struct registries_prefix registries_prefixes[]; /* the longest first */
extern const size_t registries_prefixes_count;
extern const struct registries_asn registries_asns[]; /* ascending, apart */
extern const size_t registries_asns_count;
extern const struct registries_pair registries_tags[]; /* RFC 8521: tag, RDAP */
extern const size_t registries_tags_count;
extern const struct registries_pair registries_numbers[]; /* RDAP, WHOIS */
extern const size_t registries_numbers_count;

#endif

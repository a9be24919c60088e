#include "lib/registry.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/registries/table.h"

static const char *text_at(uint32_t at)
{
    return at ? registries_text + at : NULL;
}

static int compare_tld(const void *key, const void *row)
{
    return strcasecmp(key, text_at(((const struct registries_tld *)row)->tld));
}

struct registry registry_of_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot)
        return (struct registry){.rdap = REGISTRY_IANA_RDAP, .whois = REGISTRY_IANA_WHOIS};
    const struct registries_tld *row =
        bsearch(dot + 1, registries_tlds, registries_tlds_count, sizeof *registries_tlds, compare_tld);
    return row ? (struct registry){.rdap = text_at(row->rdap), .whois = text_at(row->whois)}
               : (struct registry){0};
}

/* The regional registries have both; its WHOIS server is known by its RDAP. */
static struct registry of_numbers(uint32_t rdap)
{
    struct registry out = {.rdap = text_at(rdap)};
    for (size_t i = 0; i < registries_numbers_count; i++)
        if (registries_numbers[i].key == rdap)
            out.whois = text_at(registries_numbers[i].value);
    return out;
}

struct registry registry_of_address(const struct addr *a)
{
    for (size_t i = 0; i < registries_prefixes_count; i++)
        if (prefix_contains(&registries_prefixes[i].prefix, a))
            return of_numbers(registries_prefixes[i].rdap);
    return (struct registry){0};
}

struct registry registry_of_asn(uint32_t asn)
{
    size_t low = 0, high = registries_asns_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (registries_asns[mid].last < asn)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < registries_asns_count && registries_asns[low].first <= asn)
        return of_numbers(registries_asns[low].rdap);
    return (struct registry){0};
}

bool registry_of_handle(struct registry *out, const char *handle)
{
    const char *tag = strrchr(handle, '-');
    for (size_t i = 0; tag && i < registries_tags_count; i++) {
        if (strcasecmp(tag + 1, text_at(registries_tags[i].key)) == 0) {
            *out = of_numbers(registries_tags[i].value);
            return true;
        }
    }
    return false;
}

const char *registry_date(enum bootstrap_kind kind)
{
    return text_at(registries_dates[kind]);
}

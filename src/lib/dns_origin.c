#include "lib/dns_origin.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/file.h"
#include "lib/resolvconf.h"

#define FILE_OCTETS_MAX ((size_t)1 << 20) /* lease files grow for months */

/* Whose mark a link's target or a comment of resolv.conf bears. First match counts. */
static const struct {
    const char *mark, *who;
} writers[] = {
    {"systemd/resolve/stub-resolv.conf", "systemd-resolved, which listens there itself"},
    {"systemd/resolve/resolv.conf", "systemd-resolved, naming its own servers"},
    {"systemd-resolved", "systemd-resolved"},
    {"NetworkManager", "NetworkManager"},
    {"resolvconf", "resolvconf"},
    {"dhclient", "dhclient (DHCP)"},
    {"dhcpcd", "dhcpcd (DHCP)"},
    {"udhcpc", "udhcpc (DHCP)"},
    {"connman", "ConnMan"},
    {"netconfig", "netconfig"},
    {"tailscale", "Tailscale"},
    {"Docker", "Docker"},
    {"WSL", "Windows (WSL)"},
};

/* Files that tell of servers. `key`: the line's; "option" is dhclient's way. */
static const struct {
    const char *pattern, *who, *key;
} places[] = {
    {"/run/systemd/resolve/netif/*", "systemd-resolved, link", "SERVERS"},
    {"/run/systemd/netif/links/*", "systemd-networkd, link", "DNS"},
    {"/run/systemd/netif/leases/*", "DHCP lease of systemd-networkd, link", "DNS"},
    {"/run/systemd/resolve/resolv.conf", "systemd-resolved asks", "nameserver"},
    {"/etc/systemd/resolved.conf", "the settings of systemd-resolved", "DNS"},
    {"/etc/systemd/resolved.conf.d/*.conf", "the settings of systemd-resolved", "DNS"},
    {"/run/NetworkManager/no-stub-resolv.conf", "NetworkManager would name", "nameserver"},
    {"/var/lib/NetworkManager/internal-*.lease", "DHCP lease of NetworkManager", "DNS"},
    {"/var/lib/NetworkManager/dhclient-*.lease", "DHCP lease of NetworkManager", "option"},
    {"/etc/NetworkManager/system-connections/*", "a connection of NetworkManager", "dns"},
    {"/run/NetworkManager/system-connections/*", "a connection of NetworkManager", "dns"},
    {"/run/resolvconf/interface/*", "resolvconf, of", "nameserver"},
    {"/run/dhcpcd/hook-state/resolv.conf/*", "DHCP lease of dhcpcd, of", "nameserver"},
    {"/var/lib/dhcp/dhclient*.leases", "DHCP lease of dhclient", "option"},
    {"/var/lib/dhclient/*.leases", "DHCP lease of dhclient", "option"},
};

static bool is_separator(char c)
{
    return isspace((unsigned char)c) || c == ',' || c == ';' || c == '=';
}

/* Addresses and what else stands behind the key; words are parted by blanks or commas. */
static bool add_words(struct text *out, const char *p, const char *end)
{
    bool any = false;
    while (p < end) {
        const char *word = p;
        while (p < end && !is_separator(*p))
            p++;
        if (p > word && out->len + (size_t)(p - word) < DNS_ORIGIN_TEXT_LEN) {
            text_add(out, out->len ? " " : "");
            text_add_n(out, word, (size_t)(p - word));
            any = true;
        }
        p += p < end;
    }
    return any;
}

/* Is this a line of that key? Then what stands behind it begins at *value. */
static bool has_key(const char *p, const char *end, const char *key, const char **value)
{
    static const char option[] = "option domain-name-servers ";
    size_t len = strlen(key);
    bool is_option = strcmp(key, "option") == 0;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (is_option) {
        key = option;
        len = sizeof option - 1;
    }
    if ((size_t)(end - p) < len || memcmp(p, key, len) != 0)
        return false;
    *value = p + len;
    return is_option || *value == end || is_separator(**value);
}

bool dns_origin_servers(struct text *out, const char *file, size_t len, const char *key)
{
    const char *end = file + len;
    bool last_counts = strcmp(key, "option") == 0, any = false;
    while (file < end) {
        const char *eol = memchr(file, '\n', (size_t)(end - file)), *value;
        if (!eol)
            eol = end;
        if (has_key(file, eol, key, &value)) {
            if (last_counts)
                text_clear(out);
            any = add_words(out, value, eol) || any;
        }
        file = eol == end ? end : eol + 1;
    }
    return any && out->len > 0;
}

/* "…, link" and "…, of": the file's own name says of which. */
static bool names_file(const char *who)
{
    size_t n = strlen(who);
    return (n > 5 && strcmp(who + n - 5, " link") == 0) || (n > 3 && strcmp(who + n - 3, " of") == 0);
}

static void add_fact(
    struct dns_origin *o, const char *path, const char *shown, const char *who, const char *key)
{
    struct text said, why;
    size_t len = 0;
    text_init(&said);
    text_init(&why);
    char *text = file_read(path, FILE_OCTETS_MAX, &len, &why);
    if (text && o->count < DNS_ORIGIN_FACTS_MAX && dns_origin_servers(&said, text, len, key)) {
        struct dns_origin_fact *f = &o->facts[o->count++];
        const char *name = strrchr(shown, '/');
        bool named = name && names_file(who);
        snprintf(f->who, sizeof f->who, "%s%s%.24s", who, named ? " " : "", named ? name + 1 : "");
        snprintf(f->said, sizeof f->said, "%s", said.data);
        snprintf(f->file, sizeof f->file, "%s", shown);
    }
    mem_free(text);
    text_fini(&why);
    text_fini(&said);
}

static void read_places(struct dns_origin *o, const char *root)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char pattern[DNS_ORIGIN_TEXT_LEN];
        glob_t found = {0};
        snprintf(pattern, sizeof pattern, "%s%s", root, places[i].pattern);
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++)
                add_fact(
                    o, found.gl_pathv[k], found.gl_pathv[k] + strlen(root), places[i].who, places[i].key);
        globfree(&found);
    }
}

/* The comments of resolv.conf: who wrote it says so. */
static void read_comments(struct text *out, const char *path)
{
    struct text why;
    size_t len = 0;
    text_init(&why);
    char *text = file_read(path, FILE_OCTETS_MAX, &len, &why);
    for (char *p = text, *end = text ? text + len : NULL; p && p < end;) {
        char *eol = memchr(p, '\n', (size_t)(end - p));
        if (!eol)
            eol = end;
        if (*p == '#' || *p == ';')
            text_add_n(out, p, (size_t)(eol - p));
        p = eol == end ? end : eol + 1;
    }
    mem_free(text);
    text_fini(&why);
}

void dns_origin_read(struct dns_origin *out, const char *root)
{
    char path[DNS_ORIGIN_TEXT_LEN];
    struct text marks;
    *out = (struct dns_origin){0};
    snprintf(path, sizeof path, "%s%s", root, RESOLVCONF_PATH);
    ssize_t n = readlink(path, out->target, sizeof out->target - 1);
    out->target[n > 0 ? n : 0] = 0;
    text_init(&marks);
    text_add(&marks, out->target);
    read_comments(&marks, path);
    for (size_t i = 0; i < sizeof writers / sizeof writers[0] && !out->writer[0]; i++)
        if (memmem(marks.data, marks.len, writers[i].mark, strlen(writers[i].mark)))
            snprintf(out->writer, sizeof out->writer, "%s", writers[i].who);
    text_fini(&marks);
    read_places(out, root);
}

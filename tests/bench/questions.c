#include "questions.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOLD_MAX 5

_Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- read ---- */

int questions_option(struct questions *q, int argc, char **argv, int i)
{
    const struct {
        const char *name;
        bool *to;
    } switches[] = {
        {"--zipf", &q->zipf}, {"--in-order", &q->in_order}, {"--edns", &q->edns}, {"--echo", &q->echo}};
    for (size_t k = 0; k < sizeof switches / sizeof *switches; k++) {
        if (strcmp(argv[i], switches[k].name) == 0) {
            *switches[k].to = true;
            return 1;
        }
    }
    uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
    if (i + 1 >= argc)
        return 0;
    if (strcmp(argv[i], "--count") == 0)
        q->count = value;
    else if (strcmp(argv[i], "--window") == 0)
        q->window = (unsigned)value;
    else if (strcmp(argv[i], "--first") == 0)
        q->next = value;
    else if (strcmp(argv[i], "--seed") == 0)
        q->random = value * 2 + 1;
    else if (strcmp(argv[i], "--patience") == 0)
        q->patience_ns = (int64_t)value * 1000000;
    else
        return 0;
    return 2;
}

static uint16_t name_to_wire(uint8_t *out, const char *text)
{
    uint8_t *p = out;
    while (*text) {
        size_t n = strcspn(text, ".");
        if (n == 0 || n > 63 || (size_t)(p - out) + n + 2 > NAME_ROOM) {
            fprintf(stderr, "flood: no name, or too long: %s\n", text);
            exit(2);
        }
        *p++ = (uint8_t)n;
        memcpy(p, text, n);
        p += n;
        text += n + (text[n] == '.');
    }
    *p++ = 0;
    return (uint16_t)(p - out);
}

static void query_init(struct query *q, char *line, bool edns)
{
    static const uint8_t head[HEADER] = {0, 0, 1 /* RD */, 0, 0, 1};
    static const uint8_t type_a_in[4] = {0, 1, 0, 1}, opt[11] = {0, 0, 41, 4, 208 /* 1232 */};
    char *address = strchr(line, ' ');
    *q = (struct query){0};
    if (address) {
        *address++ = 0;
        if (inet_pton(AF_INET, address, q->address) != 1) {
            fprintf(stderr, "flood: not an address: %s\n", address);
            exit(2);
        }
    }
    memcpy(q->wire, head, HEADER);
    q->question = (uint16_t)(name_to_wire(q->wire + HEADER, line) + 4);
    memcpy(q->wire + HEADER + q->question - 4, type_a_in, 4);
    q->len = (uint16_t)(HEADER + q->question);
    if (edns) {
        memcpy(q->wire + q->len, opt, sizeof opt);
        q->wire[11] = 1;
        q->len = (uint16_t)(q->len + sizeof opt);
    }
}

/* Zipf's law with exponent 1, as questions to resolvers roughly are. */
static void zipf_init(struct questions *q)
{
    double sum = 0;
    q->shares = calloc(q->size, sizeof *q->shares);
    if (!q->shares)
        die("calloc");
    for (uint32_t i = 0; i < q->size; i++)
        q->shares[i] = sum += 1.0 / (i + 1);
    for (uint32_t i = 0; i < q->size; i++)
        q->shares[i] /= sum;
}

void questions_read(struct questions *q, const char *path)
{
    FILE *in = fopen(path, "r");
    if (!in)
        die(path);
    char line[1024];
    uint32_t room = 0;
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!*line)
            continue;
        if (q->size == room) {
            room = room ? 2 * room : 1024;
            q->all = realloc(q->all, room * sizeof *q->all);
            if (!q->all)
                die("realloc");
        }
        query_init(&q->all[q->size++], line, q->edns);
    }
    fclose(in);
    if (q->size == 0) {
        fprintf(stderr, "flood: no names in %s\n", path);
        exit(2);
    }
    if (q->zipf)
        zipf_init(q);
}

void questions_fini(struct questions *q)
{
    free(q->all);
    free(q->shares);
}

/* ---- chosen ---- */

/* xorshift64*: quick, and the same for the same seed. */
static uint64_t next_random(struct questions *q)
{
    q->random ^= q->random >> 12;
    q->random ^= q->random << 25;
    q->random ^= q->random >> 27;
    return q->random * 0x2545f4914f6cdd1dULL;
}

uint32_t questions_choose(struct questions *q)
{
    if (q->in_order)
        return (uint32_t)(q->next++ % q->size);
    uint64_t r = next_random(q);
    if (!q->shares)
        return (uint32_t)((r >> 32) * q->size >> 32);
    double x = (double)(r >> 11) * 0x1p-53;
    uint32_t low = 0, high = q->size - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (q->shares[mid] > x)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* ---- checked ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Where the name at `at` ends; `len` or more: nowhere. */
static size_t skip_name(const uint8_t *p, size_t len, size_t at)
{
    while (at < len && p[at] != 0) {
        if (p[at] >= 0xc0)
            return at + 2;
        at += 1u + p[at];
    }
    return at + 1;
}

static bool holds_address(const uint8_t *p, size_t len, size_t at, const uint8_t address[4])
{
    static const uint8_t any[4], a_in[4] = {0, 1, 0, 1};
    unsigned count = (unsigned)(p[6] << 8 | p[7]);
    if (memcmp(address, any, 4) == 0)
        return count > 0;
    while (count-- > 0) {
        at = skip_name(p, len, at);
        if (at + 10 > len)
            return false;
        size_t data = at + 10, data_len = (size_t)(p[at + 8] << 8 | p[at + 9]);
        if (data + data_len > len)
            return false;
        if (memcmp(p + at, a_in, 4) == 0 && data_len == 4 && memcmp(p + data, address, 4) == 0)
            return true;
        at = data + data_len;
    }
    return false;
}

const char *questions_check(const struct questions *q, uint32_t n, const uint8_t *p, size_t len)
{
    static const char *const rcodes[16] = {"", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    const struct query *asked = &q->all[n];
    if (q->echo)
        return len == asked->len && memcmp(p + 2, asked->wire + 2, len - 2) == 0 ? NULL : "no echo";
    if (len < HEADER + (size_t)asked->question || !(p[2] & 0x80) || p[5] != 1)
        return "no reply to it";
    for (unsigned i = HEADER; i < HEADER + asked->question; i++)
        if (lower(p[i]) != lower(asked->wire[i]))
            return "another question";
    if (p[3] & 15)
        return rcodes[p[3] & 15] ? rcodes[p[3] & 15] : "an error";
    if (p[2] & 2)
        return "truncated";
    return holds_address(p, len, HEADER + (size_t)asked->question, asked->address) ? NULL
                                                                                   : "not the right address";
}

void questions_tell(struct questions *q, uint32_t n, const char *what)
{
    if (q->told++ >= TOLD_MAX)
        return;
    fputs("flood: ", stderr);
    for (const uint8_t *p = q->all[n].wire + HEADER; *p; p += 1 + *p)
        fprintf(stderr, "%.*s.", *p, (const char *)p + 1);
    fprintf(stderr, " A: %s\n", what);
}

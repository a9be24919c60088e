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
    } switches[] = {{"--zipf", &q->zipf}, {"--in-order", &q->in_order}, {"--edns", &q->edns},
        {"--do", &q->dnssec_ok}, {"--echo", &q->echo}};
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
        q->random = (q->seed = value) * 2 + 1;
    else if (strcmp(argv[i], "--fresh") == 0)
        q->fresh_path = argv[i + 1];
    else if (strcmp(argv[i], "--share") == 0)
        q->fresh_percent = (unsigned)value;
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

static uint16_t type_of(const char *text)
{
    static const struct {
        const char *name;
        uint16_t type;
    } types[] = {{"A", 1}, {"CNAME", 5}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, text) == 0)
            return types[i].type;
    fprintf(stderr, "flood: not a type: %s\n", text);
    exit(2);
}

/* After the name: type, class and, where asked for, EDNS. */
static void query_end(struct query *q, uint16_t type, const struct questions *how)
{
    const uint8_t opt[11] = {0, 0, 41, 4, 208 /* 1232 */, 0, 0, how->dnssec_ok ? 0x80 : 0};
    uint8_t *p = q->wire + HEADER + q->question;
    memcpy(p, (uint8_t[4]){(uint8_t)(type >> 8), (uint8_t)type, 0, 1}, 4);
    q->question = (uint16_t)(q->question + 4);
    q->len = (uint16_t)(HEADER + q->question);
    if (how->edns || how->dnssec_ok) {
        memcpy(q->wire + q->len, opt, sizeof opt);
        q->wire[11] = 1;
        q->len = (uint16_t)(q->len + sizeof opt);
    }
}

static void query_init(struct query *q, char *line, const struct questions *how)
{
    static const uint8_t head[HEADER] = {0, 0, 1 /* RD */, 0, 0, 1};
    char *rest = NULL;
    const char *name = strtok_r(line, " ", &rest), *answer = strtok_r(NULL, " ", &rest),
               *type = strtok_r(NULL, " ", &rest);
    *q = (struct query){.absent = answer && strcmp(answer, "NXDOMAIN") == 0};
    if (answer && !q->absent && strcmp(answer, "-") != 0 && inet_pton(AF_INET, answer, q->address) != 1) {
        fprintf(stderr, "flood: not an address: %s\n", answer);
        exit(2);
    }
    memcpy(q->wire, head, HEADER);
    q->question = name_to_wire(q->wire + HEADER, name);
    query_end(q, type ? type_of(type) : 1, how);
}

/* Zipf's law with exponent 1, as questions to resolvers roughly are. */
static void zipf_init(struct questions *q)
{
    double sum = 0;
    uint32_t size = q->names.size;
    q->shares = calloc(size, sizeof *q->shares);
    if (!q->shares)
        die("calloc");
    for (uint32_t i = 0; i < size; i++)
        q->shares[i] = sum += 1.0 / (i + 1);
    for (uint32_t i = 0; i < size; i++)
        q->shares[i] /= sum;
}

static void names_read(struct names *names, const char *path, const struct questions *how)
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
        if (names->size == room) {
            room = room ? 2 * room : 1024;
            names->all = realloc(names->all, room * sizeof *names->all);
            if (!names->all)
                die("realloc");
        }
        query_init(&names->all[names->size++], line, how);
    }
    fclose(in);
    if (names->size == 0) {
        fprintf(stderr, "flood: no names in %s\n", path);
        exit(2);
    }
}

void questions_read(struct questions *q, const char *path)
{
    names_read(&q->names, path, q);
    if (q->fresh_path)
        names_read(&q->parents, q->fresh_path, q);
    if (q->zipf)
        zipf_init(q);
}

void questions_fini(struct questions *q)
{
    free(q->names.all);
    free(q->parents.all);
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

/* As many of each hundred as --share says, evenly. */
static bool is_fresh_due(struct questions *q)
{
    q->fresh_due += q->parents.size ? q->fresh_percent : 0;
    if (q->fresh_due < 100)
        return false;
    q->fresh_due -= 100;
    return true;
}

question_t questions_choose(struct questions *q)
{
    uint32_t size = q->names.size;
    if (is_fresh_due(q))
        return FRESH + q->fresh++;
    if (q->in_order)
        return q->next++ % size;
    uint64_t r = next_random(q);
    if (!q->shares)
        return (r >> 32) * size >> 32;
    double x = (double)(r >> 11) * 0x1p-53;
    uint32_t low = 0, high = size - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (q->shares[mid] > x)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* One label before the parent's name: the seed and the number, so that it is new in every run. */
const struct query *questions_query(const struct questions *q, question_t n, struct query *room)
{
    if (n < FRESH)
        return &q->names.all[n];
    const struct query *parent = &q->parents.all[(n - FRESH) % q->parents.size];
    char label[32];
    int len = snprintf(
        label, sizeof label, "n%llx-%llx", (unsigned long long)q->seed, (unsigned long long)(n - FRESH));
    if (len < 0 || (size_t)len >= sizeof label || parent->question + (size_t)len + 1 > NAME_ROOM + 4) {
        fputs("flood: a fresh name is too long\n", stderr);
        exit(2);
    }
    *room = *parent;
    room->wire[HEADER] = (uint8_t)len;
    memcpy(room->wire + HEADER + 1, label, (size_t)len);
    memcpy(room->wire + HEADER + 1 + len, parent->wire + HEADER, (size_t)parent->len - HEADER);
    room->question = (uint16_t)(parent->question + len + 1);
    room->len = (uint16_t)(parent->len + len + 1);
    return room;
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

const char *questions_check(const struct questions *q, question_t n, const uint8_t *p, size_t len)
{
    static const char *const rcodes[16] = {"", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    struct query room;
    const struct query *asked = questions_query(q, n, &room);
    if (q->echo)
        return len == asked->len && memcmp(p + 2, asked->wire + 2, len - 2) == 0 ? NULL : "no echo";
    if (len < HEADER + (size_t)asked->question || !(p[2] & 0x80) || p[5] != 1)
        return "no reply to it";
    for (unsigned i = HEADER; i < HEADER + asked->question; i++)
        if (lower(p[i]) != lower(asked->wire[i]))
            return "another question";
    if (asked->absent)
        return (p[3] & 15) == 3 ? NULL : "not NXDOMAIN";
    if (p[3] & 15)
        return rcodes[p[3] & 15] ? rcodes[p[3] & 15] : "an error";
    if (p[2] & 2)
        return "truncated";
    return holds_address(p, len, HEADER + (size_t)asked->question, asked->address) ? NULL
                                                                                   : "not the right address";
}

void questions_tell(struct questions *q, question_t n, const char *what)
{
    if (q->told++ >= TOLD_MAX)
        return;
    struct query room;
    const uint8_t *p = questions_query(q, n, &room)->wire + HEADER;
    fputs("flood: ", stderr);
    for (; *p; p += 1 + *p)
        fprintf(stderr, "%.*s.", *p, (const char *)p + 1);
    fprintf(stderr, " TYPE%u: %s\n", (unsigned)(p[1] << 8 | p[2]), what);
}

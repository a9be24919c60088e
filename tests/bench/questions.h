/* The questions that a generator asks, and whether a reply is right: read from a file, chosen in turn or at
 * random. */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER 12u
#define NAME_ROOM 64u /* of our names; a million of them stand in memory */
#define QUERY_MAX (HEADER + NAME_ROOM + 4 + 11)

/** One question, ready to be sent. */
struct query {
    uint8_t wire[QUERY_MAX]; /* ID 0 */
    uint16_t len, question;  /* octets of the message, of its question section */
    uint8_t address[4];      /* an A record that the answer must hold; 0.0.0.0: any */
    bool absent;             /* the answer must be NXDOMAIN */
};

/** Which question: a place among the names of the file, or from FRESH on the number of one never asked
 * before. */
typedef uint64_t question_t;
#define FRESH (1ULL << 32)

struct names {
    struct query *all;
    uint32_t size;
};

/** What the command line said, and where the choice stands. Filled by questions_option() and
 * questions_read(). */
struct questions {
    struct names names, parents; /* parents: of the fresh names */
    double *shares;              /* --zipf: cumulative; else NULL */
    uint64_t random, next, seed;
    uint64_t fresh; /* how many were chosen */
    const char *fresh_path;
    unsigned fresh_percent, fresh_due;
    uint64_t count; /* to ask */
    unsigned window;
    int64_t patience_ns;
    bool zipf, in_order, edns, dnssec_ok, echo;
    unsigned told; /* failures that were described on stderr */
};

#define QUESTIONS_OPTIONS                                                                                    \
    "[--count N] [--window N] [--zipf | --in-order] [--first N] [--fresh FILE --share PERCENT] [--edns] "    \
    "[--do] [--echo] [--seed N] [--patience MS]"

#define QUESTIONS_DEFAULT                                                                                    \
    {                                                                                                        \
        .count = 100000, .window = 256, .random = 1, .patience_ns = 1000000000                               \
    }

/** Takes argv[i], and its value where it has one. Returns how many words it took; 0: not one of ours. */
int questions_option(struct questions *q, int argc, char **argv, int i);
/** Reads lines "NAME [ADDRESS | NXDOMAIN | -] [TYPE]", and those of --fresh: a fresh name is one new label
 * below the next of these. Ends the process where that fails. */
void questions_read(struct questions *q, const char *path);
void questions_fini(struct questions *q);
/** The question to ask next. */
question_t questions_choose(struct questions *q);
/** Its octets; written to `room` where it is a fresh one. */
const struct query *questions_query(const struct questions *q, question_t n, struct query *room);
/** NULL where the reply to question n is right; else what is wrong with it. */
const char *questions_check(const struct questions *q, question_t n, const uint8_t *reply, size_t len);
/** Tells of a failed question, the first few times. */
void questions_tell(struct questions *q, question_t n, const char *what);

int64_t now_ns(void);
_Noreturn void die(const char *what);

#endif

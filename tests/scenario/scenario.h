/* A scenario in the .rpl form, read whole: configuration, what servers answer in which steps, and the steps.
 *
 *   key: value …                  configuration, until CONFIG_END; ';' starts a comment
 *   SCENARIO_BEGIN title
 *   RANGE_BEGIN from to           answers of the servers at ADDRESS… while the step's number is in the range
 *     ENTRY_BEGIN … ENTRY_END     the first entry that matches a question answers it
 *   RANGE_END
 *   STEP n QUERY | CHECK_ANSWER | TIME_PASSES ELAPSE s
 *   SCENARIO_END
 */
#ifndef HARK_SCENARIO_SCENARIO_H
#define HARK_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mem.h"
#include "dns/msg.h"

enum match {
    MATCH_OPCODE = 1 << 0,
    MATCH_QTYPE = 1 << 1,
    MATCH_QNAME = 1 << 2,
    MATCH_QCASE = 1 << 3,
    MATCH_SUBDOMAIN = 1 << 4,
    MATCH_FLAGS = 1 << 5,
    MATCH_RCODE = 1 << 6,
    MATCH_ANSWER = 1 << 7,
    MATCH_AUTHORITY = 1 << 8,
    MATCH_ADDITIONAL = 1 << 9,
    MATCH_TTL = 1 << 10,
    MATCH_UDP = 1 << 11,
    MATCH_TCP = 1 << 12,
    MATCH_EDE = 1 << 13,
    MATCH_ALL = MATCH_OPCODE | MATCH_QTYPE | MATCH_QNAME | MATCH_FLAGS | MATCH_RCODE | MATCH_ANSWER |
                MATCH_AUTHORITY | MATCH_ADDITIONAL,
};

enum adjust {
    ADJUST_COPY_ID = 1 << 0,    /* the ID, and the name's letter case */
    ADJUST_COPY_QUERY = 1 << 1, /* the whole question */
    ADJUST_RAW_ID = 1 << 2,     /* the ID, into RAW octets */
    ADJUST_DO_NOT_ANSWER = 1 << 3,
};

#define EDE_ANY (-2) /* entry.ede: some extended error, whichever */

/* What a message looks like, or is to look like. */
struct entry {
    unsigned line;
    bool mandatory;         /* the scenario fails if it never answers (MANDATORY) */
    unsigned match, adjust; /* sets of enum match, enum adjust */
    int ede;                /* with MATCH_EDE */
    uint16_t flags;         /* of enum msg_flag */
    bool dnssec_ok;
    uint16_t rcode;
    bool has_question;
    struct msg_question question;
    struct rr *rrs[SECTION_COUNT];
    size_t counts[SECTION_COUNT], caps[SECTION_COUNT];
    const uint8_t *raw; /* whole message, or NULL */
    size_t raw_len;
};

struct range {
    unsigned from, to;
    struct addr *addrs;
    size_t addr_count, addr_cap;
    struct entry *entries;
    size_t entry_count, entry_cap;
};

enum step_kind { STEP_QUERY, STEP_CHECK_ANSWER, STEP_TIME_PASSES };

struct step {
    unsigned number, line;
    enum step_kind kind;
    uint32_t elapse_s;  /* TIME_PASSES */
    struct entry entry; /* QUERY, CHECK_ANSWER */
};

struct config_line {
    const char *key, *value; /* without quotes and comments; several lines of one key stay several */
};

struct scenario {
    const char *title;
    struct config_line *config;
    size_t config_count, config_cap;
    struct range *ranges;
    size_t range_count, range_cap;
    struct step *steps;
    size_t step_count, step_cap;
    struct arena arena;
    char error[256]; /* "line 12: …" after a failed read */
};

#define SCENARIO_TTL_DEFAULT 3600u /* of records written without one */

/** Reads a scenario from text. False: s->error says why. scenario_fini() in any case. */
bool scenario_read(struct scenario *s, const char *text, size_t len);
/** Likewise from a file. */
bool scenario_read_file(struct scenario *s, const char *path);
void scenario_fini(struct scenario *s);
/** The last line of that key, or NULL. */
const char *scenario_config(const struct scenario *s, const char *key);

#endif

/* Plays a scenario on the resolver core behind the server's own steps, in this process and in virtual time:
 * nothing is sent anywhere, and a silent server costs no second. */
#ifndef HARK_SCENARIO_PLAYER_H
#define HARK_SCENARIO_PLAYER_H

#include "base/text.h"
#include "scenario.h"

struct play_options {
    bool minimise;
    uint16_t minimise_type; /* of minimised questions; TYPE_NONE: the resolver's own choice */
    uint64_t seed;          /* of all chance */
    unsigned askers;        /* each question is asked by so many at once; all must be answered alike */
    bool events;            /* the report tells what the core did, too */
    bool whole;             /* NS and addresses beside positive answers, whatever the file says */
    bool insecure; /* where SERVFAIL is expected, data without AD is: the anchor's algorithm is unknown to us
                    */
};

#define PLAY_ASKERS_MAX 4u

/** True if all checks hold and no question reached a server that did not foresee it. The report (initialised
 * by the caller) tells what went wrong, and the questions sent. */
bool play(const struct scenario *s, const struct play_options *options, struct text *report);

#endif

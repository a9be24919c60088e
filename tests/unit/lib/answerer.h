/* A name server on a loopback port, in a thread: what it does depends on the first label of the name it is
 * asked for.
 *
 *   nx nodata servfail refused bogus    what the word says (bogus: SERVFAIL with EDE 6)
 *   alias      a CNAME to a name with an address
 *   loose      a CNAME to nothing
 *   silent     nothing
 *   second     nothing to the first message of an ID
 *   wrong      four packets that are no reply, then it
 *   odd        always something that answers another question
 *   big        TC over UDP, 100 records over TCP
 *   closing    TC over UDP; over TCP the connection is closed
 *   oldest     FORMERR without OPT to a message with one
 *   proven     AD, and no AA
 *   unsigned   no AA
 *   expired    SERVFAIL with EDE 7 and its text; with CD data beside it
 *   weak       data with EDE 1
 *   hostile    TXT with terminal escapes, EDE with the like
 *   others     192.0.2.1 for A, 2001:db8::1 for AAAA, a PTR, else nothing
 */
#ifndef HARK_TEST_ANSWERER_H
#define HARK_TEST_ANSWERER_H

#include <stdatomic.h>

#include "base/addr.h"

struct answerer;

/** The port is the system's choice. */
struct answerer *answerer_start(void);
void answerer_stop(struct answerer *a);
const struct endpoint *answerer_at(const struct answerer *a);
/** Messages received, over UDP and TCP. */
unsigned answerer_udp_count(const struct answerer *a);
unsigned answerer_tcp_count(const struct answerer *a);
/** A loopback endpoint where nobody listens. */
struct endpoint answerer_nobody(void);

#endif

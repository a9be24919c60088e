/* The query log: one line a reply, off by default. It holds names, so it is the only place where they go
 * without being asked for by `log.level: debug`.
 *
 *   2026-11-23T08:57:05.123Z 192.0.2.0/24 udp www.example.com. A NOERROR 12 servers
 *   {"time":"2026-11-23T08:57:05.123Z","client":"192.0.2.0/24","transport":"udp","name":"www.example.com.",
 *    "type":"A","rcode":"NOERROR","ms":12,"from":"servers"}
 *
 * time, client (as log.clients says), transport, name, type, rcode, milliseconds from the question's coming
 * to the reply, and where the reply is from: cache, local, servers, or "-" where it has no content (a
 * refusal). A message that was answered without being understood has "-" for name and type.
 */
#ifndef HARK_DAEMON_QUERY_LOG_H
#define HARK_DAEMON_QUERY_LOG_H

#include <sys/types.h>

#include "lib/config.h"
#include "serve/serve.h"

struct query_log;

/** *out NULL if there is to be none. Opens the file (0600, given to owner and group unless they are -1),
 * which is kept through a change of user. ERR_SYSTEM with a complaint. */
enum err query_log_open(
    struct query_log **out, const struct config *config, uid_t owner, gid_t group, struct text *complaint);
/** Before the first line. Starts a thread, so after the process gave up its privileges. */
void query_log_start(struct query_log *q);
/** From any thread; never waits. */
void query_log_add(struct query_log *q, const struct request *rq, const struct reply *reply, int64_t took_ms);
/** Opens the file of that name again: the old one was rotated away. If that cannot be, it goes on there. */
void query_log_reopen(struct query_log *q);
/** Lines that found no room. */
uint64_t query_log_lost(const struct query_log *q);
/** NULL will do. */
void query_log_close(struct query_log *q);

#endif

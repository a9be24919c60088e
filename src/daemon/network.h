/* The kernel tells of this machine's interfaces, addresses and routes (rtnetlink(7)): whoever resolves names
 * is told that they changed, once for each burst of news. Runs in the loop's thread. */
#ifndef HARK_DAEMON_NETWORK_H
#define HARK_DAEMON_NETWORK_H

#include <uv.h>

struct network;

/** Never NULL; where the kernel does not tell, nobody is ever told. */
struct network *network_open(uv_loop_t *loop, void (*changed)(void *ctx), void *ctx);
/** Memory is freed once the loop has run. */
void network_close(struct network *n);

#endif

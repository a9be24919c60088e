/* Makes keys that sign much ready for more (dnssec/verify.h), in libuv's thread for such work, for one
 * worker. */
#ifndef HARK_DAEMON_KEY_MAKER_H
#define HARK_DAEMON_KEY_MAKER_H

#include <stdbool.h>
#include <uv.h>

#include "dnssec/verify.h"

struct key_maker {
    uv_work_t work;
    struct verifier *verifier; /* lives until the loop has ended */
    bool busy;
    uint8_t wish[VERIFIER_WISH_LEN];
    struct p256_key *ready;
};

/** Before libuv makes its threads: one will do. */
void key_makers_limit(void);
/** Once a turn of the loop: is there a key to be made ready? */
void key_maker_look(struct key_maker *m, uv_loop_t *loop, struct verifier *v);

#endif

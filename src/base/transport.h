/* What the core and the network have to name alike: transports, and how a transport failed. */
#ifndef HARK_BASE_TRANSPORT_H
#define HARK_BASE_TRANSPORT_H

enum transport { TRANSPORT_UDP, TRANSPORT_TCP };

enum net_fail {
    NET_REFUSED,     /* ICMP port unreachable, TCP reset on connect */
    NET_UNREACHABLE, /* no route, ICMP host or net unreachable */
    NET_TIMEOUT,     /* the deadline passed (streams) */
    NET_CLOSED,      /* the stream ended before the answer */
    NET_LOCAL,       /* our own trouble: no socket, no port, no memory in the kernel */
};

#endif

/*
 * _peers.h - number of connections per address. Thread-safe.
 */
#ifndef BN_NET_PEERS_H
#define BN_NET_PEERS_H
#include "core/base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

typedef struct bn_peers bn_peers;

/* Converts an IPv4-mapped IPv6 address (::ffff:a.b.c.d) to IPv4, since all of those share one /64.
 * Leaves others unchanged. */
void bn_peers_unmap(struct sockaddr_storage *address);

/* The unit that is counted: an IPv4 address, or an IPv6 /64. */
typedef struct bn_peer_key {
	unsigned char bytes[16];
} bn_peer_key;

/* most: connections per address. addresses: the number of addresses counted at the same time. */
int bn_peers_new(bn_peers **out, unsigned most, unsigned addresses, bn_err *err);
void bn_peers_free(bn_peers *p); /* NULL is fine */
bn_peer_key bn_peers_key(const struct sockaddr *address);
/* False if the address is at its limit. */
bool bn_peers_add(bn_peers *p, const bn_peer_key *key);
void bn_peers_remove(bn_peers *p, const bn_peer_key *key);

#endif

/*
 * _peers.h - how many connections each address has. Any thread.
 */
#ifndef BN_NET_PEERS_H
#define BN_NET_PEERS_H
#include "core/base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

typedef struct bn_peers bn_peers;

/* An IPv4 address that came through a socket of IPv6 (::ffff:a.b.c.d) becomes one of IPv4: all of them
 * would lie in one /64. Others stay. */
void bn_peers_unmap(struct sockaddr_storage *address);

/* What counts as one: an IPv4 address, a /64 of IPv6. */
typedef struct bn_peer_key {
	unsigned char bytes[16];
} bn_peer_key;

/* most: connections of one address. addresses: at most that many at a time are counted. */
int bn_peers_new(bn_peers **out, unsigned most, unsigned addresses, bn_err *err);
void bn_peers_free(bn_peers *p); /* NULL is fine */
bn_peer_key bn_peers_key(const struct sockaddr *address);
/* False: the address has as many as it may. */
bool bn_peers_add(bn_peers *p, const bn_peer_key *key);
void bn_peers_remove(bn_peers *p, const bn_peer_key *key);

#endif

/* peers.c - see _peers.h: an open hash table, since addresses come and go. */
#include "core/base/mem.h"
#include "core/net/_peers.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

typedef struct entry {
	bn_peer_key key;
	unsigned count; /* 0: free */
} entry;

struct bn_peers {
	pthread_mutex_t lock;
	unsigned most;
	size_t mask;
	entry *entries;
};

int bn_peers_new(bn_peers **out, unsigned most, unsigned addresses, bn_err *err)
{
	size_t size = 16;
	while (size < 2 * (size_t)addresses)
		size *= 2;
	bn_peers *p = bn_alloc_zeroed(1, sizeof *p);
	if (p)
		p->entries = bn_alloc_zeroed(size, sizeof *p->entries);
	if (!p || !p->entries) {
		bn_free(p);
		return bn_err_nomem(err, "a table of addresses");
	}
	pthread_mutex_init(&p->lock, NULL);
	p->most = most;
	p->mask = size - 1;
	*out = p;
	return 0;
}

void bn_peers_free(bn_peers *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	bn_free(p->entries);
	bn_free(p);
}

void bn_peers_unmap(struct sockaddr_storage *address)
{
	struct sockaddr_in6 from;
	struct sockaddr_in to = {.sin_family = AF_INET};
	memcpy(&from, address, sizeof from);
	if (from.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&from.sin6_addr))
		return;
	to.sin_port = from.sin6_port;
	memcpy(&to.sin_addr, from.sin6_addr.s6_addr + 12, sizeof to.sin_addr);
	memcpy(address, &to, sizeof to);
}

bn_peer_key bn_peers_key(const struct sockaddr *address)
{
	bn_peer_key k = {{0}};
	if (address->sa_family == AF_INET) {
		k.bytes[0] = 4;
		memcpy(k.bytes + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			4);
	} else if (address->sa_family == AF_INET6) {
		k.bytes[15] = 6;
		memcpy(k.bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
			8);
	}
	return k;
}

static size_t place(const bn_peers *p, const bn_peer_key *key)
{
	uint64_t a, b;
	memcpy(&a, key->bytes, 8);
	memcpy(&b, key->bytes + 8, 8);
	a = (a ^ (b * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
	return (size_t)(a >> 24) & p->mask;
}

/* The key's entry, or the free slot for it; NULL if the table is full. */
static entry *find(bn_peers *p, const bn_peer_key *key)
{
	size_t at = place(p, key);
	for (size_t i = 0; i <= p->mask; i++, at = (at + 1) & p->mask)
		if (!p->entries[at].count || !memcmp(&p->entries[at].key, key, sizeof *key))
			return &p->entries[at];
	return NULL;
}

/* Entries after a freed one move up, so that lookups still find them. */
static void close_gap(bn_peers *p, size_t gap)
{
	for (size_t at = (gap + 1) & p->mask; p->entries[at].count; at = (at + 1) & p->mask) {
		size_t home = place(p, &p->entries[at].key);
		if (((at - home) & p->mask) >= ((at - gap) & p->mask)) {
			p->entries[gap] = p->entries[at];
			p->entries[at].count = 0;
			gap = at;
		}
	}
}

bool bn_peers_add(bn_peers *p, const bn_peer_key *key)
{
	pthread_mutex_lock(&p->lock);
	entry *e = find(p, key);
	bool room = e && e->count < p->most;
	if (room) {
		e->key = *key;
		e->count++;
	}
	pthread_mutex_unlock(&p->lock);
	return room;
}

void bn_peers_remove(bn_peers *p, const bn_peer_key *key)
{
	pthread_mutex_lock(&p->lock);
	entry *e = find(p, key);
	if (e && e->count && !--e->count)
		close_gap(p, (size_t)(e - p->entries));
	pthread_mutex_unlock(&p->lock);
}

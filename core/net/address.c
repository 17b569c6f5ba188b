/* address.c - see address.h. Blocks are those of IANA's special-purpose registries (RFC 6890). */
#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct block {
	uint32_t first;
	unsigned bits;
	bn_reach reach;
} block;

static const block blocks[] = {
	{0x00000000, 8, BN_REACH_NEVER},    /* 0.0.0.0/8: this host, on Linux loopback */
	{0x7f000000, 8, BN_REACH_LOOPBACK}, /* 127.0.0.0/8 */
	{0x0a000000, 8, BN_REACH_PRIVATE},  /* 10.0.0.0/8 */
	{0xac100000, 12, BN_REACH_PRIVATE}, /* 172.16.0.0/12 */
	{0xc0a80000, 16, BN_REACH_PRIVATE}, /* 192.168.0.0/16 */
	{0x64400000, 10, BN_REACH_PRIVATE}, /* 100.64.0.0/10: carriers */
	{0xc6120000, 15, BN_REACH_PRIVATE}, /* 198.18.0.0/15: benchmarks */
	{0xa9fe0000, 16, BN_REACH_NEVER},   /* 169.254.0.0/16: link-local, metadata of clouds */
	{0xc0000000, 24, BN_REACH_NEVER},   /* 192.0.0.0/24: protocols */
	{0xe0000000, 4, BN_REACH_NEVER},    /* 224.0.0.0/4: multicast */
	{0xf0000000, 4, BN_REACH_NEVER},    /* 240.0.0.0/4: reserved, broadcast */
};

static bn_reach reach_of_v4(uint32_t a)
{
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if ((a ^ blocks[i].first) >> (32 - blocks[i].bits) == 0)
			return blocks[i].reach;
	return BN_REACH_PUBLIC;
}

static uint32_t v4_at(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bn_reach reach_of_v6(const uint8_t b[16])
{
	static const uint8_t zero[16], mapped[12] = {[10] = 0xff, [11] = 0xff},
				       nat64[12] = {0, 0x64, 0xff, 0x9b};
	if (!memcmp(b, zero, 15) && b[15] == 1)
		return BN_REACH_LOOPBACK;
	if (!memcmp(b, mapped, 12) || !memcmp(b, nat64, 12) || !memcmp(b, zero, 12))
		return reach_of_v4(v4_at(b + 12)); /* "::" is 0.0.0.0: never */
	if (b[0] == 0x20 && b[1] == 0x02)
		return reach_of_v4(v4_at(b + 2)); /* 6to4 */
	if ((b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0))
		return BN_REACH_PRIVATE;
	return (b[0] & 0xe0) == 0x20 ? BN_REACH_PUBLIC
				     : BN_REACH_NEVER; /* 2000::/3 is all there is */
}

bn_reach bn_address_reach(const struct sockaddr *at, socklen_t n)
{
	if (at->sa_family == AF_INET && n >= (socklen_t)sizeof(struct sockaddr_in)) {
		struct sockaddr_in v4;
		memcpy(&v4, at, sizeof v4);
		return reach_of_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (at->sa_family == AF_INET6 && n >= (socklen_t)sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 v6;
		memcpy(&v6, at, sizeof v6);
		return reach_of_v6(v6.sin6_addr.s6_addr);
	}
	return BN_REACH_NEVER;
}

bool bn_address_reach_of_text(const char *text, bn_reach *out)
{
	char plain[INET6_ADDRSTRLEN + 2];
	uint8_t b[16];
	size_t n = strlen(text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= sizeof plain)
		return false;
	memcpy(plain, text, n);
	plain[n] = '\0';
	if (inet_pton(AF_INET, plain, b) == 1) {
		*out = reach_of_v4(v4_at(b));
		return true;
	}
	if (inet_pton(AF_INET6, plain, b) == 1) {
		*out = reach_of_v6(b);
		return true;
	}
	return false;
}

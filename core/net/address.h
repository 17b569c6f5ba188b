/*
 * address.h - how far away an address is: for programs that connect to what someone else named.
 *
 * A name says nothing about where it leads, and may lead elsewhere at the next look-up. So what is judged is the
 * address, at the moment of connecting (bn_http_client_options.may_connect).
 */
#ifndef BN_NET_ADDRESS_H
#define BN_NET_ADDRESS_H
#include <stdbool.h>
#include <sys/socket.h>

typedef enum bn_reach {
	BN_REACH_NEVER =
		0, /* no host's: unspecified, link-local (and so a cloud's metadata), multicast, reserved */
	BN_REACH_LOOPBACK, /* 127.0.0.0/8, ::1 */
	BN_REACH_PRIVATE,  /* RFC 1918, RFC 6598 (100.64.0.0/10), RFC 4193 (fc00::/7), site-local */
	BN_REACH_PUBLIC,
} bn_reach;

/* An IPv6 address that carries an IPv4 one (mapped, compatible, 64:ff9b::/96, 6to4) is judged by that. Addresses
 * of other families are never. n: bytes of *at. */
bn_reach bn_address_reach(const struct sockaddr *at, socklen_t n);
/* The same for text that is an address, in brackets or not ("[::1]", "10.0.0.1"). False if it is none: a name. */
bool bn_address_reach_of_text(const char *text, bn_reach *out);

#endif

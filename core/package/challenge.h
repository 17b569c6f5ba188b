/*
 * challenge.h - how a registry wants to be asked: the WWW-Authenticate headers of a 401 (RFC 9110, 11.6.1).
 *
 *	WWW-Authenticate: Bearer realm="https://auth.example.org/token",service="registry",scope="repository:a/b:pull"
 *	WWW-Authenticate: Basic realm="Registry"
 *
 * There may be several headers and several challenges in a header; schemes other than these two are passed
 * over, and Bearer is preferred. Reading is strict: a parameter given twice, or text that is no challenge, is
 * an error.
 */
#ifndef BN_PACKAGE_CHALLENGE_H
#define BN_PACKAGE_CHALLENGE_H
#include "core/base/err.h"

typedef enum bn_challenge_kind {
	BN_CHALLENGE_NONE,
	BN_CHALLENGE_BASIC,
	BN_CHALLENGE_BEARER
} bn_challenge_kind;

typedef struct bn_challenge {
	bn_challenge_kind kind;
	/* "" if absent; printable ASCII. */
	char realm[1024], service[256], scope[1024], error[64];
} bn_challenge;

/* headers: those of an answer, as received (CRLF lines). Without a usable challenge out->kind is
 * BN_CHALLENGE_NONE. BN_EIO: malformed, or Bearer without realm. */
int bn_challenge_read(bn_challenge *out, const char *headers, bn_err *err);

#endif

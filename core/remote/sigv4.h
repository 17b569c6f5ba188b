/*
 * sigv4.h - AWS Signature Version 4, the form with an Authorization header.
 *
 * Source: "Signature Version 4 for API requests" of the AWS documentation, and for S3 "Signature calculations for the
 * Authorization header": the path is encoded once, and the hash of the body is a header. Checked against the published
 * examples of both (tests/core/remote/test_sigv4.c).
 */
#ifndef BN_REMOTE_SIGV4_H
#define BN_REMOTE_SIGV4_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BN_SIGV4_HEADERS_MAX 16
#define BN_SIGV4_TIME 17 /* "20130524T000000Z" and a NUL */

typedef struct bn_sigv4_request {
	const char *method;
	const char *path; /* encoded, begins with '/' */
	const char *
		query; /* encoded, in order of names, each with a '=': "prefix=a%2Fb&uploads="; "" for none */
	/* "Name: value": all of them are signed; Host and X-Amz-Date must be among them. At most
	 * BN_SIGV4_HEADERS_MAX; ends with NULL. */
	const char *const *headers;
	const char *payload; /* SHA-256 of the body in hex, or "UNSIGNED-PAYLOAD" */
	const char *time;    /* of X-Amz-Date */
	const char *region, *service;
} bn_sigv4_request;

typedef struct bn_sigv4_key {
	const char *id, *secret;
} bn_sigv4_key;

/* The time of X-Amz-Date; ms since 1970. */
void bn_sigv4_time(int64_t ms, char out[BN_SIGV4_TIME]);
/* The parts that are signed, appended to out: for tests, and for comparing with what a server says it saw. */
int bn_sigv4_canonical(bn_buf *out, const bn_sigv4_request *r, bn_err *err);
int bn_sigv4_string(bn_buf *out, const bn_sigv4_request *r, bn_err *err);
/* Appends "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...". */
int bn_sigv4_authorization(
	bn_buf *out, const bn_sigv4_request *r, const bn_sigv4_key *key, bn_err *err);

#endif

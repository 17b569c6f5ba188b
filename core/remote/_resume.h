/*
 * _resume.h - a GET that continues where a connection was lost: for http.c and S3.
 *
 * The ranges after the first are asked for on the condition that the ETag of the first answer still holds. A server that
 * has no ranges sends everything again, of which what was passed on before is dropped.
 */
#ifndef BN_REMOTE__RESUME_H
#define BN_REMOTE__RESUME_H
#include "core/net/client.h"
#include "core/remote/_store.h"

typedef struct bn_remote_get {
	bn_remote_store *s;
	const char *key, *url;
	/* Sends it, with what else the place needs: a signature, redirects. */
	int (*send)(void *user, bn_http_call *call, bn_http_answer *a, bn_err *err);
	/* The error that a refusal stands for; NULL: by its status. */
	int (*refused)(void *user, const char *key, const bn_http_answer *a, bn_err *err);
	void *user;
	int attempts,
		backoff_ms;   /* of one request; one that brought bytes is followed by another */
	uint64_t from, count; /* count UINT64_MAX: to the end */
	const bn_remote_sink *sink;
	uint64_t *to;
	const bn_progress *progress;
} bn_remote_get;

int bn_remote_get_run(const bn_remote_get *g, bn_err *err);

#endif

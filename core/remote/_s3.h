/*
 * _s3.h - shared by the files of the S3 back end: s3.c (opening, reading), s3_request.c (a signed request), s3_error.c (what
 * a refusal means), s3_list.c, s3_put.c and s3_parts.c (an upload in parts). See s3.h.
 */
#ifndef BN_REMOTE__S3_H
#define BN_REMOTE__S3_H
#include "core/net/client.h"
#include "core/remote/_store.h"
#include "core/remote/_xml.h"
#include "core/remote/aws_profile.h"
#include "core/remote/s3.h"

enum { BN_S3_EXTRA_MAX = 6 };

/* What all handles of one opening have in common; copied for each. */
typedef struct bn_s3_settings {
	char *bucket, *prefix; /* prefix: "" or ends with '/' */
	char *scheme_host; /* "https://HOST[:PORT]" as said or found; without a '/' at its end */
	char *region;
	bool aws; /* the host follows the region */
	bn_remote_style style;
	bn_aws_profile keys; /* without: anonymous */
	char *ca_file;
	uint64_t part_bytes;
	int attempts, backoff_ms;
	int64_t clock_ms; /* added to this host's clock */
} bn_s3_settings;

typedef struct bn_s3 {
	bn_remote_store base;
	bn_http_client *client;
	bn_s3_settings set;
	bool bucket_seen;  /* it has answered */
	bool no_condition; /* this server does not know If-None-Match */
} bn_s3;

/* A request of the bucket (key NULL) or a key. */
typedef struct bn_s3_request {
	const char *method, *key;
	const char *query;                  /* as in sigv4.h; NULL: none */
	const char *payload;                /* SHA-256 of the body; NULL: there is none */
	const char *extra[BN_S3_EXTRA_MAX]; /* more headers, not signed */
	bn_http_upload body;
	bn_http_download to;
	const bn_progress *progress; /* counts the bytes sent */
	int attempts;                /* 0: as set */
} bn_s3_request;

/* Makes and sends it. An answer of any status is 0; what may be mended was tried (s3.h). */
int bn_s3_do(bn_s3 *p, const bn_s3_request *r, bn_http_answer *a, bn_err *err);
/* The same for a call that is made already, but for method, URL and headers. */
int bn_s3_send(
	bn_s3 *p, const bn_s3_request *r, bn_http_call *call, bn_http_answer *a, bn_err *err);

/* What S3 calls the error: "NoSuchKey"; "" if it does not say. */
const char *bn_s3_code(const bn_http_answer *a, char code[64]);
/* 0 for 2xx; else the error, in terms of bucket, keys and clock. key may be NULL. */
int bn_s3_check(bn_s3 *p, const char *key, const bn_http_answer *a, bn_err *err);
/* The server's clock minus ours in ms by its Date header; false without. */
bool bn_s3_clock_difference(const bn_s3 *p, const bn_http_answer *a, int64_t *ms);

int bn_s3_stat(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err);
/* A listing, page by page. */
typedef struct bn_s3_page {
	const char *place, *prefix; /* place: for messages; prefix: what all keys begin with */
	size_t skip;                /* bytes of the prefix that are the place's: left out of keys */
	bn_remote_each_key *each;
	void *ctx;
	bn_buf last, token; /* the last key, and where the next page begins */
} bn_s3_page;

/* Reads an answer. *more: there is another page. A non-zero value of each() ends it, and is returned. */
int bn_s3_page_read(bn_s3_page *l, const char *text, size_t n, bool *more, bn_err *err);
int bn_s3_list(
	bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx, bn_err *err);
int bn_s3_put(bn_remote_store *s, const char *key, const bn_remote_source *source,
	bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err);
int bn_s3_put_parts(bn_s3 *p, const char *key, const bn_remote_source *source, bn_remote_when when,
	bool *put, const bn_progress *progress, bn_err *err);
/* SHA-256 of n bytes of the source from byte `from` on; md5 (33 characters) may be NULL. */
int bn_s3_hash(const bn_env *env, const bn_remote_source *source, uint64_t from, uint64_t n,
	char sha256[65], char *md5, const bn_progress *progress, bn_err *err);

#endif

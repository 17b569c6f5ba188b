/*
 * s3_server.h - an S3 server with one bucket "lab" in threads, which keeps everything in memory, verifies every signature
 * and the hash of every body, and fails on request.
 *
 * It speaks what core/remote uses: keys by path, PUT with If-None-Match, GET with ranges and If-Match, HEAD, DELETE,
 * ListObjectsV2 in pages, and uploads in parts. Each response closes its connection. Signatures are computed with
 * core/remote/sigv4.h, which is proven by AWS's examples.
 */
#ifndef BN_TEST_S3_SERVER_H
#define BN_TEST_S3_SERVER_H
#include <stdbool.h>
#include <stddef.h>

#define S3_ID "AKIDTEST"
#define S3_SECRET "s3cr3t/of+the=test"

typedef struct s3_fault {
	const char *method, *path; /* path: a part of path and query */
	int skip;                  /* so many such requests first behave as usual */
	int times;                 /* 0: always */
	/* One of: */
	const char *answer; /* status line, headers and body, as sent */
	long cut; /* bytes of the body that are read before the connection is reset; -1: the request is
	                     * obeyed, and the response never sent */
	long part; /* bytes of the response's body that are sent, after which the connection is closed */
} s3_fault;

typedef struct s3_options {
	const char *token;  /* required X-Amz-Security-Token */
	const char *region; /* that a signature must be for; NULL: any */
	long long clock_ms; /* of the server, minus this host's: more than 15 minutes are refused */
	int page;           /* keys of a page of a listing; 0: 1000 */
	bool no_condition;  /* If-None-Match is 501 */
	bool keeps_no_parts;    /* uploads are not listed: 403 */
	const s3_fault *faults; /* ends with {0} */
} s3_options;

typedef struct s3_server s3_server;

s3_server *s3_start(const s3_options *options); /* aborts on failure */
void s3_free(s3_server *s);                     /* NULL is fine */
const char *s3_url(const s3_server *s);         /* "http://127.0.0.1:4711": the endpoint */
/* From now on these faults apply; each counts from 0. */
void s3_set_faults(s3_server *s, const s3_fault *faults);
/* "METHOD PATH?QUERY" lines of all requests so far; valid until the next call. */
const char *s3_log(s3_server *s);
int s3_count(s3_server *s, const char *line_part); /* requests whose line holds that */
void s3_forget_log(s3_server *s);
/* The bytes of a key; NULL if it is not there. Borrowed until it changes. */
const char *s3_get(s3_server *s, const char *key, size_t *n);
void s3_put(s3_server *s, const char *key, const void *bytes, size_t n);
void s3_remove(s3_server *s, const char *key);
int s3_keys(s3_server *s);    /* how many there are */
int s3_uploads(s3_server *s); /* unfinished uploads */

#endif

/*
 * registry_server.h - a container registry in a thread, which keeps everything in memory, checks what it is sent, and
 * fails on request.
 *
 * It speaks what the client uses of the OCI distribution specification, with Basic or Bearer authentication (the token
 * server is at /token). Each response closes its connection. A fault applies to the requests that it names, a number of
 * times, in place of the usual behaviour.
 *
 *	static const registry_fault once[] = {{.method = "PATCH", .path = "/uploads/", .cut = 700, .times = 1}, {0}};
 *	registry_server *s = registry_start(&(registry_options){.faults = once});
 */
#ifndef BN_TEST_REGISTRY_SERVER_H
#define BN_TEST_REGISTRY_SERVER_H
#include <stdbool.h>
#include <stddef.h>

typedef struct registry_fault {
	const char *method, *path; /* path: a part of it */
	int skip;                  /* so many such requests first behave as usual */
	int times;                 /* 0: always */
	/* One of: */
	const char *answer; /* status line, headers and body, as sent */
	long cut; /* bytes of the request's body that are read (and kept, of an upload) before the connection is reset;
	            * -1: the request is obeyed, and the response never sent */
	bool hangs; /* the request is obeyed, and nothing is sent until the client is gone */
	long part;  /* bytes of the response that are sent, after which the connection is closed */
} registry_fault;

typedef struct registry_options {
	const char *basic;      /* "user:password": Basic authentication */
	const char *bearer;     /* "user:password" at the token server; "": anybody gets a token */
	const char *identity;   /* the refresh token that it takes instead, with a POST */
	const char *realm;      /* of the challenge; NULL: this server's /token */
	const char *scope;      /* of the challenge; NULL: what the request needs */
	int token_uses;         /* a token is good for so many requests; 0: any number */
	bool access_token;      /* the token's field is access_token */
	bool relative;          /* addresses of uploads are relative */
	const char *uploads_at; /* addresses of uploads begin with this URL; NULL: this server */
	const char *blobs_at;   /* blobs are read there: a redirect; NULL: here */
	bool storage;           /* takes uploads that another server began */
	bool no_ranges, no_patch; /* reads of a part; PATCH gets 405 */
	bool forgets_cut;         /* an upload that was cut is lost, as with Docker's registry 2 */
	long least_chunk; /* OCI-Chunk-Min-Length; smaller chunks but the last are refused */
	const registry_fault *faults; /* ends with {0} */
} registry_options;

typedef struct registry_server registry_server;

registry_server *registry_start(const registry_options *options); /* aborts on failure */
void registry_free(registry_server *s);                           /* NULL is fine */
int registry_port(const registry_server *s);
const char *registry_host(const registry_server *s); /* "127.0.0.1:4711" */
const char *registry_url(const registry_server *s);

/* Changes the answer of a fault while the server runs. answer must not change afterwards. */
void registry_set_answer(registry_server *s, registry_fault *fault, const char *answer);

/* "METHOD PATH?QUERY" lines of all requests so far, and their whole heads; valid until the next call. */
const char *registry_log(registry_server *s);
const char *registry_heads(registry_server *s);
int registry_count(registry_server *s, const char *line_part); /* requests whose line holds that */
size_t registry_body_bytes(
	registry_server *s); /* of PATCH and PUT requests, as far as they were read */
/* The bytes of a blob or a manifest by digest or tag; NULL if it is not there. */
const char *registry_get(registry_server *s, const char *key, size_t *n);
/* Stores it, with a media type for a manifest (NULL: a blob). */
void registry_put(
	registry_server *s, const char *key, const void *bytes, size_t n, const char *type);

#endif

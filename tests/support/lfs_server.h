/*
 * lfs_server.h - a server of Git LFS on loopback: the batch API at /a.git/info/lfs, and downloads, in memory. It records
 * what it is asked, and fails on request.
 */
#ifndef BN_TEST_LFS_SERVER_H
#define BN_TEST_LFS_SERVER_H
#include <stdbool.h>
#include <stddef.h>

typedef struct lfs_server lfs_server;

typedef struct lfs_options {
	const char
		*authorization; /* the batch wants this header's value: "Basic ..."; NULL: none */
	const char *
		download_header; /* "Name: value" that a download needs, given by the batch; NULL: none */
	lfs_server *downloads_at; /* the server of the downloads; NULL: this one */
	/* One of: */
	const char *batch; /* the whole answer of the batch, whatever is asked */
	int status;        /* of the batch */
	bool wrong_bytes, cut, busy_once;
	bool open_downloads; /* a download needs no Authorization, although the batch does */
} lfs_options;

lfs_server *lfs_server_start(const lfs_options *o); /* aborts on failure */
void lfs_server_free(lfs_server *s);
const char *lfs_server_url(const lfs_server *s); /* "http://127.0.0.1:4711" */
/* Stores the bytes; oid[65] becomes their SHA-256. */
void lfs_server_put(lfs_server *s, const char *bytes, size_t n, char *oid);
/* "METHOD PATH AUTHORIZATION\n" of each request so far ("-": none); valid until the next call. */
const char *lfs_server_log(lfs_server *s);

#endif

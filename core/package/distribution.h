/*
 * distribution.h - one repository of a container registry over HTTP: OCI distribution specification 1.1, and
 * Docker's "registry HTTP API V2", which it describes.
 *
 * A bn_distribution is used by one thread. It answers Basic and Bearer challenges (a token is fetched from the
 * realm that the registry names, renewed when it ends, once for each refusal), follows redirects of reads,
 * repeats what may be repeated (lost connections, 408, 429, 5xx; Retry-After), and believes no digest: what is
 * sent and received is hashed here.
 *
 * Credentials go to the registry's own origin and to the realm, which must use https unless the registry itself
 * is reached over http; other origins (a storage server's upload address, a redirect) get none. http is used
 * for this machine's own addresses unless a CA file is given, and elsewhere on request only.
 *
 * Uploads. A blob of one chunk is sent in one PUT. A larger one is sent in PATCH requests, each of which the
 * registry acknowledges; after a cut the registry is asked what it has, and the rest follows. The
 * address of an unfinished upload is kept in a file of mode 0600 (upload_memory.h), so the next process goes on
 * there, if the registry still knows it. Docker's registry 2.x forgets an upload that was cut within a
 * chunk, and the blob is then sent again.
 *
 * Errors name the registry, what was done, and code and message of the registry's answer, from which secrets
 * that we sent are removed. BN_EREFUSED: 401, 403; BN_ENOTFOUND: 404; BN_EIO: the network, or the registry
 * breaks the protocol; BN_ECORRUPT: bytes that are not what their digest says; BN_EINTR.
 */
#ifndef BN_PACKAGE_DISTRIBUTION_H
#define BN_PACKAGE_DISTRIBUTION_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/package/credentials.h"
#include "core/package/oci.h"
#include "core/package/reference.h"

typedef struct bn_distribution bn_distribution;

#define BN_CHUNK_BYTES ((uint64_t)16 << 20) /* the default; proxies limit a request's body */
#define BN_CHUNK_LEAST 1024u

typedef struct bn_distribution_options {
	const bn_credentials *credentials; /* borrowed; NULL: none */
	const char *ca_file;               /* PEM; NULL: the system's authorities */
	bool plain_http;                   /* http to another machine */
	bool writes;                       /* ask for the right to push */
	uint64_t chunk_bytes;              /* 0: BN_CHUNK_BYTES */
	bool remembers; /* keep addresses of unfinished uploads in the state directory */
	int backoff_ms; /* before the first repetition, doubled each time; 0: 500 */
	const bn_progress
		*progress; /* borrowed; NULL: none. total is what bn_distribution_expect said */
} bn_distribution_options;

/* Connects, and finds out how the registry authenticates. env and options' strings are borrowed. BN_EINVAL: that is
 * no registry. */
int bn_distribution_open(bn_distribution **out, const bn_env *env, const bn_reference *ref,
	const bn_distribution_options *options, bn_err *err);
void bn_distribution_close(bn_distribution *d); /* NULL is fine */

/* Bytes sent in bodies of uploads, and received of blobs, so far: what was on the wire, repetitions included. */
uint64_t bn_distribution_sent(const bn_distribution *d);
uint64_t bn_distribution_received(const bn_distribution *d);
/* The whole of what will be transferred, for progress; what: a word or two. */
void bn_distribution_expect(bn_distribution *d, const char *what, uint64_t total);
/* Counts bytes for progress that need not be transferred. */
int bn_distribution_skip(bn_distribution *d, uint64_t bytes, bn_err *err);

/* ---- blobs ---------------------------------------------------------------------------------- */

/* 1 if the repository has the blob, 0 if not. BN_ECORRUPT if it has another size there. */
int bn_distribution_has_blob(bn_distribution *d, const bn_oci_descriptor *blob, bn_err *err);
/* Takes the blob from another repository of the registry, if that has it and these credentials may read it: 1;
 * 0 if not. */
int bn_distribution_mount_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, const char *from, bn_err *err);
/* Sends the blob, which is at byte `from` of fd. */
int bn_distribution_push_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, int fd, uint64_t from, bn_err *err);

/* Where a blob goes. */
typedef struct bn_blob_sink {
	uint64_t have; /* bytes of an earlier attempt, which are not asked for again */
	int (*add)(void *user, const void *bytes, size_t n, bn_err *err);
	int (*restart)(void *user, bn_err *err); /* discards all bytes */
	void *user;
} bn_blob_sink;
/* Receives the blob from byte have on; at most its size. The sink verifies the digest. */
int bn_distribution_pull_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, const bn_blob_sink *sink, bn_err *err);

/* ---- manifests ------------------------------------------------------------------------------ */

/* Stores a manifest under a tag, or under its digest. The digest that the registry answers must be its. */
int bn_distribution_push_manifest(bn_distribution *d, const bn_oci_descriptor *manifest,
	const char *tag, const bn_buf *text, bn_err *err);
/* A manifest or an index by tag or digest: its bytes, of which out's digest is, and its media type. BN_ECORRUPT
 * if the registry says another digest, or sent other bytes than were asked for. */
int bn_distribution_pull_manifest(bn_distribution *d, bn_oci_descriptor *out, bn_buf *text,
	const char *tag_or_digest, bn_err *err);

#endif

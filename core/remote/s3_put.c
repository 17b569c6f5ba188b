/* s3_put.c - putting bytes under a key, in one request or in parts (s3_parts.c): see s3.h. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/remote/_s3.h"

#include <nettle/md5.h>
#include <string.h>

#define BLOCK ((size_t)1 << 20)

int bn_s3_hash(const bn_env *env, const bn_remote_source *source, uint64_t from, uint64_t n,
	char sha256[65], char *md5, const bn_progress *progress, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES], digest5[MD5_DIGEST_SIZE];
	struct md5_ctx five;
	bn_hasher *h = NULL;
	int rc = 0;
	char *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a block of a file");
	if ((rc = bn_hasher_new(&h, err)) < 0)
		goto out;
	md5_init(&five);
	for (uint64_t at = 0; at < n;) {
		size_t m = n - at < BLOCK ? (size_t)(n - at) : BLOCK;
		if ((rc = bn_remote_source_read(env, source, from + at, block, m, err)) < 0)
			goto out;
		bn_hasher_add(h, block, m);
		if (md5)
			md5_update(&five, m, (const uint8_t *)block);
		at += m;
		if ((rc = bn_progress_step(progress, "hashing", 0, 0, err)) < 0)
			goto out;
	}
	bn_hasher_finish(h, digest);
	bn_hex(digest, sizeof digest, sha256);
	if (md5) {
		md5_digest(&five, sizeof digest5, digest5);
		bn_hex(digest5, sizeof digest5, md5);
	}
out:
	bn_hasher_free(h);
	bn_free(block);
	return rc;
}

static bn_http_upload body_of(const bn_remote_source *source)
{
	if (source->bytes)
		return (bn_http_upload){.kind = BN_HTTP_BYTES,
			.bytes = source->bytes,
			.length = (int64_t)source->n};
	return (bn_http_upload){.kind = BN_HTTP_FILE,
		.fd = source->fd,
		.offset = source->offset,
		.length = (int64_t)source->n};
}

static int is_there(bn_s3 *p, const char *key, bool *yes, bn_err *err)
{
	bn_remote_info info;
	bn_err why = BN_ERR_INIT;
	int rc = bn_s3_stat(&p->base, key, &info, &why);
	*yes = rc == BN_OK;
	return rc == BN_OK || rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
}

/* In one request. *unknown: the server does not know the condition, and did nothing. */
static int put_once(bn_s3 *p, const char *key, const bn_remote_source *source, bool condition,
	bool *put, bool *unknown, const bn_progress *progress, bn_err *err)
{
	bn_http_answer a;
	char sha256[65];
	int rc = 0;
	bn_http_answer_init(&a);
	/* The server compares what it gets with the hash. */
	if (!source->sha256 && (rc = bn_s3_hash(p->base.env, source, 0, source->n, sha256, NULL,
					progress, err)) < 0)
		goto out;
	bn_s3_request r = {.method = "PUT",
		.key = key,
		.payload = source->sha256 ? source->sha256 : sha256,
		.body = body_of(source),
		.extra = {condition ? "If-None-Match: *" : NULL},
		.progress = progress};
	if ((rc = bn_s3_do(p, &r, &a, err)) < 0)
		goto out;
	*unknown = condition && a.status == 501;
	*put = !condition || (a.status != 412 && a.status != 409);
	if (*unknown || !*put)
		goto out;
	rc = bn_s3_check(p, key, &a, err);
out:
	bn_http_answer_release(&a);
	return rc;
}

int bn_s3_put(bn_remote_store *s, const char *key, const bn_remote_source *source,
	bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err)
{
	bn_s3 *p = (bn_s3 *)s;
	bool asks = when == BN_REMOTE_IF_ABSENT, unknown = false, there = false;
	bool parts = source->n > p->set.part_bytes;
	int rc;
	if (!parts) {
		bool condition = asks && !p->no_condition;
		rc = condition || !asks
			     ? put_once(p, key, source, condition, put, &unknown, progress, err)
			     : 0;
		if (rc < 0 || (!unknown && (condition || !asks)))
			return rc;
		p->no_condition = true;
	}
	if (asks && ((rc = is_there(p, key, &there, err)) < 0 || there))
		return rc; /* *put is false */
	if (parts)
		return bn_s3_put_parts(p, key, source, when, put, progress, err);
	return put_once(p, key, source, false, put, &unknown, progress, err);
}

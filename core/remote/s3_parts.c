/*
 * s3_parts.c - an upload in parts, continued if one of the key was interrupted: see s3.h.
 *
 * Parts are sent by several threads, and beside them one thread hashes the whole, if its hash is known: the upload is
 * completed only if that is right. Until then the key shows nothing.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/remote/_s3.h"
#include "core/remote/each.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
enum { PARTS_AT_ONCE = 4, ETAG_MAX = 160 };

typedef struct part {
	uint64_t size;       /* on the server; 0: not there */
	char etag[ETAG_MAX]; /* as it was said, with its quotes */
} part;

typedef struct upload {
	bn_s3 *p;
	const char *key;
	const bn_remote_source *source;
	uint64_t part_bytes;
	size_t count;
	char *id;     /* of the upload, encoded for a query */
	size_t found; /* unfinished ones of this key, when they were looked for */
	part *parts;
	bool continued;    /* an earlier put began it */
	atomic_bool wrong; /* the whole does not have its hash */
	atomic_bool gone;  /* the server does not know the upload (any more) */
} upload;

static uint64_t size_of(const upload *u, size_t i)
{
	uint64_t left = u->source->n - i * u->part_bytes;
	return left < u->part_bytes ? left : u->part_bytes;
}

/* ---- an upload that was interrupted --------------------------------------------------------- */

static int set_id(upload *u, const char *id, size_t n, bn_err *err)
{
	bn_buf text = BN_BUF_INIT, encoded = BN_BUF_INIT;
	bn_xml_part part_of_xml = {id, n};
	bn_xml_add_text(&text, part_of_xml);
	bn_http_url_add(&encoded, text.ptr);
	bn_free(u->id);
	u->id = bn_buf_take(&encoded, NULL);
	bn_buf_release(&text);
	return u->id ? 0 : bn_err_nomem(err, "an upload");
}

/* The last upload of exactly this key; none if the server does not say. */
static int find_upload(upload *u, bn_err *err)
{
	bn_http_answer a;
	bn_buf query = BN_BUF_INIT, whole = BN_BUF_INIT, name = BN_BUF_INIT;
	bn_xml_part entry, part_of_xml, id = {NULL, 0};
	int rc = 0;
	bn_http_answer_init(&a);
	bn_buf_addf(&whole, "%s%s", u->p->set.prefix, u->key);
	bn_buf_adds(&query, "prefix=");
	bn_http_url_add(&query, whole.ptr);
	bn_buf_adds(&query, "&uploads=");
	if ((rc = bn_buf_check(&query, err, "an upload")) < 0 ||
		(rc = bn_buf_check(&whole, err, "an upload")) < 0)
		goto out;
	bn_s3_request r = {.method = "GET", .query = query.ptr};
	if ((rc = bn_s3_do(u->p, &r, &a, err)) < 0)
		goto out;
	if (a.status != 200)
		goto out;
	bn_xml_part rest = {a.body.ptr, a.body.len};
	u->found = 0;
	while (bn_xml_next(&entry, &rest, "Upload")) {
		bn_buf_clear(&name);
		if (!bn_xml_first(&part_of_xml, entry, "Key"))
			continue;
		bn_xml_add_text(&name, part_of_xml);
		if (!strcmp(name.ptr, whole.ptr) && bn_xml_first(&id, entry, "UploadId"))
			u->found++;
	}
	if (id.n)
		rc = set_id(u, id.at, id.n, err);
	u->continued = id.n > 0;
out:
	bn_buf_release(&query);
	bn_buf_release(&whole);
	bn_buf_release(&name);
	bn_http_answer_release(&a);
	return rc;
}

static void take_part(upload *u, bn_xml_part entry)
{
	char number[16], size[32];
	int64_t i = 0, n = 0;
	part found = {0};
	bn_xml_text(entry, "PartNumber", number, sizeof number);
	bn_xml_text(entry, "Size", size, sizeof size);
	bn_xml_text(entry, "ETag", found.etag, sizeof found.etag);
	if (!bn_parse_i64(number, strlen(number), &i) || i < 1 || (uint64_t)i > u->count ||
		!bn_parse_i64(size, strlen(size), &n) || n < 1)
		return;
	found.size = (uint64_t)n;
	u->parts[i - 1] = found;
}

/* Which parts the server has. */
static int find_parts(upload *u, bn_err *err)
{
	char marker[16] = "0", more[8] = "true";
	int rc = 0;
	while (!strcmp(more, "true")) {
		bn_http_answer a;
		bn_xml_part entry;
		bn_http_answer_init(&a);
		char *query =
			bn_strf("max-parts=1000&part-number-marker=%s&uploadId=%s", marker, u->id);
		bn_s3_request r = {.method = "GET", .key = u->key, .query = query};
		rc = query ? bn_s3_do(u->p, &r, &a, err) : bn_err_nomem(err, "an upload");
		bn_free(query);
		bn_xml_part rest = {a.body.ptr, a.body.len}, all = rest;
		bool ok = rc == BN_OK && a.status == 200;
		while (ok && bn_xml_next(&entry, &rest, "Part"))
			take_part(u, entry);
		char next[16];
		bn_xml_text(all, "IsTruncated", more, sizeof more);
		bn_xml_text(all, "NextPartNumberMarker", next, sizeof next);
		bool on = ok && atoi(next) > atoi(marker) &&
			  strspn(next, "0123456789") == strlen(next);
		bn_http_answer_release(&a);
		if (rc < 0 || !on)
			return rc;
		memcpy(marker, next, sizeof marker);
	}
	return rc;
}

static int begin(upload *u, bn_err *err)
{
	bn_http_answer a;
	bn_xml_part id;
	bn_s3_request r = {.method = "POST", .key = u->key, .query = "uploads="};
	bn_http_answer_init(&a);
	memset(u->parts, 0, u->count * sizeof *u->parts);
	u->continued = false;
	int rc = bn_s3_do(u->p, &r, &a, err);
	if (rc < 0 || (rc = bn_s3_check(u->p, u->key, &a, err)) < 0)
		goto out;
	bn_xml_part body = {a.body.ptr, a.body.len};
	if (!bn_xml_first(&id, body, "UploadId") || !id.n) {
		rc = bn_err_set(
			err, BN_EIO, "%s begins an upload without naming it", u->p->base.place);
		goto out;
	}
	rc = set_id(u, id.at, id.n, err);
out:
	bn_http_answer_release(&a);
	return rc;
}

/* ---- the parts ------------------------------------------------------------------------------ */

/* Whether what the server has is this part. */
static bool is_same(const part *there, uint64_t n, const char *md5)
{
	return there->size == n && strlen(there->etag) == 34 && there->etag[0] == '"' &&
	       !strncmp(there->etag + 1, md5, 32);
}

static int send_part(upload *u, bn_s3 *p, size_t i, const bn_progress *progress, bn_err *err)
{
	const bn_remote_source *source = u->source;
	uint64_t n = size_of(u, i), from = i * u->part_bytes;
	char sha256[65], md5[33], code[64];
	bn_http_answer a;
	bool known = u->parts[i].size > 0;
	bn_http_answer_init(&a);
	char *query = bn_strf("partNumber=%zu&uploadId=%s", i + 1, u->id);
	int rc = query ? bn_s3_hash(p->base.env, source, from, n, sha256, known ? md5 : NULL,
				 progress, err)
		       : bn_err_nomem(err, "an upload");
	if (rc < 0)
		goto out;
	if (known && is_same(&u->parts[i], n, md5)) {
		rc = bn_progress_step(progress, "sending", n, n, err);
		goto out;
	}
	bn_s3_request r = {.method = "PUT",
		.key = u->key,
		.query = query,
		.payload = sha256,
		.progress = progress};
	if (source->bytes)
		r.body = (bn_http_upload){.kind = BN_HTTP_BYTES,
			.bytes = (const char *)source->bytes + from,
			.length = (int64_t)n};
	else
		r.body = (bn_http_upload){.kind = BN_HTTP_FILE,
			.fd = source->fd,
			.offset = source->offset + from,
			.length = (int64_t)n};
	if ((rc = bn_s3_do(p, &r, &a, err)) < 0)
		goto out;
	if (a.status == 404 && !strcmp(bn_s3_code(&a, code), "NoSuchUpload")) {
		u->gone = true;
		rc = bn_err_set(
			err, BN_ECONFLICT, "%s forgot the upload of %s", p->base.place, u->key);
		goto out;
	}
	if ((rc = bn_s3_check(p, u->key, &a, err)) < 0)
		goto out;
	if (!bn_http_answer_header(&a, "ETag", u->parts[i].etag, ETAG_MAX))
		rc = bn_err_set(err, BN_EIO, "%s took a part without naming it", p->base.place);
	u->parts[i].size = n;
out:
	bn_free(query);
	bn_http_answer_release(&a);
	return rc;
}

/* Number 0 hashes the whole, the others are parts. */
static int do_one(void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	upload *u = ctx;
	char sha256[65];
	if (i > 0)
		return send_part(u, (bn_s3 *)s, i - 1, progress, err);
	if (!u->source->sha256)
		return 0;
	int rc = bn_s3_hash(s->env, u->source, 0, u->source->n, sha256, NULL, progress, err);
	if (rc < 0)
		return rc;
	u->wrong = strcmp(sha256, u->source->sha256) != 0;
	return u->wrong ? bn_err_set(err, BN_ECORRUPT,
				  "what was to be %s does not match its SHA-256 %.12s...", u->key,
				  u->source->sha256)
			: 0;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void abort_upload(upload *u)
{
	bn_http_answer a;
	char *query = bn_strf("uploadId=%s", u->id);
	bn_s3_request r = {.method = "DELETE", .key = u->key, .query = query, .attempts = 2};
	bn_http_answer_init(&a);
	if (query)
		bn_s3_do(u->p, &r, &a, NULL);
	bn_free(query);
	bn_http_answer_release(&a);
}

static void complete_body(bn_buf *b, const upload *u)
{
	bn_buf_adds(b, "<CompleteMultipartUpload>");
	for (size_t i = 0; i < u->count; i++) {
		bn_buf_addf(b, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
		for (const char *c = u->parts[i].etag; *c; c++)
			if (*c == '"')
				bn_buf_adds(b, "&quot;");
			else if (!strchr("<>&", *c))
				bn_buf_addch(b, *c);
		bn_buf_adds(b, "</ETag></Part>");
	}
	bn_buf_adds(b, "</CompleteMultipartUpload>");
}

/* S3 may answer 200 and put the error into the body. */
static int complete(upload *u, bn_remote_when when, bool *put, bn_err *err)
{
	bn_http_answer a;
	bn_buf body = BN_BUF_INIT;
	char sha256[65], code[64];
	bn_http_answer_init(&a);
	complete_body(&body, u);
	char *query = bn_strf("uploadId=%s", u->id);
	bn_remote_source source = {.bytes = body.ptr, .fd = -1, .n = body.len};
	int rc = query ? bn_buf_check(&body, err, "an upload") : bn_err_nomem(err, "an upload");
	if (rc < 0 || (rc = bn_s3_hash(
			       u->p->base.env, &source, 0, body.len, sha256, NULL, NULL, err)) < 0)
		goto out;
	bn_s3_request r = {.method = "POST",
		.key = u->key,
		.query = query,
		.payload = sha256,
		.extra = {when == BN_REMOTE_IF_ABSENT ? "If-None-Match: *" : NULL},
		.body = {.kind = BN_HTTP_BYTES, .bytes = body.ptr, .length = (int64_t)body.len}};
	if ((rc = bn_s3_do(u->p, &r, &a, err)) < 0)
		goto out;
	bn_s3_code(&a, code);
	if (a.status == 412) {
		*put = false;
		abort_upload(u);
		goto out;
	}
	if (a.status == 404 && !strcmp(code, "NoSuchUpload")) {
		u->gone = true;
		rc = bn_err_set(
			err, BN_ECONFLICT, "%s forgot the upload of %s", u->p->base.place, u->key);
		goto out;
	}
	if (a.status == 200 && *code)
		rc = bn_err_set(err, BN_EIO, "%s could not put the parts of %s together (%s)",
			u->p->base.place, u->key, code);
	else
		rc = bn_s3_check(u->p, u->key, &a, err);
	*put = rc == BN_OK;
out:
	bn_free(query);
	bn_buf_release(&body);
	bn_http_answer_release(&a);
	return rc;
}

/* The whole way once. */
static int run(upload *u, bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err)
{
	bn_remote_work work = {.task = do_one,
		.ctx = u,
		.count = u->count + 1,
		.at_once = PARTS_AT_ONCE,
		.what = "sending",
		.total_bytes = u->source->n};
	int rc = u->id ? find_parts(u, err) : begin(u, err);
	if (rc < 0 || (rc = bn_remote_each(&u->p->base, &work, progress, err)) < 0)
		return rc;
	return complete(u, when, put, err);
}

/* Puts that were killed as they began left uploads that nobody continues. One that is still at it finds the key there. */
static void abort_others(upload *u)
{
	for (size_t left = u->found; left > 1; left--) {
		bn_free(u->id);
		u->id = NULL;
		u->continued = false;
		if (find_upload(u, NULL) < 0 || !u->continued)
			return;
		abort_upload(u);
	}
}

/* Whether another put of the same bytes has ended meanwhile. */
static bool is_done(upload *u)
{
	bn_remote_info info = {0};
	return bn_s3_stat(&u->p->base, u->key, &info, NULL) == 0 && info.bytes == u->source->n;
}

int bn_s3_put_parts(bn_s3 *p, const char *key, const bn_remote_source *source, bn_remote_when when,
	bool *put, const bn_progress *progress, bn_err *err)
{
	upload u = {.p = p, .key = key, .source = source, .part_bytes = p->set.part_bytes};
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (source->n / u.part_bytes >= BN_S3_PARTS_MAX)
		u.part_bytes = (source->n / BN_S3_PARTS_MAX / MIB + 1) * MIB;
	u.count = (size_t)((source->n + u.part_bytes - 1) / u.part_bytes);
	if (!(u.parts = bn_alloc_zeroed(u.count, sizeof *u.parts)))
		return bn_err_nomem(err, "an upload");
	if (source->sha256 && (rc = find_upload(&u, &why)) < 0)
		goto out;
	rc = run(&u, when, put, progress, &why);
	if (u.gone && source->sha256 && is_done(&u)) {
		bn_err_clear(&why);
		*put = false;
		rc = 0;
	} else if (u.gone && u.continued) { /* it was removed: from the start */
		bn_err_clear(&why);
		bn_free(u.id);
		u.id = NULL;
		u.gone = false;
		rc = run(&u, when, put, progress, &why);
	}
	if (rc >= 0 && u.found > 1)
		abort_others(&u);
	if (rc < 0 && u.id && (u.wrong || bn_err_is_full(&why) || !source->sha256))
		abort_upload(&u);
out:
	if (rc < 0)
		bn_err_move(err, &why);
	bn_free(u.id);
	bn_free(u.parts);
	return rc;
}

/* upload.c - sending a blob: see distribution.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_distribution.h"

#include <string.h>

#define MOST_RESTARTS 2

typedef struct upload {
	bn_distribution *d;
	const bn_oci_descriptor *blob;
	int fd;
	uint64_t from;   /* of the blob's first byte in fd */
	char *location;  /* of the upload; NULL: none is open */
	uint64_t offset; /* what the registry has acknowledged */
	uint64_t chunk;
	uint64_t base; /* d->done at the start */
	bool cut; /* it was interrupted at some time, so the registry may have other bytes than ours */
	int tries, restarts;
} upload;

/* What a request that did not succeed means. */
typedef enum verdict {
	FINAL,   /* an error */
	AGAIN,   /* the same request after a pause */
	ASK,     /* after a pause, ask what the registry has */
	RESTART, /* the upload is lost */
	WHOLE,   /* no chunks: a PUT with the whole blob */
} verdict;

/* ---- the address ---------------------------------------------------------------------------- */

static void drop(upload *u)
{
	bn_free(u->location);
	u->location = NULL;
	u->offset = 0;
	u->d->done = u->base;
	bn_upload_memory_forget(u->d, u->blob->digest);
}

/* Takes the answer's Location; without one the address stays. */
static int take_location(upload *u, bn_err *err)
{
	bn_distribution *d = u->d;
	bn_err why = BN_ERR_INIT;
	char *place = NULL, *url = NULL;
	int rc = bn_http_answer_only(&place, &d->answer, "Location", &why);
	if (rc == BN_ENOTFOUND && u->location)
		return 0;
	if (rc < 0) {
		bn_err_prefix(&why, "%s: starting an upload", d->ref.registry);
		return bn_err_recode(err, &why, BN_EIO);
	}
	if ((rc = bn_http_url_resolve(&url, d->answer.url.ptr, place, &why)) < 0) {
		bn_err_prefix(&why, "%s: starting an upload", d->ref.registry);
		rc = bn_err_recode(err, &why, BN_EIO);
		goto out;
	}
	if (bn_http_url_is_https(d->base) && !bn_http_url_is_https(url)) {
		rc = bn_err_set(err, BN_EREFUSED,
			"%s wants uploads sent to an address without https", d->ref.registry);
		bn_err_hint(err,
			"it may be behind a proxy that does not pass on X-Forwarded-Proto: "
			"tell its administrator");
		goto out;
	}
	bn_free(u->location);
	u->location = url;
	url = NULL;
	if (u->blob->size > u->chunk)
		bn_upload_memory_save(d, u->blob->digest, u->location);
out:
	bn_free(place);
	bn_free(url);
	return rc;
}

/* "0-N" of the answer's Range header: N + 1 bytes are there. False if absent or malformed. An upload
 * without bytes says "0-0", as does one of one byte. */
static bool read_range(const upload *u, uint64_t *have)
{
	char text[64];
	int64_t last;
	const char *p = bn_http_answer_header(&u->d->answer, "Range", text, sizeof text);
	if (!p)
		return false;
	if (bn_str_starts(p, "bytes="))
		p += 6;
	if (!bn_str_starts(p, "0-") || !bn_parse_i64(p + 2, strlen(p + 2), &last) || last < 0)
		return false;
	*have = last ? (uint64_t)last + 1 : 0;
	return true;
}

static int claims_too_much(const upload *u, uint64_t have, bn_err *err)
{
	return bn_err_set(err, BN_EIO,
		"%s: says that it has %llu bytes of an upload of which %llu were sent",
		u->d->ref.registry, (unsigned long long)have, (unsigned long long)u->offset);
}

/* ---- requests ------------------------------------------------------------------------------- */

/* query: of a mount, or "". */
static int begin(upload *u, const char *query, bool *done, bn_err *err)
{
	bn_distribution *d = u->d;
	char *url, text[32];
	int64_t least;
	int rc = bn_dist_url(&url, d, "blobs/uploads/", query, err);
	if (rc < 0)
		return rc;
	bn_dist_request r = {.method = "POST", .url = url, .tries = BN_DIST_TRIES};
	if ((rc = bn_dist_do(d, &r, err)) < 0)
		goto out;
	if (d->answer.status == 201) {
		*done = true;
		goto out;
	}
	if (d->answer.status != 202) {
		rc = bn_dist_refused(d, "starting an upload", err);
		goto out;
	}
	if (bn_http_answer_header(&d->answer, "OCI-Chunk-Min-Length", text, sizeof text) &&
		bn_parse_i64(text, strlen(text), &least) && least > 0 && (uint64_t)least > u->chunk)
		u->chunk = (uint64_t)least;
	u->offset = 0;
	rc = take_location(u, err);
out:
	bn_free(url);
	return rc;
}

/* Asks an upload what it has. It is dropped if the registry does not know it. */
static int ask(upload *u, bn_err *err)
{
	bn_distribution *d = u->d;
	uint64_t have;
	bn_dist_request r = {.method = "GET", .url = u->location, .tries = BN_DIST_TRIES};
	int rc = bn_dist_do(d, &r, err);
	if (rc < 0)
		return rc;
	if (d->answer.status >= 300 || !read_range(u, &have)) {
		drop(u);
		return 0;
	}
	if (have > u->blob->size)
		return claims_too_much(u, have, err);
	u->offset = have;
	d->done = u->base + have;
	return take_location(u, err);
}

/* Sends n bytes from the acknowledged offset on. last: with the digest, which ends the upload. */
static int send_bytes(upload *u, uint64_t n, bool last, bn_err *err)
{
	bn_distribution *d = u->d;
	char *url = NULL, range[96];
	int rc = 0;
	snprintf(range, sizeof range, "Content-Range: %llu-%llu", (unsigned long long)u->offset,
		(unsigned long long)(u->offset + n - 1));
	if (last && !(url = bn_strf("%s%sdigest=%s", u->location,
			      strchr(u->location, '?') ? "&" : "?", u->blob->digest)))
		return bn_err_nomem(err, "a URL");
	bn_dist_request r = {.method = last ? "PUT" : "PATCH",
		.url = last ? url : u->location,
		.headers = {
			n ? "Content-Type: application/octet-stream" : NULL, last ? NULL : range}};
	if (n)
		r.body = (bn_http_upload){.kind = BN_HTTP_FILE,
			.fd = u->fd,
			.offset = u->from + u->offset,
			.length = (int64_t)n};
	d->ends_piece = n > 0 && !last;
	rc = bn_dist_do(d, &r, err);
	d->ends_piece = false;
	bn_free(url);
	return rc;
}

static int take_chunk(upload *u, uint64_t n, bn_err *err)
{
	uint64_t have;
	if (!read_range(u, &have))
		have = u->offset + n;
	if (have > u->offset + n || have < u->offset) {
		u->offset += n;
		return claims_too_much(u, have, err);
	}
	u->tries = have > u->offset ? 0 : u->tries;
	u->offset = have;
	u->d->done = u->base + have;
	return take_location(u, err);
}

static int take_end(const upload *u, bn_err *err)
{
	char said[256];
	const bn_distribution *d = u->d;
	if (!bn_http_answer_header(&d->answer, "Docker-Content-Digest", said, sizeof said) ||
		!strcmp(said, u->blob->digest) || strncmp(said, "sha256:", 7) != 0)
		return 0;
	return bn_err_set(err, BN_ECORRUPT, "%s: says that it received '%.80s', and was sent %s",
		d->ref.registry, said, u->blob->digest);
}

/* ---- after a failure ------------------------------------------------------------------------ */

static verdict judge(const upload *u, int rc, bool last)
{
	const bn_distribution *d = u->d;
	int status = d->answer.status;
	if (rc < 0)
		return rc == BN_EIO && !d->answer.untrusted ? ASK : FINAL;
	if (status == 408 || status == 429)
		return AGAIN;
	if (status == 416 || bn_dist_is_transient(status) || status < 300) /* nothing was taken */
		return ASK;
	if (status == 404 || status == 409 || status == 410)
		return RESTART;
	if (!last && (status == 405 || status == 501))
		return WHOLE;
	if (status == 400 && (u->cut || !bn_dist_has_code(d, "DIGEST_INVALID")))
		return RESTART;
	return FINAL;
}

/* Prepares what comes next. rc, why: of the request that failed. */
static int recover(upload *u, int rc, bool last, bool *done, bn_err *why, bn_err *err)
{
	verdict v = judge(u, rc, last);
	bool spent = ++u->tries >= BN_DIST_TRIES || (v == RESTART && ++u->restarts > MOST_RESTARTS);
	if (v == FINAL || spent) {
		if (rc < 0)
			return bn_err_move(err, why);
		return bn_dist_refused(u->d, "sending a blob", err);
	}
	bn_err_clear(why);
	u->cut |= v == ASK;
	if (v == WHOLE)
		u->d->no_patch = true;
	if (v == WHOLE || v == RESTART) {
		drop(u);
		return 0;
	}
	if ((rc = bn_dist_pause(u->d, err)) < 0 || v == AGAIN)
		return rc;
	if (last && (rc = bn_distribution_has_blob(u->d, u->blob, err)) != 0) {
		*done = rc > 0;
		return rc < 0 ? rc : 0;
	}
	return ask(u, err);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int advance(upload *u, bool *done, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	uint64_t before = u->offset, left = u->blob->size - before;
	bool small = u->offset == 0 && (left <= u->chunk || u->d->no_patch);
	bool last = small || left == 0;
	uint64_t n = last || left < u->chunk ? left : u->chunk;
	int rc = send_bytes(u, n, last, &why);
	int status = rc < 0 ? 0 : u->d->answer.status;
	if (last && status >= 200 && status < 300) {
		*done = true;
		u->d->done = u->base + u->blob->size;
		return take_end(u, err);
	}
	if (!last && status >= 200 && status < 300) {
		if ((rc = take_chunk(u, n, err)) < 0)
			return rc;
		if (u->offset > before)
			return bn_dist_look(u->d, err);
	}
	return recover(u, rc, last, done, &why, err);
}

int bn_distribution_push_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, int fd, uint64_t from, bn_err *err)
{
	upload u = {.d = d,
		.blob = blob,
		.fd = fd,
		.from = from,
		.chunk = d->o.chunk_bytes,
		.base = d->done};
	bool done = false;
	int rc = 0;
	u.location = bn_upload_memory_load(d, blob->digest);
	if (u.location) {
		u.cut = true;
		rc = ask(&u, err);
	}
	while (rc >= 0 && !done)
		rc = u.location ? advance(&u, &done, err) : begin(&u, "", &done, err);
	if (rc < 0)
		goto out;
	bn_upload_memory_forget(d, blob->digest);
	rc = bn_progress_step(d->o.progress, d->what, d->done, d->total, err);
out:
	bn_free(u.location);
	return rc;
}

int bn_distribution_has_blob(bn_distribution *d, const bn_oci_descriptor *blob, bn_err *err)
{
	char *url = NULL, text[32];
	int64_t size;
	int rc = bn_dist_url(&url, d, "blobs/", blob->digest, err);
	if (rc < 0)
		return rc;
	bn_dist_request r = {.method = "HEAD", .url = url, .tries = BN_DIST_TRIES, .follows = true};
	if ((rc = bn_dist_do(d, &r, err)) < 0 || d->answer.status == 404)
		goto out;
	if (d->answer.status != 200) {
		rc = bn_dist_refused(d, "looking for a blob", err);
		goto out;
	}
	rc = 1;
	if (bn_http_answer_header(&d->answer, "Content-Length", text, sizeof text) &&
		bn_parse_i64(text, strlen(text), &size) && (uint64_t)size != blob->size)
		rc = bn_err_set(err, BN_ECORRUPT,
			"%s: says that %s has %lld bytes, and it has %llu", d->ref.registry,
			blob->digest, (long long)size, (unsigned long long)blob->size);
out:
	bn_free(url);
	return rc;
}

int bn_distribution_mount_blob(
	bn_distribution *d, const bn_oci_descriptor *blob, const char *from, bn_err *err)
{
	upload u = {.d = d, .blob = blob, .chunk = d->o.chunk_bytes, .base = d->done};
	bool done = false;
	char *query = bn_strf("?mount=%s&from=%s", blob->digest, from);
	int rc = 0;
	if (!query)
		return bn_err_nomem(err, "a URL");
	if (!d->mount_from || strcmp(d->mount_from, from) != 0) {
		bn_free(d->mount_from);
		d->mount_from = bn_strdup(from);
		if (d->challenge.kind == BN_CHALLENGE_BEARER)
			bn_dist_forget_authorization(d); /* the token must be for both */
	}
	if (!d->mount_from) {
		rc = bn_err_nomem(err, "a repository");
		goto out;
	}
	if ((rc = begin(&u, query, &done, err)) < 0)
		goto out;
	rc = done; /* else it began an upload, which is used when the blob is sent, or forgotten by the registry */
out:
	bn_free(u.location);
	bn_free(query);
	return rc;
}

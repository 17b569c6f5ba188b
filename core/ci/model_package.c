/* model_package.c - pushing a model: see model_package.h. */
#include "core/ci/model_package.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ci/_generic_package.h"
#include "core/package/package_log.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---------------------------------------------------------------------------------------- */

void bn_package_target_release(bn_package_target *t)
{
	bn_free(t->package);
	bn_free(t->version);
	*t = (bn_package_target){0};
}

int bn_package_target_parse(bn_package_target *out, const char *text, bn_err *err)
{
	const char *package = text + strlen("gitlab"), *slash;
	*out = (bn_package_target){0};
	if (!bn_str_starts(text, "gitlab") || (*package && *package != ':') ||
		(*package && !package[1])) {
		bn_err_set(err, BN_EINVAL, "'%.100s' is not a package of a forge", text);
		bn_err_hint(err, "gitlab, gitlab:PACKAGE or gitlab:PACKAGE/VERSION");
		return BN_EINVAL;
	}
	if (!*package)
		return 0;
	package++;
	slash = strchr(package, '/');
	out->package = slash ? bn_strndup(package, (size_t)(slash - package)) : bn_strdup(package);
	bool is_number = slash && slash[1] && !slash[1 + strspn(slash + 1, "0123456789")];
	if (slash)
		out->version = bn_strf("%s%s", slash + 1, is_number ? ".0.0" : "");
	if (!out->package || (slash && !out->version)) {
		bn_package_target_release(out);
		return bn_err_nomem(err, "a name");
	}
	return 0;
}

/* ---- push ----------------------------------------------------------------------------------------- */

/* 1: that very model is there; 0: the version is free, or was begun. */
static int look_at_listing(
	bn_generic *g, const bn_buf *text, const bn_model_listing *own, bn_err *err)
{
	bn_buf there = BN_BUF_INIT;
	bn_model_listing other;
	bn_model_listing_init(&other);
	int rc = bn_generic_get(&there, g, BN_MODEL_LISTING_FILE, BN_MODEL_LISTING_BYTES, err);
	if (rc <= 0)
		goto out;
	if (there.len == text->len && !memcmp(there.ptr, text->ptr, text->len))
		goto out;
	/* the same files, pushed by a version without this one's facts, are the same model */
	bool is_model = bn_model_listing_parse(
				&other, there.ptr, there.len, BN_MODEL_LISTING_FILE, NULL) >= 0;
	if (is_model && !strcmp(other.files.content, own->files.content))
		goto out;
	rc = bn_err_set(err, BN_ECONFLICT, "package %s %s is another model%s%.12s", g->package,
		g->version, is_model ? ", " : "", is_model ? other.files.content : "");
	bn_err_hint(err, "a version is pushed once; give another one: gitlab:%.60s/VERSION",
		g->package);
out:
	bn_model_listing_release(&other);
	bn_buf_release(&there);
	return rc;
}

typedef struct pushing {
	bn_generic g;
	bn_model_source *source;
	const bn_model_listing *listing;
	const bn_model_transfer *how;
	bn_model_transferred *out;
} pushing;

static int push_file(pushing *p, size_t i, uint64_t before, bn_err *err)
{
	const bn_manifest_part *part = &p->listing->files.parts[i];
	char name[BN_MODEL_FILE_NAME];
	bn_http_upload body;
	int rc;
	bn_model_file_name(name, part->path, part->hash);
	if ((rc = bn_progress_step(p->how->progress, "sending", before, p->out->bytes, err)) < 0 ||
		(rc = bn_generic_has(&p->g, name, part->hash, err)) < 0)
		return rc;
	if (rc)
		return 0;
	p->out->sent++;
	p->out->sent_bytes += part->bytes;
	if (p->how->dry_run)
		return 0;
	if ((rc = bn_model_source_open(&body, p->source, i, err)) < 0)
		return rc;
	return bn_generic_put(&p->g, name, part->hash, &body, before, p->out->bytes, err);
}

int bn_model_push(bn_model_transferred *out, bn_forge *f, bn_model_source *source,
	const bn_model_transfer *how, bn_err *err)
{
	pushing p = {.source = source,
		.listing = bn_model_source_listing(source),
		.how = how,
		.out = out};
	bn_buf text = BN_BUF_INIT;
	uint64_t before = 0;
	int rc;
	*out = (bn_model_transferred){
		.files = p.listing->files.count, .bytes = p.listing->files.bytes};
	snprintf(out->digest, sizeof out->digest, "%s", p.listing->files.content);
	if ((rc = bn_generic_open(&p.g, f, how->package, how->version, how->progress, err)) < 0 ||
		(rc = bn_model_listing_format(&text, p.listing, err)) < 0)
		goto out;
	bn_sha256_hex(text.ptr, text.len, out->listing);
	if ((rc = look_at_listing(&p.g, &text, p.listing, err)) < 0)
		goto out;
	out->was_there = rc > 0;
	if (out->was_there) {
		rc = 0;
		goto out;
	}
	for (size_t i = 0; i < p.listing->files.count; i++) {
		if ((rc = push_file(&p, i, before, err)) < 0)
			goto out;
		before += p.listing->files.parts[i].bytes;
	}
	if (how->dry_run)
		goto out;
	bn_http_upload body = {
		.kind = BN_HTTP_BYTES, .bytes = text.ptr, .length = (int64_t)text.len};
	rc = bn_generic_put(
		&p.g, BN_MODEL_LISTING_FILE, out->listing, &body, before, out->bytes, err);
out:
	bn_generic_release(&p.g);
	bn_buf_release(&text);
	return rc;
}

/* ---- the record ----------------------------------------------------------------------------------- */

int bn_model_push_record(bn_workspace *ws, const bn_forge_place *place,
	const bn_model_listing *listing, const bn_model_transfer *how,
	const bn_model_transferred *done, bn_err *err)
{
	const char *host = strstr(place->api, "://") + 3;
	char digest[80];
	char *registry = bn_strndup(host, strcspn(host, "/"));
	char *name = bn_strf("%s/packages/generic/%s", place->project, how->package);
	int rc;
	snprintf(digest, sizeof digest, "sha256:%s", done->listing);
	if (!registry || !name) {
		rc = bn_err_nomem(err, "a record");
		goto out;
	}
	const bn_package_pushed event = {.digest = digest,
		.manifest_digest = digest,
		.registry = registry,
		.name = name,
		.tag = how->version,
		.model = listing->model,
		.version = listing->version};
	rc = bn_package_write_pushed(ws, &event, err);
	int committed = bn_workspace_commit(ws, rc < 0 ? NULL : err);
	rc = rc < 0 ? rc : committed;
out:
	bn_free(registry);
	bn_free(name);
	return rc;
}

/* generic_package.c - see _generic_package.h. */
#include "core/ci/_generic_package.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define IDLE_MS 300000 /* GitLab moves a large upload to its storage before it answers */

/* GitLab's rules (lib/gitlab/regex/packages.rb). */
static bool is_name(const char *s, const char *more)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(more, *p))
			return false;
	return *s && strlen(s) < 200;
}

int bn_generic_open(bn_generic *out, bn_forge *f, const char *package, const char *version,
	const bn_progress *progress, bn_err *err)
{
	*out = (bn_generic){.f = f,
		.package = package,
		.version = version,
		.is_listable = true,
		.progress = progress};
	if (f->place->kind != BN_FORGE_GITLAB) {
		bn_err_set(err, BN_EUNSUPPORTED, "GitHub has no registry for files of any kind");
		bn_err_hint(err,
			"binnacle package push sends images to its container registry, ghcr.io");
		return BN_EUNSUPPORTED;
	}
	if (!is_name(package, "._-+") || package[0] == '.')
		return bn_err_set(err, BN_EINVAL,
			"'%.100s' is not the name of a package: letters, digits and . _ - +",
			package);
	if (!is_name(version, "._-+") || version[0] == '.' || strstr(version, ".."))
		return bn_err_set(err, BN_EINVAL,
			"'%.100s' is not the version of a package: as in 3.0.0", version);
	return 0;
}

static void forget_list(bn_generic *g)
{
	for (size_t i = 0; i < g->count; i++)
		bn_free(g->files[i].name);
	g->count = 0;
	g->is_listed = false;
}

void bn_generic_release(bn_generic *g)
{
	forget_list(g);
	bn_free(g->files);
	*g = (bn_generic){0};
}

static bn_forge_doing doing_of(bn_generic *g, const char *verb, const char *name)
{
	snprintf(g->what, sizeof g->what, "%s %.250s of package %s %s", verb, name, g->package,
		g->version);
	return (bn_forge_doing){g->what, "such package"};
}

static int path_of(bn_buf *path, const bn_generic *g, const char *name, bn_err *err)
{
	bn_forge_add_project(path, g->f->place, g->f->place->project);
	bn_buf_adds(path, "/packages/generic/");
	bn_http_url_add(path, g->package);
	bn_buf_addch(path, '/');
	bn_http_url_add(path, g->version);
	bn_buf_addch(path, '/');
	bn_http_url_add(path, name);
	return bn_buf_check(path, err, "a URL");
}

/* ---- what is there -------------------------------------------------------------------------------- */

typedef struct package_search {
	const bn_generic *g;
	int64_t id; /* 0: not found */
} package_search;

static int find_package(void *user, const json_t *item, bn_err *err)
{
	package_search *s = user;
	const char *name, *version;
	bn_err why = BN_ERR_INIT;
	int64_t id;
	if (bn_json_need_str(item, "name", &name, "a package", &why) < 0 ||
		bn_json_need_str(item, "version", &version, "a package", &why) < 0 ||
		bn_json_need_int(item, "id", &id, "a package", &why) < 0)
		return bn_err_recode(err, &why, BN_EIO);
	if (strcmp(name, s->g->package) != 0 || strcmp(version, s->g->version) != 0)
		return 0;
	s->id = id;
	return 1;
}

/* Keeps the newest file of each name. */
static int take_file(void *user, const json_t *item, bn_err *err)
{
	bn_generic *g = user;
	const char *name, *hash = bn_json_str(item, "file_sha256", "");
	bn_err why = BN_ERR_INIT;
	bn_generic_file *at = NULL;
	int64_t id;
	if (bn_json_need_str(item, "file_name", &name, "a file", &why) < 0 ||
		bn_json_need_int(item, "id", &id, "a file", &why) < 0)
		return bn_err_recode(err, &why, BN_EIO);
	for (size_t i = 0; i < g->count && !at; i++)
		if (!strcmp(g->files[i].name, name))
			at = &g->files[i];
	if (at && at->id > id)
		return 0;
	if (!at) {
		if (bn_grow(&g->files, &g->cap, g->count + 1, sizeof *g->files))
			return bn_err_nomem(err, "a list of files");
		at = &g->files[g->count];
		*at = (bn_generic_file){.name = bn_strdup(name)};
		if (!at->name)
			return bn_err_nomem(err, "a list of files");
		g->count++;
	}
	at->id = id;
	at->sha256[0] = '\0';
	if (strlen(hash) == BN_SHA256_HEX)
		snprintf(at->sha256, sizeof at->sha256, "%s", hash);
	return 0;
}

static int list_files(bn_generic *g, bn_err *err)
{
	bn_forge_doing doing = doing_of(g, "list", "the files");
	package_search s = {g, 0};
	bn_buf path = BN_BUF_INIT;
	int rc;
	forget_list(g);
	bn_forge_add_project(&path, g->f->place, g->f->place->project);
	bn_buf_adds(&path, "/packages");
	size_t base = path.len;
	bn_buf_adds(&path, "?package_type=generic&package_name=");
	bn_http_url_add(&path, g->package);
	if ((rc = bn_buf_check(&path, err, "a URL")) < 0 ||
		(rc = bn_forge_list(g->f, path.ptr, find_package, &s, &doing, err)) < 0)
		goto out;
	if (s.id) {
		bn_buf_truncate(&path, base);
		bn_buf_addf(&path, "/%lld/package_files?", (long long)s.id);
		if ((rc = bn_buf_check(&path, err, "a URL")) < 0 ||
			(rc = bn_forge_list(g->f, path.ptr, take_file, g, &doing, err)) < 0)
			goto out;
	}
	g->is_listed = true;
	rc = 0;
out:
	bn_buf_release(&path);
	return rc;
}

typedef struct hashing {
	bn_hasher *h;
} hashing;

static int hash_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_hasher_add(((hashing *)user)->h, bytes, n);
	return 0;
}

static int hash_again(void *user, bn_err *err)
{
	uint8_t none[BN_SHA256_BYTES];
	(void)err;
	bn_hasher_finish(((hashing *)user)->h, none);
	return 0;
}

/* Downloads a file for its digest; hash is "" if it is not there. */
static int hash_there(char hash[65], bn_generic *g, const char *name, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES];
	bn_forge_doing doing = doing_of(g, "verify", name);
	bn_buf path = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	hashing s = {NULL};
	int rc;
	hash[0] = '\0';
	bn_http_call call = {.attempts = BN_FORGE_TRIES,
		.idle_ms = IDLE_MS,
		.to = {.kind = BN_HTTP_TO_CALLBACK,
			.write = hash_bytes,
			.restart = hash_again,
			.user = &s}};
	if ((rc = bn_hasher_new(&s.h, err)) < 0 || (rc = path_of(&path, g, name, err)) < 0)
		goto out;
	rc = bn_forge_call(g->f, &call, path.ptr, NULL, &doing, &why);
	if (rc == BN_ENOTFOUND && g->f->answer.status == 404) {
		rc = 0;
		goto out;
	}
	if (rc < 0) {
		rc = bn_err_move(err, &why);
		goto out;
	}
	bn_hasher_finish(s.h, digest);
	bn_hex(digest, sizeof digest, hash);
out:
	bn_hasher_free(s.h);
	bn_buf_release(&path);
	return rc;
}

int bn_generic_has(bn_generic *g, const char *name, const char *sha256, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char hash[65];
	int rc;
	if (!g->is_listed && g->is_listable && (rc = list_files(g, &why)) < 0) {
		/* Tokens of jobs and deploy tokens may read files and not the list. */
		if (rc != BN_EREFUSED && rc != BN_ENOTFOUND)
			return bn_err_move(err, &why);
		g->is_listable = false;
	}
	if (g->is_listed) {
		const bn_generic_file *at = NULL;
		for (size_t i = 0; i < g->count && !at; i++)
			if (!strcmp(g->files[i].name, name))
				at = &g->files[i];
		if (!at)
			return 0;
		if (at->sha256[0])
			return !strcasecmp(at->sha256, sha256);
	}
	if ((rc = hash_there(hash, g, name, err)) < 0)
		return rc;
	return !strcmp(hash, sha256);
}

/* ---- sending -------------------------------------------------------------------------------------- */

typedef struct transfer {
	const bn_generic *g;
	const char *what;
	uint64_t done, total;
	bool sends;
} transfer;

static bool on_progress(void *user, const bn_http_progress *p)
{
	const transfer *t = user;
	const bn_progress *to = t->g->progress;
	uint64_t now = t->done + (t->sends ? p->sent : p->received);
	if (t->g->f->goes_on && !t->g->f->goes_on(t->g->f->user))
		return false;
	return !to || !to->report || to->report(to->ctx, t->what, now, t->total);
}

typedef enum outcome { STORED, STORED_UNSEEN, UNSURE, FAILED } outcome;

/* Sends the file once. STORED: with the right digest. STORED_UNSEEN: this GitLab does not say. */
static outcome send_once(bn_generic *g, const char *name, const char *sha256,
	const bn_http_upload *body, transfer *t, bn_err *err)
{
	bn_forge_doing doing = doing_of(g, "send", name);
	bn_buf path = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	json_t *json = NULL;
	outcome o = FAILED;
	bn_http_call call = {.method = "PUT",
		.body = *body,
		.attempts = BN_FORGE_TRIES,
		.only_refused = true, /* a second upload is a second file */
		.idle_ms = IDLE_MS,
		.progress = on_progress,
		.progress_user = t};
	if (path_of(&path, g, name, err) < 0)
		goto out;
	bn_buf_adds(&path, "?select=package_file");
	if (bn_buf_check(&path, err, "a URL") < 0)
		goto out;
	int rc = bn_forge_call(
		g->f, &call, path.ptr, "Content-Type: application/octet-stream", &doing, &why);
	int status = g->f->answer.status;
	if (rc >= 0) {
		bool is_json = bn_json_parse(&json, g->f->answer.body.ptr, g->f->answer.body.len,
				       "it", NULL) >= 0;
		const char *hash = is_json ? bn_json_str(json, "file_sha256", NULL) : NULL;
		o = hash && strlen(hash) == BN_SHA256_HEX ? STORED : STORED_UNSEEN;
		if (o == STORED && strcasecmp(hash, sha256) != 0) {
			bn_err_set(err, BN_ECORRUPT, "%s stored other bytes of %s than were sent",
				g->f->place->api, name);
			o = FAILED;
		}
		goto out;
	}
	if (status == 400 && strstr(why.msg, "Duplicate package")) {
		bn_err_set(err, BN_ECONFLICT,
			"package %s %s has another %s, and the project allows no second one",
			g->package, g->version, name);
		bn_err_hint(
			err, "give another version, or delete that package: it is no whole model");
		goto out;
	}
	bool sure = rc == BN_EINTR || rc == BN_ENOMEM || rc == BN_ECORRUPT ||
		    (status >= 300 && status < 500 && status != 408);
	o = sure ? FAILED : UNSURE;
	bn_err_move(err, &why);
out:
	json_decref(json);
	bn_buf_release(&path);
	return o;
}

int bn_generic_put(bn_generic *g, const char *name, const char *sha256, const bn_http_upload *body,
	uint64_t done, uint64_t total, bn_err *err)
{
	transfer t = {g, "sending", done, total, true};
	bn_err why = BN_ERR_INIT;
	outcome o = UNSURE;
	int rc;
	for (int n = 0; n < BN_FORGE_TRIES; n++) {
		if (n && (rc = bn_forge_pause(g->f, n, err)) < 0)
			return rc;
		if (n && body->rewind && (rc = body->rewind(body->user, err)) < 0)
			return rc;
		bn_err_clear(&why);
		o = send_once(g, name, sha256, body, &t, &why);
		if (o == FAILED)
			return bn_err_move(err, &why);
		if (o == STORED)
			break;
		g->is_listed = false; /* what was listed before is old */
		if ((rc = bn_generic_has(g, name, sha256, err)) < 0)
			return rc;
		if (rc)
			break;
		if (o == STORED_UNSEEN)
			return bn_err_set(err, BN_ECORRUPT,
				"%s stored other bytes of %s than were sent", g->f->place->api,
				name);
		if (n + 1 == BN_FORGE_TRIES)
			return bn_err_move(err, &why);
	}
	return 0;
}

/* ---- fetching ------------------------------------------------------------------------------------- */

int bn_generic_get(bn_buf *out, bn_generic *g, const char *name, uint64_t limit, bn_err *err)
{
	bn_forge_doing doing = doing_of(g, "get", name);
	bn_http_call call = {.attempts = BN_FORGE_TRIES, .to = {.max_bytes = limit}};
	bn_buf path = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int rc;
	if ((rc = path_of(&path, g, name, err)) < 0)
		goto out;
	rc = bn_forge_call(g->f, &call, path.ptr, NULL, &doing, &why);
	/* a project that is not there is no missing package */
	if (rc == BN_ENOTFOUND && g->f->answer.status == 404 &&
		!strstr(g->f->answer.body.ptr, "Project Not Found")) {
		rc = 0;
		goto out;
	}
	if (rc < 0) {
		rc = bn_err_move(err, &why);
		goto out;
	}
	bn_buf_add(out, g->f->answer.body.ptr, g->f->answer.body.len);
	rc = bn_buf_check(out, err, "a file");
	rc = rc < 0 ? rc : 1;
out:
	bn_buf_release(&path);
	return rc;
}

int bn_generic_get_file(bn_generic *g, const char *name, int fd, uint64_t have, uint64_t bytes,
	uint64_t done, uint64_t total, bn_err *err)
{
	bn_forge_doing doing = doing_of(g, "get", name);
	transfer t = {g, "fetching", done + have, total, false};
	bn_http_call call = {.attempts = BN_FORGE_TRIES,
		.idle_ms = IDLE_MS,
		.to = {.kind = BN_HTTP_TO_FILE,
			.fd = fd,
			.have = have,
			.max_bytes = bytes ? bytes : 1},
		.progress = on_progress,
		.progress_user = &t};
	bn_buf path = BN_BUF_INIT;
	int rc;
	if ((rc = path_of(&path, g, name, err)) < 0)
		goto out;
	rc = bn_forge_call(g->f, &call, path.ptr, NULL, &doing, err);
out:
	bn_buf_release(&path);
	return rc;
}

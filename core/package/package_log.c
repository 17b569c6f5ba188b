/* package_log.c - see package_log.h: events of class "package", their rows, and reading them. */
#include "core/package/package_log.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/members.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_MS 86400000 /* how far a record may be dated ahead: no working clock is that wrong */

/* ---- writing -------------------------------------------------------------------------------- */

/* Takes payload. */
static int append(
	bn_workspace *ws, const char *kind, const char *digest, json_t *payload, bn_err *err)
{
	char *entity = bn_strf("package/%s", strchr(digest, ':') + 1);
	int rc = entity && payload ? bn_workspace_append(ws, kind, entity, payload, err)
				   : bn_err_nomem(err, "an event");
	bn_free(entity);
	json_decref(payload);
	return rc;
}

int bn_package_write_built(bn_workspace *ws, const bn_package_built *b, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	return append(ws, "package.built", b->digest,
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:b}", "model", b->model, "version",
			(json_int_t)b->version, "model_digest", b->model_digest, "format",
			b->format, "path", b->path, "host", env->host(env), "bytes",
			(json_int_t)b->bytes, "unapproved", b->is_unapproved),
		err);
}

int bn_package_write_pushed(bn_workspace *ws, const bn_package_pushed *p, bn_err *err)
{
	json_t *payload = json_pack("{s:s, s:s, s:s, s:s?}", "manifest_digest", p->manifest_digest,
		"registry", p->registry, "name", p->name, "tag", p->tag);
	if (payload && p->model &&
		(json_object_set_new(payload, "model", json_string(p->model)) ||
			json_object_set_new(payload, "version", json_integer(p->version)))) {
		json_decref(payload);
		payload = NULL;
	}
	return append(ws, "package.pushed", p->digest, payload, err);
}

/* ---- fold ----------------------------------------------------------------------------------- */

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

static bool entity_digest(const char *entity, uint8_t digest[BN_SHA256_BYTES])
{
	const char *slash = strchr(entity, '/');
	return slash && bn_unhex(slash + 1, BN_SHA256_BYTES, digest) == 0;
}

static int apply_built(
	bn_fold *f, const bn_event *ev, const uint8_t digest[BN_SHA256_BYTES], bn_err *err)
{
	const json_t *p = ev->payload;
	const char *model = bn_json_str(p, "model", NULL);
	const char *format = bn_json_str(p, "format", NULL), *path = bn_json_str(p, "path", NULL);
	int64_t version = bn_json_int(p, "version", 0), bytes = bn_json_int(p, "bytes", -1);
	uint8_t content[BN_SHA256_BYTES];
	bool is_known = bn_unhex(bn_json_str(p, "model_digest", ""), sizeof content, content) == 0;
	if (!model || !bn_name_is_valid(model) || version < 1 || !format || !path || !is_known)
		return invalid(f, "needs model, version, model_digest, format and path");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO package (digest, writer, seq, act, uid, time_ms, model, version, "
		"model_digest, format, path, host, bytes, unapproved) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, -1), ?)",
		"bsiiiisibsssii", digest, (size_t)BN_SHA256_BYTES, ev->key.writer,
		(int64_t)ev->key.seq, (int64_t)BN_PACKAGE_BUILT, (int64_t)ev->uid,
		bn_event_time_ms(ev), model, version, content, sizeof content, format, path,
		bn_json_str(p, "host", NULL), bytes < 0 ? (int64_t)-1 : bytes,
		(int64_t)bn_json_bool(p, "unapproved", false));
}

static int apply_pushed(
	bn_fold *f, const bn_event *ev, const uint8_t digest[BN_SHA256_BYTES], bn_err *err)
{
	const json_t *p = ev->payload;
	const char *registry = bn_json_str(p, "registry", NULL);
	const char *name = bn_json_str(p, "name", NULL), *model = bn_json_str(p, "model", NULL);
	const char *manifest = bn_json_str(p, "manifest_digest", "");
	int64_t version = bn_json_int(p, "version", 0);
	uint8_t pushed[BN_SHA256_BYTES];
	if (!registry || !name || !bn_oci_digest_is_valid(manifest) ||
		bn_unhex(strchr(manifest, ':') + 1, sizeof pushed, pushed) != 0)
		return invalid(f, "needs registry, name and manifest_digest");
	if (model && (!bn_name_is_valid(model) || version < 1))
		return invalid(f, "model and version name no version");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO package (digest, writer, seq, act, uid, time_ms, model, version, "
		"unapproved, registry, name, tag, manifest_digest) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), 0, ?, ?, ?, ?)",
		"bsiiiisisssb", digest, (size_t)BN_SHA256_BYTES, ev->key.writer,
		(int64_t)ev->key.seq, (int64_t)BN_PACKAGE_PUSHED, (int64_t)ev->uid,
		bn_event_time_ms(ev), model, model ? version : (int64_t)0, registry, name,
		bn_json_str(p, "tag", NULL), pushed, sizeof pushed);
}

enum { BUILT, PUSHED };
static const bn_fold_kind kinds[] = {
	[BUILT] = {"package.built", .fields = BN_FIELDS("model", "version", "model_digest",
					    "format", "path", "host", "bytes", "unapproved")},
	[PUSHED] = {"package.pushed", .fields = BN_FIELDS("manifest_digest", "registry", "name",
					      "tag", "model", "version")},
	{0},
};

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES];
	if (!entity_digest(ev->entity, digest))
		return invalid(f, "its entity is not a digest");
	return ev->kind_no == BUILT ? apply_built(f, ev, digest, err)
				    : apply_pushed(f, ev, digest, err);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES];
	if (!entity_digest(entity, digest))
		return 0;
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM package WHERE digest = ?", "b", digest,
		sizeof digest);
}

const bn_fold_class bn_package_class = {
	.name = "package",
	.schema = "share/sql/0050_package.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

enum {
	C_DIGEST,
	C_ACT,
	C_USER,
	C_TIME,
	C_MODEL,
	C_VERSION,
	C_FORMAT,
	C_PATH,
	C_HOST,
	C_BYTES,
	C_UNAPPROVED,
	C_REGISTRY,
	C_NAME,
	C_TAG,
	C_MANIFEST
};

static const char query[] =
	"SELECT digest, act, bn_user(uid), time_ms, model, coalesce(version, 0), format, path, "
	"host, "
	"coalesce(bytes, -1), unapproved, registry, name, tag, manifest_digest FROM package "
	"WHERE (?1 IS NULL OR model = ?1) AND (?2 = 0 OR version = ?2) AND time_ms < ?4 AND "
	"(?5 IS NULL OR uid IN (SELECT value FROM json_each(?5))) "
	"ORDER BY time_ms DESC, digest, writer, seq LIMIT ?3";

static void digest_text(char out[BN_OCI_DIGEST_TEXT], sqlite3_stmt *st, int column)
{
	uint8_t digest[BN_SHA256_BYTES];
	out[0] = '\0';
	if (bn_sql_bytes(st, column, digest, sizeof digest)) {
		strcpy(out, "sha256:");
		bn_hex(digest, sizeof digest, out + strlen(out));
	}
}

/* A text column that may be NULL, which an exhausted memory is not. */
static int read_text(char **out, sqlite3_stmt *st, int column)
{
	*out = bn_sql_text(st, column);
	return *out || sqlite3_column_type(st, column) == SQLITE_NULL ? 0 : -1;
}

static int read_package(bn_package *p, sqlite3_stmt *st)
{
	*p = (bn_package){.act = (bn_package_act)sqlite3_column_int(st, C_ACT),
		.time_ms = sqlite3_column_int64(st, C_TIME),
		.version = sqlite3_column_int64(st, C_VERSION),
		.bytes = sqlite3_column_int64(st, C_BYTES),
		.is_unapproved = sqlite3_column_int(st, C_UNAPPROVED) != 0};
	digest_text(p->digest, st, C_DIGEST);
	if (p->act == BN_PACKAGE_PUSHED)
		digest_text(p->manifest_digest, st, C_MANIFEST);
	int bad = read_text(&p->user, st, C_USER) | read_text(&p->model, st, C_MODEL) |
		  read_text(&p->format, st, C_FORMAT) | read_text(&p->path, st, C_PATH) |
		  read_text(&p->host, st, C_HOST) | read_text(&p->registry, st, C_REGISTRY) |
		  read_text(&p->name, st, C_NAME) | read_text(&p->tag, st, C_TAG);
	return bad;
}

int bn_package_list(bn_packages *out, bn_workspace *ws, const char *model, int64_t version,
	size_t limit, bn_err *err)
{
	bn_packages l = {NULL, 0};
	size_t cap = 0;
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	char *members = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&members, db, env->uid(env), err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err, query, "siiis", model, version,
			 limit ? (int64_t)limit : (int64_t)-1, bn_env_now_ms(env) + AHEAD_MS,
			 members)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_grow(&l.items, &cap, l.count + 1, sizeof *l.items) ||
			read_package(&l.items[l.count++], st)) {
			rc = bn_err_nomem(err, "packages");
			goto out;
		}
	if (rc < 0)
		goto out;
	*out = l;
	l = (bn_packages){NULL, 0};
out:
	sqlite3_finalize(st);
	bn_free(members);
	bn_packages_release(&l);
	return rc;
}

void bn_packages_release(bn_packages *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_package *p = &l->items[i];
		char *const texts[] = {p->user, p->model, p->format, p->path, p->host, p->registry,
			p->name, p->tag};
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			bn_free(texts[k]);
	}
	bn_free(l->items);
	*l = (bn_packages){NULL, 0};
}

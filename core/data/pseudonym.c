/* pseudonym.c - see pseudonym.h. */
#include "core/data/pseudonym.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/store/index/fold.h"

#include <string.h>

#define SECRET_BYTES 32
#define LINEAGE_MOST 20000

void bn_pseudonyms_release(bn_pseudonyms *p)
{
	bn_secret_free(p->secret);
	for (size_t i = 0; i < p->count; i++)
		bn_free(p->columns[i]);
	bn_free(p->columns);
	*p = (bn_pseudonyms)BN_PSEUDONYMS_INIT;
}

static bool has(const bn_pseudonyms *p, const char *column)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->columns[i], column))
			return true;
	return false;
}

static int add(bn_pseudonyms *p, const char *column, bn_err *err)
{
	size_t cap = p->count;
	if (has(p, column))
		return 0;
	char *copy = bn_strdup(column);
	if (!copy || bn_grow(&p->columns, &cap, p->count + 1, sizeof *p->columns)) {
		bn_free(copy);
		return bn_err_nomem(err, "pseudonyms");
	}
	p->columns[p->count++] = copy;
	return 0;
}

/* ---- the secret ------------------------------------------------------------------------------ */

static void key_of(bn_pseudonyms *p)
{
	static const char fixed[] = "binnacle pseudonym key";
	uint8_t mac[BN_SHA256_BYTES];
	char hex[2 * BN_SHA256_BYTES + 1];
	bn_hmac_sha256(p->secret, strlen(p->secret), fixed, sizeof fixed - 1, mac);
	bn_hex(mac, sizeof mac, hex);
	memcpy(p->key, hex, BN_PSEUDONYM_KEY - 1);
	p->key[BN_PSEUDONYM_KEY - 1] = '\0';
}

static int make_secret(bn_workspace *ws, const char *dir, const char *path, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	uint8_t bytes[SECRET_BYTES];
	char text[2 * SECRET_BYTES + 2];
	int rc;
	if ((rc = bn_env_random(env, bytes, sizeof bytes, err)) < 0 ||
		(rc = bn_fs_make_dirs(env, dir, 0700, err)) < 0)
		return rc;
	bn_hex(bytes, sizeof bytes, text);
	memcpy(text + 2 * SECRET_BYTES, "\n", 2);
	rc = bn_fs_write_file(env, path, text, 2 * SECRET_BYTES + 1, 0600, err);
	explicit_bzero(bytes, sizeof bytes);
	explicit_bzero(text, sizeof text);
	return rc;
}

/* The secret of this user for the workspace, made if there is none; sets secret and key. */
static int need_secret(bn_pseudonyms *p, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *config = NULL, *dir = NULL, *path = NULL;
	int rc;
	if (p->secret)
		return 0;
	if ((rc = bn_env_config_dir(&config, env, err)) < 0)
		return rc;
	dir = bn_strf("%s/pseudonyms", config);
	path = bn_strf("%s/pseudonyms/%s", config, bn_workspace_id(ws));
	if (!dir || !path) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if (!bn_fs_exists(env, path) && (rc = make_secret(ws, dir, path, err)) < 0)
		goto out;
	if ((rc = bn_secret_file_read(&p->secret, env, path, "the secret of pseudonyms", err)) < 0)
		goto out;
	if (strlen(p->secret) < SECRET_BYTES) {
		rc = bn_err_set(err, BN_EINVAL, "the secret of pseudonyms %s is shorter than %d bytes", path,
			SECRET_BYTES);
		goto out;
	}
	key_of(p);
out:
	bn_free(config);
	bn_free(dir);
	bn_free(path);
	return rc;
}

int bn_pseudonym_replace(void *ctx, const char *text, size_t n, bn_buf *out, bn_err *err)
{
	const bn_pseudonyms *p = ctx;
	uint8_t mac[BN_SHA256_BYTES];
	char hex[2 * BN_SHA256_BYTES + 1];
	bn_hmac_sha256(p->secret, strlen(p->secret), text, n, mac);
	bn_hex(mac, sizeof mac, hex);
	bn_buf_add(out, hex, 32);
	return out->failed ? bn_err_nomem(err, "pseudonyms") : 0;
}

/* ---- which columns --------------------------------------------------------------------------- */

static int read_recipe(bn_pseudonyms *p, bool *found, const char *text, bn_err *err)
{
	json_t *recipe = text ? json_loads(text, 0, NULL) : NULL;
	const json_t *o = json_object_get(recipe, "pseudonymise"), *columns = json_object_get(o, "columns");
	const char *key = bn_json_str(o, "key", "");
	int rc = 0;
	*found = json_is_object(o);
	for (size_t i = 0; rc >= 0 && i < json_array_size(columns); i++)
		if (json_is_string(json_array_get(columns, i)))
			rc = add(p, json_string_value(json_array_get(columns, i)), err);
	if (*found && strlen(key) < sizeof p->key)
		memcpy(p->key, key, strlen(key) + 1);
	json_decref(recipe);
	return rc;
}

/* The next version up; *name NULL if there is none. Takes *name. */
static int step_up(char **name, int64_t *version, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT parent_name, parent_version FROM dataset_parent WHERE name = ? AND version = ? AND "
		"parent_version > 0 ORDER BY position LIMIT 1",
		"si", *name, *version);
	char *parent = NULL;
	if (rc < 0 || (rc = bn_sql_step(st, err)) <= 0)
		goto out;
	rc = 0;
	parent = bn_sql_text(st, 0);
	*version = sqlite3_column_int64(st, 1);
out:
	sqlite3_finalize(st);
	bn_free(*name);
	*name = parent;
	return rc;
}

int bn_pseudonyms_of(bn_pseudonyms *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	char *name = bn_strdup(v->name);
	int64_t version = v->version;
	bool found = false;
	sqlite3 *db;
	int rc = name ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "a name");
	for (int i = 0; rc >= 0 && name && !found && i < LINEAGE_MOST; i++) {
		sqlite3_stmt *st = NULL;
		rc = bn_sql_prepare(&st, db, err,
			"SELECT recipe FROM dataset_version WHERE name = ? AND version = ?", "si", name, version);
		rc = rc < 0 ? rc : bn_sql_step(st, err);
		if (rc == 1)
			rc = read_recipe(out, &found, (const char *)sqlite3_column_text(st, 0), err);
		sqlite3_finalize(st);
		if (rc >= 0 && !found)
			rc = step_up(&name, &version, db, err);
	}
	bn_free(name);
	return rc;
}

int bn_pseudonyms_plan(bn_pseudonyms *out, bn_workspace *ws, const char *const *asked, size_t n,
	const bn_dataset_version *before, bn_err *err)
{
	bn_pseudonyms had = BN_PSEUDONYMS_INIT;
	char ref[192];
	int rc = 0;
	for (size_t i = 0; i < n; i++)
		if ((rc = add(out, asked[i], err)) < 0)
			return rc;
	out->asked = out->count;
	if (before && (rc = bn_pseudonyms_of(&had, ws, before, err)) < 0)
		goto out;
	for (size_t i = 0; i < had.count; i++)
		if ((rc = add(out, had.columns[i], err)) < 0)
			goto out;
	if (!out->count)
		goto out;
	if ((rc = need_secret(out, ws, err)) < 0)
		goto out;
	if (had.count && strcmp(had.key, out->key) != 0) {
		rc = bn_err_set(err, BN_EREFUSED, "the pseudonyms of %s were made with another secret than yours",
			bn_dataset_version_name(before, ref, sizeof ref));
		bn_err_hint(err, "%s has it: ~/.config/binnacle/pseudonyms/%s", before->user, bn_workspace_id(ws));
		goto out;
	}
	out->replace = (bn_replace){.columns = (const char *const *)out->columns,
		.count = out->count,
		.required = out->asked,
		.replace = bn_pseudonym_replace,
		.ctx = out};
out:
	bn_pseudonyms_release(&had);
	return rc;
}

int bn_pseudonyms_record(json_t *recipe, const bn_pseudonyms *p, const bn_schema *schema, bn_err *err)
{
	json_t *columns = json_array();
	for (size_t i = 0; columns && i < p->count; i++)
		if (bn_schema_find(schema, p->columns[i]) != BN_SCHEMA_NONE)
			json_array_append_new(columns, json_string(p->columns[i]));
	if (!json_array_size(columns)) {
		json_decref(columns);
		return 0;
	}
	json_t *o = json_pack("{s:o, s:s}", "columns", columns, "key", p->key);
	return o && !json_object_set_new(recipe, "pseudonymise", o) ? 0 : bn_err_nomem(err, "a recipe");
}

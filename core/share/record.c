/* record.c - a version that was pulled becomes one of this workspace: see transfer.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/builder.h"
#include "core/profile/profile.h"
#include "core/share/_share.h"
#include "core/store/object/manifest.h"

#include <string.h>

#define PROFILE_BYTES ((size_t)256 << 20)

/* Where it comes from, as the remote says. */
static json_t *recipe_of(const json_t *ref, const bn_remote_store *s)
{
	json_t *o = json_pack("{s:s, s:s, s:o?, s:o?, s:o?}", "op", "pull", "remote",
		bn_remote_store_place(s), "name", json_incref(json_object_get(ref, "name")),
		"version", json_incref(json_object_get(ref, "version")), "manifest",
		json_incref(json_object_get(ref, "manifest")));
	static const char *const kept[] = {
		"workspace", "user", "created_ms", "source", "parents", "recipe"};
	for (size_t i = 0; o && i < sizeof kept / sizeof *kept; i++)
		if (json_object_get(ref, kept[i]))
			json_object_set(o, kept[i], json_object_get(ref, kept[i]));
	return o;
}

/* Its parts; of the first format the only one. */
static int load_parts(bn_manifest *m, bn_workspace *ws, const json_t *ref, bn_err *err)
{
	const char *hash = bn_json_str(ref, "manifest", "");
	bn_object_store *objects = NULL;
	bn_object_info info;
	bn_err why = BN_ERR_INIT;
	bool is_one = false;
	int rc = bn_manifest_is_named(&is_one, ws, hash, err);
	if (rc < 0)
		return rc;
	if (is_one) {
		rc = bn_manifest_load(m, ws, hash, &why);
		return rc < 0 ? bn_err_move(err, &why) : 0;
	}
	bn_manifest_part part = {.rows = (uint64_t)bn_json_int(ref, "rows", 0)};
	if ((rc = bn_workspace_objects(&objects, ws, err)) < 0 ||
		(rc = bn_object_head(objects, hash, &info, err)) < 0)
		return rc;
	memcpy(part.hash, hash, sizeof part.hash);
	part.bytes = info.bytes;
	return bn_manifest_add(m, &part, err);
}

static int load_profile(bn_profile **out, bn_workspace *ws, const json_t *ref, bn_err *err)
{
	const char *hash = bn_json_str(ref, "profile", "");
	bn_buf text = BN_BUF_INIT;
	if (!*hash)
		return 0;
	int rc = bn_object_load(&text, ws, hash, PROFILE_BYTES, err);
	if (rc >= 0)
		rc = bn_profile_parse(out, text.ptr, text.len, err);
	bn_buf_release(&text);
	return rc;
}

/* That the manifest says what the parts hold. */
static int check_table(
	const bn_table_reader *table, const json_t *ref, const bn_manifest *m, bn_err *err)
{
	bn_buf schema = BN_BUF_INIT;
	uint64_t rows = 0;
	const char *name = bn_json_str(ref, "name", "");
	int rc = bn_schema_json(&schema, bn_table_schema(table), err);
	for (size_t i = 0; i < m->count; i++)
		rows += m->parts[i].rows;
	if (rc >= 0 && bn_table_rows(table) != rows)
		rc = bn_err_set(err, BN_ECORRUPT,
			"%s: its parts have %llu rows, where its manifest says %llu", name,
			(unsigned long long)bn_table_rows(table), (unsigned long long)rows);
	if (rc >= 0 && m->schema && strcmp(m->schema, schema.ptr) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"%s: its parts have other columns than its manifest says", name);
	bn_buf_release(&schema);
	return rc;
}

static int open_table(bn_table_reader **table, bn_workspace *ws, const json_t *ref,
	const bn_manifest *m, const bn_progress *progress, bn_err *err)
{
	char **paths = NULL;
	size_t n = 0;
	int rc = bn_dataset_paths(&paths, &n, ws, bn_json_str(ref, "manifest", ""), progress, err);
	if (rc < 0 || (rc = bn_table_open_parts(table, bn_workspace_env(ws), bn_workspace_at(ws),
			       (const char *const *)paths, n, err)) < 0)
		goto out;
	rc = check_table(*table, ref, m, err);
out:
	bn_dataset_paths_free(paths, n);
	return rc;
}

int bn_share_record(bn_dataset_version **out, bn_workspace *ws, const bn_remote_store *s,
	const json_t *ref, bool is_private, const bn_share_options *o, bn_err *err)
{
	bn_manifest m;
	bn_profile *profile = NULL;
	bn_table_reader *table = NULL;
	json_t *recipe = recipe_of(ref, s);
	int rc = recipe ? 0 : bn_err_nomem(err, "a version");
	bn_manifest_init(&m, BN_MANIFEST_TABLE);
	if (rc < 0 || (rc = load_parts(&m, ws, ref, err)) < 0 ||
		(rc = load_profile(&profile, ws, ref, err)) < 0 ||
		(rc = open_table(&table, ws, ref, &m, o->progress, err)) < 0)
		goto out;
	bn_built built = {
		.is_private = is_private, .schema = bn_table_schema(table), .profile = profile};
	bn_dataset_draft draft = {.name = bn_json_str(ref, "name", ""),
		.privacy = is_private ? BN_DATASET_PRIVATE : BN_DATASET_AS_BEFORE,
		.built = &built,
		.base = m.parts,
		.base_count = m.count,
		.manifest_hash = m.schema ? bn_json_str(ref, "manifest", NULL) : NULL,
		.profile_hash = bn_json_str(ref, "profile", NULL),
		.source_kind = "remote",
		.source_path = bn_remote_store_place(s),
		.recipe = recipe};
	rc = bn_dataset_publish(out, NULL, ws, &draft, err);
out:
	bn_table_reader_free(table);
	bn_profile_free(profile);
	bn_manifest_release(&m);
	json_decref(recipe);
	return rc;
}

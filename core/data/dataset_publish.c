/* dataset_publish.c - see dataset.h: from a table to a version of a dataset. */
#include "core/base/account.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"
#include "core/data/builder.h"
#include "core/data/dataset.h"
#include "core/data/suite_gate.h"
#include "core/govern/rights.h"
#include "core/profile/profiler.h"
#include "core/store/claim.h"
#include "core/store/object/live.h"
#include "core/store/object/object.h"
#include "core/store/object/verify_once.h"
#include "core/store/workspace.h"
#include "core/table/table.h"

#include <stdio.h>
#include <string.h>

/* Under a chain of authority a version is signed if the user has a key, so that no clock decides
 * about its number; without a key it is added unsigned, and yields to a signed one. */
static int append_version(bn_workspace *ws, const char *name, const json_t *payload, bn_err *err)
{
	bn_self me;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = bn_self_read(&me, ws, db, err)) < 0)
		return rc;
	return bn_dataset_event(ws, me.is_chained && me.person[0], 2, "dataset.version", name, payload, err);
}

/* What the event records of the table; profile and manifest become objects. */
typedef struct facts {
	bn_manifest m; /* its parts, followed by their statistics */
	char hash[65], profile_hash[65], schema_hash[65];
	bool is_private;
	bn_object_store *to; /* objects that everybody can read, or the user's private ones */
	const bn_schema *schema;
	bn_table_reader *table; /* NULL until needed */
} facts;

int bn_dataset_part_settle(bn_workspace *ws, const char *part, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	bn_cache *cache = NULL;
	if (bn_cache_open(&cache, ws, NULL) < 0)
		cache = NULL;
	int rc = bn_object_remember(ws, cache, part)
			 ? 0
			 : bn_object_verify_once(ws, cache, part, NULL, "hashing", NULL, err);
	if (rc == BN_ECORRUPT)
		bn_err_hint(err, "it was stored before; remove '%s/%s' and add the data again",
			bn_workspace_root(ws), bn_dataset_part_file(ws, part, name));
	bn_cache_close(cache);
	return rc;
}

/* All parts as one table. */
static int facts_open(facts *f, bn_workspace *ws, bn_err *err)
{
	size_t n = f->m.count;
	char(*names)[BN_OBJECT_NAME] = bn_alloc_zeroed(n, sizeof *names);
	const char **paths = bn_alloc_zeroed(n, sizeof *paths);
	int rc = names && paths ? 0 : bn_err_nomem(err, "the parts of a dataset");
	for (size_t i = 0; i < n && rc == 0; i++) {
		paths[i] = names[i];
		rc = bn_object_file(ws, f->m.parts[i].hash, names[i], err);
	}
	if (rc < 0)
		goto out;
	rc = bn_table_open_parts(
		&f->table, bn_workspace_env(ws), bn_workspace_at(ws), paths, n, err);
out:
	bn_free(paths);
	bn_free(names);
	return rc;
}

/* A new part, already stored. */
static int facts_part(facts *f, bn_workspace *ws, const bn_built_part *p, bn_err *err)
{
	bn_manifest_part part = {.bytes = p->bytes,
		.rows = p->rows,
		.stats = bn_dataset_part_stats(p->stats, f->schema)};
	memcpy(part.hash, p->hash, sizeof part.hash);
	int rc = part.stats ? bn_dataset_part_settle(ws, p->hash, err) : bn_err_nomem(err, "a manifest");
	rc = rc < 0 ? rc : bn_manifest_add(&f->m, &part, err);
	json_decref(part.stats);
	return rc;
}

/* The parts that are reused, which gc must not free meanwhile, and the new ones. */
static int facts_built(facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	int rc;
	f->is_private = d->built->is_private;
	f->schema = d->built->schema;
	for (size_t i = 0; d->base && i < d->base_count; i++)
		if ((rc = bn_object_renew(ws, d->base[i].hash, err)) < 0 ||
			(rc = bn_manifest_add(&f->m, &d->base[i], err)) < 0)
			return rc;
	for (size_t i = 0; i < d->built->part_count; i++)
		if ((rc = facts_part(f, ws, &d->built->parts[i], err)) < 0)
			return rc;
	return 0;
}

/* A complete file, which becomes the only part. */
static int facts_file(facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	const char *path = name;
	bn_manifest_part part = {.bytes = 0};
	int rc;
	if ((rc = bn_object_put_below_in(f->to, d->table_at, d->table_path, d->take, part.hash,
		     &part.bytes, err)) < 0 ||
		(rc = bn_dataset_part_settle(ws, part.hash, err)) < 0 ||
		(rc = bn_object_file(ws, part.hash, name, err)) < 0 ||
		(rc = bn_table_open_parts(
			 &f->table, bn_workspace_env(ws), bn_workspace_at(ws), &path, 1, err)) < 0)
		return rc;
	f->schema = bn_table_schema(f->table);
	part.rows = bn_table_rows(f->table);
	return bn_manifest_add(&f->m, &part, err);
}

/* The table is stored; records what is known without reading its rows. */
static int facts_begin(facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	bn_buf schema = BN_BUF_INIT;
	int rc;
	bn_manifest_init(&f->m, BN_MANIFEST_TABLE);
	if (d->built)
		f->is_private = d->built->is_private;
	else if ((rc = bn_dataset_is_to_be_private(&f->is_private, ws, d->name, d->privacy,
			  d->parents, d->parent_count, err)) < 0)
		return rc;
	if ((rc = (f->is_private ? bn_workspace_private_objects : bn_workspace_objects)(
		     &f->to, ws, err)) < 0 ||
		(rc = (d->built ? facts_built : facts_file)(f, ws, d, err)) < 0 ||
		(rc = bn_schema_json(&schema, f->schema, err)) < 0)
		goto out;
	bn_sha256_hex(schema.ptr, schema.len, f->schema_hash);
	if (!(f->m.schema = bn_buf_take(&schema, NULL))) {
		rc = bn_err_nomem(err, "a manifest");
		goto out;
	}
	rc = bn_manifest_seal(&f->m, err);
out:
	bn_buf_release(&schema);
	return rc;
}

static int facts_manifest(facts *f, const bn_profile *profile, bn_err *err)
{
	bn_manifest_part *only = &f->m.parts[0];
	if (f->m.count == 1) {
		json_decref(only->stats);
		only->stats = bn_dataset_stats(profile);
		if (!only->stats)
			return bn_err_nomem(err, "a manifest");
	}
	return bn_manifest_store_in(f->to, &f->m, f->hash, err);
}

static int write_object(void *writer, const void *bytes, size_t n, bn_err *err)
{
	return bn_object_write(writer, bytes, n, err);
}

static int store_profile(facts *f, const bn_profile *profile, bn_err *err)
{
	bn_object_writer *w = NULL;
	int rc = bn_object_writer_new(&w, f->to, NULL, err);

	if (rc < 0 || (rc = bn_profile_write(write_object, w, profile, err)) < 0)
		goto out;
	rc = bn_object_commit(w, f->profile_hash, NULL, err);
out:
	bn_object_writer_free(w);
	return rc;
}

/* Manifest and profile are here, as another workspace made them. */
static int facts_take(facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	memcpy(f->hash, d->manifest_hash, sizeof f->hash);
	memcpy(f->profile_hash, d->profile_hash, sizeof f->profile_hash);
	int rc = bn_object_renew(ws, f->hash, err);
	return rc < 0 ? rc : bn_object_renew(ws, f->profile_hash, err);
}

/* The rest, which needs a pass over the rows. I4: profile and manifest are stored before the
 * event. */
static int facts_gather(facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	bn_profile *own = NULL;
	int rc = 0;
	const bn_profile *profile = d->built ? d->built->profile : d->profile;
	if (d->manifest_hash && d->profile_hash)
		return facts_take(f, ws, d, err);
	if (!profile) {
		if (!f->table && (rc = facts_open(f, ws, err)) < 0)
			goto out;
		if ((rc = bn_profile_table(&own, f->table, 0, d->progress, err)) < 0)
			goto out;
		profile = own;
	}
	if ((rc = store_profile(f, profile, err)) < 0)
		goto out;
	rc = facts_manifest(f, profile, err);
out:
	bn_profile_free(own);
	return rc;
}

static json_t *parents_json(const bn_dataset_draft *d)
{
	json_t *array = json_array();
	for (size_t i = 0; array && i < d->parent_count; i++) {
		const bn_dataset_version *p = d->parents[i];
		json_array_append_new(
			array, json_pack("{s:s, s:I, s:s}", "name", p->name, "version",
				       (json_int_t)p->version, "hash", p->hash));
	}
	return array;
}

static json_t *version_payload(const facts *f, const bn_dataset_draft *d, int64_t version)
{
	/* The source's path is informative; a file name need not be UTF-8. */
	json_t *path = d->source_path ? bn_json_lossy(d->source_path, strlen(d->source_path))
				      : json_null();
	json_t *source = json_pack("{s:s, s:o, s:s?, s:I}", "kind", d->source_kind, "path", path,
		"sha256", d->source_sha256, "rejected", (json_int_t)d->rejected);
	json_t *p = json_pack("{s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s}", "version",
		(json_int_t)version, "manifest", f->hash, "content", f->m.content, "parts",
		(json_int_t)f->m.count, "size", (json_int_t)f->m.bytes, "rows",
		(json_int_t)f->m.rows, "columns", (json_int_t)f->schema->count, "schema_hash",
		f->schema_hash, "profile", f->profile_hash);
	if (!source || !p) {
		json_decref(source);
		json_decref(p);
		return NULL;
	}
	if (f->m.count == 1)
		json_object_set_new(p, "part", json_string(f->m.parts[0].hash));
	if (d->source_sha256)
		json_object_set_new(source, "size", json_integer((json_int_t)d->source_size));
	json_object_set_new(p, "source", source);
	json_object_set_new(p, "parents", parents_json(d));
	json_object_set_new(p, "recipe", d->recipe ? json_deep_copy(d->recipe) : json_null());
	if (f->is_private)
		json_object_set_new(p, "private", json_true());
	return p;
}

static int resolve_number(
	bn_dataset_version **out, bn_workspace *ws, const char *name, int64_t n, bn_err *err)
{
	char *ref = bn_strf("%s@v%lld", name, (long long)n);
	if (!ref)
		return bn_err_nomem(err, "a name");
	int rc = bn_dataset_resolve(out, ws, ref, BN_DATASET_REMOVED_TOO, err);
	bn_free(ref);
	return rc;
}

/* Restores a removed version. If gc has freed its manifest, it is built again from the same bytes;
 * *number is 0 if it comes out differently (a newer binnacle's statistics). */
static int restore_version(
	int64_t *number, facts *f, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	bn_dataset_version *v = NULL;
	int rc = resolve_number(&v, ws, d->name, *number, err);
	if (rc < 0 || (rc = bn_dataset_need_rows_kept(v, err)) < 0 || !v->removed)
		goto out;
	if (v->bytes_gone) {
		if ((rc = facts_gather(f, ws, d, err)) < 0)
			goto out;
		if (strcmp(f->hash, v->hash) != 0) {
			*number = 0;
			goto out;
		}
	}
	rc = bn_dataset_restore(ws, d->name, *number, err);
out:
	bn_dataset_version_free(v);
	return rc;
}

/* Adding again what everybody can read does not make it private. This does not apply if that
 * version was removed and gc has freed it. */
static int refuse_shared(const facts *f, bn_workspace *ws, const char *name, bn_err *err)
{
	int64_t number = 0;
	if (!f->is_private)
		return 0;
	bn_dataset_version *v = NULL;
	int rc = bn_dataset_with_content(&number, ws, name, f->m.content, false, err);
	if (rc < 0 || !number || (rc = resolve_number(&v, ws, name, number, err)) < 0)
		return rc;
	bool is_gone = v->removed && v->bytes_gone;
	bn_dataset_version_free(v);
	if (is_gone)
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"these bytes are %s@v%lld, which is not private: others can read them", name,
		(long long)number);
	bn_err_hint(err,
		"under another name they are private; or remove that version (data rm %s@v%lld) "
		"and free it (gc --older-than 0s)",
		name, (long long)number);
	return BN_ECONFLICT;
}

/* Anybody who can write claims/ can take each number before it is used: the message names the
 * user. */
static void say_taken(bn_workspace *ws, const bn_dataset_draft *d, const char *claim, bn_err *err)
{
	char who[64] = "somebody";
	uid_t owner;

	if (bn_claim_owner(ws, claim, &owner, NULL) == 0 &&
		!bn_account_name(owner, who, sizeof who))
		snprintf(who, sizeof who, "user %u", (unsigned)owner);
	bn_err_set(err, BN_ECONFLICT, "%s@v%lld was added meanwhile by %s", d->name,
		(long long)d->number, who);
	bn_err_hint(err,
		"try again: the rows are then added after that version's; if this repeats and no "
		"such version exists, ask %s",
		who);
}

/* Claims are atomic: of two versions made from the same one, only one gets the next number. */
static int claim_number(
	int64_t *number, bn_workspace *ws, const bn_dataset_draft *d, const char *hash, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char *claim = d->number ? bn_strf("dataset/%s/%lld", d->name, (long long)d->number)
				: bn_strf("dataset/%s", d->name);
	int rc = 0;
	if (!claim)
		return bn_err_nomem(err, "a name");
	if (!d->number) {
		rc = bn_claim_next(ws, claim, hash, number, err);
		goto out;
	}
	*number = d->number;
	if ((rc = bn_claim_take(ws, claim, hash, &why)) == BN_ECONFLICT) {
		say_taken(ws, d, claim, err);
	} else if (rc < 0) {
		bn_err_move(err, &why);
	}
out:
	bn_free(claim);
	return rc;
}

/* The suites that are attached to the dataset, on its new rows. */
static int facts_check(
	facts *f, bn_suite_gate *gate, bn_workspace *ws, const bn_dataset_draft *d, bn_err *err)
{
	int rc = d->ungated ? 0 : bn_suite_gate_open(gate, ws, d->name, err);
	if (rc < 0 || !gate->attached.count)
		return rc;
	if (!f->table && (rc = facts_open(f, ws, err)) < 0)
		return rc;
	return bn_suite_gate_run(gate, ws, f->table, d->checking, err);
}

int bn_dataset_publish(bn_dataset_version **out, bool *added, bn_workspace *ws,
	const bn_dataset_draft *d, bn_err *err)
{
	facts f = {.table = NULL};
	bn_suite_gate gate = BN_SUITE_GATE_INIT;
	bn_dataset_version *made = NULL;
	json_t *payload = NULL;
	int64_t number = 0;
	int rc = bn_dataset_check_name(d->name, err);
	if (rc)
		return rc;
	rc = facts_begin(&f, ws, d, err);
	if (!rc)
		rc = bn_dataset_with_content(&number, ws, d->name, f.m.content, f.is_private, err);
	if (!rc && number)
		rc = restore_version(&number, &f, ws, d, err);
	if (added)
		*added = !rc && number == 0;
	if (rc || number)
		goto out;
	if ((rc = refuse_shared(&f, ws, d->name, err)) < 0 ||
		(rc = facts_gather(&f, ws, d, err)) < 0 ||
		(rc = facts_check(&f, &gate, ws, d, err)) < 0 ||
		(rc = claim_number(&number, ws, d, f.hash, err)) < 0)
		goto out;
	payload = version_payload(&f, d, number);
	if ((rc = append_version(ws, d->name, payload, err)) < 0 || !gate.attached.count)
		goto out;
	if ((rc = resolve_number(&made, ws, d->name, number, err)) == 0)
		rc = bn_suite_gate_record(&gate, ws, made, err);
	bn_dataset_version_free(made);
out:
	if (!rc)
		rc = resolve_number(out, ws, d->name, number, err);
	bn_suite_gate_release(&gate);
	json_decref(payload);
	bn_table_reader_free(f.table);
	bn_manifest_release(&f.m);
	return rc;
}

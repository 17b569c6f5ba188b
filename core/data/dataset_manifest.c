/*
 * dataset_manifest.c - what a dataset version's manifest records of its parts, and their paths.
 */
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/data/_dataset.h"
#include "core/data/dataset.h"
#include "core/store/object/object.h"
#include "core/store/object/verify_once.h"

#include <math.h>
#include <string.h>

/* ---- statistics ----------------------------------------------------------------------------- */

/* exact: the number as stored in the profile. */
static json_t *number_bound(bn_type type, double x, const char *exact)
{
	int64_t ns;
	char text[24];
	switch (type) {
	case BN_TYPE_INT64: /* more digits than a double holds */
	case BN_TYPE_UINT64:
		return json_string(exact);
	case BN_TYPE_DURATION:
		if (!bn_duration_parse(exact, strlen(exact), &ns))
			return json_null();
		snprintf(text, sizeof text, "%lld", (long long)ns);
		return json_string(text);
	case BN_TYPE_TIMESTAMP:
		if (!bn_timestamp_parse(exact, strlen(exact), &ns))
			return json_null();
		snprintf(text, sizeof text, "%lld", (long long)ns);
		return json_string(text);
	case BN_TYPE_INT32:
	case BN_TYPE_INT16:
	case BN_TYPE_INT8:
	case BN_TYPE_UINT32:
	case BN_TYPE_UINT16:
	case BN_TYPE_UINT8:
	case BN_TYPE_BOOL:
	case BN_TYPE_DATE: /* days */
	case BN_TYPE_TIME: /* ns of a day, which a double holds exactly */
		return json_integer((json_int_t)x);
	default:
		return isfinite(x) ? json_real(x) : json_string(exact);
	}
}

static json_t *column_stats(const bn_profile_column *c)
{
	json_t *min = NULL, *max = NULL;
	if (c->is_numeric && c->min_text && c->max_text) {
		min = number_bound(c->type, c->min, c->min_text);
		max = number_bound(c->type, c->max, c->max_text);
	} else if (!c->is_numeric && c->has_bounds) {
		min = bn_manifest_text_min(c->least, c->least_bytes);
		max = bn_manifest_text_max(c->greatest, c->greatest_bytes);
	} else { /* no values */
		min = json_null();
		max = json_null();
	}
	return json_pack("[o, o, I]", min, max, (json_int_t)c->missing);
}

json_t *bn_dataset_stats(const bn_profile *p)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < p->column_count && i < BN_MANIFEST_STATS; i++) {
		if (json_array_append_new(list, column_stats(&p->columns[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* ---- paths of parts ------------------------------------------------------------------------- */

void bn_dataset_paths_free(char **paths, size_t n)
{
	for (size_t i = 0; paths && i < n; i++)
		bn_free(paths[i]);
	bn_free(paths);
}

const char *bn_dataset_part_file(bn_workspace *ws, const char *hash, char buf[BN_OBJECT_NAME])
{
	if (bn_object_file(ws, hash, buf, NULL) < 0)
		snprintf(buf, BN_OBJECT_NAME, "objects/%.2s/%.62s", hash, hash + 2);
	return buf;
}

int bn_dataset_part_failed(
	bn_err *err, bn_workspace *ws, const bn_manifest *m, size_t part, bn_err *why)
{
	char name[BN_OBJECT_NAME];
	if (why->code == BN_ECORRUPT) {
		bn_err_prefix(why, "part %zu of %zu", part + 1, m->count);
		bn_err_hint(why,
			"nothing was made from it; put '%s/%s' back from a copy, or "
			"remove it and add the data again",
			bn_workspace_root(ws), bn_dataset_part_file(ws, m->parts[part].hash, name));
	}
	return bn_err_move(err, why);
}

/* Hashes the parts that this user has not hashed on this host since they were written. */
static int verify_parts(
	bn_workspace *ws, const bn_manifest *m, const bn_progress *progress, bn_err *err)
{
	bn_cache *cache = NULL;
	bn_err why = BN_ERR_INIT;
	char what[64];
	size_t failed = 0;
	const char **hashes = bn_alloc_zeroed(m->count + 1, sizeof *hashes);
	if (!hashes)
		return bn_err_nomem(err, "the parts of a dataset");
	if (bn_cache_open(&cache, ws, NULL) < 0)
		cache = NULL; /* then each time */
	for (size_t i = 0; i < m->count; i++)
		hashes[i] = m->parts[i].hash;
	snprintf(what, sizeof what, m->count == 1 ? "hashing" : "hashing %zu parts", m->count);
	int rc = bn_object_verify_each(ws, cache, hashes, m->count, progress, what, &failed, &why);
	if (rc < 0)
		bn_dataset_part_failed(err, ws, m, failed, &why);
	bn_cache_close(cache);
	bn_free(hashes);
	return rc;
}

static int manifest_paths(char ***paths, size_t *n, bn_workspace *ws, const bn_manifest *m,
	const bn_progress *progress, bn_err *err)
{
	int rc = verify_parts(ws, m, progress, err);
	*n = 0;
	if (rc < 0)
		return rc;
	if (!(*paths = bn_alloc_zeroed(m->count + 1, sizeof **paths)))
		return bn_err_nomem(err, "the parts of a dataset");
	for (; *n < m->count; ++*n) {
		char name[BN_OBJECT_NAME];
		if ((rc = bn_object_file(ws, m->parts[*n].hash, name, err)) < 0)
			return rc;
		if (!((*paths)[*n] = bn_strdup(name)))
			return bn_err_nomem(err, "the parts of a dataset");
	}
	return 0;
}

int bn_dataset_parts(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err)
{
	bool manifest = false;
	bn_manifest_init(out, BN_MANIFEST_TABLE);
	int rc = bn_manifest_is_named(&manifest, ws, hash, err);
	if (rc < 0)
		return rc;
	if (!manifest) {
		bn_manifest_part only = {.rows = 0};
		memcpy(only.hash, hash, sizeof only.hash);
		return bn_manifest_add(out, &only, err);
	}
	if ((rc = bn_manifest_load(out, ws, hash, err)) < 0 || out->kind == BN_MANIFEST_TABLE)
		return rc;
	return bn_err_set(err, BN_ECORRUPT, "manifest %.12s is of a %s, not of a table", hash,
		bn_manifest_kind_name(out->kind));
}

int bn_dataset_open_parts(bn_table_reader **out, bn_workspace *ws, const char *hash,
	const bn_progress *progress, bn_err *err)
{
	bn_manifest m;
	char **paths = NULL;
	size_t n = 0;
	int rc;
	if ((rc = bn_dataset_parts(&m, ws, hash, err)) < 0 ||
		(rc = manifest_paths(&paths, &n, ws, &m, progress, err)) < 0 ||
		(rc = bn_table_open_parts(out, bn_workspace_env(ws), bn_workspace_at(ws),
			 (const char *const *)paths, n, err)) < 0)
		goto out;
	bn_dataset_attach_stats(*out, &m);
out:
	bn_dataset_paths_free(paths, n);
	bn_manifest_release(&m);
	return rc;
}

int bn_dataset_paths(char ***out, size_t *n, bn_workspace *ws, const char *hash,
	const bn_progress *progress, bn_err *err)
{
	bn_manifest m;
	char **paths = NULL;
	size_t count = 0;
	int rc = bn_dataset_parts(&m, ws, hash, err);
	if (rc == 0)
		rc = manifest_paths(&paths, &count, ws, &m, progress, err);
	bn_manifest_release(&m);
	if (rc < 0) {
		bn_dataset_paths_free(paths, count);
		return rc;
	}
	*out = paths;
	*n = count;
	return 0;
}

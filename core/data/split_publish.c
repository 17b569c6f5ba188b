/* split_publish.c - the parts of a split as datasets, and leaks between them: see split.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/_split.h"
#include "core/data/protect.h"
#include "core/data/suite_gate.h"

#include <stdio.h>
#include <string.h>

json_t *bn_split_recipe(const bn_split_options *o, const char *where)
{
	json_t *recipe = json_pack("{s:s, s:s, s:s?, s:I}", "do", "split", "how", bn_split_kind_name(o->kind), "column",
		o->column, "seed", (json_int_t)o->seed);
	const struct {
		const char *key, *value;
	} more[] = {{"group", o->group}, {"end", o->end}, {"horizon", o->horizon}, {"embargo", o->embargo},
		{"where", where && where[0] ? where : NULL}};

	for (size_t i = 0; recipe && i < sizeof more / sizeof *more; i++)
		if (more[i].value)
			json_object_set_new(recipe, more[i].key, json_string(more[i].value));
	return recipe;
}

static json_t *part_recipe(const bn_split_options *o, const char *where, size_t part)
{
	json_t *parts = json_object(), *recipe = bn_split_recipe(o, where);

	for (size_t i = 0; parts && i < o->part_count; i++)
		json_object_set_new(parts, o->parts[i].name, json_real(o->parts[i].share));
	if (!recipe || !parts) {
		json_decref(parts);
		json_decref(recipe);
		return NULL;
	}
	json_object_set_new(recipe, "parts", parts);
	json_object_set_new(recipe, "part", json_string(o->parts[part].name));
	if (o->kind == BN_SPLIT_GROUP) /* otherwise by a draw for each value separately, as in earlier versions */
		json_object_set_new(recipe, "shares_of", json_string("rows"));
	return recipe;
}

static int publish_part(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, const char *where, size_t part, const char *path, bn_err *err)
{
	char *name = bn_strf("%s.%s", v->name, o->parts[part].name);
	json_t *recipe = part_recipe(o, where, part);
	int rc;
	const bn_dataset_draft draft = {.name = name,
		.table_at = bn_workspace_at(ws),
		.table_path = path,
		.take = true,
		.checking = o->progress,
		.source_kind = "split",
		.parents = &v,
		.parent_count = 1,
		.recipe = recipe};

	if (!name || !recipe) {
		rc = bn_err_nomem(err, "a part");
		goto out;
	}
	rc = bn_dataset_publish(out, NULL, ws, &draft, err);
out:
	bn_free(name);
	json_decref(recipe);
	return rc;
}

/* No parts are made of nothing. */
static int need_rows(const bn_table_reader *table, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err)
{
	if (bn_table_rows(table))
		return 0;
	if (!v->rows || !o->where)
		return bn_err_set(err, BN_EINVAL, "%s@v%lld has no rows to split", v->name,
			(long long)v->version);
	bn_err_set(err, BN_EINVAL,
		"--where keeps 0 of the %lld rows of %s@v%lld: there is nothing to split",
		(long long)v->rows, v->name, (long long)v->version);
	bn_err_hint(err, "binnacle data head %s@v%lld --where ... shows what an expression keeps",
		v->name, (long long)v->version);
	return BN_EINVAL;
}

int bn_split_mask(bn_split_options *out, const bn_split_options *o, bn_workspace *ws,
	const bn_dataset_version *v, bn_err *err)
{
	bool column = false, group = false;
	int rc;

	*out = *o;
	if ((rc = bn_protect_hides(&column, ws, v, o->column, err)) < 0 ||
		(rc = bn_protect_hides(&group, ws, v, o->group, err)) < 0)
		return rc;
	out->masked = o->masked || column || group;
	return 0;
}

int bn_split_open(bn_table_reader **table, bn_buf *where, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err)
{
	int rc;

	if ((rc = bn_dataset_open_held(table, ws, v, o->progress, err)) < 0)
		return rc;
	if (o->where && (rc = bn_dataset_where(table, o->where, "--where", o->progress, where, err)) < 0)
		return rc;
	return need_rows(*table, v, o, err);
}

/* ---- leaks ---------------------------------------------------------------------------------------- */

int bn_split_search(const bn_split_options *o, bn_table_reader *table, const uint8_t *part_of, size_t parts,
	const char *const *names, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	size_t column;
	uint16_t *wide;
	bn_leaks_options search;
	int rc = 0;

	if (!o->leaks || !o->found)
		return 0;
	if (!(wide = bn_alloc((rows + 1) * sizeof *wide)))
		return bn_err_nomem(err, "the parts of a split");
	for (uint64_t r = 0; r < rows; r++)
		wide[r] = part_of[r] == BN_SPLIT_LEFT_OUT ? BN_LEAKS_NO_PART : part_of[r];
	search = *o->leaks;
	search.progress = o->progress;
	if (o->kind == BN_SPLIT_TEMPORAL && !o->folds && !search.time) {
		search.time = o->column;
		search.end = o->end;
		if ((rc = bn_schema_need(bn_table_schema(table), o->column, &column, err)) < 0 ||
			(o->horizon && (rc = bn_instant_length(&search.horizon, &bn_table_schema(table)->fields[column],
						o->horizon, "--horizon", err)) < 0))
			goto out;
	}
	const bn_leaks_parts what = {
		.count = parts < BN_LEAKS_PARTS ? parts : BN_LEAKS_PARTS, .names = names, .table = table, .part_of = wide};
	for (uint64_t r = 0; r < rows && parts > BN_LEAKS_PARTS; r++) /* more folds are searched together in pairs */
		wide[r] = wide[r] == BN_LEAKS_NO_PART ? wide[r] : wide[r] % BN_LEAKS_PARTS;
	rc = bn_leaks_find(o->found, &what, &search, err);
out:
	bn_free(wide);
	return rc;
}

/* ---- plain parts ------------------------------------------------------------------------------------ */

static int paths_make(char **paths, bn_workspace *ws, size_t n, bn_err *err)
{
	uint64_t tag = 0;
	int rc = bn_env_random(bn_workspace_env(ws), &tag, sizeof tag, err);

	for (size_t p = 0; rc >= 0 && p < n; p++)
		if (!(paths[p] = bn_strf("tmp/split-%016llx-%zu.arrow", (unsigned long long)tag, p)))
			return bn_err_nomem(err, "a path");
	return rc;
}

static int search_parts(const bn_split_options *o, bn_table_reader *table, const uint8_t *part_of, bn_err *err)
{
	const char *names[BN_SPLIT_MAX_PARTS];

	for (size_t p = 0; p < o->part_count; p++)
		names[p] = o->parts[p].name;
	return bn_split_search(o, table, part_of, o->part_count, names, err);
}

static int check_part(bn_workspace *ws, const char *name, const char *path,
	const bn_progress *progress, bn_err *err)
{
	bn_suite_gate gate = BN_SUITE_GATE_INIT;
	bn_table_reader *table = NULL;
	int rc = bn_suite_gate_open(&gate, ws, name, err);
	if (rc < 0 || !gate.attached.count)
		goto out;
	if ((rc = bn_table_open_parts(
		     &table, bn_workspace_env(ws), bn_workspace_at(ws), &path, 1, err)) < 0)
		goto out;
	rc = bn_suite_gate_run(&gate, ws, table, progress, err);
out:
	bn_table_reader_free(table);
	bn_suite_gate_release(&gate);
	return rc;
}

/* The suites attached to the parts, before the first of them is published: all are made, or none. */
static int check_parts(bn_workspace *ws, const bn_dataset_version *v, const bn_split_options *o,
	char *const *paths, bn_err *err)
{
	int rc = 0;
	for (size_t p = 0; p < o->part_count && rc == 0; p++) {
		char *name = bn_strf("%s.%s", v->name, o->parts[p].name);
		rc = name ? check_part(ws, name, paths[p], o->progress, err)
			  : bn_err_nomem(err, "a part");
		bn_free(name);
	}
	return rc;
}

int bn_dataset_split(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *asked, bn_err *err)
{
	bn_split_options own;
	const bn_split_options *o = &own;
	bn_table_reader *table = NULL;
	char *paths[BN_SPLIT_MAX_PARTS] = {NULL};
	uint8_t *part_of = NULL;
	size_t done = 0;
	bn_buf where = BN_BUF_INIT;
	int rc;

	if ((rc = bn_split_check(asked, err)) < 0 || (rc = bn_split_mask(&own, asked, ws, v, err)) < 0)
		return rc;
	if ((rc = bn_split_open(&table, &where, ws, v, o, err)) < 0 ||
		(rc = bn_split_assign(&part_of, table, o, err)) < 0 ||
		(rc = search_parts(o, table, part_of, err)) < 0 || o->only_plan)
		goto out;
	if ((rc = paths_make(paths, ws, o->part_count, err)) < 0 ||
		(rc = bn_split_write(bn_workspace_env(ws), table, o, part_of, bn_workspace_at(ws),
			 (const char *const *)paths, NULL, err)) < 0 ||
		(rc = check_parts(ws, v, o, paths, err)) < 0)
		goto out;
	for (; done < o->part_count; done++)
		if ((rc = publish_part(&out[done], ws, v, o, where.ptr, done, paths[done], err)) <
			0)
			goto out;
out:
	for (size_t p = 0; rc < 0 && p < done; p++)
		bn_dataset_version_free(out[p]);
	for (size_t p = 0; p < o->part_count; p++) {
		if (paths[p])
			bn_dir_unlink(bn_workspace_at(ws), paths[p], NULL);
		bn_free(paths[p]);
	}
	bn_buf_release(&where);
	bn_free(part_of);
	bn_table_reader_free(table);
	return rc;
}

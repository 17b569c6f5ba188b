/* data_retype.c - see data_retype.h. */
#include "tui/cli/data_retype.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/check.h"
#include "core/predict/predictor.h"
#include "core/registry/registry.h"

#include <string.h>

/* The columns whose type changed. */
typedef struct retyped {
	bn_cli *cli;
	bn_workspace *ws;
	const char *dataset;
	const char **columns;
	size_t count;
} retyped;

static bool is_retyped(const retyped *r, const char *column)
{
	for (size_t i = 0; column && i < r->count; i++)
		if (!strcmp(r->columns[i], column))
			return true;
	return false;
}

static void find_columns(retyped *r, const bn_former *former, const bn_schema *types)
{
	char was[BN_TYPE_TEXT], now[BN_TYPE_TEXT];

	for (size_t i = 0; i < former->types.count; i++) {
		const bn_field *f = &former->types.fields[i];
		size_t at = bn_schema_find(types, f->name);
		if (at != BN_SCHEMA_NONE && bn_field_same_type(&types->fields[at], f))
			continue;
		r->columns[r->count++] = f->name;
		bn_cli_warn(r->cli, "column '%s' was %s in %s and is %s now", f->name,
			bn_field_type_text(f, was), former->ref,
			at == BN_SCHEMA_NONE ? "not there"
					     : bn_field_type_text(&types->fields[at], now));
	}
}

/* ---- models --------------------------------------------------------------------------------- */

#define LINEAGE_MAX 8 /* made from what was made from, ... */

/* Trained on the dataset, or on one made from it, such as a part of a split. */
static bool comes_from(const retyped *r, const char *name, int64_t version, int depth)
{
	bn_dataset_version *v = NULL;
	bool found = !strcmp(name, r->dataset);
	char *ref = found || version <= 0 || depth == LINEAGE_MAX
			    ? NULL
			    : bn_strf("%s@v%lld", name, (long long)version);
	if (ref && bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, NULL) == 0)
		for (size_t i = 0; i < v->parent_count && !found; i++)
			found = comes_from(r, v->parents[i].name, v->parents[i].version, depth + 1);
	bn_dataset_version_free(v);
	bn_free(ref);
	return found;
}

static bool was_trained_on(const retyped *r, const bn_version *v)
{
	size_t i;
	json_t *item;
	json_array_foreach(v->data, i, item)
	{
		if (comes_from(r, bn_json_str(item, "name", ""),
			    json_integer_value(json_object_get(item, "version")), 0))
			return true;
	}
	return false;
}

/* A model without proof is not opened; that it was trained on the dataset is still reported. */
static int tell_model(const retyped *r, const bn_version *v, bn_err *err)
{
	bn_predictor *p = NULL;
	bn_err why = BN_ERR_INIT;
	char *spec = bn_strf("%s/%lld", v->name, (long long)v->version);
	if (!spec)
		return bn_err_nomem(err, "a name");
	if (bn_predictor_open(&p, r->ws, spec, &why) < 0) {
		bn_cli_warn(r->cli, "model %s was trained on %s; its inputs are not known: %s",
			spec, r->dataset, why.msg);
	} else {
		const bn_features *f = bn_predictor_features(p);
		for (size_t i = 0; i < bn_features_source_count(f); i++)
			if (is_retyped(r, bn_features_source(f, i)->name))
				bn_cli_warn(r->cli, "model %s reads '%s' by its former type", spec,
					bn_features_source(f, i)->name);
	}
	bn_predictor_free(p);
	bn_free(spec);
	return 0;
}

static int tell_models(const retyped *r, bn_err *err)
{
	bn_version_page *page = NULL;
	int rc = bn_version_list(&page, r->ws, NULL, false, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < page->count; i++)
		if (was_trained_on(r, &page->items[i]) &&
			(rc = tell_model(r, &page->items[i], err)) < 0)
			break;
	bn_version_page_free(page);
	return rc;
}

/* ---- suites --------------------------------------------------------------------------------- */

static void tell_suite(const retyped *r, const json_t *suite, const char *ref)
{
	size_t i, k, checks = 0;
	json_t *item, *name;
	json_array_foreach(json_object_get(suite, "expectations"), i, item)
	{
		bool hit = false;
		json_t *columns = bn_check_columns(
			bn_json_str(item, "type", bn_json_str(item, "expectation_type", "")),
			json_object_get(item, "kwargs"));
		json_array_foreach(columns, k, name) hit |= is_retyped(r, json_string_value(name));
		checks += hit;
		json_decref(columns);
	}
	if (checks)
		bn_cli_warn(r->cli, "suite '%s' (of %s) has %zu checks of such columns",
			bn_json_str(suite, "name", ""), ref, checks);
}

static bool was_seen(const bn_dataset_versions *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(all->items[k]->check_suite, all->items[i]->check_suite))
			return true;
	return false;
}

static int tell_suites(const retyped *r, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	char ref[192];
	int rc = bn_dataset_versions_load(&all, r->ws, r->dataset, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all->count; i++) {
		json_t *suite = NULL;
		if (!all->items[i]->check_suite[0] || was_seen(all, i))
			continue;
		if (bn_dataset_need_rows(r->ws, all->items[i], NULL) < 0)
			continue; /* whose suites this user may not see */
		if ((rc = bn_dataset_load_json(
			     &suite, r->ws, all->items[i], all->items[i]->check_suite, err)) < 0)
			break;
		tell_suite(r, suite, bn_dataset_version_name(all->items[i], ref, sizeof ref));
		json_decref(suite);
	}
	bn_dataset_versions_free(all);
	return rc;
}

int bn_cli_tell_retyped(bn_cli *cli, bn_workspace *ws, const char *name, const bn_former *former,
	const bn_schema *types, bn_err *err)
{
	retyped r = {.cli = cli, .ws = ws, .dataset = name};
	int rc = 0;
	if (!(r.columns = bn_alloc_zeroed(former->types.count + 1, sizeof *r.columns)))
		return bn_err_nomem(err, "columns");
	find_columns(&r, former, types);
	if (r.count && (rc = tell_models(&r, err)) == 0)
		rc = tell_suites(&r, err);
	bn_free(r.columns);
	return rc;
}

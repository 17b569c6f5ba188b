/* protect_mask.c - see protect.h: what is shown of masked columns, and who asked for more. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/check/check.h"
#include "core/check/schema_change.h"
#include "core/data/_protect.h"
#include "core/profile/profile.h"
#include "core/store/workspace.h"
#include "core/table/hide.h"

#include <string.h>

/* The marked columns of v; none if its masks are off. */
static int masks_of(bn_protection *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	return v->unmasked ? 0 : bn_protection_of(out, ws, v, err);
}

int bn_protect_table(bn_table_reader **table, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	const bn_schema *schema = bn_table_schema(*table);
	size_t *columns = NULL, n = 0;
	int rc = masks_of(&p, ws, v, err);
	if (rc < 0 || !p.personal_count)
		goto out;
	if (!(columns = bn_alloc(p.personal_count * sizeof *columns))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	for (size_t i = 0; i < p.personal_count; i++) {
		size_t at = bn_schema_find(schema, p.personal[i]);
		if (at != BN_SCHEMA_NONE)
			columns[n++] = at;
	}
	rc = bn_table_hide(table, columns, n, err);
out:
	bn_free(columns);
	bn_protection_release(&p);
	return rc;
}

int bn_protect_profile(bn_profile *p, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection marks = BN_PROTECTION_INIT;
	int rc = masks_of(&marks, ws, v, err);
	for (size_t i = 0; rc >= 0 && i < p->column_count; i++)
		if (bn_protection_marks(&marks, p->columns[i].name))
			bn_profile_column_mask(&p->columns[i]);
	bn_protection_release(&marks);
	return rc;
}

/* ---- results of checks ----------------------------------------------------------------------- */

/* config: {type, kwargs}. */
static bool reads_masked(const json_t *config, const bn_protection *p)
{
	json_t *names = bn_check_columns(bn_json_str(config, "type", ""), json_object_get(config, "kwargs"));
	bool found = !names;
	for (size_t i = 0; !found && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		found = name && bn_protection_marks(p, name);
	}
	json_decref(names);
	return found;
}

/* Names of columns and how it is decided stay; sets, limits and the like, which may be values, do not. config is not changed:
 * a suite may share it. */
static json_t *masked_config(const json_t *config)
{
	static const char *const kept[] = {"mostly", "type_", "type_list", "ignore_row_if", "row_condition",
		"condition_parser", "strict_min", "strict_max", "or_equal", "interval", "max_age", "key", "policy"};
	json_t *copy = json_copy((json_t *)(uintptr_t)config), *kwargs = json_object(), *value;
	const char *name;
	json_object_foreach(json_object_get(config, "kwargs"), name, value)
	{
		bool stays = bn_str_starts(name, "column");
		for (size_t i = 0; !stays && i < sizeof kept / sizeof *kept; i++)
			stays = !strcmp(name, kept[i]);
		json_object_set_new(kwargs, name, stays ? json_incref(value) : json_string(BN_HIDDEN_TEXT));
	}
	json_object_set_new(copy, "kwargs", kwargs);
	return copy;
}

/* Counts and shares stay; values, row numbers and messages, which may quote values, do not. */
static void mask_item(json_t *item)
{
	static const char *const kept[] = {"element_count", "unexpected_count", "unexpected_percent",
		"unexpected_percent_total", "unexpected_percent_nonmissing", "missing_count", "missing_percent"};
	json_t *result = json_object_get(item, "result"), *clean = json_object();
	for (size_t i = 0; clean && i < sizeof kept / sizeof *kept; i++) {
		json_t *v = json_object_get(result, kept[i]);
		if (v)
			json_object_set(clean, kept[i], v);
	}
	json_object_set_new(item, "result", clean);
	json_t *info = json_object_get(item, "exception_info");
	if (json_is_string(json_object_get(info, "exception_message")))
		json_object_set_new(info, "exception_message", json_string("of a masked column"));
	if (json_is_string(json_object_get(info, "exception_traceback")))
		json_object_set_new(info, "exception_traceback", json_null());
	json_t *meta = json_object_get(item, "meta");
	if (json_is_object(meta))
		json_object_set_new(meta, "masked", json_true());
}

static int mask_results(
	json_t *document, bool wanted_too, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	json_t *results = json_object_get(document, "results");
	int rc = masks_of(&p, ws, v, err);
	for (size_t i = 0; rc >= 0 && p.personal_count && i < json_array_size(results); i++) {
		json_t *item = json_array_get(results, i);
		const json_t *config = json_object_get(item, "expectation_config");
		if (!reads_masked(config, &p))
			continue;
		mask_item(item);
		if (wanted_too)
			json_object_set_new(item, "expectation_config", masked_config(config));
	}
	bn_protection_release(&p);
	return rc;
}

int bn_protect_check(json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	return mask_results(document, true, ws, v, err);
}

int bn_protect_check_kept(
	json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	return mask_results(document, false, ws, v, err);
}

int bn_protect_suite(json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	json_t *checks = json_object_get(document, "expectations");
	int rc = masks_of(&p, ws, v, err);
	for (size_t i = 0; rc >= 0 && p.personal_count && i < json_array_size(checks); i++) {
		const json_t *config = json_array_get(checks, i);
		if (reads_masked(config, &p))
			json_array_set_new(checks, i, masked_config(config));
	}
	bn_protection_release(&p);
	return rc;
}

int bn_protect_schema_changes(
	bn_schema_changes *l, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = masks_of(&p, ws, v, err);
	for (size_t i = 0; rc >= 0 && p.personal_count && i < l->count; i++) {
		bn_schema_change *c = &l->items[i];
		for (size_t k = 0; k < BN_SCHEMA_VALUES && bn_protection_marks(&p, c->column); k++) {
			bn_free(c->values[k]);
			c->values[k] = NULL;
		}
	}
	bn_protection_release(&p);
	return rc;
}

/* ---- one column ------------------------------------------------------------------------------ */

int bn_protect_hides(
	bool *out, bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = column ? masks_of(&p, ws, v, err) : 0;
	*out = rc >= 0 && column && bn_protection_marks(&p, column);
	bn_protection_release(&p);
	return rc;
}

int bn_protect_need_shown(
	bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err)
{
	bool hidden = false;
	int rc = bn_protect_hides(&hidden, ws, v, column, err);
	if (rc >= 0 && hidden) {
		rc = bn_err_set(err, BN_EREFUSED, "column '%s' is masked as personal", column);
		bn_err_hint(err, "--unmask WHY uses its values, and is recorded");
	}
	return rc;
}

/* ---- asking for more ------------------------------------------------------------------------- */

int bn_protect_unmask(bn_workspace *ws, bn_dataset_version *v, const char *reason, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	json_t *o = NULL, *columns = json_array();
	char *entity = bn_strf("protection/%s", v->name);
	int rc = bn_protection_of(&p, ws, v, err);
	if (rc < 0)
		goto out;
	if (strspn(reason, " \t") == strlen(reason) || strlen(reason) > BN_PROTECT_TEXT_MOST) {
		rc = bn_err_set(err, BN_EINVAL, "say why in 1 to %d bytes", BN_PROTECT_TEXT_MOST);
		goto out;
	}
	for (size_t i = 0; i < p.personal_count; i++)
		json_array_append_new(columns, json_string(p.personal[i]));
	o = json_pack("{s:I, s:O, s:s}", "version", (json_int_t)v->version, "columns", columns, "reason", reason);
	if (!o || !entity) {
		rc = bn_err_set(err, BN_EINVAL, "the reason is not UTF-8");
		goto out;
	}
	/* The record is durable before a value is shown. */
	if (p.personal_count &&
		((rc = bn_workspace_append(ws, "protection.unmasked", entity, o, err)) < 0 ||
			(rc = bn_workspace_sync(ws, err)) < 0))
		goto out;
	v->unmasked = true;
out:
	json_decref(o);
	json_decref(columns);
	bn_free(entity);
	bn_protection_release(&p);
	return rc;
}

/* protect_mask.c - see protect.h: what is shown of masked columns, and who asked for more. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/check.h"
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

static bool reads_masked(const json_t *item, const bn_protection *p)
{
	const json_t *config = json_object_get(item, "expectation_config");
	json_t *names = bn_check_columns(bn_json_str(config, "type", ""), json_object_get(config, "kwargs"));
	bool found = !names;
	for (size_t i = 0; !found && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		found = name && bn_protection_marks(p, name);
	}
	json_decref(names);
	return found;
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

int bn_protect_check(json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	json_t *results = json_object_get(document, "results");
	int rc = masks_of(&p, ws, v, err);
	for (size_t i = 0; rc >= 0 && p.personal_count && i < json_array_size(results); i++)
		if (reads_masked(json_array_get(results, i), &p))
			mask_item(json_array_get(results, i));
	bn_protection_release(&p);
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

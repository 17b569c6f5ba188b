/* dataset_shown.c - what is shown of a version's values: without those of masked columns (dataset.h, protect.h). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/dataset.h"
#include "core/data/protect.h"
#include "core/profile/profile.h"
#include "core/store/object/object.h"
#include "core/table/table.h"

int bn_dataset_open_table_watched(bn_table_reader **out, bn_workspace *ws,
	const bn_dataset_version *v, const bn_progress *progress, bn_err *err)
{
	bn_table_reader *table = NULL;
	int rc = bn_dataset_open_whole(&table, ws, v, progress, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_protect_table(&table, ws, v, err)) < 0)
		bn_table_reader_free(table);
	else
		*out = table;
	return rc;
}

int bn_dataset_open_table(
	bn_table_reader **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	return bn_dataset_open_table_watched(out, ws, v, NULL, err);
}

/* A column of few rows takes about 1 KiB. */
#define PROFILE_BYTES ((size_t)1 << 30)

static int parse_profile(bn_profile **out, bn_workspace *ws, const bn_dataset_version *v, const bn_buf *text,
	bn_err *err)
{
	bn_profile *p = NULL;
	int rc;
	if ((rc = bn_profile_parse(&p, text->ptr, text->len, err)) < 0)
		return rc;
	if ((rc = bn_protect_profile(p, ws, v, err)) < 0)
		bn_profile_free(p);
	else
		*out = p;
	return rc;
}

int bn_dataset_load_profile(
	bn_profile **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	bn_dataset_version_name(v, name, sizeof name);
	if (!v->profile_hash[0])
		return bn_err_set(err, BN_ENOTFOUND, "dataset %s has no profile", name);
	bn_buf text = BN_BUF_INIT;
	int rc = bn_dataset_need_rows(ws, v, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_object_load(&text, ws, v->profile_hash, PROFILE_BYTES, err)) == 0)
		rc = parse_profile(out, ws, v, &text, err);
	if (rc)
		bn_err_prefix(err, "dataset %s", name);
	bn_buf_release(&text);
	return rc;
}

/* ---- results of checks ----------------------------------------------------------------------- */

int bn_dataset_record_check(bn_workspace *ws, const bn_dataset_version *v, const json_t *suite,
	const json_t *result, bn_err *err)
{
	bn_dataset_version masked = *v; /* what is stored is read by others */
	json_t *copy = json_deep_copy(result);
	masked.unmasked = false;
	int rc = copy ? bn_protect_check_kept(copy, ws, &masked, err) : bn_err_nomem(err, "a result");
	rc = rc < 0 ? rc : bn_dataset_keep_check(ws, v, suite, copy, err);
	json_decref(copy);
	return rc;
}

/* append.c - see append.h. */
#include "core/data/append.h"

#include "core/base/mem.h"
#include "core/data/_add.h"
#include "core/data/_dataset.h"
#include "core/data/former.h"
#include "core/data/pseudonym.h"
#include "core/store/claim.h"

#include <string.h>

typedef struct appending {
	bn_table_builder *builder;
	bn_dataset_version *before;
	bn_table_reader *table; /* of it */
	bn_manifest parts;      /* of it */
	size_t kept;            /* of these, the repeated ones */
	uint64_t kept_rows;
	int64_t number; /* of the new version */
} appending;

/* Resolved before the version: a number claimed after that causes a conflict, so no rows are
 * lost. */
static int find_number(appending *a, bn_workspace *ws, const char *name, bn_err *err)
{
	char *claim = bn_strf("dataset/%s", name);
	int rc = claim ? bn_claim_ahead(ws, claim, &a->number, err) : bn_err_nomem(err, "a name");
	bn_free(claim);
	return rc;
}

/* In the first format the manifest records nothing of the only part: the version does. */
static void complete_part(bn_manifest *m, const bn_dataset_version *v)
{
	if (m->count == 1 && !m->parts[0].bytes) {
		m->parts[0].bytes = v->size_bytes;
		m->parts[0].rows = (uint64_t)v->rows;
	}
}

static int before_open(appending *a, bn_workspace *ws, const char *name,
	const bn_append_limits *limits, const bn_progress *progress, bn_err *err)
{
	uint64_t tail = limits && limits->tail_bytes ? limits->tail_bytes : BN_TAIL_BYTES;
	int rc;
	if ((rc = find_number(a, ws, name, err)) < 0 ||
		(rc = bn_dataset_resolve(&a->before, ws, name, BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_dataset_open_held(&a->table, ws, a->before, progress, err)) < 0)
		return rc;
	bn_manifest_release(&a->parts);
	if ((rc = bn_dataset_parts(&a->parts, ws, a->before->hash, err)) < 0)
		return rc;
	complete_part(&a->parts, a->before);
	a->kept = a->parts.count;
	if (a->kept && a->parts.parts[a->kept - 1].bytes < tail)
		a->kept--;
	for (size_t i = 0; i < a->kept; i++)
		a->kept_rows += a->parts.parts[i].rows;
	return 0;
}

/* The rows of the last part, which is rewritten. */
static int write_tail(const appending *a, bn_table_writer *w, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;
	for (size_t i = 0; i < bn_table_batches(a->table); i++) {
		if (bn_table_batch_start(a->table, i) < a->kept_rows)
			continue;
		if ((rc = bn_table_read(a->table, i, NULL, 0, &b, err)) < 0 ||
			(rc = bn_table_write_batch(w, &b, err)) < 0)
			goto out;
		bn_table_forget(a->table, &b);
	}
out:
	bn_batch_release(&b);
	return rc;
}

/* Continues the dictionaries of the previous table, so that codes keep their meaning. */
static int append_begin(
	void *ctx, const bn_schema *schema, bn_crew *crew, bn_table_writer **w, bn_err *err)
{
	appending *a = ctx;
	const bn_schema *as = bn_table_schema(a->table);
	int rc;
	(void)schema;
	if ((rc = bn_table_builder_begin(a->builder, as, crew, w, err)) < 0)
		return rc;
	for (size_t i = 0; i < as->count; i++) {
		const bn_dict *d = bn_table_dict(a->table, i);
		if (d && (rc = bn_table_writer_seed(*w, i, d, err)) < 0)
			return rc;
	}
	return write_tail(a, *w, err);
}

static int publish(bn_dataset_version **out, bool *added, bn_workspace *ws, const appending *a,
	bn_built *built, const bn_dataset_draft *source, bn_err *err)
{
	const bn_dataset_version *before = a->before;
	bn_dataset_draft d = *source;
	bn_dataset_version *newest = NULL;
	char ref[192];
	int rc = bn_dataset_resolve(&newest, ws, before->name, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	bool same = newest->version == before->version;
	bn_dataset_version_name(newest, ref, sizeof ref);
	bn_dataset_version_free(newest);
	if (!same) {
		bn_err_set(err, BN_ECONFLICT, "%s was added meanwhile", ref);
		bn_err_hint(err, "append again: the rows are then added after that version's");
		return BN_ECONFLICT;
	}
	if (a->kept)
		built->profile = NULL; /* it covers only the new parts */
	d.name = before->name;
	d.built = built;
	d.base = a->parts.parts;
	d.base_count = a->kept;
	d.number = a->number;
	d.parents = &before;
	d.parent_count = 1;
	return bn_dataset_publish(out, added, ws, &d, err);
}

/* Appended rows are pseudonymised as the others are: a column cannot have both. */
static int pseudonyms_plan(bn_pseudonyms *p, bn_source_options *o, bn_workspace *ws, const bn_dataset_version *before,
	bn_err *err)
{
	char ref[192];
	int rc = bn_pseudonyms_of(p, ws, before, err);
	for (size_t i = 0; rc >= 0 && i < o->pseudonymise_count; i++) {
		size_t k = 0;
		while (k < p->count && strcmp(p->columns[k], o->pseudonymise[i]) != 0)
			k++;
		if (k < p->count)
			continue;
		rc = bn_err_set(err, BN_EREFUSED, "column '%s' of %s has values, not pseudonyms", o->pseudonymise[i],
			bn_dataset_version_name(before, ref, sizeof ref));
		bn_err_hint(err, "binnacle data transform NEW %s --pseudonymise %s", ref, o->pseudonymise[i]);
	}
	bn_pseudonyms_release(p);
	if (rc < 0 || (rc = bn_pseudonyms_plan(p, ws, NULL, 0, before, err)) < 0)
		return rc;
	if (p->count)
		o->replace = &p->replace;
	return 0;
}

static int append_rows(bn_dataset_version **out, bool *added, bn_workspace *ws, appending *a,
	const char *source_name, const char *uri, const bn_source_options *options,
	bn_ingest_report *report, bn_err *err)
{
	const bn_ingest_sink sink = {.begin = append_begin, .ctx = a};
	bn_source_options o = options ? *options : (bn_source_options)BN_SOURCE_OPTIONS_INIT;
	bn_built built;
	bn_input *in = NULL;
	json_t *recipe = NULL;
	char sha256[65] = "";
	bn_former former = BN_FORMER_INIT;
	bn_tracked tracked = BN_TRACKED_INIT;
	bn_pseudonyms pseudonyms = BN_PSEUDONYMS_INIT;
	int rc = bn_former_of(&former, ws, a->before, err);
	rc = rc < 0 ? rc : pseudonyms_plan(&pseudonyms, &o, ws, a->before, err);
	o.as = bn_table_schema(a->table);
	o.as_whose = former.whose;
	o.as_only = true;
	o.types_stay = true;
	o.readings = former.read.count ? &former.read : NULL;
	o.readings_of = former.read_of;
	if (rc < 0 || (rc = bn_add_open(&in, &tracked, ws, uri, options, err)) < 0 ||
		(rc = bn_add_build(
			 a->builder, &sink, &built, sha256, in, source_name, &o, report, err)) < 0 ||
		(rc = bn_tracked_tell(&tracked, &report->notes, err)) < 0)
		goto out;
	if (!(recipe = bn_add_recipe(
		      "append", options, former.ref, &report->notes.dialect, &tracked))) {
		rc = bn_err_nomem(err, "a recipe");
		goto out;
	}
	if ((rc = bn_pseudonyms_record(recipe, &pseudonyms, bn_table_schema(a->table), err)) < 0)
		goto out;
	const bn_progress checking = {bn_add_report, (void *)(uintptr_t)options};
	const bn_dataset_draft source = {.checking = options ? &checking : NULL,
		.source_kind = report->source->name,
		.source_path = bn_input_name(in),
		.source_size = bn_input_size(in),
		.source_sha256 = sha256[0] ? sha256 : NULL,
		.rejected = (int64_t)report->rejected,
		.recipe = recipe};
	uint64_t rows = report->rows - ((uint64_t)a->before->rows - a->kept_rows);
	report->rows = rows;
	if (rows == 0) {
		*added = false;
		*out = a->before;
		a->before = NULL;
		goto out;
	}
	rc = publish(out, added, ws, a, &built, &source, err);
out:
	json_decref(recipe);
	bn_tracked_release(&tracked);
	bn_pseudonyms_release(&pseudonyms);
	bn_former_release(&former);
	bn_input_free(in);
	return rc;
}

int bn_dataset_append(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const char *source_name, const char *uri, const bn_source_options *options,
	const bn_append_limits *limits, bn_ingest_report *report, bn_err *err)
{
	appending a = {.builder = NULL};
	bn_ingest_report mine = {0};
	bool fresh = false;
	int rc;
	bn_manifest_init(&a.parts, BN_MANIFEST_TABLE);
	if ((rc = bn_dataset_check_name(name, err)) < 0 ||
		(rc = before_open(&a, ws, name, limits, NULL, err)) < 0 ||
		(rc = bn_table_builder_new(&a.builder, ws, a.before->is_private, err)) < 0)
		goto out;
	if (limits && limits->part_bytes)
		bn_table_builder_cut(a.builder, limits->part_bytes);
	rc = append_rows(out, &fresh, ws, &a, source_name, uri, options, &mine, err);
out:
	if (added)
		*added = rc == 0 && fresh;
	bn_table_builder_free(a.builder);
	bn_table_reader_free(a.table);
	bn_manifest_release(&a.parts);
	bn_dataset_version_free(a.before);
	if (rc < 0 || !report)
		bn_ingest_report_release(&mine);
	else
		*report = mine;
	return rc;
}

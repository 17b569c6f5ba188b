/* add.c - see add.h. */
#include "core/data/add.h"

#include "core/base/mem.h"
#include "core/data/_add.h"
#include "core/data/former.h"
#include "core/data/pseudonym.h"
#include "core/source/cell.h"

/* A name for a new file, relative to the workspace. */
static int temporary(char **path, bn_workspace *ws, bn_err *err)
{
	uint64_t tag;
	int rc = bn_env_random(bn_workspace_env(ws), &tag, sizeof tag, err);
	if (rc)
		return rc;
	*path = bn_strf("tmp/add-%016llx.arrow", (unsigned long long)tag);
	return *path ? 0 : bn_err_nomem(err, "a path");
}

json_t *bn_add_recipe(const char *act, const bn_source_options *o, const char *as,
	const bn_dialect *dialect, const bn_tracked *tracked)
{
	json_t *types = json_object();
	char type[BN_TYPE_TEXT];
	for (size_t i = 0; o && i < o->type_count; i++)
		json_object_set_new(types, o->types[i].column,
			json_string(bn_field_type_text(&o->types[i].type, type)));
	json_t *recipe = json_pack("{s:s, s:o}", "do", act, "types", types);
	if (recipe && o && o->no_header)
		json_object_set_new(recipe, "no_header", json_true());
	if (recipe && o && o->rejects)
		json_object_set_new(recipe, "on_error", json_string("reject"));
	if (recipe && o && o->nulls) {
		json_t *nulls = json_array();
		for (const char *const *p = bn_cell_absent_texts; *p && !o->only_nulls; p++)
			json_array_append_new(nulls, json_string(*p));
		for (const char *const *p = o->nulls; *p; p++)
			json_array_append_new(nulls, json_string(*p));
		json_object_set_new(recipe, "null", nulls);
	}
	/* The default options are not worth recording. */
	if (recipe && dialect->delimiter && !bn_dialect_is_plain(dialect))
		json_object_set_new(recipe, "dialect", bn_dialect_json(dialect));
	if (recipe && as[0])
		json_object_set_new(recipe, "as", json_string(as));
	if (recipe && tracked && tracked->record)
		json_object_set(recipe, "tracked", tracked->record);
	return recipe;
}

static int build_begin(
	void *ctx, const bn_schema *schema, bn_crew *crew, bn_table_writer **w, bn_err *err)
{
	return bn_table_builder_begin(ctx, schema, crew, w, err);
}

int bn_add_build(bn_table_builder *b, const bn_ingest_sink *sink, bn_built *built, char sha256[65],
	bn_input *in, const char *source_name, const bn_source_options *options,
	bn_ingest_report *report, bn_err *err)
{
	const bn_source *source = NULL;
	int rc = bn_source_find(&source, source_name, in, options, err);
	if (rc == 0 && bn_input_is_file(in))
		rc = bn_input_hash(in, err);
	if (rc < 0 || (rc = bn_ingest_input(in, source, options, sink, report, err)) < 0)
		return rc;
	if ((rc = bn_table_builder_finish(b, built, err)) == 0 && bn_input_is_file(in))
		rc = bn_input_digest(in, sha256, err);
	return rc;
}

bool bn_add_report(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	const bn_source_options *o = ctx;
	(void)what;
	return !o->progress || o->progress(o->progress_ctx, done, total, 0);
}

int bn_add_open(bn_input **out, bn_tracked *tracked, bn_workspace *ws, const char *uri,
	const bn_source_options *options, bn_err *err)
{
	const bn_progress spooling = {bn_add_report, (void *)(uintptr_t)options};
	return bn_tracked_open(
		out, tracked, bn_workspace_env(ws), uri, options ? &spooling : NULL, err);
}

/* The types of the dataset and the readings of its columns, unless the user asked to infer them again: then a note says
 * which readings are given up, if this user can see them. */
static int read_as(bn_source_options *o, bn_former *former, bn_workspace *ws, const char *name,
	const bn_source_options *given, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (given)
		*o = *given;
	int rc = bn_former_load(former, ws, name, &why);
	if (rc < 0 && !(o->retype && rc == BN_EREFUSED))
		return bn_err_move(err, &why);
	if (!o->retype && (rc = bn_former_check(former, o, err)) < 0)
		return rc;
	if (former->types.count && !o->retype) {
		o->as = &former->types;
		o->as_whose = former->whose;
	}
	o->readings = &former->read;
	o->readings_of = former->read_of;
	return 0;
}

/* What is pseudonymised: what the options say, and what the newest version has. */
static int pseudonyms_plan(bn_pseudonyms *p, bn_source_options *o, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_dataset_version *newest = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&newest, ws, name, BN_DATASET_LIVE, &why);
	if (rc < 0 && rc != BN_ENOTFOUND && rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	rc = bn_pseudonyms_plan(p, ws, o->pseudonymise, o->pseudonymise_count, newest, err);
	if (p->count)
		o->replace = &p->replace;
	bn_dataset_version_free(newest);
	return rc;
}

int bn_dataset_add(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const char *source_name, const char *uri,
	const bn_source_options *options, bn_ingest_report *report, bn_err *err)
{
	bn_source_options as = BN_SOURCE_OPTIONS_INIT;
	bn_former former = BN_FORMER_INIT;
	bn_tracked tracked = BN_TRACKED_INIT;
	bn_pseudonyms pseudonyms = BN_PSEUDONYMS_INIT;
	bn_ingest_report mine = {0};
	bn_table_builder *builder = NULL;
	bn_built built;
	bn_input *in = NULL;
	json_t *recipe = NULL;
	char sha256[65] = "";
	bool is_private;
	int rc = bn_dataset_check_name(name, err);
	if (rc < 0 ||
		(rc = bn_dataset_is_to_be_private(&is_private, ws, name, privacy, NULL, 0, err)) <
			0 ||
		(rc = read_as(&as, &former, ws, name, options, err)) < 0 ||
		(rc = pseudonyms_plan(&pseudonyms, &as, ws, name, err)) < 0 ||
		(rc = bn_add_open(&in, &tracked, ws, uri, options, err)) < 0 ||
		(rc = bn_table_builder_new(&builder, ws, is_private, err)) < 0)
		goto out;
	const bn_ingest_sink sink = {.begin = build_begin, .ctx = builder};
	if ((rc = bn_add_build(builder, &sink, &built, sha256, in, source_name, &as, &mine, err)) <
		0)
		goto out;
	if ((rc = bn_tracked_tell(&tracked, &mine.notes, err)) < 0)
		goto out;
	recipe = bn_add_recipe("ingest", options, as.retype ? "" : former.ref, &mine.notes.dialect,
		&tracked);
	if (!recipe) {
		rc = bn_err_nomem(err, "a recipe");
		goto out;
	}
	if ((rc = bn_pseudonyms_record(recipe, &pseudonyms, built.schema, err)) < 0)
		goto out;
	const bn_progress checking = {bn_add_report, (void *)(uintptr_t)options};
	bn_dataset_draft d = {.name = name,
		.built = &built,
		.checking = options ? &checking : NULL,
		.source_kind = mine.source->name,
		.source_path = bn_input_name(in),
		.source_size = bn_input_size(in),
		.source_sha256 = sha256[0] ? sha256 : NULL,
		.rejected = (int64_t)mine.rejected,
		.recipe = recipe};
	rc = bn_dataset_publish(out, added, ws, &d, err);
out:
	json_decref(recipe);
	bn_tracked_release(&tracked);
	bn_pseudonyms_release(&pseudonyms);
	bn_former_release(&former);
	bn_table_builder_free(builder);
	bn_input_free(in);
	if (rc || !report)
		bn_ingest_report_release(&mine);
	else
		*report = mine;
	return rc;
}

int bn_dataset_generate(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const bn_generate_options *o, bn_err *err)
{
	char *path = NULL;
	int rc = temporary(&path, ws, err);
	if (!rc)
		rc = bn_generate_jobs(bn_workspace_env(ws), bn_workspace_at(ws), path, o, err);
	json_t *recipe = json_pack("{s:s, s:s, s:b, s:I, s:I, s:f}", "do", "generate", "what",
		"HPC job telemetry", "synthetic", 1, "rows", (json_int_t)o->rows, "seed",
		(json_int_t)o->seed, "drift", o->drift);
	bn_dataset_draft d = {.name = name,
		.privacy = privacy,
		.table_at = bn_workspace_at(ws),
		.table_path = path,
		.take = true,
		.source_kind = "generate",
		.recipe = recipe};
	if (!rc)
		rc = bn_dataset_publish(out, added, ws, &d, err);
	if (path)
		bn_dir_unlink(bn_workspace_at(ws), path, NULL);
	json_decref(recipe);
	bn_free(path);
	return rc;
}

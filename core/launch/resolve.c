/* resolve.c - see resolve.h. */
#include "core/launch/resolve.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/launch/data_env.h"
#include "core/learn/trainer.h"
#include "core/run/environment.h"
#include "core/store/object/object.h"
#include "core/table/expr/eval.h"
#include "core/table/table.h"

#include <string.h>

/* ---- checks --------------------------------------------------------------------------------- */

/* Every item exact. */
static int check_data(const bn_spec *spec, const char *where, bn_err *err)
{
	for (size_t i = 0; i < spec->data_count; i++) {
		const bn_spec_data *d = &spec->data[i];
		if (!d->name || d->version < 1 || !d->digest)
			return bn_err_set(err, BN_EINVAL,
				"%s: data[%zu]: its name, version or digest is missing", where, i);
		if (d->as && spec->trainer)
			return bn_err_set(err, BN_EINVAL,
				"%s: data[%zu]: field 'as' is for commands, not for a trainer",
				where, i);
	}
	return 0;
}

/* The share would be split off the training rows although a version is given for the part. */
static int check_parts(const bn_spec *spec, const char *where, bn_err *err)
{
	const double share[] = {spec->split.valid, spec->split.test};
	static const char *const parts[] = {"valid", "test"};
	for (size_t i = 0; i < 2; i++)
		if (bn_spec_has_part(spec, parts[i]) && share[i] > 0)
			return bn_err_set(err, BN_EINVAL,
				"%s: part '%s' has a version in 'data' and a share in 'split': "
				"give only one of them",
				where, parts[i]);
	return 0;
}

/* The trainer of that name, and its complete hyper-parameters. Unknown ones are errors in the spec. */
static int resolve_hyper(json_t **out, const bn_spec *spec, const char *where, bn_err *err)
{
	const bn_trainer *trainer;
	bn_err why = BN_ERR_INIT;
	int rc = bn_trainer_find(&trainer, spec->trainer, &why);
	if (rc >= 0)
		rc = bn_hyper_resolve(out, trainer->hyper, trainer->hyper_count, spec->hyper, &why);
	if (rc >= 0)
		return 0;
	if (where)
		bn_err_prefix(&why, "%s", where);
	return rc == BN_ENOTFOUND ? bn_err_recode(err, &why, BN_EINVAL) : bn_err_move(err, &why);
}

static int check_trainer(const bn_spec *spec, const char *where, bn_err *err)
{
	json_t *hyper = NULL;
	int rc = resolve_hyper(&hyper, spec, where, err);
	if (rc < 0)
		return rc;
	json_decref(hyper);
	if (!spec->target) {
		bn_err_set(err, BN_EINVAL,
			"%s: a trainer needs field 'target', the column to predict", where);
		bn_err_hint(
			err, "--target COLUMN names it; binnacle data describe NAME lists them");
		return BN_EINVAL;
	}
	if (!spec->data_count || (spec->data[0].part && strcmp(spec->data[0].part, "train") != 0))
		return bn_err_set(err, BN_EINVAL,
			"%s: a trainer needs field 'data', first the version to train on", where);
	return check_parts(spec, where, err);
}

int bn_spec_check_complete(const bn_spec *spec, const char *where, bn_err *err)
{
	int rc = bn_spec_check(spec, where, err);
	if (rc < 0 || (rc = check_data(spec, where, err)) < 0)
		return rc;
	return bn_spec_is_command(spec) ? bn_data_env_check(spec, err)
					: check_trainer(spec, where, err);
}

/* ---- columns -------------------------------------------------------------------------------- */

static int need_column(
	const bn_schema *schema, const char *name, const char *data, const char *field, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	size_t at;
	int rc = bn_schema_need(schema, name, &at, &why);
	if (rc >= 0)
		return 0;
	bn_err_prefix(&why, "%s: %s", data, field);
	return rc == BN_ENOTFOUND ? bn_err_recode(err, &why, BN_EINVAL) : bn_err_move(err, &why);
}

/* The spec's task: AUTO is decided by the target if the trainer supports both. */
static int task_of(bn_task *out, const bn_trainer **trainer, const bn_spec *spec, bn_err *err)
{
	bn_task asked = BN_TASK_AUTO;
	int rc = bn_trainer_find(trainer, spec->trainer, err);
	if (rc < 0)
		return rc;
	if (spec->task && !strcmp(spec->task, "regression"))
		asked = BN_TASK_REGRESSION;
	if (spec->task && !strcmp(spec->task, "classification"))
		asked = BN_TASK_CLASSIFICATION;
	return bn_trainer_task(out, *trainer, asked, err);
}

/* A target of an unsuitable type is refused before there is a run. */
static int check_target(const bn_spec *spec, const bn_schema *schema, const char *data, bn_err *err)
{
	const bn_trainer *trainer;
	bn_task task;
	int rc = need_column(schema, spec->target, data, "target", err);
	if (rc < 0 || (rc = task_of(&task, &trainer, spec, err)) < 0)
		return rc;
	bn_type type = schema->fields[bn_schema_find(schema, spec->target)].type;
	if (type == BN_TYPE_STRING) {
		bn_err_set(err, BN_EINVAL, "%s: target '%s' is free text", data, spec->target);
		bn_err_hint(err, "add the data again with --type %.80s=category", spec->target);
		return BN_EINVAL;
	}
	if (type == BN_TYPE_TIMESTAMP || type == BN_TYPE_DATE) {
		bn_err_set(err, BN_EINVAL,
			"%s: target '%s' is a time, a target is a number or a class", data,
			spec->target);
		bn_err_hint(err,
			"convert it to a number: binnacle data transform NEW %s --column 'hours = "
			"epoch(%.60s) / 3600'",
			data, spec->target);
		return BN_EINVAL;
	}
	if (bn_type_is_list(type)) {
		char shown[BN_TYPE_TEXT];
		size_t at = bn_schema_find(schema, spec->target);
		bn_err_set(err, BN_EINVAL,
			"%s: target '%s' is %s, a target is one value in each row", data,
			spec->target, bn_field_type_text(&schema->fields[at], shown));
		bn_err_hint(err, "make a column of the value that has to be predicted");
		return BN_EINVAL;
	}
	if (type != BN_TYPE_CATEGORY || task != BN_TASK_REGRESSION)
		return 0;
	bn_err_set(err, BN_EINVAL, "%s: target '%s' is text, but %s predicts numbers", data,
		spec->target, trainer->name);
	bn_err_hint(err, "%s",
		trainer->tasks & 1u << BN_TASK_CLASSIFICATION
			? "leave out the task: the target decides it"
			: "--trainer logistic classifies its values");
	return BN_EINVAL;
}

/* *spec->where becomes the canonical text, which says the same of every part. */
static int check_where(bn_spec *spec, const bn_schema *schema, const char *data, bn_err *err)
{
	bn_expr *e = NULL;
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = bn_expr_of_rows(&e, spec->where, "where", schema, BN_EXPR_BOOL, &why);
	if (rc < 0) {
		bn_err_prefix(&why, "%s", data);
		bn_err_move(err, &why);
		goto out;
	}
	if ((rc = bn_expr_format(&text, e, err)) < 0)
		goto out;
	spec->where = bn_spec_text(spec, text.ptr);
	rc = spec->where ? 0 : bn_err_nomem(err, "a spec");
out:
	bn_expr_free(e);
	bn_buf_release(&text);
	return rc;
}

static int check_columns_of(
	const bn_spec *spec, const bn_schema *schema, const char *data, bn_err *err)
{
	int rc = check_target(spec, schema, data, err);
	for (size_t i = 0; rc == 0 && i < spec->features.count; i++)
		rc = need_column(schema, spec->features.items[i], data, "features", err);
	for (size_t i = 0; rc == 0 && i < spec->exclude.count; i++)
		rc = need_column(schema, spec->exclude.items[i], data, "exclude", err);
	return rc;
}

/* The columns named by the spec are looked up before the run begins, so a misspelling is reported by
 * the command and not by a failed run. */
static int check_columns(bn_spec *spec, const bn_spec_data *d, bn_workspace *ws, bn_err *err)
{
	bool trains = !d->part || !strcmp(d->part, "train");
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	char *ref = bn_strf("%s@v%lld", d->name, (long long)d->version);
	int rc = ref ? 0 : bn_err_nomem(err, "a name");
	if (rc < 0)
		goto out;
	if ((rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err)) < 0)
		goto out;
	if ((rc = bn_dataset_open_whole(&table, ws, v, NULL, err)) < 0)
		goto out;
	const bn_schema *schema = bn_table_schema(table);
	if (trains && (rc = check_columns_of(spec, schema, ref, err)) < 0)
		goto out;
	if (spec->where)
		rc = check_where(spec, schema, ref, err);
out:
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

int bn_spec_task_by_target(const char **out, bn_workspace *ws, const bn_spec *given, bn_err *err)
{
	const bn_spec_data *d = given->data;
	const bn_trainer *trainer;
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	char *ref = NULL;
	bn_task task;
	size_t at;
	int rc = 0;
	*out = NULL;
	if (!given->trainer || !given->target || !given->data_count)
		return 0;
	if ((rc = task_of(&task, &trainer, given, err)) < 0 || task != BN_TASK_AUTO)
		return rc;
	ref = d->version > 0 ? bn_strf("%s@v%lld", d->name, (long long)d->version)
			     : bn_strdup(d->name);
	if (!ref)
		return bn_err_nomem(err, "a name");
	if ((rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err)) < 0)
		goto out;
	if ((rc = bn_dataset_open_whole(&table, ws, v, NULL, err)) < 0)
		goto out;
	const bn_schema *schema = bn_table_schema(table);
	if ((rc = bn_schema_need(schema, given->target, &at, err)) < 0)
		goto out;
	bool number = bn_input_kind_of(schema->fields[at].type) == BN_INPUT_NUMBER;
	*out = number ? "regression" : "classification";
out:
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

/* ---- filling in ----------------------------------------------------------------------------- */

/* "jobs@v3", or a name with an optional version and digest. */
static int resolve_data(bn_spec *spec, bn_spec_data *d, bn_workspace *ws, bn_err *err)
{
	bn_dataset_version *v = NULL;
	char *ref = d->version > 0 ? bn_strf("%s@v%lld", d->name, (long long)d->version)
				   : bn_strdup(d->name);
	int rc = ref ? bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err)
		     : bn_err_nomem(err, "a name");
	if (rc < 0)
		goto out;
	if (d->digest && strcmp(d->digest, v->hash) != 0) {
		rc = bn_err_set(
			err, BN_EINVAL, "data: %s is %.12s, not %.12s", ref, v->hash, d->digest);
		goto out;
	}
	d->name = bn_spec_text(spec, v->name);
	d->digest = bn_spec_text(spec, v->hash);
	d->version = v->version;
	if (!d->name || !d->digest)
		rc = bn_err_nomem(err, "a spec");
out:
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

static int64_t or_default(int64_t given, int64_t fallback)
{
	return given == BN_SPEC_ABSENT ? fallback : given;
}

static double or_share(double given, double fallback)
{
	return given >= 0 ? given : fallback;
}

static int resolve_trainer(bn_spec *spec, bn_err *err)
{
	json_t *hyper = NULL;
	bn_spec_split *split = &spec->split;
	int rc = resolve_hyper(&hyper, spec, NULL, err);
	if (rc < 0)
		return rc;
	json_decref(spec->hyper);
	spec->hyper = hyper;
	spec->task = spec->task ? spec->task : "auto";
	spec->impute = spec->impute ? spec->impute : "mean";
	spec->standardise = spec->standardise != 0;
	split->kind = split->kind ? split->kind : "random";
	split->valid = or_share(split->valid, bn_spec_has_part(spec, "valid") ? 0 : 0.15);
	split->test = or_share(split->test, bn_spec_has_part(spec, "test") ? 0 : 0.15);
	split->seed = or_default(split->seed, spec->seed);
	return 0;
}

int bn_spec_resolve(bn_spec **out, bn_workspace *ws, const bn_spec *given, bn_err *err)
{
	bn_spec *spec = NULL;
	int rc = bn_spec_check(given, "spec", err);
	if (rc < 0 || (rc = bn_spec_dup(&spec, given, err)) < 0)
		return rc;
	spec->format = or_default(spec->format, 1);
	spec->seed = or_default(spec->seed, 0);
	spec->threads = or_default(spec->threads, 0);
	spec->grace_s = or_default(spec->grace_s, BN_SPEC_GRACE_S);
	for (size_t i = 0; i < spec->data_count; i++)
		if ((rc = resolve_data(spec, &spec->data[i], ws, err)) < 0)
			goto out;
	if (spec->trainer && (rc = resolve_trainer(spec, err)) < 0)
		goto out;
	if ((rc = bn_spec_check_complete(spec, "spec", err)) < 0)
		goto out;
	for (size_t i = 0; spec->trainer && i < spec->data_count; i++)
		if ((rc = check_columns(spec, &spec->data[i], ws, err)) < 0)
			goto out;
	*out = spec;
	spec = NULL;
out:
	bn_spec_free(spec);
	return rc;
}

int bn_spec_can_run(const bn_spec *spec, bn_err *err)
{
	const bn_spec_container *c = &spec->container;
	int rc = bn_spec_is_understood(spec, err);
	if (rc < 0 || (!c->image && !c->digest && !c->runtime))
		return rc;
	return bn_err_set(
		err, BN_EUNSUPPORTED, "spec: container: this version cannot run containers");
}

/* ---- provenance ----------------------------------------------------------------------------- */

static void set_code(bn_spec *spec, const json_t *o, const char *diff)
{
	bn_spec_code *code = &spec->code;
	code->path = bn_spec_text(spec, bn_json_str(o, "path", NULL));
	code->commit = bn_spec_text(spec, bn_json_str(o, "commit", NULL));
	code->branch = bn_spec_text(spec, bn_json_str(o, "branch", NULL));
	code->diff = bn_spec_text(spec, diff);
	if (json_object_get(o, "dirty"))
		code->dirty = bn_json_bool(o, "dirty", false);
	code->untracked = bn_json_int(o, "untracked", BN_SPEC_ABSENT);
}

int bn_spec_add_environment(bn_spec *spec, bn_workspace *ws, bn_err *err)
{
	json_t *environment = NULL;
	int rc = bn_environment_describe(&environment, bn_workspace_env(ws), err);
	if (rc < 0)
		return rc;
	bn_spec_remove(spec, "environment");
	spec->environment = environment;
	return 0;
}

int bn_spec_add_provenance(bn_spec *spec, bn_workspace *ws, const char *dir, bn_err *err)
{
	json_t *code = NULL;
	char *diff = NULL, hash[65];
	bn_err why = BN_ERR_INIT;
	int rc = bn_spec_add_environment(spec, ws, err);
	if (rc < 0)
		return rc;
	bn_spec_remove(spec, "code");
	/* An unreadable repository does not prevent the run; the spec says why it has no
	 * commit. */
	if (bn_code_describe(&code, &diff, dir, &why) < 0)
		spec->code.unavailable = bn_spec_text(spec, why.msg);
	if (diff && (rc = bn_object_put(ws, diff, strlen(diff), hash, err)) < 0)
		goto out;
	if (code)
		set_code(spec, code, diff ? hash : NULL);
	rc = bn_spec_hash_inputs(spec, bn_workspace_env(ws), NULL, err);
out:
	json_decref(code);
	bn_free(diff);
	return rc;
}

static int hash_input(bn_spec *spec, bn_spec_input *in, const bn_env *env,
	const bn_progress *progress, bn_err *err)
{
	char hash[65];
	char *path = bn_path_join(spec->workdir ? spec->workdir : ".", in->path);
	int rc = path ? bn_sha256_file_watched(env, path, progress, hash, NULL, err)
		      : bn_err_nomem(err, "a path");
	if (rc < 0) {
		bn_err_prefix(err, "spec: inputs");
		goto out;
	}
	if (in->hash && strcmp(in->hash, hash) != 0) {
		rc = bn_err_set(err, BN_EINVAL,
			"input '%s' has changed: it is %.12s, the spec says %.12s", path, hash,
			in->hash);
		goto out;
	}
	if (!in->hash && !(in->hash = bn_spec_text(spec, hash)))
		rc = bn_err_nomem(err, "a spec");
out:
	bn_free(path);
	return rc;
}

int bn_spec_hash_inputs(bn_spec *spec, const bn_env *env, const bn_progress *progress, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < spec->input_count; i++)
		rc = hash_input(spec, &spec->inputs[i], env, progress, err);
	return rc;
}

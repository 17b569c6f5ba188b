/* fit.c - see fit.h. */
#include "core/learn/fit.h"

#include "core/base/mem.h"
#include "core/data/shared_parts.h"
#include "core/learn/_parts.h"
#include "core/learn/_spelled.h"
#include "core/learn/checkpoint.h"
#include "core/learn/device.h"
#include "core/learn/features.h"
#include "core/learn/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHECKPOINT_MS = 30000 };

/* The state of one fit. */
typedef struct fit {
	bn_workspace *ws;
	const bn_spec *spec;
	const bn_fit_hooks *hooks;
	const bn_trainer *trainer;
	bn_parts parts;
	bn_features *features;
	bn_rows *rows[BN_PARTS]; /* NULL: none */
	bn_estimator *estimator;
	/* In the run's directory. */
	bn_rows_place place[BN_PARTS];
	char file[BN_PARTS][200], checkpoint_file[BN_FIT_FILE], recipe[65];
	char backend[BN_CHECKPOINT_MACHINE], machine[BN_CHECKPOINT_MACHINE];
	bn_checkpoint checkpoint;
	int64_t checkpoint_ns;
} fit;

static void say(const fit *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const fit *f, const char *fmt, ...)
{
	char line[600];
	va_list ap;
	if (!f->hooks || !f->hooks->log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	f->hooks->log(f->hooks->user, line);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The columns to read: the features and the target. NULL (with *count 0): all of them. */
static int wanted_columns(const char ***out, size_t *count, const bn_spec *spec, bn_err *err)
{
	size_t n = spec->features.count;
	*out = NULL;
	*count = 0;
	if (!spec->features.items)
		return 0;
	const char **names = bn_alloc_zeroed(n + 2, sizeof *names);
	if (!names)
		return bn_err_nomem(err, "names of columns");
	memcpy(names, spec->features.items, n * sizeof *names);
	if (spec->target)
		names[n++] = spec->target;
	*out = names;
	*count = n;
	return 0;
}

static void say_skipped(void *ctx, const bn_field *column)
{
	char type[BN_TYPE_TEXT];
	say(ctx, "column '%s' is %s: left out", column->name,
		column->type == BN_TYPE_STRING ? "free text" : bn_field_type_text(column, type));
}

static bool goes_on(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	const fit *f = ctx;
	(void)what;
	(void)done;
	(void)total;
	return !f->hooks || !f->hooks->is_cancelled || !f->hooks->is_cancelled(f->hooks->user);
}

static void say_shared(void *ctx, const char *text)
{
	say(ctx, "%s", text);
}

static int open_parts(fit *f, bn_err *err)
{
	const bn_progress progress = {goes_on, f};
	bn_parts_input in = {.ws = f->ws,
		.spec = f->spec,
		.skipped = say_skipped,
		.ctx = f,
		.progress = &progress};
	const char **wanted;
	int rc = wanted_columns(&wanted, &in.n_columns, f->spec, err);
	if (rc < 0)
		return rc;
	in.columns = wanted;
	rc = bn_parts_open(&f->parts, &in, err);
	bn_free(wanted);
	for (int p = 0; rc == 0 && f->spec->where && p < BN_PARTS; p++)
		if (f->parts.table[p])
			say(f, "%s: %llu of %llu rows with %.300s", bn_part_names[p],
				(unsigned long long)bn_table_rows(f->parts.table[p]),
				(unsigned long long)f->parts.all_rows[p], f->spec->where);
	if (rc < 0)
		return rc;
	bn_shared_parts_tell(f->ws, f->spec, say_shared, f);
	return 0;
}

/* ---- features, training --------------------------------------------------------------------- */

static void say_infinite(const fit *f)
{
	for (size_t i = 0; f->features && i < bn_features_input_count(f->features); i++) {
		const bn_feature_input *in = bn_features_input(f->features, i);
		if (in->infinite)
			say(f,
				"feature '%.80s' is infinite in %zu of the %zu training rows, "
				"taken as "
				"missing",
				in->name, in->infinite, in->count + in->missing);
	}
}

static int fit_features(fit *f, int threads, bn_err *err)
{
	static const char *const tasks[] = {"auto", "regression", "classification"};
	static const char *const imputes[] = {"mean", "median", "most_frequent"};
	const bn_spec *spec = f->spec;
	bn_features_options opt = {.target = spec->target ? spec->target : "",
		.inputs = spec->features.items,
		.input_count = spec->features.count,
		.excluded = spec->exclude.items,
		.excluded_count = spec->exclude.count,
		.no_standardise = spec->standardise == 0};
	for (int i = 0; i < 3; i++) {
		if (spec->task && !strcmp(spec->task, tasks[i]))
			opt.task = (bn_task)i;
		if (spec->impute && !strcmp(spec->impute, imputes[i]))
			opt.impute = (bn_impute)i;
	}
	int rc = bn_trainer_task(&opt.task, f->trainer, opt.task, err);
	if (rc == 0)
		rc = bn_features_learn(
			&f->features, &f->parts.part[BN_PART_TRAIN], &opt, threads, err);
	for (size_t i = 0; rc == 0 && i < spec->features.count; i++)
		if (!strcmp(spec->features.items[i], opt.target))
			say(f, "left out of the features: '%s' is the target", opt.target);
	for (size_t i = 0; rc == 0 && i < bn_features_skipped_count(f->features); i++)
		say(f, "left out: %s", bn_features_skipped(f->features, i));
	say_infinite(f);
	return rc;
}

static uint64_t seed_of(const bn_spec *spec)
{
	return spec->seed < 0 ? 0 : (uint64_t)spec->seed;
}

/* Numbers of another table that were missing values in training's. */
static int say_spelled(const fit *f, int p, bn_err *err)
{
	const bn_part *part = &f->parts.part[p];
	for (size_t i = 0; p != BN_PART_TRAIN && i < bn_features_source_count(f->features); i++) {
		const bn_feature_source *s = bn_features_source(f->features, i);
		bn_spelled found;
		int rc = bn_spelled_find(&found, part, s, err);
		if (rc < 0)
			return rc;
		if (found.count)
			say(f,
				"%s: column '%.80s': %llu numbers such as %s spelled missing "
				"values "
				"in the data of training, and are computed with; add the data with "
				"--null %s if they are missing",
				bn_part_names[p], s->name, (unsigned long long)found.count,
				found.first, found.first);
	}
	return 0;
}

static int open_rows(fit *f, int threads, bn_err *err)
{
	static const char *const names[BN_PARTS] = {"training", "validation", "test"};
	for (int p = 0; p < BN_PARTS; p++) {
		const bn_part *part = &f->parts.part[p];
		if (!part->table || !part->rows)
			continue;
		int rc = bn_rows_open(
			&f->rows[p], part, f->features, names[p], &f->place[p], threads, err);
		if (rc < 0 || (rc = say_spelled(f, p, err)) < 0)
			return rc;
		const bn_rows_facts *about = bn_rows_about(f->rows[p]);
		if (about->dropped)
			say(f, "%s: %zu rows left out, whose '%s', the target, is missing or infinite",
				bn_part_names[p], about->dropped,
				f->spec->target ? f->spec->target : "");
		if (about->unseen)
			say(f, "%s: %zu rows of a class unseen in training left out",
				bn_part_names[p], about->unseen);
	}
	return 0;
}

/* Rows that are read again, and checkpoints, are stored beside the future model. */
static int name_files(
	fit *f, const bn_dir *at, const char *model_dir, const bnk_target *target, bn_err *err)
{
	if (!at)
		return 0;
	for (int p = 0; p < BN_PARTS; p++) {
		snprintf(f->file[p], sizeof f->file[p], "%.160s.rows-%s", model_dir,
			bn_part_names[p]);
		f->place[p] = (bn_rows_place){at, f->file[p]};
	}
	int rc = bn_checkpoint_recipe(f->recipe, f->spec, f->trainer->limit, err);
	if (rc < 0)
		return rc;
	bn_checkpoint_backend(f->backend, target);
	bn_checkpoint_machine(f->machine, target);
	bn_fit_checkpoint_name(f->checkpoint_file, model_dir);
	f->checkpoint = (bn_checkpoint){.at = at,
		.name = f->checkpoint_file,
		.recipe = f->recipe,
		.backend = f->backend,
		.machine = f->machine,
		.every_ms = bn_env_get_ms(
			bn_workspace_env(f->ws), "BINNACLE_CHECKPOINT", 0, CHECKPOINT_MS),
		.is_required = f->hooks && f->hooks->must_resume,
		.last_ns = &f->checkpoint_ns};
	return 0;
}

/* Logs a task that the user did not choose. Numbers that are only 0 and 1 may also be classes. */
static void say_task(const fit *f, const bn_rows *train)
{
	const double *y = bn_rows_targets(train);
	size_t n = bn_rows_about(train)->rows, i = 0;
	if ((f->spec->task && strcmp(f->spec->task, "auto") != 0) ||
		!(f->trainer->tasks & 1u << BN_TASK_REGRESSION) ||
		!(f->trainer->tasks & 1u << BN_TASK_CLASSIFICATION))
		return;
	if (bn_features_task(f->features) == BN_TASK_CLASSIFICATION) {
		say(f, "task classification: target '%s' is not a number", f->spec->target);
		return;
	}
	while (i < n && (y[i] == 0 || y[i] == 1))
		i++;
	say(f, "task regression: target '%s' is a number%s", f->spec->target,
		i == n ? ", though 0 or 1 in every row: --task classification learns classes" : "");
}

/* Logs the rows on which the model is evaluated, and their source. */
static void say_parts(const fit *f)
{
	for (int p = BN_PART_VALID; p < BN_PARTS; p++) {
		const char *own = f->parts.dataset[p];
		if (f->rows[p])
			say(f, "%s: %zu rows of %s%s", bn_part_names[p],
				bn_rows_about(f->rows[p])->rows,
				*own ? own : f->parts.dataset[BN_PART_TRAIN],
				*own ? "" : ", which are not trained on");
	}
}

static bool keeps_checkpoints(const fit *f, const bn_dir *at)
{
	return at && f->hooks && f->hooks->resumes;
}

static int train(fit *f, const bn_dir *at, const char *model_dir, int threads, bn_err *err)
{
	char machine[200] = "";
	bnk_target target;
	int rc = bn_device_choose(
		&target, bn_workspace_env(f->ws), threads, machine, sizeof machine, err);
	if (rc == 0)
		rc = name_files(f, at, model_dir, &target, err);
	if (rc == 0)
		rc = open_rows(f, threads, err);
	if (rc < 0)
		return rc;
	bn_rows *validation = f->rows[BN_PART_VALID];
	bn_fit_request request = {.task = bn_features_task(f->features),
		.classes = bn_features_class_count(f->features),
		.train = f->rows[BN_PART_TRAIN],
		.validation = validation && bn_rows_about(validation)->rows ? validation : NULL,
		.hyper = f->spec->hyper,
		.seed = seed_of(f->spec),
		.threads = threads,
		.target = target,
		.checkpoint = keeps_checkpoints(f, at) ? &f->checkpoint : NULL};
	say(f, "%s", machine);
	say_task(f, request.train);
	if (f->hooks)
		request.hooks = *f->hooks;
	const bn_rows_facts *about = bn_rows_about(request.train);
	say(f, "%s on %s: %zu rows, %zu columns, target %s", f->trainer->name,
		f->parts.dataset[BN_PART_TRAIN], about->rows, about->cols,
		bn_features_target(f->features));
	say_parts(f);
	return bn_trainer_fit(&f->estimator, f->trainer, &request, err);
}

/* ---- evaluating, writing -------------------------------------------------------------------- */

static int evaluate_part(json_t *metrics, fit *f, int p, int threads, bn_err *err)
{
	json_t *one;
	int rc = bn_score_rows(&one, f->estimator, f->features, f->rows[p], threads, err);
	if (rc < 0)
		return rc;
	return json_object_set_new(metrics, bn_part_names[p], one) < 0
		       ? bn_err_nomem(err, "metrics")
		       : 0;
}

static int evaluate(bn_fit_report *report, fit *f, int threads, bn_err *err)
{
	int rc = 0;
	report->metrics = json_object();
	if (!report->metrics)
		return bn_err_nomem(err, "metrics");
	for (int p = 0; p < BN_PARTS && rc == 0; p++) {
		report->rows[p] = f->rows[p] ? bn_rows_about(f->rows[p])->rows : 0;
		if (report->rows[p])
			rc = evaluate_part(report->metrics, f, p, threads, err);
	}
	report->iterations = f->estimator->iterations;
	report->converged = f->estimator->converged;
	return rc;
}

static int save(bn_fit_report *report, fit *f, const bn_dir *at, const char *dir, bn_err *err)
{
	const bn_env *env = bn_workspace_env(f->ws);
	bn_model_about about = {.name = f->spec->target,
		.dataset = f->parts.dataset[BN_PART_TRAIN],
		.dataset_digest = f->parts.digest[BN_PART_TRAIN],
		.valid = {f->parts.dataset[BN_PART_VALID], f->parts.digest[BN_PART_VALID]},
		.test = {f->parts.dataset[BN_PART_TEST], f->parts.digest[BN_PART_TEST]},
		.where = f->spec->where,
		.split = f->parts.split,
		.seed = seed_of(f->spec),
		.hyper = f->spec->hyper,
		.metrics = report->metrics};
	int rc = bn_model_save(env, at, dir, f->estimator, f->features, &about, err);
	return rc < 0 ? rc : bn_model_digest(report->digest, env, at, dir, err);
}

static void fit_release(fit *f)
{
	bn_estimator_free(f->estimator);
	bn_features_free(f->features);
	for (int p = 0; p < BN_PARTS; p++)
		bn_rows_free(f->rows[p]);
	bn_parts_release(&f->parts);
}

int bn_fit_run(bn_fit_report *report, bn_workspace *ws, const bn_spec *spec, const bn_dir *at,
	const char *model_dir, int threads, const bn_fit_hooks *hooks, bn_err *err)
{
	fit f = {.ws = ws, .spec = spec, .hooks = hooks};
	memset(report, 0, sizeof *report);
	int rc = bn_trainer_find(&f.trainer, spec->trainer ? spec->trainer : "", err);
	if (rc < 0)
		goto out;
	if ((rc = open_parts(&f, err)) < 0)
		goto out;
	if ((rc = fit_features(&f, threads, err)) < 0)
		goto out;
	if ((rc = train(&f, at, model_dir, threads, err)) < 0)
		goto out;
	if ((rc = evaluate(report, &f, threads, err)) < 0)
		goto out;
	rc = save(report, &f, at, model_dir, err);
out:
	fit_release(&f);
	if (rc < 0)
		bn_fit_report_release(report);
	return rc;
}

void bn_fit_checkpoint_name(char out[BN_FIT_FILE], const char *model_dir)
{
	snprintf(out, BN_FIT_FILE, "%.160s.checkpoint", model_dir);
}

int bn_fit_forget(const bn_dir *at, const char *model_dir, bn_err *err)
{
	char name[BN_FIT_FILE];
	bn_fit_checkpoint_name(name, model_dir);
	return bn_dir_unlink(at, name, err);
}

void bn_fit_report_release(bn_fit_report *r)
{
	json_decref(r->metrics);
	r->metrics = NULL;
}

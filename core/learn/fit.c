/* fit.c - see fit.h. */
#include "core/learn/fit.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/learn/device.h"
#include "core/learn/evaluate.h"
#include "core/learn/features.h"
#include "core/learn/matrix.h"
#include "core/learn/model.h"
#include "core/learn/rowset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TRAIN, VALID, TEST, PARTS };
static const char *const part_names[PARTS] = {"train", "valid", "test"};

/* Everything that one fit holds. */
typedef struct fit {
	bn_workspace *ws;
	const bn_spec *spec;
	const bn_fit_hooks *hooks;
	const bn_trainer *trainer;
	bn_rowset *part[PARTS]; /* NULL: no rows */
	bn_features *features;
	bn_matrix matrix[PARTS];
	bn_estimator *estimator;
	char dataset[160], digest[80], split[120];
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

static int load_version(bn_rowset **out, fit *f, const bn_spec_data *item, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_err why = BN_ERR_INIT;
	const char **wanted = NULL;
	size_t count = 0;
	char *ref = bn_strf("%s@v%lld", item->name, (long long)item->version);
	int rc =
		ref ? wanted_columns(&wanted, &count, f->spec, &why) : bn_err_nomem(&why, "a name");
	if (rc < 0)
		goto out;
	if ((rc = bn_dataset_resolve(&v, f->ws, ref, BN_DATASET_REMOVED_TOO, &why)) < 0)
		goto out;
	if (strcmp(v->hash, item->digest) != 0) {
		rc = bn_err_set(&why, BN_ECORRUPT, "%s is %.12s, the spec says %.12s", ref, v->hash,
			item->digest);
		goto out;
	}
	if ((rc = bn_dataset_open_table(&table, f->ws, v, &why)) < 0)
		goto out;
	if ((rc = bn_rowset_load(out, table, wanted, count, &why)) < 0)
		goto out;
	if (!f->dataset[0]) {
		snprintf(f->dataset, sizeof f->dataset, "%s", ref);
		snprintf(f->digest, sizeof f->digest, "sha256:%s", item->digest);
		for (size_t i = 0; i < bn_rowset_skipped_count(*out); i++)
			say(f, "column '%s' is free text: left out", bn_rowset_skipped(*out, i));
	}
out:
	if (rc < 0) {
		bn_err_prefix(&why, "%s", ref ? ref : item->name);
		bn_err_move(err, &why);
	}
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_free(ref);
	bn_free(wanted);
	return rc;
}

/* Takes the shares off f->part[TRAIN]. Rows stay in the order of the table within a part. */
static int divide(fit *f, bn_err *err)
{
	const bn_spec_split *split = &f->spec->split;
	size_t n = bn_rowset_view(f->part[TRAIN])->rows, counts[PARTS] = {0, 0, 0};
	double share[PARTS] = {0, fmax(split->valid, 0), fmax(split->test, 0)};
	bool random = !split->kind || !strcmp(split->kind, "random");
	uint64_t seed = split->seed < 0 ? 0 : (uint64_t)split->seed;
	char a[BN_FMT], b[BN_FMT];
	snprintf(f->split, sizeof f->split, "%s, valid %s, test %s, seed %llu",
		random ? "random" : "order", bn_fmt_sig(share[VALID], 6, a),
		bn_fmt_sig(share[TEST], 6, b), (unsigned long long)seed);
	counts[VALID] = (size_t)floor((double)n * share[VALID] + 1e-9);
	counts[TEST] = (size_t)floor((double)n * share[TEST] + 1e-9);
	if (counts[VALID] + counts[TEST] == 0)
		return 0;
	counts[TRAIN] = n - counts[VALID] - counts[TEST];
	uint32_t *order = bn_alloc(n * sizeof *order), *rows = bn_alloc(n * sizeof *rows);
	unsigned char *part_of = bn_alloc_zeroed(n, 1);
	bn_rowset *all = f->part[TRAIN], *made[PARTS] = {NULL, NULL, NULL};
	int rc = order && rows && part_of ? 0 : bn_err_nomem(err, "a split");
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		if (random) {
			bn_rng rng;
			bn_rng_init(&rng, seed, "spec.split", 0);
			bn_rng_permutation(&rng, order, n);
		}
		for (size_t i = counts[TRAIN]; i < n; i++)
			part_of[order[i]] = i < counts[TRAIN] + counts[VALID] ? VALID : TEST;
	}
	for (int p = 0; p < PARTS && rc == 0; p++) {
		size_t k = 0;
		for (size_t i = 0; i < n; i++)
			if (part_of[i] == p)
				rows[k++] = (uint32_t)i;
		if (k)
			rc = bn_rowset_select(&made[p], all, rows, k, err);
	}
	for (int p = 0; p < PARTS; p++) {
		if (rc != 0 || !made[p]) {
			bn_rowset_free(made[p]);
			continue;
		}
		bn_rowset_free(f->part[p]);
		f->part[p] = made[p];
	}
	bn_free(order);
	bn_free(rows);
	bn_free(part_of);
	return rc;
}

static int part_of(const bn_spec_data *item)
{
	for (int p = 0; item->part && p < PARTS; p++)
		if (!strcmp(item->part, part_names[p]))
			return p;
	return TRAIN;
}

static int load_parts(fit *f, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < f->spec->data_count; i++) {
		const bn_spec_data *item = &f->spec->data[i];
		int p = part_of(item);
		if (f->part[p])
			return bn_err_set(err, BN_EUNSUPPORTED,
				"two dataset versions for part '%s'", part_names[p]);
		if ((rc = load_version(&f->part[p], f, item, err)) < 0)
			return rc;
	}
	if (!f->part[TRAIN])
		return bn_err_set(err, BN_EINVAL, "no dataset version to train on");
	if ((rc = divide(f, err)) < 0)
		return rc;
	if (bn_rowset_view(f->part[TRAIN])->rows == 0)
		return bn_err_set(err, BN_EINVAL, "%s has no rows to train on", f->dataset);
	return 0;
}

/* ---- features, training --------------------------------------------------------------------- */

static int fit_features(fit *f, bn_err *err)
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
		rc = bn_features_fit(&f->features, bn_rowset_view(f->part[TRAIN]), &opt, err);
	for (size_t i = 0; rc == 0 && i < bn_features_skipped_count(f->features); i++)
		say(f, "left out: %s", bn_features_skipped(f->features, i));
	return rc;
}

static uint64_t seed_of(const bn_spec *spec)
{
	return spec->seed < 0 ? 0 : (uint64_t)spec->seed;
}

static int train(fit *f, int threads, bn_err *err)
{
	char machine[200] = "";
	const bnk_backend *backend = NULL;
	int rc = bn_device_choose(
		&backend, bn_workspace_env(f->ws), threads, machine, sizeof machine, err);
	for (int p = 0; p < PARTS && rc == 0; p++) {
		if (!f->part[p])
			continue;
		rc = bn_matrix_build(&f->matrix[p], f->features, bn_rowset_view(f->part[p]), err);
		if (rc == 0 && f->matrix[p].dropped)
			say(f, "%s: %zu rows without a target left out", part_names[p],
				f->matrix[p].dropped);
		if (rc == 0 && f->matrix[p].unseen)
			say(f, "%s: %zu rows of a class that training never saw left out",
				part_names[p], f->matrix[p].unseen);
	}
	if (rc != 0)
		return rc;
	bn_fit_request request = {.task = bn_features_task(f->features),
		.classes = bn_features_class_count(f->features),
		.train = f->matrix[TRAIN].view,
		.validation = f->matrix[VALID].view,
		.hyper = f->spec->hyper,
		.seed = seed_of(f->spec),
		.threads = threads,
		.backend = backend};
	say(f, "%s", machine);
	if (f->hooks)
		request.hooks = *f->hooks;
	say(f, "%s on %s: %zu rows, %zu columns, target %s", f->trainer->name, f->dataset,
		request.train.rows, request.train.cols, bn_features_target(f->features));
	return bn_trainer_fit(&f->estimator, f->trainer, &request, err);
}

/* ---- evaluating, writing -------------------------------------------------------------------- */

static int evaluate_part(json_t *metrics, fit *f, int p, bn_err *err)
{
	const bn_design *d = &f->matrix[p].view;
	size_t outputs = f->estimator->outputs;
	double *predicted = bn_alloc(d->rows * outputs * sizeof *predicted);
	double *scratch = bn_alloc(bn_estimator_scratch(f->estimator) * sizeof *scratch);
	json_t *one = NULL;
	int rc = predicted && scratch ? 0 : bn_err_nomem(err, "predictions");
	if (rc == 0) {
		bn_estimator_predict(f->estimator, d->x, d->rows, predicted, scratch);
		rc = bn_evaluate(&one, f->features, d->rows, d->y, predicted, err);
	}
	/* The matrix was built without them, so evaluation never saw them. */
	if (rc == 0 && json_object_set_new(one, "rows_without_target",
			       json_integer((json_int_t)f->matrix[p].dropped)) != 0)
		rc = bn_err_nomem(err, "metrics");
	if (rc == 0 && bn_features_task(f->features) == BN_TASK_CLASSIFICATION &&
		json_object_set_new(one, "rows_of_unseen_class",
			json_integer((json_int_t)f->matrix[p].unseen)) != 0)
		rc = bn_err_nomem(err, "metrics");
	if (rc == 0)
		json_object_set_new(metrics, part_names[p], one);
	else
		json_decref(one);
	bn_free(predicted);
	bn_free(scratch);
	return rc;
}

static int evaluate(bn_fit_report *report, fit *f, bn_err *err)
{
	int rc = 0;
	report->metrics = json_object();
	if (!report->metrics)
		return bn_err_nomem(err, "metrics");
	for (int p = 0; p < PARTS && rc == 0; p++) {
		report->rows[p] = f->matrix[p].view.rows;
		if (report->rows[p])
			rc = evaluate_part(report->metrics, f, p, err);
	}
	report->iterations = f->estimator->iterations;
	report->converged = f->estimator->converged;
	return rc;
}

static int save(bn_fit_report *report, fit *f, const bn_dir *at, const char *dir, bn_err *err)
{
	const bn_env *env = bn_workspace_env(f->ws);
	bn_model_about about = {.name = f->spec->target,
		.dataset = f->dataset,
		.dataset_digest = f->digest,
		.split = f->split,
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
	for (int p = 0; p < PARTS; p++) {
		bn_matrix_release(&f->matrix[p]);
		bn_rowset_free(f->part[p]);
	}
}

int bn_fit_run(bn_fit_report *report, bn_workspace *ws, const bn_spec *spec, const bn_dir *at,
	const char *model_dir, int threads, const bn_fit_hooks *hooks, bn_err *err)
{
	fit f = {.ws = ws, .spec = spec, .hooks = hooks};
	for (int p = 0; p < PARTS; p++)
		f.matrix[p] = (bn_matrix)BN_MATRIX_INIT;
	memset(report, 0, sizeof *report);
	int rc = bn_trainer_find(&f.trainer, spec->trainer ? spec->trainer : "", err);
	if (rc < 0)
		goto out;
	if ((rc = load_parts(&f, err)) < 0)
		goto out;
	if ((rc = fit_features(&f, err)) < 0)
		goto out;
	if ((rc = train(&f, threads, err)) < 0)
		goto out;
	if ((rc = evaluate(report, &f, err)) < 0)
		goto out;
	rc = save(report, &f, at, model_dir, err);
out:
	fit_release(&f);
	if (rc < 0)
		bn_fit_report_release(report);
	return rc;
}

void bn_fit_report_release(bn_fit_report *r)
{
	json_decref(r->metrics);
	r->metrics = NULL;
}

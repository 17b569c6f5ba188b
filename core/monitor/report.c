/* report.c - see report.h: collecting both sides of every input, testing them, and the summary. */
#include "core/monitor/report.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/tfdv_compare.h"
#include "core/data/dataset.h"
#include "core/data/protect.h"
#include "core/monitor/_collect.h"
#include "core/monitor/_prediction_log.h"
#include "core/monitor/_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_ROWS 30
#define SHOWN_LABELS 20

typedef struct gathering {
	bn_workspace *ws;
	const bn_predictor *p;
	const bn_features *features;
	size_t inputs;
	bn_collected *columns; /* inputs */
	bool statistics_only;
	const bn_progress *progress;
	bn_monitor_report *report;
	bn_protection marks; /* of the training data: columns whose values the report does not show */
} gathering;

/* ---- current: the log ----------------------------------------------------------------------- */

/* Rows of a batch within the window by their own time, as one range each (rows of a file are in
 * order of arrival; times of several threads may interleave by microseconds). */
static bool in_window(const bn_prediction_window *w, int64_t time_ns)
{
	int64_t ms = time_ns / 1000000;
	return (!w->from_ms || ms >= w->from_ms) && (!w->to_ms || ms < w->to_ms);
}

static int add_range(
	gathering *g, const bn_batch *b, const size_t *where, size_t from, size_t end, bn_err *err)
{
	for (size_t i = 0; i < g->inputs; i++) {
		if (where[i] == BN_SCHEMA_NONE)
			continue;
		int rc = bn_collected_add(
			&g->columns[i], BN_SIDE_CUR, &b->columns[where[i]], from, end, err);
		if (rc < 0) {
			bn_err_prefix(err, "logged input '%s'", g->columns[i].name);
			return rc;
		}
	}
	g->report->rows += (int64_t)(end - from);
	return 0;
}

static int add_batch(gathering *g, const bn_batch *b, const bn_prediction_window *w,
	const size_t *where, size_t time_column, size_t skip, bn_err *err)
{
	const bn_column *time = &b->columns[time_column];
	bn_monitor_report *r = g->report;
	size_t begin = skip;
	int rc;
	for (size_t row = skip; row <= b->rows; row++) {
		int64_t ns = 0;
		bool inside = row < b->rows && bn_column_int(time, row, &ns) && in_window(w, ns);
		if (inside) {
			int64_t ms = ns / 1000000;
			r->from_ms = !r->from_ms || ms < r->from_ms ? ms : r->from_ms;
			r->to_ms = ms > r->to_ms ? ms : r->to_ms;
			continue;
		}
		if (row > begin && (rc = add_range(g, b, where, begin, row, err)) < 0)
			return rc;
		begin = row + 1;
	}
	return 0;
}

/* One logged file; of it the last `take` rows. */
static int add_file(
	gathering *g, const char *object, const bn_prediction_window *w, uint64_t take, bn_err *err)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	size_t *where = NULL, time_column = 0;
	int rc;
	if ((rc = bn_prediction_file_open(&t, g->ws, object, err)) < 0 ||
		(rc = bn_schema_need(bn_table_schema(t), "_time", &time_column, err)) < 0)
		goto out;
	if (!(where = bn_alloc(g->inputs * sizeof *where))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	for (size_t i = 0; i < g->inputs; i++)
		where[i] = bn_schema_find(bn_table_schema(t), g->columns[i].name);
	uint64_t rows = bn_table_rows(t), skip = rows > take ? rows - take : 0;
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		if ((rc = bn_table_read(t, k, NULL, 0, &b, err)) < 0)
			goto out;
		size_t some = b.first_row < skip ? (size_t)(skip - b.first_row) : 0;
		if (b.first_row + b.rows > skip &&
			(rc = add_batch(g, &b, w, where, time_column, some, err)) < 0)
			goto out;
	}
out:
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_free(where);
	return rc;
}

static int gather_current(gathering *g, const bn_prediction_window *w, bn_err *err)
{
	bn_prediction_batches l = {NULL, 0, 0};
	int rc = bn_prediction_batches_list(&l, g->ws, w, err);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < l.count; i++) {
		uint64_t left = UINT64_MAX;
		if (w->last)
			left = (uint64_t)g->report->rows < w->last
				       ? w->last - (uint64_t)g->report->rows
				       : 0;
		if ((rc = bn_progress_step(g->progress, "reading predictions", i, l.count, err)) <
			0)
			goto out;
		if (left && (rc = add_file(g, l.items[i].object, w, left, err)) < 0)
			goto out;
	}
	if (!g->report->rows) {
		rc = bn_err_set(err, BN_ENOTFOUND,
			"no predictions of %s were logged in this window",
			bn_predictor_source(g->p));
		bn_err_hint(err, "binnacle serve logs its predictions when it runs in a workspace");
	}
out:
	bn_prediction_batches_release(&l);
	return rc;
}

/* ---- reference ------------------------------------------------------------------------------ */

/* Input i of a batch of training rows; of a column of vectors its element, which goes through room, of b->rows doubles. */
static int add_input(
	gathering *g, size_t i, const bn_batch *b, size_t column, double *room, bn_err *err)
{
	const bn_feature_input *in = bn_features_input(g->features, i);
	const bn_column *c = &b->columns[column];
	bn_column element = {.type = BN_TYPE_FLOAT64, .rows = b->rows, .f64 = room};
	size_t from = 0, n = 0;
	for (size_t r = 0; in->elements && r < b->rows; r++)
		room[r] = bn_column_list(c, r, &from, &n) && in->element < n
				  ? bn_column_number(c->child, from + in->element)
				  : NAN;
	return bn_collected_add(
		&g->columns[i], BN_SIDE_REF, in->elements ? &element : c, 0, b->rows, err);
}

static int add_table(gathering *g, bn_table_reader *t, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	size_t *where = bn_alloc(g->inputs * sizeof *where), cap = 0;
	double *room = NULL;
	int rc = 0;
	if (!where)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < g->inputs; i++) {
		const bn_feature_input *in = bn_features_input(g->features, i);
		where[i] = bn_schema_find(bn_table_schema(t), in->elements ? in->column : in->name);
		g->columns[i].absent[BN_SIDE_REF] = where[i] == BN_SCHEMA_NONE;
	}
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		if ((rc = bn_progress_step(g->progress, "reading the reference", k,
			     bn_table_batches(t), err)) < 0 ||
			(rc = bn_table_read(t, k, NULL, 0, &b, err)) < 0)
			goto out;
		if (bn_grow(&room, &cap, b.rows, sizeof *room)) {
			rc = bn_err_nomem(err, "a column");
			goto out;
		}
		for (size_t i = 0; i < g->inputs; i++)
			if (where[i] != BN_SCHEMA_NONE &&
				(rc = add_input(g, i, &b, where[i], room, err)) < 0)
				goto out;
	}
	g->report->reference_rows = (int64_t)bn_table_rows(t);
out:
	bn_batch_release(&b);
	bn_free(room);
	bn_free(where);
	return rc;
}

static int add_yes_and_no(bn_collected *c, double yes, double no, bn_err *err)
{
	int rc = bn_collected_add_label(c, BN_SIDE_REF, "false", 5, no, err);
	return rc < 0 ? rc : bn_collected_add_label(c, BN_SIDE_REF, "true", 4, yes, err);
}

/* From the model itself: exact shares of categories and booleans; for numbers nothing usable by a
 * test. */
static int add_statistics(gathering *g, bn_err *err)
{
	size_t most = 0;
	int rc;
	g->statistics_only = true;
	for (size_t i = 0; i < g->inputs; i++) {
		const bn_feature_input *in = bn_features_input(g->features, i);
		double n = (double)in->count;
		most = in->count + in->missing > most ? in->count + in->missing : most;
		if (in->kind == BN_INPUT_BOOL && in->ref_mean >= 0 && in->ref_mean <= 1) {
			double yes = rint(in->ref_mean * n);
			if ((rc = add_yes_and_no(&g->columns[i], yes, n - yes, err)) < 0)
				return rc;
		}
		bool shares = in->kind == BN_INPUT_CATEGORY && in->category_shares;
		for (size_t k = 0; shares && k < in->category_count; k++) {
			const char *label = in->categories[k];
			double count = rint(in->category_shares[k] * n);
			if (count > 0 && count <= n && /* a share that is absent is NaN */
				(rc = bn_collected_add_label(&g->columns[i], BN_SIDE_REF, label,
					 strlen(label), count, err)) < 0)
				return rc;
		}
	}
	g->report->reference_rows = (int64_t)most;
	return 0;
}

bn_dataset_version *bn_monitor_training_version(bn_workspace *ws, const bn_predictor *p)
{
	const json_t *meta = json_object_get(bn_model_mlmodel(bn_predictor_model(p)), "metadata");
	const char *name = bn_json_str(meta, "dataset", NULL);
	const char *digest = bn_json_str(meta, "dataset_digest", NULL);
	bn_dataset_version *v = NULL;
	if (!name)
		return NULL;
	if (bn_dataset_resolve(&v, ws, name, BN_DATASET_REMOVED_TOO, NULL))
		return NULL;
	if (digest && !strncmp(digest, "sha256:", 7))
		digest += 7;
	if (digest && strcmp(digest, v->hash)) { /* another workspace's dataset of that name */
		bn_dataset_version_free(v);
		return NULL;
	}
	return v;
}

static int gather_reference(gathering *g, bn_err *err)
{
	bn_monitor_report *r = g->report;
	const json_t *meta =
		json_object_get(bn_model_mlmodel(bn_predictor_model(g->p)), "metadata");
	const char *where =
		bn_json_str(meta, "where", NULL); /* of its rows it was trained on these */
	bn_table_reader *t = NULL;
	char name[300];
	bn_dataset_version *v = bn_monitor_training_version(g->ws, g->p);
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	/* If it is missing, or not readable by this user, the model's own statistics are used; damaged bytes
	 * are an error. */
	if (v && (rc = bn_dataset_open_whole(&t, g->ws, v, NULL, &why)) == BN_ECORRUPT) {
		bn_err_move(err, &why);
		goto out;
	}
	rc = v ? bn_protection_of(&g->marks, g->ws, v, err) : 0;
	if (rc < 0)
		goto out;
	if (t) {
		r->is_private = v->is_private;
		r->reference_kind = bn_strdup("table");
		r->reference = bn_strdup(bn_dataset_version_name(v, name, sizeof name));
		if (!r->reference) {
			rc = bn_err_nomem(err, "a report");
			goto out;
		}
		if (where &&
			(rc = bn_dataset_where(&t, where, "where", g->progress, NULL, err)) < 0)
			goto out;
		rc = add_table(g, t, err);
	} else {
		r->reference_kind = bn_strdup("statistics");
		r->reference = bn_strdup(bn_json_str(meta, "dataset", NULL));
		rc = add_statistics(g, err);
	}
	if (rc >= 0 && !r->reference_kind)
		rc = bn_err_nomem(err, "a report");
out:
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void cannot_test(bn_drift_result *r, const bn_collected *c, const char *why)
{
	memset(r, 0, sizeof *r);
	r->test = bn_drift_choose(c->kind == BN_INPUT_NUMBER, c->rows[BN_SIDE_REF], 6);
	r->op = bn_drift_test_operator(r->test);
	r->threshold = bn_drift_test_threshold(r->test);
	r->statistic = r->p = r->score = NAN;
	r->n_ref = c->rows[BN_SIDE_REF];
	r->n_cur = c->rows[BN_SIDE_CUR];
	r->verdict = BN_DRIFT_INCONCLUSIVE;
	snprintf(r->why, sizeof r->why, "%s", why);
}

static int test_column(bn_drift_result *r, const gathering *g, const bn_collected *c,
	const bn_drift_options *o, bn_err *err)
{
	bn_drift_options mine = *o;
	if (!mine.min_rows)
		mine.min_rows = MIN_ROWS;
	if (c->absent[BN_SIDE_REF]) {
		cannot_test(r, c, "the reference table has no such column");
		return 0;
	}
	if (c->kind == BN_INPUT_NUMBER && g->statistics_only) {
		cannot_test(r, c,
			"the training rows are not in this workspace, and statistics of a number "
			"are not enough");
		return 0;
	}
	if (c->kind == BN_INPUT_NUMBER)
		return bn_drift_numbers(
			r, c->numbers[0], c->rows[0], c->numbers[1], c->rows[1], &mine, err);
	if (!bn_drift_test_takes_counts(mine.test)) {
		mine.test = BN_DRIFT_AUTO; /* KS was asked for: categories keep their own test */
		mine.threshold = 0;
	}
	int rc = bn_drift_counts(r, c->counts[0], c->counts[1], c->label_count, &mine, err);
	r->ref_dropped = c->missing[0];
	r->cur_dropped = c->missing[1];
	return rc;
}

/* ---- bins for the charts -------------------------------------------------------------------- */

static int number_bins(bn_monitor_feature *f, const bn_collected *c, bn_err *err)
{
	bn_drift_bins b;
	bn_drift_bin_numbers(&b, c->numbers[0], c->rows[0], c->numbers[1], c->rows[1]);
	size_t n = b.count ? b.count : 1;
	f->edges = bn_alloc((n + 1) * sizeof(double));
	f->ref = bn_alloc(n * sizeof(double));
	f->cur = bn_alloc(n * sizeof(double));
	if (!f->edges || !f->ref || !f->cur)
		return bn_err_nomem(err, "bins");
	f->bins = b.count;
	memcpy(f->edges, b.edges, (b.count ? b.count + 1 : 0) * sizeof(double));
	memcpy(f->ref, b.ref, b.count * sizeof(double));
	memcpy(f->cur, b.cur, b.count * sizeof(double));
	return 0;
}

typedef struct ranked {
	size_t label;
	double share; /* the larger of both sides */
} ranked;

static int by_share(const void *a, const void *b)
{
	const ranked *x = a, *y = b;
	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return (x->label > y->label) - (x->label < y->label);
}

static int by_number(const void *a, const void *b)
{
	const ranked *x = a, *y = b;
	return (x->label > y->label) - (x->label < y->label);
}

static double share_of(const bn_collected *c, int side, size_t label)
{
	return c->rows[side] ? c->counts[side][label] / (double)c->rows[side] : 0;
}

static int add_label_bin(
	bn_monitor_feature *f, const char *label, double ref, double cur, bn_err *err)
{
	f->labels[f->bins] = bn_strdup(label);
	if (!f->labels[f->bins])
		return bn_err_nomem(err, "bins");
	f->ref[f->bins] = ref;
	f->cur[f->bins++] = cur;
	return 0;
}

/* The most frequent labels in their own order, the rest as "(other)". */
static int label_bins(bn_monitor_feature *f, const bn_collected *c, bn_err *err)
{
	size_t n = c->label_count < SHOWN_LABELS ? c->label_count : SHOWN_LABELS;
	double other[2] = {c->rows[0] ? 1 : 0, c->rows[1] ? 1 : 0};
	ranked *all = bn_alloc((c->label_count + 1) * sizeof *all);
	f->labels = bn_alloc_zeroed(n + 1, sizeof *f->labels);
	f->ref = bn_alloc_zeroed(n + 1, sizeof(double));
	f->cur = bn_alloc_zeroed(n + 1, sizeof(double));
	int rc = 0;
	if (!all || !f->labels || !f->ref || !f->cur) {
		rc = bn_err_nomem(err, "bins");
		goto out;
	}
	for (size_t k = 0; k < c->label_count; k++)
		all[k] = (ranked){k, fmax(share_of(c, 0, k), share_of(c, 1, k))};
	qsort(all, c->label_count, sizeof *all, by_share);
	qsort(all, n, sizeof *all, by_number);
	for (size_t k = 0; k < n; k++) {
		double p = share_of(c, 0, all[k].label), q = share_of(c, 1, all[k].label);
		if ((rc = add_label_bin(f, c->labels[all[k].label], p, q, err)) < 0)
			goto out;
		other[0] -= p;
		other[1] -= q;
	}
	if (n < c->label_count)
		rc = add_label_bin(f, "(other)", fmax(0, other[0]), fmax(0, other[1]), err);
out:
	bn_free(all);
	return rc;
}

static void measure_skew(bn_monitor_feature *f, const bn_collected *c, const gathering *g)
{
	bn_tfdv_distances d = {NAN, NAN, NAN};
	if (c->kind == BN_INPUT_NUMBER && !g->statistics_only)
		d.jensen_shannon_divergence = bn_tfdv_divergence_of_numbers(
			c->numbers[BN_SIDE_REF], c->rows[BN_SIDE_REF], c->numbers[BN_SIDE_CUR], c->rows[BN_SIDE_CUR]);
	else if (c->kind != BN_INPUT_NUMBER && c->label_count)
		bn_tfdv_compare_counts(&d, c->counts[BN_SIDE_REF], c->counts[BN_SIDE_CUR], c->label_count);
	f->infinity_norm = d.infinity_norm;
	f->jensen_shannon_divergence = d.jensen_shannon_divergence;
}

static int test_input(bn_monitor_feature *f, bn_collected *c, const gathering *g,
	const bn_drift_options *o, bn_err *err)
{
	int rc;
	f->name = bn_strdup(c->name);
	f->kind = bn_strdup(bn_input_kind_name(c->kind));
	if (!f->name || !f->kind)
		return bn_err_nomem(err, "a report");
	if ((rc = bn_collected_sort(c, err)) < 0 ||
		(rc = test_column(&f->result, g, c, o, err)) < 0)
		return rc;
	measure_skew(f, c, g);
	if (bn_protection_marks(&g->marks, c->name))
		return 0;
	return c->kind == BN_INPUT_NUMBER ? number_bins(f, c, err) : label_bins(f, c, err);
}

static int test_inputs(gathering *g, const bn_monitor_options *o, bn_err *err)
{
	bn_monitor_report *r = g->report;
	bn_drift_result *results = bn_alloc_zeroed(g->inputs, sizeof *results);
	r->features = bn_alloc_zeroed(g->inputs, sizeof *r->features);
	int rc = 0;
	if (!results || !r->features) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	for (size_t i = 0; i < g->inputs; i++) {
		bn_collected *c = &g->columns[i];
		if ((rc = bn_progress_step(g->progress, "testing inputs", i, g->inputs, err)) < 0)
			goto out;
		r->feature_count = i + 1;
		if ((rc = test_input(&r->features[i], c, g, &o->drift, err)) < 0) {
			bn_err_prefix(err, "input '%s'", c->name);
			goto out;
		}
		results[i] = r->features[i].result;
	}
	bn_drift_sum_up(&r->dataset, results, g->inputs, o->share_threshold);
out:
	bn_free(results);
	return rc;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int start_report(gathering *g, bn_err *err)
{
	const bn_env *env = bn_workspace_env(g->ws);
	bn_monitor_report *r = g->report;
	uint8_t bytes[8];
	int rc = bn_env_random(env, bytes, sizeof bytes, err);
	if (rc)
		return rc;
	r->id = bn_alloc(2 * sizeof bytes + 1);
	r->model = bn_strdup(bn_predictor_name(g->p));
	r->version = bn_strdup(bn_predictor_version(g->p));
	g->features = bn_model_features(bn_predictor_model(g->p));
	g->inputs = bn_features_input_count(g->features);
	g->columns = bn_alloc_zeroed(g->inputs, sizeof *g->columns);
	if (!r->id || !r->model || !r->version || !g->columns)
		return bn_err_nomem(err, "a report");
	bn_hex(bytes, sizeof bytes, r->id);
	r->time_ms = bn_env_now_ms(env);
	for (size_t i = 0; i < g->inputs; i++) {
		const bn_feature_input *in = bn_features_input(g->features, i);
		bn_collected_init(&g->columns[i], in->name, in->kind);
	}
	return 0;
}

int bn_monitor_report_make(bn_monitor_report **out, bn_workspace *ws, const char *model,
	const bn_monitor_options *options, bn_err *err)
{
	gathering g = {.ws = ws, .progress = options->progress};
	bn_predictor *p = NULL;
	bn_prediction_window window = options->window;
	int rc = bn_predictor_open(&p, ws, model, err);
	if (rc)
		return rc;
	g.p = p;
	g.report = bn_alloc_zeroed(1, sizeof *g.report);
	rc = g.report ? start_report(&g, err) : bn_err_nomem(err, "a report");
	if (rc)
		goto out;
	window.model = bn_predictor_name(p);
	window.version = bn_predictor_version(p);
	if ((rc = gather_current(&g, &window, err)) < 0 || (rc = gather_reference(&g, err)) < 0 ||
		(rc = test_inputs(&g, options, err)) < 0)
		goto out;
	if (!options->dry_run)
		rc = bn_monitor_report_keep(g.report, ws, err);
out:
	for (size_t i = 0; g.columns && i < g.inputs; i++)
		bn_collected_release(&g.columns[i]);
	bn_free(g.columns);
	bn_protection_release(&g.marks);
	bn_predictor_free(p);
	if (rc)
		bn_monitor_report_free(g.report);
	else
		*out = g.report;
	return rc;
}

void bn_monitor_report_free(bn_monitor_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->features && i < r->feature_count; i++) {
		bn_monitor_feature *f = &r->features[i];
		for (size_t k = 0; f->labels && k < f->bins; k++)
			bn_free(f->labels[k]);
		bn_free(f->labels);
		bn_free(f->edges);
		bn_free(f->ref);
		bn_free(f->cur);
		bn_free(f->name);
		bn_free(f->kind);
	}
	bn_free(r->features);
	bn_free(r->id);
	bn_free(r->model);
	bn_free(r->version);
	bn_free(r->reference_kind);
	bn_free(r->reference);
	bn_free(r->object);
	bn_free(r);
}

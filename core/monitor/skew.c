/* skew.c - see skew.h. */
#include "core/monitor/skew.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/protect.h"
#include "core/monitor/_prediction_log.h"
#include "core/monitor/_report.h"
#include "core/table/derive.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { BLOCK_ROWS = 4096, ANCESTORS_MOST = 100 };

static void check_release(bn_skew_check *c)
{
	for (size_t i = 0; i < c->row_count; i++) {
		bn_free(c->rows[i].request);
		bn_free(c->rows[i].served);
		bn_free(c->rows[i].now);
	}
	bn_free(c->name);
	bn_free(c->expression);
	bn_free(c->skipped);
}

void bn_skew_release(bn_skew *s)
{
	for (size_t i = 0; i < s->count; i++)
		check_release(&s->checks[i]);
	bn_free(s->checks);
	bn_monitor_report_free(s->inputs);
	*s = (bn_skew){.checks = NULL};
}

double bn_skew_distance(const bn_monitor_feature *f, const char **name)
{
	bool number = isnan(f->infinity_norm);
	*name = number ? "Jensen-Shannon divergence" : "infinity norm";
	return number ? f->jensen_shannon_divergence : f->infinity_norm;
}

bn_skew_verdict bn_skew_judge(const bn_skew *s, const bn_monitor_feature *f)
{
	const char *name;
	double d = bn_skew_distance(f, &name);
	if (isnan(d))
		return BN_SKEW_UNKNOWN;
	if (f->result.n_ref < s->min_rows || f->result.n_cur < s->min_rows)
		return BN_SKEW_FEW_ROWS;
	return d > s->threshold ? BN_SKEW_FOUND : BN_SKEW_NEAR;
}

const char *bn_skew_verdict_name(bn_skew_verdict v)
{
	static const char *const names[] = {"near", "SKEWED", "few rows", "unknown"};
	return names[v];
}

static void write_check(const bn_skew_check *c, bn_buf *out)
{
	char largest[BN_FMT];
	bn_buf_addf(out, "%-10s %s, by %s%s: %" PRId64 " rows, %" PRId64 " different", c->different ? "DIFFERS" : "same", c->name,
		c->expression ? "the recipe, " : "the model", c->expression ? c->expression : "", c->compared, c->different);
	if (c->different && !isnan(c->largest))
		bn_buf_addf(out, ", by up to %s", bn_fmt_sig(c->largest, 4, largest));
	bn_buf_addf(out, "%s%s\n", c->skipped ? "; not computed: " : "", c->skipped ? c->skipped : "");
	for (size_t i = 0; i < c->row_count; i++)
		bn_buf_addf(out, "           request %s: served %s, now %s\n", c->rows[i].request ? c->rows[i].request : "-",
			c->rows[i].served ? c->rows[i].served : "-", c->rows[i].now ? c->rows[i].now : "-");
}

void bn_skew_write(const bn_skew *s, bn_buf *out)
{
	const bn_monitor_report *r = s->inputs;
	bn_buf_addf(out, "%" PRId64 " logged rows of %s/%s, computed again\n\n", r->rows, r->model, r->version ? r->version : "-");
	for (size_t i = 0; i < s->count; i++)
		write_check(&s->checks[i], out);
	bn_buf_addf(out, "\ninputs, against %s; skewed above %g\n\n", r->reference ? r->reference : "the statistics in the model",
		s->threshold);
	for (size_t i = 0; i < r->feature_count; i++) {
		const char *name;
		char text[BN_FMT];
		double d = bn_skew_distance(&r->features[i], &name);
		bn_buf_addf(out, "%-10s %s: %s %s\n", bn_skew_verdict_name(bn_skew_judge(s, &r->features[i])),
			r->features[i].name, name, isnan(d) ? "-" : bn_fmt_sig(d, 4, text));
	}
}

/* ---- what to compute -------------------------------------------------------------------------- */

typedef struct comparing {
	bn_skew *out;
	bn_workspace *ws;
	const bn_predictor *p;
	const bn_skew_options *o;
	bn_protection marks; /* of the training data */
	int64_t rows;        /* so far */
} comparing;

static int add_check(bn_skew *s, const char *name, const char *expression, bn_err *err)
{
	size_t cap = s->count; /* grown by one: inputs are few */
	if (bn_grow(&s->checks, &cap, s->count + 1, sizeof *s->checks))
		return bn_err_nomem(err, "checks");
	bn_skew_check *c = &s->checks[s->count++];
	*c = (bn_skew_check){.name = bn_strdup(name),
		.expression = expression ? bn_strdup(expression) : NULL,
		.largest = NAN};
	return c->name && (!expression || c->expression) ? 0 : bn_err_nomem(err, "checks");
}

static bool has_check(const bn_skew *s, const char *name)
{
	for (size_t i = 1; i < s->count; i++)
		if (!strcmp(s->checks[i].name, name))
			return true;
	return false;
}

/* Inputs of the model among the computed columns of a recipe. The version nearest to the model counts. */
static int add_recipe(comparing *c, const char *recipe, bn_err *err)
{
	json_t *doc = recipe ? json_loads(recipe, 0, NULL) : NULL;
	const json_t *columns = json_object_get(doc, "columns"), *one;
	size_t i;
	int rc = 0;
	json_array_foreach(columns, i, one)
	{
		const char *name = bn_json_str(one, "name", ""), *expr = bn_json_str(one, "expr", NULL);
		if (expr && bn_predictor_find_input(c->p, name, strlen(name)) >= 0 && !has_check(c->out, name) &&
			(rc = add_check(c->out, name, expr, err)) < 0)
			break;
	}
	json_decref(doc);
	return rc;
}

/* The version of which this one is a part, or from which it was computed; NULL: none, or several. */
static bn_dataset_version *source_of(bn_workspace *ws, const bn_dataset_version *v)
{
	bn_dataset_version *source = NULL;
	char ref[192];
	if (v->parent_count != 1 || v->parents[0].version <= 0)
		return NULL;
	snprintf(ref, sizeof ref, "%.128s@v%" PRId64, v->parents[0].name, v->parents[0].version);
	return bn_dataset_resolve(&source, ws, ref, BN_DATASET_REMOVED_TOO, NULL) < 0 ? NULL : source;
}

static int plan(comparing *c, bn_err *err)
{
	bn_dataset_version *v = bn_monitor_training_version(c->ws, c->p);
	int rc = add_check(c->out, "prediction", NULL, err);
	if (rc >= 0 && v)
		rc = bn_protection_of(&c->marks, c->ws, v, err);
	for (int i = 0; rc >= 0 && v && i < ANCESTORS_MOST; i++) {
		bn_dataset_version *source = source_of(c->ws, v);
		rc = add_recipe(c, v->recipe, err);
		bn_dataset_version_free(v);
		v = source;
	}
	bn_dataset_version_free(v);
	return rc;
}

/* ---- differences ------------------------------------------------------------------------------ */

static bool numbers_equal(double a, double b, double tolerance)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	if (a == b)
		return true;
	return isfinite(a) && isfinite(b) && fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

static char *text_of(const bn_column *c, size_t row)
{
	bn_buf text = BN_BUF_INIT;
	char *copy = NULL;
	if (bn_column_format(c, row, &text) && !text.failed)
		copy = bn_strdup(text.ptr ? text.ptr : "");
	bn_buf_release(&text);
	return copy;
}

/* Takes the two texts. The first rows are kept. */
static void differ(bn_skew_check *k, const bn_batch *b, size_t row, char *served, char *now)
{
	bn_skew_row *r = k->row_count < BN_SKEW_SHOWN ? &k->rows[k->row_count++] : NULL;
	k->different++;
	if (!r) {
		bn_free(served);
		bn_free(now);
		return;
	}
	*r = (bn_skew_row){text_of(&b->columns[1], row), served, now, 0};
	bn_column_int(&b->columns[0], row, &r->time_ns);
}

static void differ_by(bn_skew_check *k, double a, double b)
{
	double by = fabs(a - b);
	if (!isnan(by) && !(by <= k->largest))
		k->largest = by;
}

/* Of an input that is marked as personal no value is kept. */
static char *shown(const comparing *c, const bn_skew_check *k, char *text)
{
	if (!text || !bn_protection_marks(&c->marks, k->name))
		return text;
	bn_free(text);
	return bn_strdup("***");
}

static void compare_cells(
	const comparing *c, bn_skew_check *k, const bn_batch *b, const bn_column *x, const bn_column *y, size_t row)
{
	bool numbers = !bn_type_is_text(x->type) && !bn_type_is_text(y->type), equal;
	k->compared++;
	if (numbers) {
		double p = bn_column_number(x, row), q = bn_column_number(y, row);
		equal = numbers_equal(p, q, c->o->tolerance);
		differ_by(k, p, q);
	} else {
		char *p = text_of(x, row), *q = text_of(y, row);
		equal = p && q ? !strcmp(p, q) : p == q;
		bn_free(p);
		bn_free(q);
	}
	if (!equal)
		differ(k, b, row, shown(c, k, text_of(x, row)), shown(c, k, text_of(y, row)));
}

/* ---- predictions ------------------------------------------------------------------------------ */

/* One logged cell, as the server got it. */
static int set_cell(bn_session *s, size_t at, size_t input, const bn_column *x, size_t row, bn_err *err)
{
	char *text;
	int rc;
	if (bn_column_is_null(x, row))
		return bn_session_set_value(s, at, input, json_null(), err);
	if (!bn_type_is_text(x->type)) {
		double n = bn_column_number(x, row);
		return isnan(n) ? bn_session_set_value(s, at, input, json_null(), err)
				: bn_session_set_number(s, at, input, n, err);
	}
	if (!(text = text_of(x, row)))
		return bn_err_nomem(err, "a value");
	rc = bn_session_set_text(s, at, input, text, strlen(text), err);
	bn_free(text);
	return rc;
}

static int predict_rows(bn_session *s, const comparing *c, const bn_batch *b, const size_t *where, size_t from, size_t n,
	bn_err *err)
{
	int rc = bn_session_begin(s, n, err);
	for (size_t r = 0; rc >= 0 && r < n; r++)
		for (size_t i = 0; rc >= 0 && i < bn_predictor_input_count(c->p); i++)
			rc = where[i] == BN_SCHEMA_NONE
				     ? bn_session_set_value(s, r, i, json_null(), err)
				     : set_cell(s, r, i, &b->columns[where[i]], from + r, err);
	return rc < 0 ? rc : bn_session_run(s, err);
}

static int compare_predictions(bn_session *s, comparing *c, const bn_batch *b, const size_t *where, size_t answer,
	size_t from, size_t end, bn_err *err)
{
	bn_skew_check *k = &c->out->checks[0];
	const bn_column *x = &b->columns[answer];
	for (size_t at = from; at < end; at += BLOCK_ROWS) {
		size_t n = end - at < BLOCK_ROWS ? end - at : BLOCK_ROWS;
		int rc = predict_rows(s, c, b, where, at, n, err);
		if (rc < 0)
			return rc;
		for (size_t r = 0; r < n; r++) {
			const char *label = bn_session_label(s, r);
			double now = bn_session_prediction(s, r), was = bn_column_number(x, at + r);
			char *served = text_of(x, at + r), number[BN_FMT];
			bool numbers = !bn_type_is_text(x->type);
			if (numbers && label)
				bn_parse_f64(label, strlen(label), &now);
			bool equal = numbers ? numbers_equal(was, now, c->o->tolerance)
					     : served && label && !strcmp(served, label);
			k->compared++;
			if (numbers)
				differ_by(k, was, now);
			if (equal)
				bn_free(served);
			else
				differ(k, b, at + r, served, bn_strdup(label ? label : bn_fmt_f64(now, number)));
		}
	}
	return 0;
}

/* ---- the log ---------------------------------------------------------------------------------- */

/* A file of the log with the recipe's columns behind its own; at[i]: of check i, or BN_SCHEMA_NONE. */
static int derive(comparing *c, bn_table_reader **t, size_t *at, bn_err *err)
{
	for (size_t i = 1; i < c->out->count; i++) {
		bn_skew_check *k = &c->out->checks[i];
		bn_err why = BN_ERR_INIT;
		bn_buf text = BN_BUF_INIT;
		bn_buf_addf(&text, "`skew %zu` = %s", i, k->expression);
		int rc = bn_buf_check(&text, err, "an expression");
		if (rc < 0)
			return rc;
		rc = bn_table_derive(t, text.ptr, &why);
		bn_buf_release(&text);
		at[i] = rc < 0 ? BN_SCHEMA_NONE : bn_table_schema(*t)->count - 1;
		if (rc < 0 && !k->skipped && !(k->skipped = bn_strdup(why.msg)))
			return bn_err_nomem(err, "checks");
	}
	return 0;
}

static bool in_window(const bn_prediction_window *w, const bn_column *time, size_t row)
{
	int64_t ns = 0;
	if (!bn_column_int(time, row, &ns))
		return false;
	return (!w->from_ms || ns / 1000000 >= w->from_ms) && (!w->to_ms || ns / 1000000 < w->to_ms);
}

/* The places of the inputs, and of the prediction, in a file. */
static int find_columns(size_t *where, size_t *answer, const comparing *c, const bn_schema *s, bn_err *err)
{
	size_t place = 0;
	for (size_t i = 0; i < bn_predictor_input_count(c->p); i++)
		where[i] = bn_schema_find(s, bn_predictor_input_name(c->p, i));
	if (bn_schema_need(s, "_time", &place, err) < 0 || place != 0 || bn_schema_need(s, "_request", &place, err) < 0 ||
		place != 1)
		return bn_err_set(err, BN_ECORRUPT, "the prediction log has no times and requests");
	return bn_schema_need(s, "_prediction", answer, err);
}

static int compare_range(bn_session *s, comparing *c, const bn_batch *b, const size_t *where, size_t answer,
	const size_t *at, size_t from, size_t end, bn_err *err)
{
	int rc = compare_predictions(s, c, b, where, answer, from, end, err);
	c->rows += (int64_t)(end - from);
	for (size_t i = 1; rc >= 0 && i < c->out->count; i++) {
		bn_skew_check *k = &c->out->checks[i];
		size_t input = where[bn_predictor_find_input(c->p, k->name, strlen(k->name))];
		for (size_t r = from; at[i] != BN_SCHEMA_NONE && input != BN_SCHEMA_NONE && r < end; r++)
			compare_cells(c, k, b, &b->columns[input], &b->columns[at[i]], r);
	}
	return rc;
}

static int compare_file(
	comparing *c, bn_session *s, const char *object, uint64_t take, bn_err *err)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	size_t n = bn_predictor_input_count(c->p), answer = 0;
	size_t *where = bn_alloc((n + c->out->count + 1) * sizeof *where), *at = where ? where + n : NULL;
	int rc = where ? bn_prediction_file_open(&t, c->ws, object, err) : bn_err_nomem(err, "columns");
	if (rc < 0 || (rc = find_columns(where, &answer, c, bn_table_schema(t), err)) < 0 ||
		(rc = derive(c, &t, at, err)) < 0)
		goto out;
	uint64_t rows = bn_table_rows(t), skip = rows > take ? rows - take : 0;
	for (size_t k = 0; k < bn_table_batches(t) && rc >= 0; k++) {
		if ((rc = bn_table_read(t, k, NULL, 0, &b, err)) < 0)
			goto out;
		size_t begin = b.first_row < skip ? (size_t)(skip - b.first_row) : 0;
		for (size_t row = begin; row <= b.rows && rc >= 0; row++) {
			if (row < b.rows && in_window(&c->o->window, &b.columns[0], row))
				continue;
			if (row > begin)
				rc = compare_range(s, c, &b, where, answer, at, begin, row, err);
			begin = row + 1;
		}
	}
out:
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_free(where);
	return rc;
}

static int compare_log(comparing *c, bn_err *err)
{
	const bn_session_policy policy = {.allow_unknown = true, .allow_extra = true};
	bn_prediction_window w = c->o->window;
	bn_prediction_batches l = {NULL, 0, 0};
	bn_session *s = NULL;
	int rc;
	w.model = bn_predictor_name(c->p);
	w.version = bn_predictor_version(c->p);
	if ((rc = bn_session_new(&s, c->p, &policy, err)) < 0 ||
		(rc = bn_prediction_batches_list(&l, c->ws, &w, err)) < 0)
		goto out;
	for (size_t i = 0; i < l.count && rc >= 0; i++) {
		uint64_t left = UINT64_MAX;
		if (w.last)
			left = (uint64_t)c->rows < w.last ? w.last - (uint64_t)c->rows : 0;
		if (!left)
			break;
		if ((rc = bn_progress_step(c->o->progress, "computing again", i, l.count, err)) >= 0)
			rc = compare_file(c, s, l.items[i].object, left, err);
	}
out:
	bn_prediction_batches_release(&l);
	bn_session_free(s);
	return rc;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void judge(bn_skew *s, const bn_skew_options *o)
{
	s->threshold = o->threshold;
	s->min_rows = o->min_rows;
	for (size_t i = 0; i < s->count; i++)
		s->differ += s->checks[i].different > 0;
	for (size_t i = 0; i < s->inputs->feature_count; i++) {
		bn_skew_verdict v = bn_skew_judge(s, &s->inputs->features[i]);
		s->skewed += v == BN_SKEW_FOUND;
		s->unjudged += v > BN_SKEW_FOUND;
	}
}

int bn_skew_find(bn_skew *out, bn_workspace *ws, const char *model, const bn_skew_options *o, bn_err *err)
{
	const bn_monitor_options measured = {.window = o->window, .dry_run = true, .progress = o->progress};
	comparing c = {.out = out, .ws = ws, .o = o, .marks = BN_PROTECTION_INIT};
	bn_predictor *p = NULL;
	int rc;
	*out = (bn_skew){.checks = NULL};
	if ((rc = bn_monitor_report_make(&out->inputs, ws, model, &measured, err)) < 0 ||
		(rc = bn_predictor_open(&p, ws, model, err)) < 0)
		goto out;
	c.p = p;
	if ((rc = plan(&c, err)) < 0 || (rc = compare_log(&c, err)) < 0)
		goto out;
	judge(out, o);
out:
	bn_protection_release(&c.marks);
	bn_predictor_free(p);
	return rc;
}

/* predict.c - a loaded model that answers: one row at a time, or a whole frame; see model.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/_features.h"
#include "core/learn/_model.h"
#include "kernels/parallel.h"

#include <math.h>
#include <string.h>

enum { UNKNOWN_CODE = INT32_MAX };

/* ---- batch ---------------------------------------------------------------------------------- */

struct bn_model_batch {
	const bn_model *model;
	bn_arena arena; /* everything below */
	size_t max_rows, outputs;
	bn_column_view *columns;
	bn_frame_view frame;
	double *design, *out, *scratch;
	bn_features_seen seen;
};

static int allocate_columns(bn_model_batch *b, bn_err *err)
{
	const bn_features *f = b->model->features;
	size_t n = bn_features_input_count(f);
	b->columns = bn_arena_alloc(&b->arena, n * sizeof *b->columns);
	if (!b->columns)
		return bn_err_nomem(err, "batch");
	for (size_t i = 0; i < n; i++) {
		const bn_feature_input *in = bn_features_input(f, i);
		bn_column_view *c = &b->columns[i];
		*c = (bn_column_view){.name = in->name,
			.kind = in->kind,
			.dictionary = in->categories,
			.dictionary_size = in->category_count};
		if (in->kind == BN_VIEW_NUMBER)
			c->numbers = bn_arena_alloc(&b->arena, b->max_rows * sizeof(double));
		else
			c->codes = bn_arena_alloc(&b->arena, b->max_rows * sizeof(int32_t));
		if (!c->numbers && !c->codes)
			return bn_err_nomem(err, "batch");
	}
	b->frame = (bn_frame_view){b->columns, n, 0};
	return 0;
}

int bn_model_batch_new(bn_model_batch **out, const bn_model *m, size_t max_rows, bn_err *err)
{
	size_t width = bn_features_width(m->features);
	if (max_rows == 0 || max_rows > UINT32_MAX)
		return bn_err_set(err, BN_EINVAL, "a batch of %zu rows", max_rows);
	bn_model_batch *b = bn_alloc_zeroed(1, sizeof *b);
	if (!b)
		return bn_err_nomem(err, "batch");
	b->model = m;
	b->max_rows = max_rows;
	b->outputs = bn_model_outputs(m);
	b->design = bn_arena_alloc(&b->arena, max_rows * width * sizeof(double));
	b->out = bn_arena_alloc(&b->arena, max_rows * b->outputs * sizeof(double));
	b->scratch = bn_arena_alloc(&b->arena, bn_estimator_scratch(m->estimator) * sizeof(double));
	int rc = allocate_columns(b, err);
	if (rc == 0 && (!b->design || !b->out || !b->scratch))
		rc = bn_err_nomem(err, "batch");
	if (rc)
		bn_model_batch_free(b);
	else
		*out = b;
	return rc;
}

void bn_model_batch_free(bn_model_batch *b)
{
	if (!b)
		return;
	bn_arena_release(&b->arena);
	bn_free(b);
}

static void set_missing(bn_model_batch *b, size_t row, size_t input)
{
	bn_column_view *c = &b->columns[input];
	if (c->kind == BN_VIEW_NUMBER)
		((double *)c->numbers)[row] = NAN;
	else
		((int32_t *)c->codes)[row] = -1;
}

int bn_model_batch_set_rows(bn_model_batch *b, size_t rows, bn_err *err)
{
	if (rows > b->max_rows)
		return bn_err_set(err, BN_EINVAL, "%zu rows, the limit is %zu", rows, b->max_rows);
	b->frame.rows = rows;
	for (size_t i = 0; i < b->frame.column_count; i++) {
		b->columns[i].rows = rows;
		for (size_t r = 0; r < rows; r++)
			set_missing(b, r, i);
	}
	return 0;
}

static void set_category(bn_model_batch *b, size_t row, size_t input, const char *text)
{
	const bn_column_view *c = &b->columns[input];
	int32_t k = bn_category_find(c->dictionary, c->dictionary_size, text);
	((int32_t *)c->codes)[row] = k < 0 ? UNKNOWN_CODE : k;
}

void bn_model_batch_set_number(bn_model_batch *b, size_t row, size_t input, double value)
{
	char text[BN_FMT];
	const bn_column_view *c = &b->columns[input];
	if (isnan(value))
		set_missing(b, row, input);
	else if (c->kind == BN_VIEW_NUMBER)
		((double *)c->numbers)[row] = value;
	else if (c->kind == BN_VIEW_BOOL)
		((int32_t *)c->codes)[row] = value != 0;
	else
		set_category(b, row, input, bn_fmt_f64(value, text));
}

/* 1, 0, or -1 when the text is neither. */
static int parse_bool(const char *s, size_t n)
{
	if ((n == 4 && strncasecmp(s, "true", 4) == 0) || (n == 1 && *s == '1'))
		return 1;
	if ((n == 5 && strncasecmp(s, "false", 5) == 0) || (n == 1 && *s == '0'))
		return 0;
	return -1;
}

bool bn_model_batch_set_text(
	bn_model_batch *b, size_t row, size_t input, const char *text, size_t len)
{
	const bn_column_view *c = &b->columns[input];
	double number;
	set_missing(b, row, input);
	if (c->kind == BN_VIEW_CATEGORY) {
		int32_t *code = (int32_t *)c->codes + row;
		*code = UNKNOWN_CODE;
		/* Binary search on text that has no NUL of its own. */
		size_t low = 0, high = c->dictionary_size;
		while (low < high) {
			size_t mid = low + (high - low) / 2;
			int order = strncmp(c->dictionary[mid], text, len);
			if (order == 0 && c->dictionary[mid][len] != '\0')
				order = 1;
			if (order == 0) {
				*code = (int32_t)mid;
				break;
			}
			if (order < 0)
				low = mid + 1;
			else
				high = mid;
		}
		return true;
	}
	int truth = parse_bool(text, len);
	if (c->kind == BN_VIEW_BOOL) {
		((int32_t *)c->codes)[row] = truth;
		return truth >= 0;
	}
	if (bn_parse_f64(text, len, &number)) {
		((double *)c->numbers)[row] = number;
		return true;
	}
	if (truth >= 0 && len > 1) {
		((double *)c->numbers)[row] = truth;
		return true;
	}
	return false;
}

void bn_model_batch_predict(bn_model_batch *b)
{
	b->seen = (bn_features_seen){0, 0};
	int rc = bn_features_transform(b->model->features, &b->frame, b->design, &b->seen, NULL);
	BN_BUG(rc != 0); /* our own columns always fit */
	bn_estimator_predict(b->model->estimator, b->design, b->frame.rows, b->out, b->scratch);
}

const double *bn_model_batch_output(const bn_model_batch *b, size_t row)
{
	return b->out + row * b->outputs;
}

bn_features_seen bn_model_batch_seen(const bn_model_batch *b)
{
	return b->seen;
}

/* ---- whole frames --------------------------------------------------------------------------- */

typedef struct frame_work {
	const bn_model *model;
	bn_frame_view frame; /* in the pipeline's order, categories in its codes */
	size_t *unknown, *missing;
	double *out;
} frame_work;

/* Columns [begin, end) of rows, begin a multiple of 8. */
static void slice(
	bn_column_view *to, const bn_column_view *from, size_t n, size_t begin, size_t end)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].rows = end - begin;
		if (from[i].numbers)
			to[i].numbers = from[i].numbers + begin;
		if (from[i].codes)
			to[i].codes = from[i].codes + begin;
		if (from[i].validity)
			to[i].validity = from[i].validity + begin / 8;
	}
}

/* Blocks [begin, end) of BN_PREDICT_ROWS rows. */
static int predict_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const frame_work *w = user;
	const bn_features *f = w->model->features;
	size_t n = w->frame.column_count, outputs = bn_model_outputs(w->model);
	bn_features_seen seen = {0, 0};
	bn_column_view *columns = bn_alloc(n * sizeof *columns);
	double *design = bn_alloc(BN_PREDICT_ROWS * bn_features_width(f) * sizeof *design);
	double *scratch = bn_alloc(bn_estimator_scratch(w->model->estimator) * sizeof *scratch);
	int rc = columns && design && scratch ? 0 : BN_ENOMEM;
	for (size_t i = begin; i < end && rc == 0; i++) {
		size_t first = i * BN_PREDICT_ROWS, last = first + BN_PREDICT_ROWS;
		if (last > w->frame.rows)
			last = w->frame.rows;
		slice(columns, w->frame.columns, n, first, last);
		bn_frame_view part = {columns, n, last - first};
		rc = bn_features_transform(f, &part, design, &seen, NULL);
		if (rc == 0)
			bn_estimator_predict(w->model->estimator, design, last - first,
				w->out + first * outputs, scratch);
	}
	w->missing[shard] = seen.missing;
	w->unknown[shard] = seen.unknown;
	bn_free(columns);
	bn_free(design);
	bn_free(scratch);
	return rc;
}

/* The frame's category column in the codes of the pipeline. Yours through the arena. */
static int recode(bn_arena *arena, bn_column_view *to, const bn_feature_input *in, bn_err *err)
{
	const bn_column_view from = *to;
	int32_t *map = bn_alloc((from.dictionary_size + 1) * sizeof *map);
	int32_t *codes = bn_arena_alloc(arena, (from.rows + 1) * sizeof *codes);
	if (!map || !codes) {
		bn_free(map);
		return bn_err_nomem(err, "category codes");
	}
	for (size_t i = 0; i < from.dictionary_size; i++) {
		map[i] = bn_category_find(in->categories, in->category_count, from.dictionary[i]);
		if (map[i] < 0)
			map[i] = UNKNOWN_CODE;
	}
	for (size_t r = 0; r < from.rows; r++) {
		bool missing = bn_column_is_missing(&from, r);
		bool known = !missing && (size_t)from.codes[r] < from.dictionary_size;
		codes[r] = missing ? -1 : known ? map[from.codes[r]] : UNKNOWN_CODE;
	}
	to->codes = codes;
	to->validity = NULL;
	to->dictionary = in->categories;
	to->dictionary_size = in->category_count;
	bn_free(map);
	return 0;
}

/* Columns in the pipeline's order; kinds are checked here, on one row at least of every column. */
static int arrange(bn_arena *arena, bn_frame_view *out, const bn_features *f,
	const bn_frame_view *frame, bn_err *err)
{
	size_t n = bn_features_input_count(f);
	bn_column_view *columns = bn_arena_alloc(arena, n * sizeof *columns);
	int rc = columns ? 0 : bn_err_nomem(err, "columns");
	for (size_t i = 0; i < n && rc == 0; i++) {
		const bn_feature_input *in = bn_features_input(f, i);
		const bn_column_view *c = bn_frame_find(frame, in->name);
		if (!c) {
			rc = bn_err_set(
				err, BN_EINVAL, "no column '%s', which the model needs", in->name);
			break;
		}
		columns[i] = *c;
		columns[i].name = in->name;
		if (in->kind == BN_VIEW_CATEGORY && c->kind == BN_VIEW_CATEGORY)
			rc = recode(arena, &columns[i], in, err);
		else if (in->kind != BN_VIEW_CATEGORY && c->kind == BN_VIEW_CATEGORY)
			for (size_t r = 0; r < c->rows && rc == 0; r++)
				if (!bn_column_is_missing(c, r))
					rc = bn_err_set(err, BN_EINVAL,
						"column '%s' is a %s, the model was trained on a "
						"%s",
						in->name, bn_view_kind_name(c->kind),
						bn_view_kind_name(in->kind));
	}
	*out = (bn_frame_view){columns, n, frame->rows};
	return rc;
}

int bn_model_predict(const bn_model *m, const bn_frame_view *frame, int threads, double *out,
	bn_features_seen *seen, bn_err *err)
{
	size_t missing[BNK_MAX_SHARDS] = {0}, unknown[BNK_MAX_SHARDS] = {0};
	size_t blocks = (frame->rows + BN_PREDICT_ROWS - 1) / BN_PREDICT_ROWS;
	bn_arena arena = BN_ARENA_INIT;
	frame_work w = {.model = m, .missing = missing, .unknown = unknown, .out = out};
	int rc = arrange(&arena, &w.frame, m->features, frame, err);
	if (rc == 0 &&
		bnk_parallel_for(blocks, bnk_shard_count(blocks, 4), threads, predict_shard, &w))
		rc = bn_err_nomem(err, "prediction");
	for (size_t i = 0; i < BNK_MAX_SHARDS && seen; i++) {
		seen->missing += missing[i];
		seen->unknown += unknown[i];
	}
	bn_arena_release(&arena);
	return rc;
}

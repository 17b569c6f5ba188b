/* features.c - what a fitted pipeline does with a frame; see features.h. */
#include "core/learn/features.h"

#include "core/base/str.h"
#include "core/learn/_features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void bn_features_free(bn_features *f)
{
	if (!f)
		return;
	bn_arena arena = f->arena;
	bn_free(f);
	bn_arena_release(&arena);
}

size_t bn_features_width(const bn_features *f)
{
	return f->width;
}

size_t bn_features_input_count(const bn_features *f)
{
	return f->input_count;
}

const bn_feature_input *bn_features_input(const bn_features *f, size_t i)
{
	return i < f->input_count ? &f->inputs[i] : NULL;
}

const bn_feature_input *bn_features_find(const bn_features *f, const char *name)
{
	for (size_t i = 0; i < f->input_count; i++)
		if (strcmp(f->inputs[i].name, name) == 0)
			return &f->inputs[i];
	return NULL;
}

void bn_features_column_name(const bn_features *f, size_t j, char *out, size_t out_size)
{
	if (out_size)
		out[0] = '\0';
	for (size_t i = 0; i < f->input_count; i++) {
		const bn_feature_input *in = &f->inputs[i];
		if (j < in->first || j >= in->first + in->width)
			continue;
		if (in->kind == BN_VIEW_CATEGORY)
			snprintf(out, out_size, "%s=%s", in->name, in->categories[j - in->first]);
		else
			snprintf(out, out_size, "%s", in->name);
	}
}

size_t bn_features_skipped_count(const bn_features *f)
{
	return f->skipped_count;
}

const char *bn_features_skipped(const bn_features *f, size_t i)
{
	return i < f->skipped_count ? f->skipped[i] : NULL;
}

const char *bn_features_target(const bn_features *f)
{
	return f->target;
}

bn_task bn_features_task(const bn_features *f)
{
	return f->task;
}

size_t bn_features_class_count(const bn_features *f)
{
	return f->class_count;
}

const char *bn_features_class(const bn_features *f, size_t i)
{
	return i < f->class_count ? f->classes[i] : NULL;
}

size_t bn_features_target_missing(const bn_features *f)
{
	return f->target_missing;
}

size_t bn_features_source_count(const bn_features *f)
{
	return f->source_count;
}

const bn_feature_source *bn_features_source(const bn_features *f, size_t i)
{
	return i < f->source_count ? &f->sources[i] : NULL;
}

int bn_feature_source_field(bn_field *out, const bn_feature_source *s, bn_err *err)
{
	char type[BN_TYPE_TEXT];
	if (s->elements)
		snprintf(type, sizeof type, "fixed<%s,%zu>", bn_type_name(s->type), s->elements);
	else
		snprintf(type, sizeof type, "%s", bn_type_name(s->type));
	int rc = bn_field_parse_type(out, type, err);
	if (rc < 0)
		return rc;
	out->nullable = true;
	out->name = bn_strdup(s->name);
	return out->name ? 0 : bn_err_nomem(err, "a column");
}

/* The input goes on with the vector before it. */
static bool goes_on(
	const bn_feature_source *s, const bn_feature_input *before, const bn_feature_input *in)
{
	return in->elements && s->elements == in->elements && strcmp(s->name, in->column) == 0 &&
	       before->element < in->element;
}

/* Names of vectors are neither those of inputs nor of each other. */
static int check_sources(const bn_features *f, bn_err *err)
{
	for (size_t i = 0; i < f->source_count; i++) {
		const bn_feature_source *s = &f->sources[i];
		bool twice = s->elements && bn_features_find(f, s->name);
		for (size_t k = 0; s->elements && k < i && !twice; k++)
			twice = f->sources[k].elements && !strcmp(f->sources[k].name, s->name);
		if (twice)
			return bn_err_set(err, BN_EINVAL, "features: column '%s' twice", s->name);
	}
	return 0;
}

static int find_sources(bn_features *f, bn_err *err)
{
	f->source_count = 0;
	f->sources = bn_arena_alloc(&f->arena, (f->input_count + 1) * sizeof *f->sources);
	if (!f->sources)
		return bn_err_nomem(err, "features");
	for (size_t i = 0; i < f->input_count; i++) {
		const bn_feature_input *in = &f->inputs[i];
		bn_feature_source *last = &f->sources[f->source_count];
		if (i && goes_on(last - 1, in - 1, in)) {
			last[-1].count++;
			continue;
		}
		*last = (bn_feature_source){
			in->elements ? in->column : in->name, in->type, in->elements, i, 1};
		f->source_count++;
	}
	return check_sources(f, err);
}

int bn_features_number_columns(bn_features *f, bn_err *err)
{
	f->width = 0;
	for (size_t i = 0; i < f->input_count; i++) {
		bn_feature_input *in = &f->inputs[i];
		in->first = f->width;
		in->width = in->kind == BN_VIEW_CATEGORY ? in->category_count : 1;
		f->width += in->width;
	}
	return find_sources(f, err);
}

bn_type bn_feature_type(bn_view_kind kind, bn_type number)
{
	if (kind == BN_VIEW_BOOL)
		return BN_TYPE_BOOL;
	if (number == BN_TYPE_DECIMAL) /* which is learnt as the nearest double */
		number = BN_TYPE_FLOAT64;
	return kind == BN_VIEW_CATEGORY ? BN_TYPE_CATEGORY : number;
}

double bn_view_number(const bn_column_view *column, size_t row)
{
	if (bn_column_is_missing(column, row))
		return NAN;
	double v = column->kind == BN_VIEW_NUMBER ? column->numbers[row] : column->codes[row];
	return isfinite(v) ? v : NAN;
}

int32_t bn_category_find(const char *const *sorted, size_t count, const char *text, size_t len)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t mid = low + (high - low) / 2, n = strlen(sorted[mid]);
		int c = len ? memcmp(sorted[mid], text, n < len ? n : len) : 0;
		if (c == 0 && n == len)
			return (int32_t)mid;
		if (c < 0 || (c == 0 && n < len))
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

/* ---- apply ---------------------------------------------------------------------------------- */

static void apply_numbers(
	const bn_feature_input *in, const double *values, size_t rows, double *design, size_t width)
{
	for (size_t r = 0; r < rows; r++) {
		double v = isfinite(values[r]) ? values[r] : in->fill;
		design[r * width] = (v - in->mean) / in->scale;
	}
}

static void apply_codes(const bn_feature_input *in, const bn_column *c, size_t first, size_t rows,
	double *design, size_t width)
{
	for (size_t r = 0; r < rows; r++) {
		double *to = design + r * width;
		size_t k = bn_column_is_null(c, first + r) ? in->fill_category
							   : (size_t)c->codes[first + r];
		memset(to, 0, in->category_count * sizeof *to);
		if (k < in->category_count)
			to[k] = 1.0;
	}
}

void bn_features_apply(
	const bn_features *f, const bn_batch *batch, size_t first, size_t rows, double *design)
{
	for (size_t i = 0; i < f->input_count; i++) {
		const bn_feature_input *in = &f->inputs[i];
		const bn_column *c = &batch->columns[i];
		if (in->kind == BN_VIEW_CATEGORY)
			apply_codes(in, c, first, rows, design + in->first, f->width);
		else
			apply_numbers(in, c->f64 + first, rows, design + in->first, f->width);
	}
}

/* ---- target --------------------------------------------------------------------------------- */

static bool column_is_empty(const bn_column_view *c)
{
	for (size_t r = 0; r < c->rows; r++)
		if (!bn_column_is_missing(c, r))
			return false;
	return true;
}

static double class_of_number(const bn_features *f, double v)
{
	for (size_t k = 0; k < f->class_count; k++)
		if (f->class_values[k] == v)
			return (double)k;
	return NAN;
}

/* Class of row r of a classification target: NaN when it has none that training knew. */
static double class_of(const bn_features *f, const bn_column_view *c, size_t r)
{
	if (bn_column_is_missing(c, r))
		return NAN;
	if (f->target_kind == BN_VIEW_NUMBER && c->kind != BN_VIEW_CATEGORY)
		return class_of_number(f, bn_view_number(c, r));
	char text[BN_FMT];
	const char *label = text;
	if (c->kind == BN_VIEW_NUMBER)
		bn_fmt_f64(c->numbers[r], text);
	else if (c->kind == BN_VIEW_BOOL)
		label = c->codes[r] ? "true" : "false";
	else if ((size_t)c->codes[r] < c->dictionary_size)
		label = c->dictionary[c->codes[r]];
	else
		return NAN;
	for (size_t k = 0; k < f->class_count; k++)
		if (strcmp(f->classes[k], label) == 0)
			return (double)k;
	return NAN;
}

int bn_features_transform_target(
	const bn_features *f, const bn_frame_view *frame, double *target, bn_err *err)
{
	const bn_column_view *c = bn_frame_find(frame, f->target);
	if (!c)
		return bn_err_set(err, BN_EINVAL, "no target column '%s'", f->target);
	if (f->task == BN_TASK_REGRESSION && c->kind == BN_VIEW_CATEGORY && !column_is_empty(c))
		return bn_err_set(err, BN_EINVAL,
			"target '%s' is a %s, the model predicts a number", f->target,
			bn_view_kind_name(c->kind));
	if (c->has_nul)
		return bn_err_set(
			err, BN_EINVAL, "target '%s' has a text with a NUL byte", f->target);
	for (size_t r = 0; r < c->rows; r++) {
		if (f->task == BN_TASK_CLASSIFICATION)
			target[r] = class_of(f, c, r);
		else
			target[r] = c->kind == BN_VIEW_CATEGORY ? NAN : bn_view_number(c, r);
	}
	return 0;
}

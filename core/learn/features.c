/* features.c - applies a fitted pipeline to rows; see features.h. */
#include "core/learn/features.h"

#include "core/base/str.h"
#include "core/learn/_features.h"
#include "core/source/reading.h"

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
		if (in->kind == BN_INPUT_CATEGORY)
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
	out->read = bn_strdup(s->read);
	return out->name && (out->read || !s->read) ? 0 : bn_err_nomem(err, "a column");
}

/* Whether the input belongs to the same vector as the previous one. */
static bool goes_on(
	const bn_feature_source *s, const bn_feature_input *before, const bn_feature_input *in)
{
	return in->elements && s->elements == in->elements && strcmp(s->name, in->column) == 0 &&
	       before->element < in->element;
}

/* Names of vectors must differ from those of inputs and of each other. */
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

static bool is_category(const void *ctx, const char *text)
{
	const bn_feature_input *in = ctx;
	return bn_category_find(in->categories, in->category_count, text, strlen(text)) >= 0;
}

static int set_reading(
	bn_features *f, bn_feature_source *s, const bn_feature_input *in, bn_err *err)
{
	char *read = NULL;
	int rc = 0;
	s->read = in->read;
	if (in->kind != BN_INPUT_CATEGORY)
		return 0;
	if ((rc = bn_reading_with_values(&read, in->read, is_category, in, err)) < 0)
		return rc;
	s->read = bn_arena_strdup(&f->arena, read);
	if (read && !s->read)
		rc = bn_err_nomem(err, "features");
	bn_free(read);
	return rc;
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
			in->elements ? in->column : in->name, in->type, in->elements, i, 1, NULL};
		int rc = in->elements ? 0 : set_reading(f, last, in, err);
		if (rc < 0)
			return rc;
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
		in->width = in->kind == BN_INPUT_CATEGORY ? in->category_count : 1;
		f->width += in->width;
	}
	return find_sources(f, err);
}

bn_type bn_feature_type(bn_input_kind kind, bn_type number)
{
	if (kind == BN_INPUT_BOOL)
		return BN_TYPE_BOOL;
	if (number == BN_TYPE_DECIMAL) /* which training converts to the nearest double */
		number = BN_TYPE_FLOAT64;
	return kind == BN_INPUT_CATEGORY ? BN_TYPE_CATEGORY : number;
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
		if (in->kind == BN_INPUT_CATEGORY)
			apply_codes(in, c, first, rows, design + in->first, f->width);
		else
			apply_numbers(in, c->f64 + first, rows, design + in->first, f->width);
	}
}

/* ---- target --------------------------------------------------------------------------------- */

bool bn_features_has_target(const bn_column *c, size_t row)
{
	return c->type == BN_TYPE_CATEGORY ? !bn_column_is_null(c, row)
					   : isfinite(bn_column_number(c, row));
}

static double class_of_number(const bn_features *f, double v)
{
	for (size_t k = 0; k < f->class_count; k++)
		if (f->class_values[k] == v)
			return (double)k;
	return NAN;
}

static double class_of_label(const bn_features *f, const char *label, size_t n)
{
	for (size_t k = 0; k < f->class_count; k++)
		if (bn_str_is(f->classes[k], label, n))
			return (double)k;
	return NAN;
}

/* Class of a value that is not text: NaN if it is absent or unseen in training. */
static double class_of_value(const bn_features *f, const bn_column *c, size_t r)
{
	char text[BN_FMT];
	const char *label = text;
	double v = bn_column_number(c, r);
	if (f->target_kind == BN_INPUT_NUMBER)
		return class_of_number(f, isfinite(v) ? v : NAN);
	if (isnan(v))
		return NAN;
	if (c->type == BN_TYPE_BOOL)
		label = v != 0 ? "true" : "false";
	else
		bn_fmt_f64(v, text);
	return class_of_label(f, label, strlen(label));
}

/* Classes of rows of a category. */
static int classes_of_texts(
	const bn_features *f, const bn_column *c, size_t from, size_t n, double *target, bn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		bn_text t = bn_column_text(c, from + i);
		if (t.len && memchr(t.ptr, '\0', t.len))
			return bn_err_set(err, BN_EINVAL,
				"target '%s' has a text with a NUL byte", f->target);
		target[i] = t.ptr ? class_of_label(f, t.ptr, t.len) : NAN;
	}
	return 0;
}

/* Whether there is a text value where a number is predicted. */
static int not_a_number(
	const bn_features *f, const bn_column *c, size_t from, size_t n, double *target, bn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!bn_column_is_null(c, from + i))
			return bn_err_set(err, BN_EINVAL,
				"target '%s' is a %s, the model predicts a number", f->target,
				bn_input_kind_name(BN_INPUT_CATEGORY));
		target[i] = NAN;
	}
	return 0;
}

int bn_features_target_of(const bn_features *f, const bn_column *c, size_t from, size_t n,
	double *target, bn_err *err)
{
	if (f->task == BN_TASK_REGRESSION)
		return c->type == BN_TYPE_CATEGORY
			       ? not_a_number(f, c, from, n, target, err)
			       : bn_part_numbers(c, from, n, target, err);
	if (c->type == BN_TYPE_CATEGORY)
		return classes_of_texts(f, c, from, n, target, err);
	for (size_t i = 0; i < n; i++)
		target[i] = class_of_value(f, c, from + i);
	return 0;
}

/* ---- kinds ---------------------------------------------------------------------------------- */

static const char *const kind_names[] = {"number", "boolean", "category"};

bn_input_kind bn_input_kind_of(bn_type type)
{
	if (type == BN_TYPE_BOOL)
		return BN_INPUT_BOOL;
	return type == BN_TYPE_CATEGORY ? BN_INPUT_CATEGORY : BN_INPUT_NUMBER;
}

const char *bn_input_kind_name(bn_input_kind kind)
{
	return (unsigned)kind < 3 ? kind_names[kind] : "unknown";
}

bool bn_input_kind_parse(bn_input_kind *out, const char *name)
{
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*out = (bn_input_kind)i;
			return true;
		}
	}
	return false;
}

bool bn_input_takes(bn_type type)
{
	return bn_type_is_scalar(type) || type == BN_TYPE_CATEGORY;
}

bool bn_input_is_vector(const bn_field *f)
{
	return f->type == BN_TYPE_FIXED && bn_type_is_number(f->child->type);
}

int bn_input_refuse(const bn_field *f, bn_err *err)
{
	char type[BN_TYPE_TEXT];
	if (f->type == BN_TYPE_STRING) {
		bn_err_set(err, BN_EINVAL, "column '%s' is free text", f->name);
		bn_err_hint(err, "leave it out, or ingest it as a category");
		return BN_EINVAL;
	}
	bn_err_set(err, BN_EINVAL, "column '%s' is %s, which models cannot learn from", f->name,
		bn_field_type_text(f, type));
	bn_err_hint(err, bn_type_is_list(f->type)
				 ? "leave it out, or make columns of the values that matter"
				 : "leave it out");
	return BN_EINVAL;
}

/*
 * features_json.c - writes a feature pipeline as features.json and reads it; see features.h.
 *
 * Reading checks everything that transform relies on (counts, indices, finite scales, sorted
 * categories), because the file is untrusted.
 */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/learn/_features.h"
#include "core/source/reading.h"

#include <math.h>
#include <string.h>

#define FORMAT "binnacle.features/1"

enum { MAX_INPUTS = 100000 };

static const char *const impute_names[] = {"mean", "median", "most_frequent"};

/* ---- writing -------------------------------------------------------------------------------- */

/* 0, or -1 if out of memory; value may then be NULL too. */
static int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static json_t *real_array(const double *v, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n && list; i++)
		json_array_append_new(list, bn_json_real_or_null(v[i]));
	return list;
}

static json_t *string_array(const char *const *v, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n && list; i++)
		json_array_append_new(list, json_string(v[i]));
	return list;
}

static json_t *input_to_json(const bn_feature_input *in)
{
	json_t *o = json_object(), *ref = json_object();
	int bad = put(o, "name", json_string(in->name)) ||
		  put(o, "kind", json_string(bn_input_kind_name(in->kind))) ||
		  (in->elements &&
			  (put(o, "column", json_string(in->column)) ||
				  put(o, "element", json_integer((json_int_t)in->element)) ||
				  put(o, "elements", json_integer((json_int_t)in->elements)))) ||
		  put(ref, "count", json_integer((json_int_t)in->count)) ||
		  put(ref, "missing", json_integer((json_int_t)in->missing));
	/* float64 is the default and omitted, unless it could be taken for a time of an older model
	 * (read_type). */
	if (in->kind == BN_INPUT_NUMBER && (in->type != BN_TYPE_FLOAT64 || in->ref_min > 1e17))
		bad = bad || put(o, "type", json_string(bn_type_name(in->type)));
	if (in->read)
		bad = bad || put(o, "read", json_loads(in->read, 0, NULL));
	if (in->kind == BN_INPUT_CATEGORY) {
		bad = bad ||
		      put(o, "categories", string_array(in->categories, in->category_count)) ||
		      put(o, "fill_category", json_integer((json_int_t)in->fill_category)) ||
		      (in->category_shares &&
			      put(ref, "shares",
				      real_array(in->category_shares, in->category_count)));
	} else {
		bad = bad || put(o, "fill", json_real(in->fill)) ||
		      put(o, "mean", json_real(in->mean)) ||
		      put(o, "scale", json_real(in->scale)) ||
		      put(ref, "mean", bn_json_real_or_null(in->ref_mean)) ||
		      put(ref, "deviation", bn_json_real_or_null(in->ref_deviation)) ||
		      put(ref, "min", bn_json_real_or_null(in->ref_min)) ||
		      put(ref, "max", bn_json_real_or_null(in->ref_max));
		if (in->deciles)
			bad = bad || put(ref, "deciles", real_array(in->deciles, 11));
	}
	bad = json_object_set_new(o, "reference", ref) || bad;
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *target_to_json(const bn_features *f)
{
	json_t *o = json_object();
	if (put(o, "name", json_string(f->target)) ||
		put(o, "kind", json_string(bn_input_kind_name(f->target_kind))) ||
		put(o, "missing", json_integer((json_int_t)f->target_missing)) ||
		(f->class_count && put(o, "classes", string_array(f->classes, f->class_count)))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

int bn_features_to_json(json_t **out, const bn_features *f, bn_err *err)
{
	json_t *doc = json_object(), *inputs = json_array();
	int bad = put(doc, "format", json_string(FORMAT)) ||
		  put(doc, "task",
			  json_string(f->task == BN_TASK_REGRESSION ? "regression"
								    : "classification")) ||
		  put(doc, "target", target_to_json(f)) ||
		  put(doc, "impute", json_string(impute_names[f->impute])) ||
		  put(doc, "standardise", json_boolean(f->standardise)) ||
		  put(doc, "skipped", string_array(f->skipped, f->skipped_count));
	for (size_t i = 0; i < f->input_count; i++)
		bad = json_array_append_new(inputs, input_to_json(&f->inputs[i])) || bad;
	bad = json_object_set_new(doc, "inputs", inputs) || bad;
	if (bad) {
		json_decref(doc);
		return bn_err_nomem(err, "features.json");
	}
	*out = doc;
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Copies a JSON array of strings into the arena. */
static int read_strings(bn_features *f, const char ***out, size_t *count, const json_t *list,
	const char *where, bn_err *err)
{
	size_t n = json_array_size(list);
	const char **items = bn_arena_alloc(&f->arena, (n + 1) * sizeof *items);
	if (!items)
		return bn_err_nomem(err, where);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		if (!s)
			return bn_err_set(
				err, BN_EINVAL, "%s: element %zu is not a string", where, i);
		items[i] = bn_arena_strdup(&f->arena, s);
		if (!items[i])
			return bn_err_nomem(err, where);
	}
	*out = items;
	*count = n;
	return 0;
}

/* NULL stays NULL; else an array of exactly n numbers, null meaning absent. */
static int read_reals(bn_features *f, const double **out, size_t n, const json_t *list,
	const char *where, bn_err *err)
{
	if (!list || json_is_null(list))
		return 0;
	if (json_array_size(list) != n)
		return bn_err_set(err, BN_EINVAL, "%s: needs %zu numbers", where, n);
	double *v = bn_arena_alloc(&f->arena, (n + 1) * sizeof *v);
	if (!v)
		return bn_err_nomem(err, where);
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		v[i] = json_is_number(item) ? json_number_value(item) : NAN;
	}
	*out = v;
	return 0;
}

static int read_category_input(bn_features *f, bn_feature_input *in, const json_t *o,
	const json_t *ref, const char *where, bn_err *err)
{
	json_t *list = NULL;
	int64_t fill = 0;
	const char **names = NULL;
	int rc = bn_json_need_array(o, "categories", &list, where, err);
	if (rc == 0)
		rc = bn_json_need_int(o, "fill_category", &fill, where, err);
	if (rc == 0)
		rc = read_strings(f, &names, &in->category_count, list, where, err);
	if (rc)
		return rc;
	in->categories = names;
	if (in->category_count == 0 || fill < 0 || (uint64_t)fill >= in->category_count)
		return bn_err_set(err, BN_EINVAL, "%s: fill_category %lld of %zu categories", where,
			(long long)fill, in->category_count);
	in->fill_category = (size_t)fill;
	for (size_t i = 1; i < in->category_count; i++)
		if (strcmp(in->categories[i - 1], in->categories[i]) >= 0)
			return bn_err_set(err, BN_EINVAL, "%s: categories are not sorted", where);
	in->scale = 1;
	in->ref_mean = in->ref_deviation = in->ref_min = in->ref_max = NAN;
	return read_reals(f, &in->category_shares, in->category_count,
		json_object_get(ref, "shares"), where, err);
}

static int read_number_input(bn_features *f, bn_feature_input *in, const json_t *o,
	const json_t *ref, const char *where, bn_err *err)
{
	int rc = bn_json_need_num(o, "fill", &in->fill, where, err);
	if (rc == 0)
		rc = bn_json_need_num(o, "mean", &in->mean, where, err);
	if (rc == 0)
		rc = bn_json_need_num(o, "scale", &in->scale, where, err);
	if (rc)
		return rc;
	if (!isfinite(in->fill) || !isfinite(in->mean) || !isfinite(in->scale) || in->scale <= 0)
		return bn_err_set(err, BN_EINVAL,
			"%s: fill, mean and scale must be finite, scale "
			"above 0",
			where);
	in->ref_mean = bn_json_num(ref, "mean", NAN);
	in->ref_deviation = bn_json_num(ref, "deviation", NAN);
	in->ref_min = bn_json_num(ref, "min", NAN);
	in->ref_max = bn_json_num(ref, "max", NAN);
	return read_reals(f, &in->deciles, 11, json_object_get(ref, "deciles"), where, err);
}

/* Numbers have had a type since models store it; before, times were recognised only by their
 * size. */
static int read_type(bn_feature_input *in, const json_t *o, const char *where, bn_err *err)
{
	const char *name = bn_json_str(o, "type", NULL);
	in->type = bn_feature_type(in->kind,
		in->ref_min > 1e17 && in->ref_max < 0x1p63 ? BN_TYPE_TIMESTAMP : BN_TYPE_FLOAT64);
	if (!name || in->kind != BN_INPUT_NUMBER)
		return 0;
	if (bn_type_parse(&in->type, name, NULL) < 0 ||
		!(bn_type_is_number(in->type) || bn_type_is_time(in->type)))
		return bn_err_set(err, BN_EUNSUPPORTED,
			"%s: this build does not support numbers of type '%.40s'", where, name);
	return 0;
}

/* An older program ignores it, and reads text as it always did. */
static int read_reading(
	bn_features *f, bn_feature_input *in, const json_t *o, const char *where, bn_err *err)
{
	const json_t *read = json_object_get(o, "read");
	bn_reading r = BN_READING_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc;
	if (!read)
		return 0;
	if ((rc = bn_json_canonical(read, &text, err)) < 0)
		goto out;
	if ((rc = bn_reading_parse(&r, text.ptr, err)) < 0) {
		bn_err_prefix(err, "%s", where);
		goto out;
	}
	if (!(in->read = bn_arena_strdup(&f->arena, text.ptr)))
		rc = bn_err_nomem(err, where);
out:
	bn_reading_release(&r);
	bn_buf_release(&text);
	return rc;
}

/* An element of a vector column has the vector's name and its index. */
static int read_element(
	bn_features *f, bn_feature_input *in, const json_t *o, const char *where, bn_err *err)
{
	const char *column = NULL;
	int64_t element = 0, elements = 0;
	int rc;
	if (!json_object_get(o, "column"))
		return 0;
	if ((rc = bn_json_need_str(o, "column", &column, where, err)) < 0 ||
		(rc = bn_json_need_int(o, "element", &element, where, err)) < 0 ||
		(rc = bn_json_need_int(o, "elements", &elements, where, err)) < 0)
		return rc;
	if (in->kind != BN_INPUT_NUMBER || !bn_type_is_number(in->type) || elements < 1 ||
		elements > MAX_INPUTS || element < 0 || element >= elements)
		return bn_err_set(err, BN_EINVAL, "%s: no element %lld of %lld numbers", where,
			(long long)element, (long long)elements);
	in->column = bn_arena_strdup(&f->arena, column);
	in->element = (size_t)element;
	in->elements = (size_t)elements;
	return in->column ? 0 : bn_err_nomem(err, where);
}

static int read_input(bn_features *f, const json_t *o, size_t i, bn_err *err)
{
	bn_feature_input *in = &f->inputs[i];
	const char *name = NULL, *kind = NULL;
	char where[64];
	snprintf(where, sizeof where, "features.json: input %zu", i);
	int rc = bn_json_need_str(o, "name", &name, where, err);
	if (rc == 0)
		rc = bn_json_need_str(o, "kind", &kind, where, err);
	if (rc)
		return rc;
	if (!bn_input_kind_parse(&in->kind, kind))
		return bn_err_set(err, BN_EINVAL, "%s: no kind '%.40s'", where, kind);
	for (size_t k = 0; k < i; k++)
		if (strcmp(f->inputs[k].name, name) == 0)
			return bn_err_set(err, BN_EINVAL, "%s: '%s' twice", where, name);
	in->name = bn_arena_strdup(&f->arena, name);
	if (!in->name)
		return bn_err_nomem(err, where);
	const json_t *ref = json_object_get(o, "reference");
	int64_t count = bn_json_int(ref, "count", 0), missing = bn_json_int(ref, "missing", 0);
	in->count = count > 0 ? (size_t)count : 0;
	in->missing = missing > 0 ? (size_t)missing : 0;
	rc = in->kind == BN_INPUT_CATEGORY ? read_category_input(f, in, o, ref, where, err)
					  : read_number_input(f, in, o, ref, where, err);
	if (rc < 0 || (rc = read_type(in, o, where, err)) < 0 ||
		(rc = read_reading(f, in, o, where, err)) < 0)
		return rc;
	return read_element(f, in, o, where, err);
}

static int read_classes(bn_features *f, const json_t *target, bn_err *err)
{
	const char *where = "features.json: target";
	json_t *list = NULL;
	int rc = bn_json_need_array(target, "classes", &list, where, err);
	if (rc == 0)
		rc = read_strings(f, &f->classes, &f->class_count, list, where, err);
	if (rc)
		return rc;
	if (f->class_count < 2 || f->class_count > BN_FEATURES_MAX_CLASSES)
		return bn_err_set(err, BN_EINVAL, "%s: %zu classes, needs 2 to %d", where,
			f->class_count, BN_FEATURES_MAX_CLASSES);
	f->class_values = bn_arena_alloc(&f->arena, f->class_count * sizeof *f->class_values);
	if (!f->class_values)
		return bn_err_nomem(err, where);
	for (size_t k = 0; k < f->class_count; k++) {
		f->class_values[k] = (double)k;
		if (f->target_kind == BN_INPUT_NUMBER &&
			!bn_parse_f64(f->classes[k], strlen(f->classes[k]), &f->class_values[k]))
			return bn_err_set(err, BN_EINVAL, "%s: class '%.40s' is not a number",
				where, f->classes[k]);
	}
	return 0;
}

static int read_head(bn_features *f, const json_t *doc, json_t **inputs, bn_err *err)
{
	const char *where = "features.json", *format = NULL, *task = NULL, *kind = NULL,
		   *name = NULL, *impute = NULL;
	json_t *target = NULL;
	int rc = bn_json_need_str(doc, "format", &format, where, err);
	if (rc == 0 && strcmp(format, FORMAT) != 0)
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s: format '%.40s', this build reads %s",
			where, format, FORMAT);
	if (rc || (rc = bn_json_need_str(doc, "task", &task, where, err)) != 0 ||
		(rc = bn_json_need_object(doc, "target", &target, where, err)) != 0 ||
		(rc = bn_json_need_str(target, "name", &name, where, err)) != 0 ||
		(rc = bn_json_need_str(target, "kind", &kind, where, err)) != 0 ||
		(rc = bn_json_need_str(doc, "impute", &impute, where, err)) != 0 ||
		(rc = bn_json_need_array(doc, "inputs", inputs, where, err)) != 0)
		return rc;
	f->target = bn_arena_strdup(&f->arena, name);
	f->standardise = bn_json_bool(doc, "standardise", true);
	f->target_missing = (size_t)bn_json_int(target, "missing", 0);
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(impute, impute_names[i]) == 0)
			f->impute = (bn_impute)i;
	if (!f->target)
		return bn_err_nomem(err, where);
	if (!bn_input_kind_parse(&f->target_kind, kind))
		return bn_err_set(err, BN_EINVAL, "%s: no kind '%.40s'", where, kind);
	if (strcmp(task, "regression") == 0) {
		f->task = BN_TASK_REGRESSION;
		return 0;
	}
	if (strcmp(task, "classification") != 0)
		return bn_err_set(err, BN_EINVAL, "%s: no task '%.40s'", where, task);
	f->task = BN_TASK_CLASSIFICATION;
	return read_classes(f, target, err);
}

int bn_features_from_json(bn_features **out, const json_t *doc, bn_err *err)
{
	json_t *inputs = NULL, *skipped = json_object_get(doc, "skipped");
	bn_features *f = bn_alloc_zeroed(1, sizeof *f);
	if (!f)
		return bn_err_nomem(err, "feature pipeline");
	int rc = read_head(f, doc, &inputs, err);
	size_t n = json_array_size(inputs);
	if (rc < 0)
		goto out;
	if (n == 0 || n > MAX_INPUTS) {
		rc = bn_err_set(
			err, BN_EINVAL, "features.json: %zu inputs, needs 1 to %d", n, MAX_INPUTS);
		goto out;
	}
	f->inputs = bn_arena_alloc(&f->arena, n * sizeof *f->inputs);
	if (!f->inputs) {
		rc = bn_err_nomem(err, "features.json");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if ((rc = read_input(f, json_array_get(inputs, i), i, err)) < 0)
			goto out;
	if ((rc = read_strings(f, &f->skipped, &f->skipped_count, skipped, "features.json: skipped",
		     err)) < 0)
		goto out;
	f->input_count = n;
	if ((rc = bn_features_number_columns(f, err)) < 0)
		goto out;
	*out = f;
	f = NULL;
out:
	bn_features_free(f);
	return rc;
}

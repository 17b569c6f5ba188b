/* profile_json.c - the two JSON forms of a profile (profile.h). */
#include "core/profile/profile.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/profile/_accumulator.h"
#include "core/profile/_profile.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define FORMAT 1        /* everything, as stored by the first version */
#define FORMAT_STORED 2 /* without redundant parts */

/* ---- writing ------------------------------------------------------------------------------- */

/* Writes text without a tree: a table of 100 000 columns has millions of nodes. Keys are sorted,
 * as in canonical JSON: key is ",name" with quotes and colon, or "{name" for the first of an
 * object. */
#define KEY(b, key) bn_buf_add(b, key, sizeof key - 1)

/* JSON has no infinities: they become the texts "inf" and "-inf". Absent is null. */
static void add_number(bn_buf *b, double x)
{
	char text[BN_FMT];

	if (isnan(x)) {
		bn_buf_adds(b, "null");
	} else if (isinf(x)) {
		bn_buf_adds(b, x > 0 ? "\"inf\"" : "\"-inf\"");
	} else {
		bn_buf_adds(b, bn_fmt_f64(x, text));
		if (!strpbrk(text, ".e")) /* a real stays a real */
			bn_buf_adds(b, ".0");
	}
}

static void add_numbers(bn_buf *b, const double *values, size_t n)
{
	bn_buf_addch(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			bn_buf_addch(b, ',');
		add_number(b, values[i]);
	}
	bn_buf_addch(b, ']');
}

static void add_bool(bn_buf *b, bool x)
{
	bn_buf_adds(b, x ? "true" : "false");
}

static void add_text(bn_buf *b, const char *s)
{
	if (s)
		bn_buf_add_json_string(b, s, strlen(s));
	else
		bn_buf_adds(b, "null");
}

/* Quantiles and histogram follow from the values if all of them are among the frequent ones. */
static bool has_all_values(const bn_profile_column *c)
{
	return c->is_numeric && c->distinct_exact && c->top_count == c->distinct && !c->top_error;
}

static void add_numeric(bn_buf *b, const bn_profile_column *c, bool stored)
{
	const bool whole = !stored || !has_all_values(c);

	KEY(b, "{\"decreasing\":");
	add_bool(b, c->decreasing);
	if (whole) {
		KEY(b, ",\"histogram\":{\"counts\":");
		add_numbers(b, c->hist, c->hist_count);
		KEY(b, ",\"hi\":");
		add_number(b, c->hist_hi);
		KEY(b, ",\"lo\":");
		add_number(b, c->hist_lo);
		bn_buf_addch(b, '}');
	}
	KEY(b, ",\"increasing\":");
	add_bool(b, c->increasing);
	KEY(b, ",\"infinities\":");
	bn_buf_add_u64(b, c->infinities);
	KEY(b, ",\"max\":");
	add_number(b, c->max);
	KEY(b, ",\"max_text\":");
	add_text(b, c->max_text);
	KEY(b, ",\"mean\":");
	add_number(b, c->mean);
	KEY(b, ",\"min\":");
	add_number(b, c->min);
	KEY(b, ",\"min_text\":");
	add_text(b, c->min_text);
	KEY(b, ",\"negatives\":");
	bn_buf_add_u64(b, c->negatives);
	if (whole) {
		KEY(b, ",\"quantiles\":");
		add_numbers(b, c->quantiles, BN_PROFILE_QUANTILES);
		KEY(b, ",\"quantiles_exact\":");
		add_bool(b, c->quantiles_exact);
		KEY(b, ",\"rank_error\":");
		add_number(b, c->rank_error);
	}
	KEY(b, ",\"skew\":");
	add_number(b, c->skew);
	KEY(b, ",\"std\":");
	add_number(b, c->std);
	KEY(b, ",\"sum\":");
	add_number(b, c->sum);
	KEY(b, ",\"zeros\":");
	bn_buf_add_u64(b, c->zeros);
	bn_buf_addch(b, '}');
}

static void add_lengths(bn_buf *b, const bn_profile_column *c)
{
	KEY(b, "{\"empty\":");
	bn_buf_add_u64(b, c->empty);
	KEY(b, ",\"length_max\":");
	bn_buf_add_u64(b, c->length_max);
	KEY(b, ",\"length_mean\":");
	add_number(b, c->length_mean);
	KEY(b, ",\"length_min\":");
	bn_buf_add_u64(b, c->length_min);
	bn_buf_addch(b, '}');
}

static void add_top(bn_buf *b, const bn_profile_column *c)
{
	bn_buf_addch(b, '[');
	for (size_t i = 0; i < c->top_count; i++) {
		const bn_profile_value *v = &c->top[i];
		if (i)
			bn_buf_addch(b, ',');
		KEY(b, "{\"count\":");
		bn_buf_add_u64(b, v->count);
		KEY(b, ",\"number\":");
		add_number(b, v->number);
		KEY(b, ",\"value\":");
		add_text(b, v->text);
		bn_buf_addch(b, '}');
	}
	bn_buf_addch(b, ']');
}

/* Bytes and lists: only their lengths have statistics. */
static bool has_sizes(bn_type type)
{
	return type == BN_TYPE_BINARY || bn_type_is_list(type);
}

static void add_counts(bn_buf *b, const bn_profile_column *c)
{
	KEY(b, "{\"constant\":");
	add_bool(b, c->constant);
	KEY(b, ",\"distinct\":");
	bn_buf_add_u64(b, c->distinct);
	KEY(b, ",\"distinct_error\":");
	add_number(b, c->distinct_error);
	KEY(b, ",\"distinct_exact\":");
	add_bool(b, c->distinct_exact);
	KEY(b, ",\"missing\":");
	bn_buf_add_u64(b, c->missing);
	KEY(b, ",\"name\":");
	add_text(b, c->name);
	KEY(b, ",\"nan\":");
	bn_buf_add_u64(b, c->nan);
}

static void add_column(bn_buf *b, const bn_profile_column *c, bool stored)
{
	bn_buf type = BN_BUF_INIT;

	bn_field_format_type(&c->field, &type);
	add_counts(b, c);
	KEY(b, ",\"numeric\":");
	if (c->is_numeric)
		add_numeric(b, c, stored);
	else
		bn_buf_adds(b, "null");
	KEY(b, ",\"rows\":");
	bn_buf_add_u64(b, c->rows);
	if (has_sizes(c->type)) {
		KEY(b, ",\"sizes\":");
		add_lengths(b, c);
	}
	KEY(b, ",\"text\":");
	if (bn_type_is_text(c->type))
		add_lengths(b, c);
	else
		bn_buf_adds(b, "null");
	KEY(b, ",\"top\":");
	add_top(b, c);
	KEY(b, ",\"top_error\":");
	bn_buf_add_u64(b, c->top_error);
	KEY(b, ",\"type\":");
	add_text(b, type.ptr);
	KEY(b, ",\"unique\":");
	if (c->unique == BN_UNKNOWN)
		bn_buf_adds(b, "null");
	else
		add_bool(b, c->unique == BN_YES);
	KEY(b, ",\"unit\":");
	add_text(b, c->unit);
	if (c->values) {
		KEY(b, ",\"values\":");
		add_column(b, c->values, stored);
	}
	if (c->field.zone) {
		KEY(b, ",\"zone\":");
		add_text(b, c->field.zone);
	}
	bn_buf_addch(b, '}');
	b->failed |= type.failed;
	bn_buf_release(&type);
}

#define WAVE ((size_t)32) /* blocks of columns whose texts are made at once */

typedef struct wave {
	size_t first, count; /* columns */
	bn_buf texts[WAVE];  /* by block */
} wave;

typedef struct writing {
	const bn_profile *profile;
	bool stored;
	bn_profile_sink write;
	void *ctx;
	wave *next, *full; /* being made; being written */
} writing;

static int write_full(const writing *w, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < BN_PROFILE_BLOCKS(w->full->count); i++)
		rc = w->write(w->ctx, w->full->texts[i].ptr, w->full->texts[i].len, err);
	return rc;
}

/* Task 0 writes the last wave, each other one makes the text of a block of the next. */
static int write_part(void *user, size_t task, bn_err *err)
{
	const writing *w = user;

	if (task == 0)
		return write_full(w, err);
	bn_buf *text = &w->next->texts[task - 1];
	size_t from = (task - 1) * BN_PROFILE_BLOCK;
	bn_buf_clear(text);
	for (size_t i = from; i < w->next->count && i < from + BN_PROFILE_BLOCK; i++) {
		if (w->next->first + i)
			bn_buf_addch(text, ',');
		add_column(text, &w->profile->columns[w->next->first + i], w->stored);
	}
	return bn_buf_check(text, err, "the JSON of a profile");
}

static int write_columns(writing *w, bn_err *err)
{
	const size_t all = w->profile->column_count;
	wave *waves = bn_alloc_zeroed(2, sizeof *waves);
	bn_crew *crew = NULL;
	int rc = waves ? bn_profile_crew(&crew, all, err) : bn_err_nomem(err, "the JSON of a profile");

	if (rc < 0)
		goto out;
	for (size_t i = 0; i < WAVE; i++) {
		bn_buf_init(&waves[0].texts[i]);
		bn_buf_init(&waves[1].texts[i]);
	}
	for (size_t done = 0, k = 0; rc == 0 && (done < all || waves[!k].count); k = !k) {
		w->next = &waves[k];
		w->full = &waves[!k];
		w->next->first = done;
		w->next->count = all - done < WAVE * BN_PROFILE_BLOCK ? all - done : WAVE * BN_PROFILE_BLOCK;
		done += w->next->count;
		rc = bn_crew_fan(crew, 1 + BN_PROFILE_BLOCKS(w->next->count), write_part, w, err);
	}
	for (size_t i = 0; i < WAVE; i++) {
		bn_buf_release(&waves[0].texts[i]);
		bn_buf_release(&waves[1].texts[i]);
	}
out:
	bn_free(waves);
	bn_crew_free(crew);
	return rc;
}

static int write_profile(
	bn_profile_sink write, void *ctx, const bn_profile *p, bool stored, bn_err *err)
{
	static const char head[] = "{\"columns\":[";
	writing w = {.profile = p, .stored = stored, .write = write, .ctx = ctx};
	bn_buf tail = BN_BUF_INIT;
	int rc;

	KEY(&tail, "],\"format\":");
	bn_buf_add_u64(&tail, stored ? FORMAT_STORED : FORMAT);
	KEY(&tail, ",\"rows\":");
	bn_buf_add_u64(&tail, p->rows);
	bn_buf_addch(&tail, '}');
	if ((rc = bn_buf_check(&tail, err, "the JSON of a profile")) < 0 ||
		(rc = write(ctx, head, sizeof head - 1, err)) < 0 || (rc = write_columns(&w, err)) < 0)
		goto out;
	rc = write(ctx, tail.ptr, tail.len, err);
out:
	bn_buf_release(&tail);
	return rc;
}

static int write_to_buf(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_buf_add(ctx, bytes, n);
	return bn_buf_check(ctx, err, "the JSON of a profile");
}

int bn_profile_write(bn_profile_sink write, void *ctx, const bn_profile *p, bn_err *err)
{
	return write_profile(write, ctx, p, true, err);
}

int bn_profile_write_buf(bn_buf *out, const bn_profile *p, bn_err *err)
{
	return bn_profile_write(write_to_buf, out, p, err);
}

int bn_profile_to_json(json_t **out, const bn_profile *p, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = write_profile(write_to_buf, &text, p, false, err);

	if (rc < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, text.len, "a profile", err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- reading ------------------------------------------------------------------------------- */

static double number_get(const json_t *v)
{
	const char *s = json_string_value(v);
	if (json_is_number(v))
		return json_number_value(v);
	return !s ? NAN : !strcmp(s, "inf") ? INFINITY : !strcmp(s, "-inf") ? -INFINITY : NAN;
}

static double number_of(const json_t *o, const char *key)
{
	return number_get(json_object_get(o, key));
}

static int need_count(
	const json_t *o, const char *key, uint64_t *out, const char *where, bn_err *err)
{
	int64_t n = 0;
	int rc = bn_json_need_int(o, key, &n, where, err);
	if (!rc && n < 0)
		rc = bn_err_set(err, BN_EINVAL, "%s: field '%s' is negative", where, key);
	*out = (uint64_t)n;
	return rc;
}

static int copy_text(char **out, const json_t *o, const char *key, bn_err *err)
{
	const char *s = bn_json_str(o, key, NULL);
	*out = bn_strdup(s);
	return s && !*out ? bn_err_nomem(err, "a profile") : 0;
}

/* Recomputes what the stored form omits. */
static int ranks_from_top(bn_profile_column *c, const char *where, bn_err *err)
{
	double values[BN_PROFILE_TOP];
	uint64_t counts[BN_PROFILE_TOP];
	size_t n = 0;

	if (!has_all_values(c) || c->top_count > BN_PROFILE_TOP)
		return bn_err_set(err, BN_EINVAL,
			"%s: neither quantiles and histogram nor all values", where);
	for (; n < c->top_count; n++) {
		size_t at = n;
		for (; at > 0 && values[at - 1] > c->top[n].number; at--) {
			values[at] = values[at - 1];
			counts[at] = counts[at - 1];
		}
		values[at] = c->top[n].number;
		counts[at] = c->top[n].count;
	}
	return bn_profile_column_ranks(c, values, counts, n, err);
}

static int ranks_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	json_t *quantiles = NULL, *hist = NULL, *counts = NULL;
	int rc;

	if (!json_object_get(o, "quantiles") && !json_object_get(o, "histogram"))
		return ranks_from_top(c, where, err);
	if ((rc = bn_json_need_array(o, "quantiles", &quantiles, where, err)) < 0 ||
		(rc = bn_json_need_object(o, "histogram", &hist, where, err)) < 0 ||
		(rc = bn_json_need_array(hist, "counts", &counts, where, err)) < 0)
		return rc;
	if (json_array_size(quantiles) != BN_PROFILE_QUANTILES ||
		json_array_size(counts) > BN_PROFILE_BINS)
		return bn_err_set(err, BN_EINVAL, "%s: %d quantiles and at most %d bins expected",
			where, BN_PROFILE_QUANTILES, BN_PROFILE_BINS);
	c->quantiles_exact = bn_json_bool(o, "quantiles_exact", false);
	c->rank_error = number_of(o, "rank_error");
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = number_get(json_array_get(quantiles, i));
	c->hist_lo = number_of(hist, "lo");
	c->hist_hi = number_of(hist, "hi");
	c->hist_count = json_array_size(counts);
	for (size_t i = 0; i < c->hist_count; i++)
		c->hist[i] = number_get(json_array_get(counts, i));
	return 0;
}

static int numeric_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	int rc;

	c->is_numeric = true;
	if ((rc = ranks_read(c, o, where, err)) ||
		(rc = need_count(o, "zeros", &c->zeros, where, err)) ||
		(rc = need_count(o, "negatives", &c->negatives, where, err)) ||
		(rc = need_count(o, "infinities", &c->infinities, where, err)) ||
		(rc = copy_text(&c->min_text, o, "min_text", err)) ||
		(rc = copy_text(&c->max_text, o, "max_text", err)))
		return rc;
	c->min = number_of(o, "min");
	c->max = number_of(o, "max");
	c->sum = number_of(o, "sum");
	c->mean = number_of(o, "mean");
	c->std = number_of(o, "std");
	c->skew = number_of(o, "skew");
	c->increasing = bn_json_bool(o, "increasing", false);
	c->decreasing = bn_json_bool(o, "decreasing", false);
	return 0;
}

static int top_read(bn_profile_column *c, const json_t *array, const char *where, bn_err *err)
{
	size_t n = json_array_size(array);
	bn_profile_value *values = bn_alloc_zeroed(n, sizeof *values);
	int rc = values ? 0 : bn_err_nomem(err, "a profile");
	for (size_t i = 0; !rc && i < n; i++) {
		const json_t *o = json_array_get(array, i);
		if ((rc = bn_json_need_str(o, "value", &values[i].text, where, err)) == 0)
			rc = need_count(o, "count", &values[i].count, where, err);
		values[i].number = number_of(o, "number");
	}
	if (!rc)
		rc = bn_profile_set_top(c, values, n, err);
	bn_free(values);
	return rc;
}

static int text_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	int rc = need_count(o, "length_min", &c->length_min, where, err);
	if (!rc)
		rc = need_count(o, "length_max", &c->length_max, where, err);
	if (!rc)
		rc = need_count(o, "empty", &c->empty, where, err);
	c->length_mean = number_of(o, "length_mean");
	return rc;
}

static void column_unknown(bn_profile_column *c)
{
	c->min = c->max = c->sum = c->mean = c->std = c->skew = NAN;
	c->hist_lo = c->hist_hi = c->length_mean = NAN;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = NAN;
}

static int column_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	const char *name, *type;
	json_t *top = NULL;
	column_unknown(c);
	int rc = bn_json_need_str(o, "name", &name, where, err);
	if (rc || (rc = bn_json_need_str(o, "type", &type, where, err)) ||
		(rc = bn_field_parse_type(&c->field, type, err)) ||
		(rc = copy_text(&c->field.name, o, "name", err)) ||
		(rc = copy_text(&c->field.unit, o, "unit", err)) ||
		(rc = copy_text(&c->field.zone, o, "zone", err)))
		return rc;
	c->name = c->field.name;
	c->unit = c->field.unit;
	if ((rc = need_count(o, "rows", &c->rows, where, err)) ||
		(rc = need_count(o, "missing", &c->missing, where, err)) ||
		(rc = need_count(o, "nan", &c->nan, where, err)) ||
		(rc = need_count(o, "distinct", &c->distinct, where, err)) ||
		(rc = need_count(o, "top_error", &c->top_error, where, err)) ||
		(rc = bn_json_need_array(o, "top", &top, where, err)) ||
		(rc = top_read(c, top, where, err)))
		return rc;
	c->type = c->field.type;
	c->field.nullable = true;
	const json_t *unique = json_object_get(o, "unique");
	c->unique = json_is_boolean(unique) ? (json_is_true(unique) ? BN_YES : BN_NO) : BN_UNKNOWN;
	c->constant = bn_json_bool(o, "constant", false);
	c->distinct_exact = bn_json_bool(o, "distinct_exact", false);
	c->distinct_error = number_of(o, "distinct_error");
	const json_t *numeric = json_object_get(o, "numeric"), *text = json_object_get(o, "text");
	const json_t *values = json_object_get(o, "values");
	if (has_sizes(c->type))
		text = json_object_get(o, "sizes");
	if (json_is_object(numeric))
		rc = numeric_read(c, numeric, where, err);
	if (!rc && json_is_object(text))
		rc = text_read(c, text, where, err);
	if (rc < 0 || !json_is_object(values))
		return rc;
	if (!bn_type_is_list(c->type) || bn_type_is_list(c->field.child->type))
		return bn_err_set(
			err, BN_EINVAL, "%s: has values, but the column is not a list", where);
	if (!(c->values = bn_alloc_zeroed(1, sizeof *c->values)))
		return bn_err_nomem(err, "a profile");
	return column_read(c->values, values, where, err);
}

int bn_profile_from_json(bn_profile **out, const json_t *doc, bn_err *err)
{
	int64_t format = 0;
	json_t *columns = NULL;
	bn_profile *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a profile");
	int rc = bn_json_need_int(doc, "format", &format, "profile", err);
	if (!rc && format != FORMAT && format != FORMAT_STORED)
		rc = bn_err_set(err, BN_EUNSUPPORTED,
			"profile: format %lld, this program reads %d and %d", (long long)format,
			FORMAT, FORMAT_STORED);
	if (!rc)
		rc = need_count(doc, "rows", &p->rows, "profile", err);
	if (!rc)
		rc = bn_json_need_array(doc, "columns", &columns, "profile", err);
	size_t n = rc ? 0 : json_array_size(columns);
	p->columns = bn_alloc_zeroed(n, sizeof *p->columns);
	if (!rc && !p->columns)
		rc = bn_err_nomem(err, "a profile");
	for (size_t i = 0; !rc && i < n; i++) {
		char where[40];
		snprintf(where, sizeof where, "profile: column %zu", i);
		p->column_count = i + 1;
		rc = column_read(&p->columns[i], json_array_get(columns, i), where, err);
	}
	if (rc) {
		bn_profile_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

/*
 * check_map.c - checks of each value of one column. One loop (map_run) reads the batches, skips
 * absent values and calls the check for the others; for a category it is called once per distinct
 * value, not once per row.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/check/json_text.h"
#include "core/check/pattern.h"
#include "core/check/strptime.h"
#include "core/profile/duplicates.h"

#include <math.h>
#include <string.h>

#define PATTERNS 64

typedef struct map_state {
	bn_check_run *run;
	size_t column;
	bn_type type;
	bool negate;
	bn_check_range range;
	bn_check_set set;
	bn_pattern *patterns[PATTERNS];
	size_t pattern_count;
	bool match_all;
	bn_strptime *format;
	unsigned asked; /* how many texts */
	int rc;         /* of a failed evaluation; the details are in err */
	bn_err *err;
	bn_duplicates duplicates;
	bool falling, strictly, has_last;
	int64_t last_int;
	double last;
	bn_centre centre; /* the mean */
	double deviation, threshold;
	bool double_sided;
} map_state;

typedef bool (*map_fn)(map_state *s, const bn_column *c, size_t row, uint64_t table_row);

/* A category's verdicts, one per dictionary entry: 0 not evaluated yet, 1 passes, 2 fails. */
typedef struct verdicts {
	uint8_t *of;
	size_t count;
} verdicts;

static int verdicts_fit(verdicts *v, const bn_column *c, bn_err *err)
{
	size_t n = c->dict ? c->dict->count : 0;
	if (v->of && v->count >= n)
		return 0;
	bn_free(v->of);
	v->of = bn_alloc_zeroed(n, 1);
	v->count = n;
	return v->of ? 0 : bn_err_nomem(err, "the verdicts of a category");
}

static bool value_is_missing(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return true;
	return bn_column_is_absent(c, row);
}

static int map_batch(map_state *s, const bn_column *c, uint64_t first, map_fn passes, bool by_value,
	verdicts *v, uint64_t *considered, bn_err *err)
{
	int rc = by_value ? verdicts_fit(v, c, err) : 0;
	s->err = err;
	for (size_t r = 0; !rc && r < c->rows; r++) {
		bool pass;
		if (value_is_missing(c, r))
			continue;
		++*considered;
		if (by_value) {
			uint8_t *verdict = &v->of[c->codes[r]];
			if (!*verdict)
				*verdict = passes(s, c, r, first + r) ? 1 : 2;
			pass = *verdict == 1;
		} else {
			pass = passes(s, c, r, first + r);
		}
		if (s->rc < 0)
			return s->rc;
		if (pass == s->negate)
			rc = bn_check_fail_row(s->run, first + r, err);
	}
	return rc;
}

/* pure: the verdict depends only on the value. */
static int map_run(map_state *s, map_fn passes, bool pure, bn_err *err)
{
	bn_check_run *run = s->run;
	bn_batch batch = BN_BATCH_INIT;
	verdicts v = {NULL, 0};
	uint64_t considered = 0;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, &s->column, 1, &batch, err);
		if (!rc)
			rc = map_batch(s, &batch.columns[0], bn_table_batch_start(run->table, b),
				passes, pure && s->type == BN_TYPE_CATEGORY, &v, &considered, err);
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	bn_free(v.of);
	return rc ? rc
		  : bn_check_finish_map(
			    run, bn_table_rows(run->table), considered, true, &s->column, 1, err);
}

static int map_open(map_state *s, bn_check_run *run, bn_err *err)
{
	memset(s, 0, sizeof *s);
	s->run = run;
	int rc = bn_check_column(run, "column", &s->column, err);
	if (!rc)
		s->type = run->schema->fields[s->column].type;
	return rc;
}

static void map_close(map_state *s)
{
	for (size_t i = 0; i < s->pattern_count; i++)
		bn_pattern_free(s->patterns[i]);
	bn_strptime_free(s->format);
	bn_check_set_release(&s->set);
	bn_duplicates_release(&s->duplicates);
}

static int needs(const map_state *s, bool text, bn_err *err)
{
	if (text ? bn_type_is_text(s->type) : bn_type_is_scalar(s->type))
		return 0;
	return bn_err_set(err, BN_EINVAL, "column '%s' is %s; this check needs %s",
		s->run->schema->fields[s->column].name, bn_type_name(s->type),
		text ? "text" : "numbers or times");
}

/* ---- absent values ------------------------------------------------------------------------- */

static int missing_run(bn_check_run *run, bool want_missing, bn_err *err)
{
	map_state s;
	bn_batch batch = BN_BATCH_INIT;
	int rc = map_open(&s, run, err);
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, &s.column, 1, &batch, err);
		uint64_t first = bn_table_batch_start(run->table, b);
		for (size_t r = 0; !rc && r < batch.rows; r++)
			if (value_is_missing(&batch.columns[0], r) != want_missing)
				rc = bn_check_fail_row(run, first + r, err);
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	uint64_t rows = bn_table_rows(run->table);
	return rc ? rc : bn_check_finish_map(run, rows, rows, false, &s.column, 1, err);
}

int bn_check_not_null(bn_check_run *run, bn_err *err)
{
	return missing_run(run, false, err);
}

int bn_check_null(bn_check_run *run, bn_err *err)
{
	return missing_run(run, true, err);
}

/* ---- ranges and sets ----------------------------------------------------------------------- */

static bool in_range(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	int64_t i;
	(void)table_row;
	if (bn_type_is_text(c->type))
		return bn_check_range_has_text(&s->range, bn_column_text(c, row));
	if (bn_column_int(c, row, &i))
		return bn_check_range_has_int(&s->range, i);
	if (c->type == BN_TYPE_UINT64)
		return bn_check_range_has_wide(&s->range, c->u64[row]);
	return bn_check_range_has_number(&s->range, bn_column_number(c, row));
}

int bn_check_between(bn_check_run *run, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	if (!rc)
		rc = bn_check_range_read(&s.range, run->kwargs, s.type, err);
	if (!rc && !s.range.low.given && !s.range.high.given)
		rc = bn_err_set(err, BN_EINVAL, "min_value and max_value cannot both be absent");
	if (!rc)
		rc = map_run(&s, in_range, true, err);
	map_close(&s);
	return rc;
}

static bool of_set(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	(void)table_row;
	return bn_check_set_find(&s->set, c, row) >= 0;
}

static int set_run(bn_check_run *run, bool negate, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	s.negate = negate;
	if (!rc)
		rc = bn_check_set_read(
			&s.set, json_object_get(run->kwargs, "value_set"), s.type, err);
	if (!rc)
		rc = map_run(&s, of_set, true, err);
	map_close(&s);
	return rc;
}

int bn_check_in_set(bn_check_run *run, bn_err *err)
{
	return set_run(run, false, err);
}

int bn_check_not_in_set(bn_check_run *run, bn_err *err)
{
	return set_run(run, true, err);
}

/* ---- unique, increasing, decreasing -------------------------------------------------------- */

static bool is_single(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	(void)c;
	(void)row;
	return !bn_duplicates_has(&s->duplicates, table_row);
}

int bn_check_unique(bn_check_run *run, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	if (!rc)
		rc = bn_duplicates_find(&s.duplicates, run->table, &s.column, 1,
			BN_SKIP_ALL_MISSING, run->cancelled, run->ctx, err);
	if (!rc)
		rc = map_run(&s, is_single, false, err);
	map_close(&s);
	return rc;
}

static bool is_in_order(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	int64_t i = 0;
	double x = 0;
	int step = 1;
	(void)table_row;
	bool is_int = bn_check_order_key(c, row, &i);
	if (!is_int)
		x = bn_column_number(c, row);
	if (s->has_last && is_int)
		step = (i > s->last_int) - (i < s->last_int);
	else if (s->has_last && isinf(x) && x == s->last)
		step = 2; /* inf - inf is NaN: pandas lets it pass */
	else if (s->has_last)
		step = (x > s->last) - (x < s->last);
	bool first = !s->has_last;
	s->has_last = true;
	s->last_int = i;
	s->last = x;
	if (first || step == 2)
		return true;
	step = s->falling ? -step : step;
	return s->strictly ? step > 0 : step >= 0;
}

static int order_run(bn_check_run *run, bool falling, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	s.falling = falling;
	s.strictly = bn_json_bool(run->kwargs, "strictly", false);
	if (!rc)
		rc = needs(&s, false, err);
	if (!rc)
		rc = map_run(&s, is_in_order, false, err);
	map_close(&s);
	return rc;
}

int bn_check_increasing(bn_check_run *run, bn_err *err)
{
	return order_run(run, false, err);
}

int bn_check_decreasing(bn_check_run *run, bn_err *err)
{
	return order_run(run, true, err);
}

/* ---- distance from the mean ----------------------------------------------------------------- */

/* If the deviation is unknown or 0, no value is far from the mean. */
static bool is_near(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	(void)table_row;
	int64_t key;
	double from_mean =
		bn_check_order_key(c, row, &key)
			? bn_centre_distance_int(&s->centre, key, bn_check_key_bias(c->type))
			: bn_centre_distance(&s->centre, bn_column_number(c, row));
	double z = from_mean / s->deviation;
	if (isnan(z) || s->deviation == 0)
		return true;
	return s->double_sided ? fabs(z) < fabs(s->threshold) : z < s->threshold;
}

int bn_check_z_scores(bn_check_run *run, bn_err *err)
{
	map_state s;
	bn_moments m = BN_MOMENTS_INIT;
	int rc;

	if ((rc = map_open(&s, run, err)) < 0)
		return rc;
	if ((rc = bn_check_moments(run, &m, err)) < 0)
		return rc;
	s.centre = bn_moments_centre(&m);
	s.deviation = bn_moments_std(&m);
	s.threshold = bn_json_num(run->kwargs, "threshold", 0);
	s.double_sided = bn_json_bool(run->kwargs, "double_sided", true);
	return map_run(&s, is_near, true, err);
}

/* NaN is a value here: that it is none is what the check finds. */
int bn_check_finite(bn_check_run *run, bn_err *err)
{
	map_state s;
	bn_batch batch = BN_BATCH_INIT;
	uint64_t considered = 0;
	int rc;
	if ((rc = map_open(&s, run, err)) < 0 || (rc = needs(&s, false, err)) < 0)
		goto out;
	for (size_t b = 0; b < bn_table_batches(run->table); b++) {
		uint64_t first = bn_table_batch_start(run->table, b);
		if ((rc = bn_table_read(run->table, b, &s.column, 1, &batch, err)) < 0)
			goto out;
		for (size_t r = 0; r < batch.rows; r++) {
			if (bn_column_is_null(&batch.columns[0], r))
				continue;
			considered++;
			if (!isfinite(bn_column_number(&batch.columns[0], r)) &&
				(rc = bn_check_fail_row(run, first + r, err)) < 0)
				goto out;
		}
		bn_table_forget(run->table, &batch);
		if ((rc = bn_check_cancelled(run, err)) < 0)
			goto out;
	}
	rc = bn_check_finish_map(
		run, bn_table_rows(run->table), considered, true, &s.column, 1, err);
out:
	bn_batch_release(&batch);
	map_close(&s);
	return rc;
}

/* ---- text ---------------------------------------------------------------------------------- */

#define LOOK_EACH 16 /* texts: each may take as long as a pattern's limits allow */

static bool matches(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	bn_text t = bn_column_text(c, row);
	size_t hits = 0;
	bool hit = false;
	(void)table_row;
	if (s->asked++ % LOOK_EACH == 0)
		s->rc = bn_check_cancelled(s->run, s->err);
	for (size_t i = 0; s->rc == 0 && i < s->pattern_count; i++) {
		s->rc = bn_pattern_matches(&hit, s->patterns[i], t.ptr, t.len, s->err);
		hits += hit;
	}
	return s->match_all ? hits == s->pattern_count : hits > 0;
}

static int pattern_run(bn_check_run *run, const char *key, bool like, bool negate, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	s.negate = negate;
	const json_t *given = json_object_get(run->kwargs, key);
	size_t n = json_is_array(given) ? json_array_size(given) : 1;
	const char *match_on = bn_json_str(run->kwargs, "match_on", "any");
	s.match_all = !strcmp(match_on, "all");
	if (!rc)
		rc = needs(&s, true, err);
	if (!rc && strcmp(match_on, "any") != 0 && !s.match_all)
		rc = bn_err_set(err, BN_EINVAL, "match_on must be 'any' or 'all'");
	if (!rc && (n == 0 || n > PATTERNS))
		rc = bn_err_set(err, BN_EINVAL, "%s: 1 to %d patterns", key, PATTERNS);
	for (size_t i = 0; !rc && i < n; i++) {
		const char *p =
			json_string_value(json_is_array(given) ? json_array_get(given, i) : given);
		rc = like ? bn_pattern_compile_like(&s.patterns[i], p, err)
			  : bn_pattern_compile(&s.patterns[i], p, err);
		if (!rc)
			s.pattern_count = i + 1;
		if (!rc && run->cancelled)
			bn_pattern_watch(s.patterns[i], run->cancelled, run->ctx);
	}
	if (!rc)
		rc = map_run(&s, matches, true, err);
	map_close(&s);
	return rc;
}

int bn_check_regex(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "regex", false, false, err);
}

int bn_check_not_regex(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "regex", false, true, err);
}

int bn_check_regex_list(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "regex_list", false, false, err);
}

int bn_check_not_regex_list(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "regex_list", false, true, err);
}

int bn_check_like(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "like_pattern", true, false, err);
}

int bn_check_not_like(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "like_pattern", true, true, err);
}

int bn_check_like_list(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "like_pattern_list", true, false, err);
}

int bn_check_not_like_list(bn_check_run *run, bn_err *err)
{
	return pattern_run(run, "like_pattern_list", true, true, err);
}

static bool is_time(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	bn_text t = bn_column_text(c, row);
	bool is = false;
	(void)table_row;
	if (s->asked++ % LOOK_EACH == 0)
		s->rc = bn_check_cancelled(s->run, s->err);
	if (s->rc == 0)
		s->rc = bn_strptime_matches(&is, s->format, t.ptr, t.len, s->err);
	return is;
}

int bn_check_strftime(bn_check_run *run, bn_err *err)
{
	map_state s;
	int rc;
	if ((rc = map_open(&s, run, err)) < 0 || (rc = needs(&s, true, err)) < 0 ||
		(rc = bn_strptime_new(
			 &s.format, bn_json_str(run->kwargs, "strftime_format", ""), err)) < 0)
		goto out;
	if (run->cancelled)
		bn_strptime_watch(s.format, run->cancelled, run->ctx);
	rc = map_run(&s, is_time, true, err);
out:
	map_close(&s);
	return rc;
}

static bool is_json(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	bn_text t = bn_column_text(c, row);
	(void)s;
	(void)table_row;
	return bn_json_text_is_valid(t.ptr, t.len);
}

int bn_check_json(bn_check_run *run, bn_err *err)
{
	map_state s;
	int rc;
	if ((rc = map_open(&s, run, err)) < 0 || (rc = needs(&s, true, err)) < 0)
		goto out;
	rc = map_run(&s, is_json, true, err);
out:
	map_close(&s);
	return rc;
}

static bool has_length(map_state *s, const bn_column *c, size_t row, uint64_t table_row)
{
	bn_text t = bn_column_text(c, row);
	int64_t n = 0;
	(void)table_row;
	for (size_t i = 0; i < t.len; i++)
		n += ((unsigned char)t.ptr[i] & 0xc0) != 0x80;
	return bn_check_range_has_int(&s->range, n);
}

static int length_run(bn_check_run *run, bool equal, bn_err *err)
{
	map_state s;
	int rc = map_open(&s, run, err);
	if (!rc)
		rc = needs(&s, true, err);
	if (!rc && equal) {
		double n = json_number_value(json_object_get(run->kwargs, "value"));
		s.range.low =
			(bn_check_bound){.given = true, .is_int = true, .integer = (int64_t)n};
		s.range.high = s.range.low;
	} else if (!rc) {
		rc = bn_check_range_read(&s.range, run->kwargs, BN_TYPE_INT64, err);
		if (!rc && !s.range.low.given && !s.range.high.given)
			rc = bn_err_set(
				err, BN_EINVAL, "min_value and max_value cannot both be absent");
	}
	if (!rc)
		rc = map_run(&s, has_length, true, err);
	map_close(&s);
	return rc;
}

int bn_check_lengths_between(bn_check_run *run, bn_err *err)
{
	return length_run(run, false, err);
}

int bn_check_length_equal(bn_check_run *run, bn_err *err)
{
	return length_run(run, true, err);
}

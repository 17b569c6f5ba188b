/* changes.c - see changes.h. */
#include "core/profile/changes.h"

#include "core/base/mem.h"
#include "core/base/name_map.h"
#include "core/profile/differences.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROUNDING 1e-12 /* relative difference of sums over the same values in another order */

const char *bn_column_change_name(bn_column_change_kind k)
{
	static const char *const names[] = {"changed", "retyped", "added", "removed"};
	return names[k];
}

/* Equal within rounding, for numbers as large as scale. */
static bool is_close(double x, double y, double scale)
{
	if (isnan(x) || isnan(y))
		return isnan(x) && isnan(y);
	return x == y || fabs(x - y) <= ROUNDING * fmax(scale, fmax(fabs(x), fabs(y)));
}

/* Whether two means may be of the same values: sums are exact, so such means differ by a few roundings at most. For
 * large values with a small spread (1e15 + x), a difference of many deviations may still be only 1e-14 of the mean. */
static bool is_mean_close(double x, double y, double std)
{
	if (isnan(x) || isnan(y))
		return isnan(x) && isnan(y);
	double last_bits = 4 * DBL_EPSILON * fmax(fabs(x), fabs(y));
	return x == y || fabs(x - y) <= fmax(last_bits, ROUNDING * std);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_statistics(const bn_profile_column *a, const bn_profile_column *b)
{
	double scale = isnan(a->std) ? 0 : a->std;

	if (a->missing != b->missing || a->rows != b->rows || a->distinct != b->distinct)
		return false;
	if (a->values && b->values && !same_statistics(a->values, b->values))
		return false;
	if (!a->is_numeric)
		return a->length_min == b->length_min && a->length_max == b->length_max &&
		       is_close(a->length_mean, b->length_mean, 0);
	for (size_t q = 0; q < BN_PROFILE_QUANTILES && a->quantiles_exact && b->quantiles_exact;
		q++)
		if (!is_close(a->quantiles[q], b->quantiles[q], 0))
			return false;
	return is_mean_close(a->mean, b->mean, scale) && is_close(a->std, b->std, scale) &&
	       same_text(a->min_text, b->min_text) && same_text(a->max_text, b->max_text);
}

/* For the values of lists. */
static const bn_profile_column *values_of(const bn_profile_column *c)
{
	return c && c->values ? c->values : c;
}

static bn_column_change_kind kind_of(const bn_profile_column *a, const bn_profile_column *b)
{
	if (!a)
		return BN_COLUMN_CHANGE_ADDED;
	if (!b)
		return BN_COLUMN_CHANGE_REMOVED;
	return bn_field_same_type(&a->field, &b->field) ? BN_COLUMN_CHANGE_VALUES
							: BN_COLUMN_CHANGE_TYPE;
}

/* Whether columns of one type are equal; rows: the number of compared rows that differ, -1 if none
 * was compared. */
static bool is_same(bn_column_change *c, int64_t rows)
{
	if (c->a->rows == c->b->rows)
		return rows >= 0 ? rows == 0 : same_statistics(c->a, c->b);
	if (c->a->rows < c->b->rows)
		c->distance = bn_distance_of(c->a, c->b, rows == 0);
	else
		c->distance = bn_distance_of(c->b, c->a, rows == 0);
	return c->distance.kind == BN_DISTANCE_NONE;
}

/* rows: -1 if values were not compared. */
static void add(bn_column_changes *out, const bn_profile_column *a, const bn_profile_column *b,
	int64_t rows)
{
	bn_column_change c = {.kind = kind_of(a, b),
		.a = a,
		.b = b,
		.rows = out->by_value ? rows : -1,
		.distance = {BN_DISTANCE_NONE, NAN}};
	const bn_profile_column *x = values_of(a), *y = values_of(b);
	bool times = bn_type_is_time((a ? a : b)->type);
	double std = x ? x->std : NAN;
	if (c.kind == BN_COLUMN_CHANGE_VALUES && is_same(&c, rows))
		return;
	c.mean_a = x ? x->mean : NAN;
	c.mean_b = y ? y->mean : NAN;
	if (is_mean_close(c.mean_a, c.mean_b, isnan(std) ? 0 : std))
		c.mean_b = c.mean_a;
	c.shift = std > 0 ? (c.mean_b - c.mean_a) / std : NAN;
	if (times)
		c.mean_a = c.mean_b = NAN;
	out->items[out->count++] = c;
}

/* rows[i]: the number of rows in which column i of a differs, of those that both have; -1 if b has
 * no column of that name. *same: none does. */
static int compare_values(int64_t *rows, bool *same, const bn_profile *a, bn_table_reader *ta,
	bn_table_reader *tb, const bn_progress *watch, bn_err *err)
{
	uint64_t all = bn_table_rows(ta), more = bn_table_rows(tb);
	const bn_schema *sa = bn_table_schema(ta), *sb = bn_table_schema(tb);
	bn_column_pair *both = bn_alloc_zeroed(sa->count + 1, sizeof *both);
	size_t n = 0;
	int rc = 0;

	if (!both)
		return bn_err_nomem(err, "the columns of a comparison");
	for (size_t i = 0; i < sa->count; i++) {
		size_t k = bn_schema_find(sb, sa->fields[i].name);
		if (k != BN_SCHEMA_NONE)
			both[n++] = (bn_column_pair){.a = i, .b = k};
	}
	rc = bn_differences_count(
		both, n, ta, tb, all < more ? all : more, all != more, watch, err);
	*same = n && all && more;
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		*same &= !both[i].different;
		if (both[i].a < a->column_count)
			rows[both[i].a] = (int64_t)both[i].different;
	}
	bn_free(both);
	return rc;
}

/* The columns of a profile by name. */
typedef struct by_name {
	const bn_profile *profile;
	const char **names;
	bn_name_map map;
} by_name;

static int by_name_make(by_name *out, const bn_profile *p, bn_err *err)
{
	*out = (by_name){.profile = p, .names = bn_alloc((p->column_count + 1) * sizeof *out->names)};
	if (!out->names)
		return bn_err_nomem(err, "what differs");
	for (size_t i = 0; i < p->column_count; i++)
		out->names[i] = p->columns[i].name;
	return bn_name_map_init(&out->map, out->names, p->column_count, err);
}

static void by_name_release(by_name *n)
{
	bn_name_map_release(&n->map);
	bn_free(n->names);
}

static const bn_profile_column *find(const by_name *n, const char *name)
{
	int32_t i = bn_name_map_find(&n->map, name, strlen(name));

	return i < 0 ? NULL : &n->profile->columns[i];
}

int bn_column_changes_find(bn_column_changes *out, const bn_profile *a, const bn_profile *b,
	bn_table_reader *table_a, bn_table_reader *table_b, const bn_progress *watch, bn_err *err)
{
	bn_column_changes c = {.by_value = table_a && table_b && a->rows == b->rows};
	int64_t *rows = bn_alloc((a->column_count + 1) * sizeof *rows);
	bool same = false;
	by_name in_a = {.names = NULL}, in_b = {.names = NULL};
	int rc = 0;
	c.items = bn_alloc_zeroed(a->column_count + b->column_count + 1, sizeof *c.items);
	if (!c.items || !rows) {
		rc = bn_err_nomem(err, "what differs");
		goto out;
	}
	if ((rc = by_name_make(&in_a, a, err)) < 0 || (rc = by_name_make(&in_b, b, err)) < 0)
		goto out;
	for (size_t i = 0; i < a->column_count; i++)
		rows[i] = -1;
	if (table_a && table_b &&
		(rc = compare_values(rows, &same, a, table_a, table_b, watch, err)) < 0)
		goto out;
	if (same && a->rows != b->rows)
		c.same_rows = a->rows < b->rows ? a->rows : b->rows;
	for (size_t i = 0; i < a->column_count; i++) {
		const bn_profile_column *other = find(&in_b, a->columns[i].name);
		add(&c, &a->columns[i], other, other ? rows[i] : -1);
	}
	for (size_t i = 0; i < b->column_count; i++)
		if (!find(&in_a, b->columns[i].name))
			add(&c, NULL, &b->columns[i], -1);
out:
	by_name_release(&in_a);
	by_name_release(&in_b);
	bn_free(rows);
	if (rc < 0)
		bn_column_changes_release(&c);
	*out = c;
	return rc;
}

void bn_column_changes_release(bn_column_changes *c)
{
	bn_free(c->items);
	*c = (bn_column_changes){.items = NULL};
}

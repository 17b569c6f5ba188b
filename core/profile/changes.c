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

/* Whether two means may be of the same values: sums are exact, so such means differ by a few roundings at most. For
 * large values with a small spread (1e15 + x), a difference of many deviations may still be only 1e-14 of the mean. */
static bool is_mean_close(double x, double y, double std)
{
	if (isnan(x) || isnan(y))
		return isnan(x) && isnan(y);
	double last_bits = 4 * DBL_EPSILON * fmax(fabs(x), fabs(y));
	return x == y || fabs(x - y) <= fmax(last_bits, ROUNDING * std);
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

/* What is compared. */
typedef struct comparison {
	const bn_profile *profile[2];
	bn_table_reader *table[2];
	const bn_progress *watch;
} comparison;

static bn_distance_side side_of(const comparison *x, int which, const bn_profile_column *c)
{
	return (bn_distance_side){c, x->table[which], (size_t)(c - x->profile[which]->columns)};
}

/* The distance of the one with fewer rows. added: its rows are the first of the other. */
static int distance_of(bn_column_change *c, const comparison *x, bool added, bn_err *err)
{
	bn_distance_side a = side_of(x, 0, c->a), b = side_of(x, 1, c->b);
	bool first = c->a->rows < c->b->rows;

	return bn_distance_of(&c->distance, first ? &a : &b, first ? &b : &a, added, x->watch, err);
}

static void set_means(bn_column_change *c)
{
	const bn_profile_column *x = values_of(c->a), *y = values_of(c->b);
	double std = x ? x->std : NAN;

	c->mean_a = x ? x->mean : NAN;
	c->mean_b = y ? y->mean : NAN;
	if (is_mean_close(c->mean_a, c->mean_b, isnan(std) ? 0 : std))
		c->mean_b = c->mean_a;
	c->shift = std > 0 ? (c->mean_b - c->mean_a) / std : NAN;
	if (bn_type_is_time((c->a ? c->a : c->b)->type))
		c->mean_a = c->mean_b = NAN;
}

/* rows: the number of compared rows in which the columns differ; -1: one is missing. */
static int add(bn_column_changes *out, const comparison *x, const bn_profile_column *a,
	const bn_profile_column *b, int64_t rows, bn_err *err)
{
	bn_column_change c = {.kind = kind_of(a, b),
		.a = a,
		.b = b,
		.rows = out->by_value ? rows : -1,
		.distance = {BN_DISTANCE_NONE, NAN}};
	int rc;

	if (c.kind == BN_COLUMN_CHANGE_VALUES && !out->by_value &&
		(rc = distance_of(&c, x, rows == 0, err)) < 0)
		return rc;
	if (c.kind == BN_COLUMN_CHANGE_VALUES &&
		(out->by_value ? rows == 0 : c.distance.kind == BN_DISTANCE_NONE))
		return 0;
	set_means(&c);
	out->items[out->count++] = c;
	return 0;
}

/* ---- values ----------------------------------------------------------------------------------- */

/* The common columns, by name; *out is yours. */
static int common_columns(bn_column_pair **out, size_t *n, const comparison *x, bn_err *err)
{
	const bn_schema *sa = bn_table_schema(x->table[0]), *sb = bn_table_schema(x->table[1]);

	*out = bn_alloc_zeroed(sa->count + 1, sizeof **out);
	if (!*out)
		return bn_err_nomem(err, "the columns of a comparison");
	for (size_t i = 0; i < sa->count; i++) {
		size_t k = bn_schema_find(sb, sa->fields[i].name);
		if (k != BN_SCHEMA_NONE)
			(*out)[(*n)++] = (bn_column_pair){.a = i, .b = k};
	}
	return 0;
}

static int compare_by_key(bn_column_changes *out, bn_column_pair *both, size_t n, const comparison *x,
	const bn_row_key *key, bn_err *err)
{
	bn_matched m;
	int rc = bn_matched_find(&m, x->table[0], x->table[1], key, x->watch, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = bn_matched_count(&m, &both[i], x->table[0], x->table[1], x->watch, err);
	out->rows_added = m.rows_b - m.both;
	out->rows_removed = m.rows_a - m.both;
	out->rows_changed = bn_matched_changed(&m);
	bn_matched_release(&m);
	return rc;
}

static int compare_by_place(
	bn_column_changes *out, bn_column_pair *both, size_t n, const comparison *x, bn_err *err)
{
	uint64_t all = bn_table_rows(x->table[0]), more = bn_table_rows(x->table[1]);
	uint64_t least = all < more ? all : more;
	bool same = n && least;
	int rc = bn_differences_count(
		both, n, x->table[0], x->table[1], least, all != more, x->watch, err);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		same &= !both[i].different;
	if (same && all != more)
		out->same_rows = least;
	return rc;
}

/* rows[i]: the number of rows in which column i of a differs, of those compared; -1 if b has
 * no column of that name. */
static int compare_values(
	bn_column_changes *out, int64_t *rows, const comparison *x, const bn_row_key *key, bn_err *err)
{
	bn_column_pair *both = NULL;
	size_t n = 0;
	int rc = common_columns(&both, &n, x, err);

	if (rc == 0)
		rc = key ? compare_by_key(out, both, n, x, key, err)
			       : compare_by_place(out, both, n, x, err);
	for (size_t i = 0; rc >= 0 && i < n; i++)
		if (both[i].a < x->profile[0]->column_count)
			rows[both[i].a] = (int64_t)both[i].different;
	bn_free(both);
	return rc;
}

/* ---- columns ---------------------------------------------------------------------------------- */

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
	bn_table_reader *table_a, bn_table_reader *table_b, const bn_row_key *key, const bn_progress *watch, bn_err *err)
{
	const comparison x = {{a, b}, {table_a, table_b}, watch};
	bn_column_changes c = {.by_value = key || a->rows == b->rows, .by_key = key != NULL};
	int64_t *rows = bn_alloc((a->column_count + 1) * sizeof *rows);
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
	if ((rc = compare_values(&c, rows, &x, key, err)) < 0)
		goto out;
	for (size_t i = 0; i < a->column_count && rc == 0; i++) {
		const bn_profile_column *other = find(&in_b, a->columns[i].name);
		rc = add(&c, &x, &a->columns[i], other, other ? rows[i] : -1, err);
	}
	for (size_t i = 0; i < b->column_count && rc == 0; i++)
		if (!find(&in_a, b->columns[i].name))
			rc = add(&c, &x, NULL, &b->columns[i], -1, err);
out:
	by_name_release(&in_a);
	by_name_release(&in_b);
	bn_free(rows);
	if (rc < 0)
		bn_column_changes_release(&c);
	*out = c;
	return rc;
}

/* Estimates of distinct values count with three of their errors. */
static bool may_be_key(const bn_profile_column *c)
{
	double rows = (double)c->rows, slack = 3 * c->distinct_error * rows;
	bool is_named = bn_type_is_text(c->type) ||
			(bn_type_is_scalar(c->type) && c->type != BN_TYPE_FLOAT64 &&
				c->type != BN_TYPE_FLOAT32 && c->type != BN_TYPE_DECIMAL);

	return is_named && c->rows > 1 && !c->missing &&
	       (c->unique == BN_YES || c->increasing || c->decreasing ||
		       (c->unique == BN_UNKNOWN && (double)c->distinct >= rows - slack));
}

const char *bn_column_changes_key(const bn_profile *a, const bn_profile *b)
{
	for (size_t i = 0; i < a->column_count; i++) {
		const bn_profile_column *c = &a->columns[i], *d;
		if (may_be_key(c) && (d = bn_profile_find(b, c->name)) && may_be_key(d) &&
			bn_field_same_type(&c->field, &d->field))
			return c->name;
	}
	return NULL;
}

void bn_column_changes_release(bn_column_changes *c)
{
	bn_free(c->items);
	*c = (bn_column_changes){.items = NULL};
}

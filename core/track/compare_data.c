/* compare_data.c - see compare_data.h. */
#include "core/track/compare_data.h"

#include "core/base/json.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "jobs@v3" and not a digest: the version of a part. */
static bool is_part_row(const bn_compare_row *r)
{
	if (r->group != BN_COMPARE_DATA || !r->differs || bn_str_ends(r->key, " digest"))
		return false;
	return strcmp(r->key, "train") == 0 || strcmp(r->key, "valid") == 0 || strcmp(r->key, "test") == 0 ||
	       strcmp(r->key, "data") == 0;
}

/* ---- versions ----------------------------------------------------------------------------------- */

/* A version that is gone, or whose profile this user may not read, has a note instead. */
static int side_read(bn_compare_data *d, bn_data_side *side, bn_workspace *ws, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_err why = BN_ERR_INIT;
	bn_profile *p = NULL;
	side->rows = side->columns = -1;
	int rc = bn_dataset_resolve(&v, ws, side->ref, BN_DATASET_REMOVED_TOO, &why);
	if (rc >= 0) {
		side->rows = v->rows;
		side->columns = v->columns;
		rc = bn_dataset_load_profile(&p, ws, v, &why);
	}
	bn_dataset_version_free(v);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0) {
		side->note = bn_arena_strdup(&d->arena, why.msg);
		bn_err_clear(&why);
		return side->note ? 0 : bn_err_nomem(err, "the data of runs");
	}
	side->profile = d->profiles[d->profile_count++] = p;
	return 0;
}

static int sides_read(
	bn_compare_data *d, bn_data_part *part, bn_workspace *ws, const bn_comparison *c, const bn_compare_row *r,
	bn_err *err)
{
	part->sides = bn_arena_alloc(&d->arena, c->runs * sizeof *part->sides);
	if (!part->sides)
		return bn_err_nomem(err, "the data of runs");
	for (size_t i = 0; i <= c->runs; i++) { /* first the baseline, which then is found again */
		const char *ref = r->cells[i ? i - 1 : c->baseline].text;
		size_t k = 0;
		int rc;
		if (!ref)
			continue;
		while (k < part->side_count && strcmp(part->sides[k].ref, ref) != 0)
			k++;
		if (k < part->side_count) {
			part->sides[k].runs += i > 0;
			continue;
		}
		part->sides[k] = (bn_data_side){.ref = bn_arena_strdup(&d->arena, ref), .runs = i > 0};
		if (!part->sides[k].ref)
			return bn_err_nomem(err, "the data of runs");
		part->side_count++;
		if ((rc = side_read(d, &part->sides[k], ws, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- columns ------------------------------------------------------------------------------------ */

static const bn_profile_column *column_find(const bn_profile *p, const char *name)
{
	for (size_t i = 0; p && i < p->column_count; i++)
		if (strcmp(p->columns[i].name, name) == 0)
			return &p->columns[i];
	return NULL;
}

static bool alike(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool is_same(const bn_profile_column *a, const bn_profile_column *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->rows != b->rows || a->missing != b->missing)
		return false;
	if (a->is_numeric)
		return alike(a->mean, b->mean) && alike(a->std, b->std) && alike(a->min, b->min) &&
		       alike(a->max, b->max);
	return a->distinct == b->distinct && a->length_min == b->length_min && a->length_max == b->length_max &&
	       alike(a->length_mean, b->length_mean);
}

static int column_add(bn_compare_data *d, bn_data_part *part, const char *name, bn_err *err)
{
	bn_data_column *c = &part->columns[part->column_count];
	for (size_t i = 0; i < part->column_count; i++)
		if (strcmp(part->columns[i].name, name) == 0)
			return 0;
	*c = (bn_data_column){
		.name = name, .sides = bn_arena_alloc(&d->arena, part->side_count * sizeof *c->sides)};
	if (!c->sides)
		return bn_err_nomem(err, "the data of runs");
	const bn_profile_column *first = NULL;
	for (size_t i = 0, seen = 0; i < part->side_count; i++) {
		c->sides[i] = column_find(part->sides[i].profile, name);
		if (!part->sides[i].profile)
			continue;
		c->differs = c->differs || (seen++ > 0 && !is_same(first, c->sides[i]));
		first = seen == 1 ? c->sides[i] : first;
	}
	part->column_count++;
	return 0;
}

static int columns_make(bn_compare_data *d, bn_data_part *part, bn_err *err)
{
	size_t most = 0, at = 0;
	for (size_t i = 0; i < part->side_count; i++)
		most += part->sides[i].profile ? part->sides[i].profile->column_count : 0;
	part->columns = bn_arena_alloc(&d->arena, (most + 1) * sizeof *part->columns);
	bn_data_column *sorted = bn_arena_alloc(&d->arena, (most + 1) * sizeof *sorted);
	if (!part->columns || !sorted)
		return bn_err_nomem(err, "the data of runs");
	for (size_t i = 0; i < part->side_count; i++)
		for (size_t k = 0; part->sides[i].profile && k < part->sides[i].profile->column_count; k++) {
			int rc = column_add(d, part, part->sides[i].profile->columns[k].name, err);
			if (rc < 0)
				return rc;
		}
	for (int same = 0; same < 2; same++)
		for (size_t i = 0; i < part->column_count; i++)
			if (part->columns[i].differs != same)
				sorted[at++] = part->columns[i];
	part->columns = sorted;
	return 0;
}

int bn_compare_data_read(bn_compare_data **out, bn_workspace *ws, const bn_comparison *c, bn_err *err)
{
	bn_compare_data *d = bn_alloc_zeroed(1, sizeof *d);
	int rc = d ? 0 : bn_err_nomem(err, "the data of runs");
	if (rc < 0)
		return rc;
	d->parts = bn_arena_alloc(&d->arena, (c->count + 1) * sizeof *d->parts);
	d->profiles = bn_alloc_zeroed(4 * c->runs, sizeof *d->profiles);
	if (!d->parts || !d->profiles) {
		rc = bn_err_nomem(err, "the data of runs");
		goto out;
	}
	for (size_t i = 0; i < c->count; i++) {
		if (!is_part_row(&c->rows[i]))
			continue;
		bn_data_part *part = &d->parts[d->count++];
		*part = (bn_data_part){.part = c->rows[i].key};
		if ((rc = sides_read(d, part, ws, c, &c->rows[i], err)) < 0 ||
			(rc = columns_make(d, part, err)) < 0)
			goto out;
	}
	*out = d;
	d = NULL;
out:
	bn_compare_data_free(d);
	return rc;
}

void bn_compare_data_free(bn_compare_data *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->profile_count; i++)
		bn_profile_free(d->profiles[i]);
	bn_free(d->profiles);
	bn_arena_release(&d->arena);
	bn_free(d);
}

/* ---- as text and JSON --------------------------------------------------------------------------- */

const char *bn_data_column_text(char *out, size_t size, const bn_profile_column *c)
{
	if (!c) {
		snprintf(out, size, "-");
		return out;
	}
	int n = snprintf(out, size, "%s", bn_type_name(c->type));
	if (c->missing && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, ", %llu missing", (unsigned long long)c->missing);
	if (n < 0 || (size_t)n >= size)
		return out;
	if (c->is_numeric && c->min_text && c->max_text)
		snprintf(out + n, size - (size_t)n, ", mean %.5g, sd %.4g, %.20s to %.20s", c->mean, c->std,
			c->min_text, c->max_text);
	else
		snprintf(out + n, size - (size_t)n, ", %s%llu distinct", c->distinct_exact ? "" : "about ",
			(unsigned long long)c->distinct);
	return out;
}

static json_t *column_json(const bn_profile_column *c)
{
	if (!c)
		return json_null();
	bool numbers = c->is_numeric;
	return json_pack("{ss sI sI so so ss? ss? sI}", "type", bn_type_name(c->type), "rows", (json_int_t)c->rows,
		"missing", (json_int_t)c->missing, "mean", bn_json_real_or_null(numbers ? c->mean : (double)NAN),
		"std", bn_json_real_or_null(numbers ? c->std : (double)NAN), "min", c->min_text, "max",
		c->max_text, "distinct", (json_int_t)c->distinct);
}

static json_t *part_json(const bn_data_part *p)
{
	json_t *versions = json_array(), *columns = json_array();
	for (size_t i = 0; i < p->side_count; i++) {
		const bn_data_side *s = &p->sides[i];
		json_array_append_new(versions,
			json_pack("{ss sI so so ss?}", "ref", s->ref, "runs", (json_int_t)s->runs, "rows",
				s->rows < 0 ? json_null() : json_integer(s->rows), "columns",
				s->columns < 0 ? json_null() : json_integer(s->columns), "note", s->note));
	}
	for (size_t i = 0; i < p->column_count; i++) {
		json_t *sides = json_array();
		for (size_t k = 0; k < p->side_count; k++)
			json_array_append_new(sides, column_json(p->columns[i].sides[k]));
		json_array_append_new(columns, json_pack("{ss sb so}", "name", p->columns[i].name, "differs",
						       p->columns[i].differs, "versions", sides));
	}
	return json_pack("{ss so so}", "part", p->part, "versions", versions, "columns", columns);
}

int bn_compare_data_to_json(json_t **out, const bn_compare_data *d, bn_err *err)
{
	json_t *parts = json_array();
	for (size_t i = 0; i < d->count; i++)
		json_array_append_new(parts, part_json(&d->parts[i]));
	*out = json_pack("{so}", "parts", parts);
	return *out ? 0 : bn_err_nomem(err, "the data of runs");
}

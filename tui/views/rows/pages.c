/*
 * pages.c - selects the rows of a table (some.h), sorts them, and computes their aggregates. Stops
 * when its job is cancelled, and reports progress.
 */
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/profile/frequencies.h"
#include "core/profile/moments.h"
#include "core/table/order.h"
#include "tui/views/rows/some.h"

#include <math.h>
#include <string.h>

/* ---- sorting ------------------------------------------------------------------------------------- */

static void rows_reverse(int64_t *rows, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		int64_t row = rows[i];
		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
}

/* By the last key first: rows equal in a key keep the order of the later ones. Indices are unique,
 * so the comparison is total. */
static int sort_keys(int64_t *rows, size_t count, bn_table_reader *table, const bn_order_arg *a,
	bn_job *job, bn_err *err)
{
	size_t columns = bn_table_schema(table)->count;
	bn_progress watch = bn_job_watch(job);
	int last = 0, rc = 0;
	while (last + 1 < a->sorts && a->sort[last].column >= 0)
		last++;
	for (int k = last; a->sorts && k >= 0 && rc >= 0; k--) {
		int column = a->sort[k].column;
		if (column < 0 && a->sort[k].descending)
			rows_reverse(rows, count);
		else if (column >= 0 && (size_t)column < columns)
			rc = bn_table_order(rows, count, table, (size_t)column,
				a->sort[k].descending, &watch, err);
	}
	return rc;
}

static int rows_all(int64_t **rows, size_t count, bn_err *err)
{
	if (!(*rows = bn_alloc((count + 1) * sizeof **rows)))
		return bn_err_nomem(err, "row numbers");
	for (size_t i = 0; i < count; i++)
		(*rows)[i] = (int64_t)i;
	return 0;
}

int bn_reader_order(int64_t **out, size_t *count, bn_table_reader **table, bn_reader *r,
	const bn_order_arg *a, bn_job *job, bn_err *err)
{
	bn_some_rows some;
	int64_t *rows = NULL;
	int rc = bn_some_rows_find(&some, r, &a->of, job, err);
	if (rc < 0)
		goto out;
	rows = some.rows;
	some.rows = NULL;
	if (a->sorts && !rows && (rc = rows_all(&rows, some.count, err)) < 0)
		goto out;
	if ((rc = sort_keys(rows, some.count, some.table, a, job, err)) < 0)
		goto out;
	*out = rows;
	*count = some.count;
	*table = some.table;
	rows = NULL;
out:
	bn_some_rows_release(&some);
	bn_free(rows);
	return rc;
}

/* ---- the page ------------------------------------------------------------------------------------ */

static void order_release(void *data)
{
	const bn_order *o = data;
	bn_free((void *)(uintptr_t)o->rows);
}

static int schema_copy(bn_order *o, bn_arena *arena, const bn_schema *schema, bn_err *err)
{
	const char **names = bn_arena_alloc(arena, (schema->count + 1) * sizeof *names);
	const char **units = bn_arena_alloc(arena, (schema->count + 1) * sizeof *units);
	bn_type *types = bn_arena_alloc(arena, (schema->count + 1) * sizeof *types);
	if (!names || !units || !types)
		return bn_err_nomem(err, "a schema");
	for (size_t i = 0; i < schema->count; i++) {
		const bn_field *f = &schema->fields[i];
		names[i] = bn_arena_strdup(arena, f->name);
		units[i] = f->unit ? bn_arena_strdup(arena, f->unit) : NULL;
		types[i] = f->type;
		if (!names[i])
			return bn_err_nomem(err, "a schema");
	}
	o->columns = schema->count;
	o->names = names;
	o->units = units;
	o->types = types;
	return 0;
}

int bn_source_order(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_table_reader *table = NULL;
	int64_t *found = NULL;
	size_t count = 0;
	bn_order *o = bn_arena_alloc(&page->arena, sizeof *o);
	if (!o)
		return bn_err_nomem(err, "an order");
	int rc = bn_reader_order(&found, &count, &table, context, arg, job, err);
	if (rc < 0)
		return rc;
	if ((rc = schema_copy(o, &page->arena, bn_table_schema(table), err)) < 0) {
		bn_free(found);
		return rc;
	}
	o->total = (int64_t)bn_table_rows(table);
	o->rows = found;
	o->count = (int64_t)count;
	return BN_PAGE_TAKE(page, o, order_release);
}

/* ---- aggregates ------------------------------------------------------------------------------ */

#define COMMON_OF 1000 /* limit of distinct values for finding the most frequent one */

/* The mean, as in a profile: absent if one of the numbers is infinite. */
static int total_of_numbers(
	bn_total *t, bn_table_reader *table, size_t column, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_moments moments = BN_MOMENTS_INIT;
	uint64_t n = 0, rows = bn_table_rows(table);
	double *values = NULL;
	size_t room = 0;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(table); b++) {
		size_t some = 0;
		if ((rc = bn_progress_step(
			     watch, "adding", bn_table_batch_start(table, b), rows, err)) < 0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			goto out;
		if (bn_grow(&values, &room, batch.rows + 1, sizeof *values)) {
			rc = bn_err_nomem(err, "totals");
			goto out;
		}
		if ((rc = bn_column_numbers(&batch.columns[0], 0, batch.rows, values, err)) < 0)
			goto out;
		for (size_t i = 0; i < batch.rows; i++)
			if (!isnan(values[i]))
				values[some++] = values[i];
		bn_moments_add(&moments, values, some);
		n += some;
	}
	t->missing = (int64_t)(rows - n);
	t->middle = bn_moments_mean(&moments);
	if (isinf(t->middle))
		t->middle = NAN;
out:
	bn_free(values);
	bn_batch_release(&batch);
	return rc;
}

static int missing_of(
	bn_total *t, bn_table_reader *table, size_t column, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	t->missing = 0;
	for (size_t b = 0; b < bn_table_batches(table); b++) {
		if ((rc = bn_progress_step(watch, "counting", bn_table_batch_start(table, b),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			break;
		t->missing += (int64_t)batch.columns[0].nulls;
	}
	bn_batch_release(&batch);
	return rc;
}

static int total_of_values(bn_total *t, bn_arena *arena, bn_table_reader *table, size_t column,
	const bn_progress *watch, bn_err *err)
{
	bn_frequencies f = {.values = NULL};
	bool many = false;
	int rc = bn_frequencies_few(&f, &many, table, column, COMMON_OF, watch, err);
	if (rc < 0)
		return rc;
	t->missing = (int64_t)f.missing;
	if (many)
		rc = missing_of(t, table, column, watch, err);
	/* a value that occurs once is not a most frequent one */
	if (!many && f.count && f.values[0].text && f.values[0].count > 1) {
		t->common = bn_arena_strdup(arena, f.values[0].text);
		t->share = (double)f.values[0].count / (double)(f.rows - f.missing);
	}
	bn_frequencies_release(&f);
	return rc;
}

/* The mean of instants (ns) as an instant, rounded to seconds. */
static void total_of_times(bn_total *t, bn_arena *arena)
{
	char text[BN_TIMESTAMP_TEXT];
	if (!isnan(t->middle) && fabs(t->middle) < 9.2e18)
		t->common = bn_arena_strdup(arena,
			bn_timestamp_iso(
				(int64_t)(t->middle / 1e9) * INT64_C(1000000000), text));
	t->middle = NAN;
}

/* Of all rows of the version, by its stored profile. */
static int totals_of_all(bn_totals *t, bn_arena *arena, bn_reader *r, const char *ref, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_profile *p = NULL;
	int rc = bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0 || !v->profile_hash[0])
		goto out;
	if ((rc = bn_dataset_load_profile(&p, r->ws, v, err)) < 0)
		goto out;
	bn_total *all = bn_arena_alloc(arena, (p->column_count + 1) * sizeof *all);
	if (!all) {
		rc = bn_err_nomem(err, "totals");
		goto out;
	}
	for (size_t i = 0; i < p->column_count; i++) {
		const bn_profile_column *c = &p->columns[i];
		bool number = bn_type_is_number(c->type);
		bool times = c->type == BN_TYPE_TIMESTAMP;
		all[i] = (bn_total){(int64_t)c->missing, number || times ? c->mean : NAN, NULL, NAN};
		if (times)
			total_of_times(&all[i], arena);
		if (number || times || (c->top_count && c->top[0].count < 2) || !c->top_count || !c->top[0].text || c->top_error)
			continue;
		all[i].common = bn_arena_strdup(arena, c->top[0].text);
		all[i].share = (double)c->top[0].count / (double)(c->rows - c->missing);
	}
	t->all = all;
	t->all_columns = p->column_count;
	t->all_rows = (int64_t)p->rows;
out:
	bn_profile_free(p);
	bn_dataset_version_free(v);
	return rc;
}

int bn_source_totals(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_rows_of *of = arg;
	bn_reader *r = context;
	bn_progress watch = bn_job_watch(job);
	bn_table_reader *table = NULL;
	bn_some_rows some = {.rows = NULL};
	bn_totals *t = bn_arena_alloc(&page->arena, sizeof *t);
	int rc = t ? totals_of_all(t, &page->arena, r, of->ref, err) : bn_err_nomem(err, "totals");
	if (rc >= 0 && t->all && bn_rows_of_all(of) && !of->derived[0]) {
		t->some = t->all; /* they are all rows */
		t->columns = t->all_columns;
		t->rows = t->all_rows;
		page->data = t;
		return 0;
	}
	if (rc < 0 || (rc = bn_some_rows_find(&some, r, of, job, err)) < 0 ||
		(rc = bn_some_rows_table(&table, &some, err)) < 0)
		goto out;
	const bn_schema *schema = bn_table_schema(table);
	bn_total *own = bn_arena_alloc(&page->arena, (schema->count + 1) * sizeof *own);
	if (!own) {
		rc = bn_err_nomem(err, "totals");
		goto out;
	}
	for (size_t i = 0; i < schema->count; i++) {
		bn_type type = schema->fields[i].type;
		own[i] = (bn_total){-1, NAN, NULL, NAN};
		if (bn_type_is_number(type) || type == BN_TYPE_TIMESTAMP)
			rc = total_of_numbers(&own[i], table, i, &watch, err);
		if (type == BN_TYPE_TIMESTAMP)
			total_of_times(&own[i], &page->arena);
		else if (!bn_type_is_number(type))
			rc = total_of_values(&own[i], &page->arena, table, i, &watch, err);
		if (rc < 0)
			goto out;
	}
	t->rows = (int64_t)bn_table_rows(table);
	t->columns = schema->count;
	t->some = own;
	page->data = t;
out:
	bn_some_rows_release(&some);
	return rc;
}

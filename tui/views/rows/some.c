/* some.c - see some.h. Each base, and then the filter, narrows the result of those before it. */
#include "tui/views/rows/some.h"

#include "core/base/mem.h"
#include "core/check/expect.h"
#include "core/profile/alike.h"
#include "core/profile/differences.h"
#include "core/profile/matched.h"
#include "core/table/scan.h"
#include "tui/views/rows/filter.h"

#include <string.h>
#include <strings.h>

bool bn_rows_of_all(const bn_rows_of *of)
{
	return !of->bases && !of->filter[strspn(of->filter, " \t")];
}

void bn_some_rows_release(bn_some_rows *s)
{
	bn_table_reader_free(s->picked);
	bn_free(s->rows);
	*s = (bn_some_rows){NULL, NULL, 0, NULL};
}

int bn_some_rows_table(bn_table_reader **out, bn_some_rows *s, bn_err *err)
{
	int rc = 0;
	if (s->rows && !s->picked &&
		(rc = bn_table_pick(&s->picked, s->table, s->rows, s->count, err)) < 0)
		return rc;
	*out = s->picked ? s->picked : s->table;
	return 0;
}

/* The found rows (taken) become the current ones. */
static void narrow(bn_some_rows *s, int64_t *rows, size_t count)
{
	bn_table_reader_free(s->picked);
	bn_free(s->rows);
	s->picked = NULL;
	s->rows = rows;
	s->count = count;
}

/* Converts row numbers of the current table to those of the whole one. */
static void number_rows(const bn_some_rows *s, int64_t *rows, size_t count)
{
	for (size_t i = 0; s->rows && i < count; i++)
		rows[i] = s->rows[rows[i]];
}

/* Keeps those of found (increasing) that are among the current ones. Returns their number. */
static size_t rows_both(const bn_some_rows *s, int64_t *found, size_t count)
{
	size_t kept = 0, at = 0;
	for (size_t i = 0; s->rows && i < count; i++) {
		while (at < s->count && s->rows[at] < found[i])
			at++;
		if (at < s->count && s->rows[at] == found[i])
			found[kept++] = found[i];
	}
	return s->rows ? kept : count;
}

/* An array is needed even for no rows: NULL means all. */
static int not_null(int64_t **rows, bn_err *err)
{
	if (!*rows && !(*rows = bn_alloc(sizeof **rows)))
		return bn_err_nomem(err, "row numbers");
	return 0;
}

/* ---- bases ------------------------------------------------------------------------------------ */

static int failing(int64_t **rows, size_t *count, bn_reader *r, const bn_rows_of *of,
	const bn_rows_base *b, bn_job *job, bn_err *err)
{
	bn_expect_progress progress = bn_job_check_watch(job);
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL; /* with its values: the result does not depend on masks */
	bn_progress watch = bn_job_watch(job);
	bn_suite *suite = NULL;
	json_t *result = NULL;
	int rc = bn_dataset_resolve(&v, r->ws, of->ref, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0 || (rc = bn_dataset_load_json(&result, r->ws, v, b->hash, err)) < 0 ||
		(rc = bn_suite_of_result(&suite, result, (size_t)b->at, err)) < 0 ||
		(rc = bn_dataset_open_whole(&table, r->ws, v, &watch, err)) < 0)
		goto out;
	_Static_assert(sizeof(uint64_t) == sizeof(int64_t), "row numbers");
	rc = bn_expect_rows(
		(uint64_t **)(void *)rows, count, table, &suite->items[0], &progress, err);
out:
	bn_table_reader_free(table);
	bn_suite_free(suite);
	json_decref(result);
	bn_dataset_version_free(v);
	return rc;
}

int bn_some_rows_column(const bn_table_reader *table, int at, bn_err *err)
{
	if (at >= 0 && (size_t)at < bn_table_schema(table)->count)
		return 0;
	return bn_err_set(err, BN_EINVAL, "there is no column number %d", at + 1);
}

/* By a key: rows of the table that differ from those of the other in the column, or that it lacks. */
static int by_key(int64_t **rows, size_t *count, const bn_rows_base *b, bn_column_pair *pair,
	bn_table_reader *other, bn_table_reader *table, const bn_progress *watch, bn_err *err)
{
	bn_row_key key = {NULL, 0};
	bn_matched m = {.row_a = NULL};
	int rc = bn_row_key_read(&key, b->key, bn_table_schema(table), err);
	if (rc < 0 || (rc = bn_matched_find(&m, other, table, &key, watch, err)) < 0)
		goto out;
	rc = b->kind == BN_ROWS_UNMATCHED
		     ? bn_matched_added(rows, count, &m, err)
		     : bn_matched_differing(rows, count, &m, pair, other, table, watch, err);
out:
	bn_matched_release(&m);
	bn_row_key_release(&key);
	return rc;
}

static int changed(int64_t **rows, size_t *count, bn_reader *r, const bn_rows_of *of,
	const bn_rows_base *b, bn_job *job, bn_err *err)
{
	bn_progress watch = bn_job_watch(job);
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL, *other = NULL;
	bn_column_pair pair = {.b = (size_t)b->at};
	int rc = bn_dataset_resolve(&v, r->ws, b->other, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0 || (rc = bn_dataset_open_table_watched(&other, r->ws, v, &watch, err)) < 0 ||
		(rc = bn_reader_table(&table, r, of->ref, "", err)) < 0 ||
		(rc = bn_some_rows_column(table, b->at, err)) < 0 ||
		(b->kind == BN_ROWS_CHANGED &&
			(rc = bn_schema_need(bn_table_schema(other),
				 bn_table_schema(table)->fields[pair.b].name, &pair.a, err)) < 0))
		goto out;
	rc = b->key[0] ? by_key(rows, count, b, &pair, other, table, &watch, err)
		       : bn_differences_rows(rows, count, pair.b, pair.a, table, other, &watch, err);
out:
	bn_table_reader_free(other);
	bn_dataset_version_free(v);
	return rc;
}

/* Of the current rows, by one of their columns. */
static int by_column(bn_some_rows *s, const bn_rows_base *b, int64_t **rows, size_t *count,
	bn_job *job, bn_err *err)
{
	static const bn_value_state states[] = {[BN_ROWS_ABSENT] = BN_VALUE_ABSENT,
		[BN_ROWS_FINITE] = BN_VALUE_FINITE,
		[BN_ROWS_INFINITE] = BN_VALUE_INFINITE};
	bn_progress watch = bn_job_watch(job);
	bn_table_reader *table = NULL;
	size_t column = (size_t)b->at;
	int rc = bn_some_rows_table(&table, s, err);
	if (rc < 0 || (rc = bn_some_rows_column(table, b->at, err)) < 0)
		return rc;
	if (b->kind == BN_ROWS_ALIKE)
		rc = bn_rows_alike(
			rows, count, table, column, s->table, (uint64_t)b->row, &watch, err);
	else if (b->kind == BN_ROWS_WITHIN)
		rc = bn_rows_within(rows, count, table, column,
			(bn_interval){
				b->lo, b->hi, b->closed, b->is_whole, b->whole_lo, b->whole_hi},
			&watch, err);
	else
		rc = bn_rows_in_state(rows, count, table, column, states[b->kind], &watch, err);
	if (rc >= 0)
		number_rows(s, *rows, *count);
	return rc;
}

static int base_take(bn_some_rows *s, bn_reader *r, const bn_rows_of *of, const bn_rows_base *b,
	bn_job *job, bn_err *err)
{
	int64_t *rows = NULL;
	size_t count = 0;
	int rc;
	if (b->kind != BN_ROWS_FAILING && b->kind != BN_ROWS_CHANGED && b->kind != BN_ROWS_UNMATCHED) {
		rc = by_column(s, b, &rows, &count, job, err);
	} else {
		rc = b->kind == BN_ROWS_FAILING ? failing(&rows, &count, r, of, b, job, err)
						: changed(&rows, &count, r, of, b, job, err);
		if (rc >= 0) /* the table opened without derived columns may be another */
			rc = bn_reader_table(&s->table, r, of->ref, of->derived, err);
		if (rc >= 0)
			count = rows_both(s, rows, count);
	}
	if (rc < 0 || (rc = not_null(&rows, err)) < 0) {
		bn_free(rows);
		return rc;
	}
	narrow(s, rows, count);
	return 0;
}

/* ---- the filter ------------------------------------------------------------------------------- */

static bool text_has(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return n == 0;
}

/* Whether every word occurs somewhere in the row. */
static bool row_has_words(const bn_row_filter *f, const bn_batch *batch, size_t row, bn_buf *buf)
{
	for (size_t i = 0; i < f->count; i++) {
		bool hit = false;
		for (size_t c = 0; c < batch->column_count && !hit; c++) {
			bn_buf_clear(buf);
			hit = bn_column_format(&batch->columns[c], row, buf) && buf->ptr &&
			      text_has(buf->ptr, f->words[i]);
		}
		if (!hit)
			return false;
	}
	return true;
}

/* Which of the n rows contain the words; origins: their numbers, reduced to those that do, *n of
 * them. */
static int keep_words(bn_table_reader *table, const bn_row_filter *f, int64_t *origins, size_t *n,
	bn_job *job, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf buf = BN_BUF_INIT;
	size_t kept = 0;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(table); b++) {
		if ((rc = bn_table_read(table, b, NULL, 0, &batch, err)) < 0)
			goto out;
		for (size_t i = 0; i < batch.rows; i++) {
			if (i % 4096 == 0 && bn_job_is_cancelled(job)) {
				rc = bn_err_set(err, BN_EINTR, "stopped");
				goto out;
			}
			if (row_has_words(f, &batch, i, &buf))
				origins[kept++] = origins[batch.first_row + i];
		}
		bn_job_progress(job, (int64_t)(batch.first_row + batch.rows),
			(int64_t)bn_table_rows(table));
	}
	*n = kept;
out:
	bn_batch_release(&batch);
	bn_buf_release(&buf);
	return rc;
}

static int filter_take(bn_some_rows *s, const bn_row_filter *f, bn_job *job, bn_err *err)
{
	const bn_progress progress = bn_job_watch(job);
	const bn_scan scan = {.where = f->where, .progress = &progress};
	bn_table_reader *table = NULL, *scanned = NULL;
	int64_t *rows = NULL;
	size_t n = 0;
	int rc = bn_some_rows_table(&table, s, err);
	if (rc < 0 || (f->where && (rc = bn_table_scan(&scanned, table, &scan, err)) < 0))
		goto out;
	bn_table_reader *left = scanned ? scanned : table;
	n = (size_t)bn_table_rows(left);
	if (!(rows = bn_alloc((n + 1) * sizeof *rows))) {
		rc = bn_err_nomem(err, "row numbers");
		goto out;
	}
	if ((rc = bn_table_origins(rows, left, err)) < 0 ||
		(f->count && (rc = keep_words(left, f, rows, &n, job, err)) < 0))
		goto out;
	bn_table_reader_free(scanned);
	scanned = NULL;
	narrow(s, rows, n);
	rows = NULL;
out:
	bn_table_reader_free(scanned);
	bn_free(rows);
	return rc;
}

int bn_some_rows_find(
	bn_some_rows *out, bn_reader *r, const bn_rows_of *of, bn_job *job, bn_err *err)
{
	bn_row_filter f = {.count = 0};
	*out = (bn_some_rows){NULL, NULL, 0, NULL};
	int rc = bn_reader_table(&out->table, r, of->ref, of->derived, err);
	if (rc < 0)
		return rc;
	out->count = (size_t)bn_table_rows(out->table);
	if ((rc = bn_row_filter_read(&f, of->filter, bn_table_schema(out->table), err)) < 0)
		goto out;
	for (int i = 0; i < of->bases; i++)
		if ((rc = base_take(out, r, of, &of->base[i], job, err)) < 0)
			goto out;
	if (f.count || f.where)
		rc = filter_take(out, &f, job, err);
out:
	bn_row_filter_release(&f);
	return rc;
}

/*
 * table_read.c - reading tables: bn_table_reader over the parts of a table, each an Arrow IPC file.
 *
 * Batches are numbered through all parts, and so are rows. Invariant 2 of table.h (one dictionary a
 * column) holds across parts because a part's dictionary begins with that of the previous part: the last part's
 * is returned, in which every code keeps its meaning. A scan (scan.h) has no parts but a view of another
 * reader.
 */
#include "core/table/_derived.h"
#include "core/table/_view.h"
#include "core/table/arrow_read.h"
#include "core/table/stats.h"
#include "core/table/table.h"

#include <string.h>

typedef struct part {
	bn_arrow_file *file;
	uint64_t first_batch;
	uint64_t first_row;
	bn_part_stats *stats; /* NULL: not known */
} part;

struct bn_table_reader {
	part *parts;
	size_t count;
	size_t batches;
	uint64_t rows;
	bn_table_view *view; /* of a scan; it has no parts */
	bn_derived *derived; /* with a computed column; it has no parts */
};

/* ---- opening -------------------------------------------------------------------------------- */

static bool dict_begins_with(const bn_dict *d, const bn_dict *head)
{
	if (head->count > d->count)
		return false;
	for (size_t i = 0; i < head->count; i++) {
		bn_text a = bn_dict_get(d, i), b = bn_dict_get(head, i);
		if (a.len != b.len || (a.len && memcmp(a.ptr, b.ptr, a.len) != 0))
			return false;
	}
	return true;
}

/* Whether the part just added continues the table. */
static int check_part(const bn_table_reader *r, bn_err *err)
{
	const bn_arrow_file *last = r->parts[r->count - 1].file;
	const bn_arrow_file *before = r->count > 1 ? r->parts[r->count - 2].file : NULL;
	const bn_schema *schema = bn_arrow_file_schema(last);
	if (!before)
		return 0;
	if (!bn_schema_equal(schema, bn_arrow_file_schema(before)))
		return bn_err_set(err, BN_ECORRUPT,
			"%s: its columns differ from those of the previous part",
			bn_arrow_file_name(last));
	for (size_t c = 0; c < schema->count; c++) {
		const bn_dict *d = bn_arrow_file_dict(last, c);
		if (d && !dict_begins_with(d, bn_arrow_file_dict(before, c)))
			return bn_err_set(err, BN_ECORRUPT,
				"%s: column '%s': its dictionary does not begin with that of the "
				"previous part",
				bn_arrow_file_name(last), schema->fields[c].name);
	}
	return 0;
}

/* Takes the file, also on failure. */
static int add_part(bn_table_reader *r, bn_arrow_file *file, bn_err *err)
{
	r->parts[r->count++] =
		(part){.file = file, .first_batch = r->batches, .first_row = r->rows};
	r->batches += bn_arrow_file_batches(file);
	r->rows += bn_arrow_file_rows(file);
	return check_part(r, err);
}

static int reader_new(bn_table_reader **out, size_t parts, bn_err *err)
{
	bn_table_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r || !(r->parts = bn_alloc_zeroed(parts, sizeof *r->parts))) {
		bn_free(r);
		return bn_err_nomem(err, "a table reader");
	}
	*out = r;
	return 0;
}

/* The parts: already open, or names below a handle. */
typedef struct places {
	const int *fds; /* NULL: names are paths below at */
	const bn_dir *at;
	const char *const *names;
} places;

static int open_all(
	bn_table_reader **out, const bn_env *env, const places *p, size_t n, bn_err *err)
{
	bn_table_reader *r = NULL;
	int rc = n ? reader_new(&r, n, err) : bn_err_set(err, BN_EINVAL, "a table without parts");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		bn_arrow_file *file = NULL;
		rc = p->fds ? bn_arrow_file_open_fd(&file, env, p->fds[i], false, p->names[i], err)
			    : bn_arrow_file_open(&file, env, p->at, p->names[i], err);
		if (rc == 0)
			rc = add_part(r, file, err);
	}
	if (rc < 0) {
		bn_table_reader_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

int bn_table_open_parts(bn_table_reader **out, const bn_env *env, const bn_dir *at,
	const char *const *paths, size_t n, bn_err *err)
{
	return open_all(out, env, &(places){.at = at, .names = paths}, n, err);
}

int bn_table_open_files(bn_table_reader **out, const bn_env *env, const int *fds,
	const char *const *names, size_t n, bn_err *err)
{
	return open_all(out, env, &(places){.fds = fds, .names = names}, n, err);
}

int bn_table_open(bn_table_reader **out, const bn_env *env, const char *path, bn_err *err)
{
	return bn_table_open_parts(out, env, NULL, &path, 1, err);
}

/* A table of that one file, which is taken, even on failure. rc: result of opening it. */
static int open_one(bn_table_reader **out, int rc, bn_arrow_file *file, bn_err *err)
{
	bn_table_reader *r = NULL;
	if (rc < 0)
		return rc;
	if ((rc = reader_new(&r, 1, err)) < 0) {
		bn_arrow_file_free(file);
		return rc;
	}
	if ((rc = add_part(r, file, err)) < 0)
		bn_table_reader_free(r);
	else
		*out = r;
	return rc;
}

int bn_table_open_given(
	bn_table_reader **out, const bn_env *env, int fd, const char *name, bn_err *err)
{
	bn_arrow_file *file = NULL;
	int rc = bn_arrow_file_open_fd(&file, env, fd, true, name, err);
	return open_one(out, rc, file, err);
}

bool bn_table_is_unmarked(const bn_table_reader *r)
{
	return r->count && bn_arrow_file_is_unmarked(r->parts[r->count - 1].file);
}

int bn_arrow_open_bytes(
	bn_table_reader **out, const void *bytes, size_t n, const char *name, bn_err *err)
{
	bn_arrow_file *file = NULL;
	int rc = bn_arrow_file_open_bytes(&file, bytes, n, name, err);
	return open_one(out, rc, file, err);
}

void bn_table_reader_free(bn_table_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		bn_arrow_file_free(r->parts[i].file);
		bn_part_stats_free(r->parts[i].stats);
	}
	bn_table_view_free(r->view);
	bn_derived_free(r->derived);
	bn_free(r->parts);
	bn_free(r);
}

/* ---- asking --------------------------------------------------------------------------------- */

static const char *reader_name(const bn_table_reader *r)
{
	if (r->derived)
		return reader_name(bn_derived_base(r->derived));
	return r->view ? reader_name(r->view->base) : bn_arrow_file_name(r->parts[0].file);
}

/* The last part's, which has the longest dictionaries. */
static const bn_arrow_file *last_file(const bn_table_reader *r)
{
	return r->parts[r->count - 1].file;
}

/* The part that holds a batch, or a row; the last one for what lies beyond. */
static part *part_of_batch(const bn_table_reader *r, size_t batch)
{
	return &r->parts[bn_last_not_above(
		&r->parts->first_batch, sizeof *r->parts, r->count, batch)];
}

static part *part_of_row(const bn_table_reader *r, uint64_t row)
{
	return &r->parts[bn_last_not_above(&r->parts->first_row, sizeof *r->parts, r->count, row)];
}

const bn_schema *bn_table_schema(const bn_table_reader *r)
{
	if (r->derived)
		return bn_derived_schema(r->derived);
	if (r->view)
		return bn_table_schema(r->view->base);
	return bn_arrow_file_schema(r->parts[0].file);
}

uint64_t bn_table_rows(const bn_table_reader *r)
{
	return r->rows;
}

size_t bn_table_batches(const bn_table_reader *r)
{
	return r->batches;
}

uint64_t bn_table_batch_start(const bn_table_reader *r, size_t batch)
{
	if (r->derived)
		return bn_table_batch_start(bn_derived_base(r->derived), batch);
	if (r->view)
		return batch < r->batches ? r->view->kept[batch].first_row : r->rows;
	const part *p = part_of_batch(r, batch);
	return batch < r->batches
		       ? p->first_row + bn_arrow_file_batch_start(p->file, batch - p->first_batch)
		       : r->rows;
}

size_t bn_table_batch_rows(const bn_table_reader *r, size_t batch)
{
	if (r->derived)
		return bn_table_batch_rows(bn_derived_base(r->derived), batch);
	if (r->view)
		return r->view->kept[batch].rows;
	const part *p = part_of_batch(r, batch);
	return bn_arrow_file_batch_rows(p->file, batch - p->first_batch);
}

const bn_dict *bn_table_dict(const bn_table_reader *r, size_t column)
{
	if (r->derived && (bn_table_schema(r)->fields[column].type != BN_TYPE_CATEGORY))
		return NULL; /* also of a computed one */
	if (r->derived)
		return bn_table_dict(bn_derived_base(r->derived), column);
	if (r->view)
		return bn_table_dict(r->view->base, column);
	return bn_arrow_file_dict(last_file(r), column);
}

int bn_table_locate(
	const bn_table_reader *r, uint64_t row, size_t *batch, size_t *row_in_batch, bn_err *err)
{
	if (row >= r->rows)
		return bn_err_set(err, BN_EINVAL, "%s has %llu rows, no row %llu", reader_name(r),
			(unsigned long long)r->rows, (unsigned long long)row);
	size_t low = 0, high = r->batches;
	while (high - low > 1) { /* the last batch that starts at or before row */
		size_t mid = low + (high - low) / 2;
		if (bn_table_batch_start(r, mid) <= row)
			low = mid;
		else
			high = mid;
	}
	*batch = low;
	*row_in_batch = (size_t)(row - bn_table_batch_start(r, low));
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

int bn_table_read(bn_table_reader *r, size_t batch, const size_t *columns, size_t n, bn_batch *out,
	bn_err *err)
{
	if (batch >= r->batches) {
		bn_batch_release(out);
		return bn_err_set(err, BN_EINVAL, "%s has %zu batches, no batch %zu",
			reader_name(r), r->batches, batch);
	}
	if (r->derived)
		return bn_derived_read(r->derived, batch, columns, n, out, err);
	if (r->view)
		return bn_table_view_read(r->view, batch, columns, n, out, err);
	const part *p = part_of_batch(r, batch);
	int rc = bn_arrow_file_read(p->file, batch - p->first_batch, columns, n, out, err);
	if (rc < 0)
		return rc;
	out->first_row += p->first_row;
	if (p->file == last_file(r))
		return 0;
	for (size_t i = 0; i < out->column_count; i++)
		if (out->columns[i].dict)
			out->columns[i].dict = bn_table_dict(r, columns ? columns[i] : i);
	return 0;
}

void bn_table_forget(const bn_table_reader *r, const bn_batch *b)
{
	if (r->derived)
		return; /* some are computed, and the others are read again soon */
	if (r->view)
		bn_table_view_forget(r->view, b);
	else
		bn_arrow_file_forget(part_of_row(r, b->first_row)->file, b);
}

/* ---- statistics and scans ------------------------------------------------------------------- */

void bn_table_take_stats(bn_table_reader *r, size_t index, bn_part_stats *stats)
{
	if (index >= r->count) {
		bn_part_stats_free(stats);
		return;
	}
	bn_part_stats_free(r->parts[index].stats);
	r->parts[index].stats = stats;
}

const bn_part_stats *bn_table_batch_stats(const bn_table_reader *r, size_t batch)
{
	if (r->derived)
		return NULL; /* nothing is known about the column */
	if (r->view)
		return bn_table_batch_stats(r->view->base, r->view->kept[batch].batch);
	return part_of_batch(r, batch)->stats;
}

int bn_table_reader_of_view(bn_table_reader **out, bn_table_view *view, bn_err *err)
{
	bn_table_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r) {
		bn_table_view_free(view);
		return bn_err_nomem(err, "a table reader");
	}
	r->view = view;
	r->batches = view->count;
	r->rows = view->rows;
	*out = r;
	return 0;
}

bn_table_view *bn_table_reader_view(const bn_table_reader *r)
{
	return r->view;
}

int bn_table_reader_of_derived(bn_table_reader **out, bn_derived *d, bn_err *err)
{
	bn_table_reader *r = bn_alloc_zeroed(1, sizeof *r), *base = bn_derived_base(d);
	if (!r)
		return bn_err_nomem(err, "a table reader");
	r->derived = d;
	r->batches = base->batches;
	r->rows = base->rows;
	*out = r;
	return 0;
}

void bn_table_reader_forget_base(bn_table_reader *top, bn_table_reader *base)
{
	if (top == base)
		return;
	bn_table_reader *r = top;
	while (r->derived && bn_derived_base(r->derived) != base)
		r = bn_derived_base(r->derived);
	bn_derived_release_base(r->derived);
	bn_table_reader_free(top);
}

/* matched.c - see matched.h. */
#include "core/profile/matched.h"

#include "core/base/mem.h"
#include "core/profile/cell_hash.h"

#include <string.h>

/* ---- the columns of a key --------------------------------------------------------------------- */

/* The length of the name at the start: the longest column up to a comma or the end; unknown: up to the first comma. */
static size_t name_length(const char *text, const bn_schema *s)
{
	size_t longest = 0, first = strcspn(text, ",");

	for (size_t i = 0; i < s->count; i++) {
		size_t n = strlen(s->fields[i].name);
		if (n > longest && !strncmp(text, s->fields[i].name, n) && (!text[n] || text[n] == ','))
			longest = n;
	}
	return longest ? longest : first;
}

static int key_add(bn_row_key *k, const char *text, size_t n, const bn_schema *s, bn_err *err)
{
	char **names = bn_realloc(k->names, (k->count + 1) * sizeof *names);
	size_t at;

	if (!names)
		return bn_err_nomem(err, "a key");
	k->names = names;
	if (!(names[k->count] = bn_strndup(text, n)))
		return bn_err_nomem(err, "a key");
	k->count++;
	for (size_t i = 0; i + 1 < k->count; i++)
		if (!strcmp(names[i], names[k->count - 1]))
			return bn_err_set(err, BN_EINVAL, "the key names column '%s' twice", names[i]);
	return bn_schema_need(s, names[k->count - 1], &at, err);
}

int bn_row_key_read(bn_row_key *out, const char *text, const bn_schema *s, bn_err *err)
{
	int rc = 0;

	*out = (bn_row_key){NULL, 0};
	if (!*text)
		return bn_err_set(err, BN_EINVAL, "a key is one or more columns: id or host,time");
	for (bool more = true; more && rc == 0;) {
		size_t n = name_length(text, s);
		rc = key_add(out, text, n, s, err);
		more = text[n] == ',';
		text += n + more;
	}
	if (rc < 0)
		bn_row_key_release(out);
	return rc;
}

void bn_row_key_release(bn_row_key *k)
{
	for (size_t i = 0; i < k->count; i++)
		bn_free(k->names[i]);
	bn_free(k->names);
	*k = (bn_row_key){NULL, 0};
}

/* ---- the key of a row ------------------------------------------------------------------------- */

typedef struct key_hash {
	uint64_t a, b;
} key_hash;

/* The keys of the first table by hash: slots hold row + 1, 0 is empty. */
typedef struct key_index {
	key_hash *of_row;
	uint64_t *slots;
	size_t mask;
} key_index;

static bool same_key(key_hash x, key_hash y)
{
	return x.a == y.a && x.b == y.b;
}

/* The slot of the key: the one that has it, or the empty one where it belongs. */
static size_t slot_of(const key_index *x, key_hash k)
{
	size_t at = (size_t)k.b & x->mask;

	while (x->slots[at] && !same_key(x->of_row[x->slots[at] - 1], k))
		at = (at + 1) & x->mask;
	return at;
}

/* What is done with the key of each row. */
typedef int (*key_fn)(void *ctx, uint64_t row, key_hash k, bn_err *err);

static int each_key_of_batch(
	const bn_batch *b, char *const *names, const char *which, key_fn visit, void *ctx, bn_err *err)
{
	for (size_t r = 0; r < b->rows; r++) {
		key_hash k = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
		int rc;
		for (size_t c = 0; c < b->column_count; c++)
			if (!bn_cell_hash(&k.a, &k.b, &b->columns[c], r))
				return bn_err_set(err, BN_EINVAL,
					"column '%s' is missing in row %llu of the %s version: a key names every row",
					names[c], (unsigned long long)(b->first_row + r + 1), which);
		if ((rc = visit(ctx, b->first_row + r, k, err)) < 0)
			return rc;
	}
	return 0;
}

static int each_key(bn_table_reader *t, const size_t *columns, char *const *names, size_t n, const char *which,
	key_fn visit, void *ctx, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;

	for (size_t i = 0; i < bn_table_batches(t) && rc == 0; i++) {
		if ((rc = bn_progress_step(
			     watch, "matching rows", bn_table_batch_start(t, i), bn_table_rows(t), err)) < 0 ||
			(rc = bn_table_read(t, i, columns, n, &batch, err)) < 0)
			break;
		rc = each_key_of_batch(&batch, names, which, visit, ctx, err);
		bn_table_forget(t, &batch);
	}
	bn_batch_release(&batch);
	return rc;
}

typedef struct matcher {
	bn_matched *out;
	key_index index;
	uint64_t *row_b; /* [rows_a]: the row of the second table + 1; 0: none */
	const char *name;
	size_t names;
} matcher;

static int twice(const matcher *m, uint64_t first, uint64_t second, const char *which, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "rows %llu and %llu of the %s version have the same %s%s%s",
		(unsigned long long)first + 1, (unsigned long long)second + 1, which,
		m->names > 1 ? "key" : "'", m->names > 1 ? "" : m->name, m->names > 1 ? "" : "'");
}

static int put_key(void *ctx, uint64_t row, key_hash k, bn_err *err)
{
	matcher *m = ctx;
	size_t at = slot_of(&m->index, k);

	if (m->index.slots[at])
		return twice(m, m->index.slots[at] - 1, row, "first", err);
	m->index.of_row[row] = k;
	m->index.slots[at] = row + 1;
	return 0;
}

static int match_key(void *ctx, uint64_t row, key_hash k, bn_err *err)
{
	matcher *m = ctx;
	uint64_t found = m->index.slots[slot_of(&m->index, k)];

	m->out->row_a[row] = (int64_t)found - 1;
	if (!found)
		return 0;
	if (m->row_b[found - 1])
		return twice(m, m->row_b[found - 1] - 1, row, "second", err);
	m->row_b[found - 1] = row + 1;
	m->out->both++;
	return 0;
}

static int find_columns(
	size_t *x, size_t *y, bn_table_reader *a, bn_table_reader *b, char *const *names, size_t n, bn_err *err)
{
	char ta[BN_TYPE_TEXT], tb[BN_TYPE_TEXT];
	const bn_schema *sa = bn_table_schema(a), *sb = bn_table_schema(b);
	int rc;

	for (size_t i = 0; i < n; i++) {
		if ((rc = bn_schema_need(sa, names[i], &x[i], err)) < 0 ||
			(rc = bn_schema_need(sb, names[i], &y[i], err)) < 0)
			return rc;
		const bn_field *f = &sa->fields[x[i]], *g = &sb->fields[y[i]];
		if (!bn_field_same_type(f, g) && !(bn_type_is_text(f->type) && bn_type_is_text(g->type)))
			return bn_err_set(err, BN_EINVAL,
				"column '%s' is %s in the first version and %s in the second: a key has one type",
				names[i], bn_field_type_text(f, ta), bn_field_type_text(g, tb));
	}
	return 0;
}

static int make_room(matcher *m, bn_err *err)
{
	size_t n = (size_t)m->out->rows_a, slots = 16;

	while (slots < n + n / 2)
		slots *= 2;
	m->index.mask = slots - 1;
	m->index.of_row = bn_alloc((n + 1) * sizeof *m->index.of_row);
	m->index.slots = bn_alloc_zeroed(slots, sizeof *m->index.slots);
	m->row_b = bn_alloc_zeroed(n + 1, sizeof *m->row_b);
	m->out->row_a = bn_alloc((size_t)(m->out->rows_b + 1) * sizeof *m->out->row_a);
	m->out->changed = bn_alloc_zeroed((size_t)m->out->rows_b / 8 + 1, 1);
	return m->index.of_row && m->index.slots && m->row_b && m->out->row_a && m->out->changed
		       ? 0
		       : bn_err_nomem(err, "the keys of the rows");
}

int bn_matched_find(bn_matched *out, bn_table_reader *a, bn_table_reader *b, const bn_row_key *key,
	const bn_progress *watch, bn_err *err)
{
	char *const *names = key->names;
	const size_t n = key->count;
	matcher m = {.out = out, .name = names[0], .names = n};
	size_t *columns = bn_alloc((2 * n + 1) * sizeof *columns);
	int rc = 0;

	*out = (bn_matched){.rows_a = bn_table_rows(a), .rows_b = bn_table_rows(b)};
	if (!columns)
		rc = bn_err_nomem(err, "the columns of a key");
	if (rc < 0 || (rc = find_columns(columns, columns + n, a, b, names, n, err)) < 0 ||
		(rc = make_room(&m, err)) < 0 ||
		(rc = each_key(a, columns, names, n, "first", put_key, &m, watch, err)) < 0)
		goto out;
	rc = each_key(b, columns + n, names, n, "second", match_key, &m, watch, err);
out:
	bn_free(columns);
	bn_free(m.index.of_row);
	bn_free(m.index.slots);
	bn_free(m.row_b);
	if (rc < 0)
		bn_matched_release(out);
	return rc;
}

void bn_matched_release(bn_matched *m)
{
	bn_free(m->row_a);
	bn_free(m->changed);
	*m = (bn_matched){NULL, 0, 0, 0, NULL};
}

/* ---- values ----------------------------------------------------------------------------------- */

/* A column of a table with all its batches, in which any row can be looked up. */
typedef struct held {
	bn_table_reader *table;
	bn_batch *batches;
	size_t count, last; /* last: the batch of the row before */
} held;

static void held_release(held *h)
{
	for (size_t i = 0; h->batches && i < h->count; i++)
		bn_batch_release(&h->batches[i]);
	bn_free(h->batches);
}

static int held_read(held *h, bn_table_reader *t, size_t column, bn_err *err)
{
	int rc = 0;

	*h = (held){t, bn_alloc_zeroed(bn_table_batches(t) + 1, sizeof *h->batches), bn_table_batches(t), 0};
	if (!h->batches)
		return bn_err_nomem(err, "a column");
	for (size_t i = 0; i < h->count && rc == 0; i++)
		rc = bn_table_read(t, i, &column, 1, &h->batches[i], err);
	return rc;
}

static int held_cell(held *h, uint64_t row, const bn_column **out, size_t *at, bn_err *err)
{
	uint64_t start = bn_table_batch_start(h->table, h->last);
	int rc = 0;

	if (row < start || row - start >= bn_table_batch_rows(h->table, h->last))
		rc = bn_table_locate(h->table, row, &h->last, at, err);
	else
		*at = (size_t)(row - start);
	if (rc == 0)
		*out = &h->batches[h->last].columns[0];
	return rc;
}

typedef struct row_list {
	int64_t *rows;
	size_t count, cap;
} row_list;

static int list_add(row_list *l, uint64_t row, bn_err *err)
{
	if (bn_grow(&l->rows, &l->cap, l->count + 1, sizeof *l->rows))
		return bn_err_nomem(err, "the rows that differ");
	l->rows[l->count++] = (int64_t)row;
	return 0;
}

/* keep: NULL if not wanted. */
static int compare_batch(
	bn_matched *m, bn_column_pair *pair, held *h, const bn_batch *b, row_list *keep, bn_err *err)
{
	const bn_column *other = NULL;
	size_t at = 0;
	int rc = 0;

	for (size_t r = 0; r < b->rows && rc == 0; r++) {
		uint64_t row = b->first_row + r;
		if (m->row_a[row] < 0)
			continue;
		if ((rc = held_cell(h, (uint64_t)m->row_a[row], &other, &at, err)) < 0 ||
			bn_cells_equal(other, at, &b->columns[0], r))
			continue;
		pair->different++;
		m->changed[row >> 3] |= (uint8_t)(1 << (row & 7));
		if (keep)
			rc = list_add(keep, row, err);
	}
	return rc;
}

static int compare(bn_matched *m, bn_column_pair *pair, bn_table_reader *a, bn_table_reader *b, row_list *keep,
	const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	held h = {.batches = NULL};
	int rc = held_read(&h, a, pair->a, err);

	pair->different = 0;
	for (size_t i = 0; i < bn_table_batches(b) && rc == 0; i++) {
		if ((rc = bn_progress_step(
			     watch, "comparing", bn_table_batch_start(b, i), bn_table_rows(b), err)) < 0 ||
			(rc = bn_table_read(b, i, &pair->b, 1, &batch, err)) < 0)
			break;
		rc = compare_batch(m, pair, &h, &batch, keep, err);
		bn_table_forget(b, &batch);
	}
	bn_batch_release(&batch);
	held_release(&h);
	return rc;
}

int bn_matched_count(bn_matched *m, bn_column_pair *pair, bn_table_reader *a, bn_table_reader *b,
	const bn_progress *watch, bn_err *err)
{
	return compare(m, pair, a, b, NULL, watch, err);
}

uint64_t bn_matched_changed(const bn_matched *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < (size_t)m->rows_b / 8 + 1; i++)
		n += (uint64_t)__builtin_popcount(m->changed[i]);
	return n;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static int take(int rc, row_list *l, int64_t **rows, size_t *count)
{
	if (rc < 0) {
		bn_free(l->rows);
		return rc;
	}
	*rows = l->rows;
	*count = l->count;
	return 0;
}

int bn_matched_added(int64_t **rows, size_t *count, const bn_matched *m, bn_err *err)
{
	row_list l = {NULL, 0, 0};
	int rc = 0;

	for (uint64_t r = 0; r < m->rows_b && rc == 0; r++)
		if (m->row_a[r] < 0)
			rc = list_add(&l, r, err);
	return take(rc, &l, rows, count);
}

int bn_matched_removed(int64_t **rows, size_t *count, const bn_matched *m, bn_err *err)
{
	row_list l = {NULL, 0, 0};
	bool *kept = bn_alloc_zeroed((size_t)m->rows_a + 1, sizeof *kept);
	int rc = kept ? 0 : bn_err_nomem(err, "the rows that were removed");

	for (uint64_t r = 0; r < m->rows_b && rc == 0; r++)
		if (m->row_a[r] >= 0)
			kept[m->row_a[r]] = true;
	for (uint64_t r = 0; r < m->rows_a && rc == 0; r++)
		if (!kept[r])
			rc = list_add(&l, r, err);
	bn_free(kept);
	return take(rc, &l, rows, count);
}

int bn_matched_differing(int64_t **rows, size_t *count, bn_matched *m, bn_column_pair *pair, bn_table_reader *a,
	bn_table_reader *b, const bn_progress *watch, bn_err *err)
{
	row_list l = {NULL, 0, 0};

	return take(compare(m, pair, a, b, &l, watch, err), &l, rows, count);
}

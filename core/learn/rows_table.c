/*
 * rows_table.c - the source over a part of a table; see rows.h.
 *
 * A block is at most BLOCK_BYTES of design, from rows of one record batch: slices of rows are
 * gathered, filled and encoded in parallel, each row independently, so the slicing changes no byte.
 * Data that is needed more than once is written to the file when it is first computed, and read
 * from the mapping afterwards.
 */
#include "core/learn/_features.h"
#include "core/learn/_read_as.h"
#include "core/learn/_rows.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "kernels/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLICE_ROWS = 4096, BLOCK_BYTES = 16 << 20, MEMORY_BYTES = 16 << 20 };
/* For gathering single rows: number prefetched, first cache lines prefetched of each, and number
 * per thread. */
enum { AHEAD_ROWS = 12, LINE_FLOATS = 16, AHEAD_FLOATS = 256, LEAST_ROWS = 32 };

/* One input of the pipeline, and the column of the table that it is read from. */
typedef struct source_column {
	const bn_feature_input *in;
	size_t at;          /* index in `picked` */
	bn_input_kind kind; /* the table's, as it is read */
	int32_t *map; /* CATEGORY to CATEGORY: the table's codes to those of training; count: not
		      * among them */
	size_t map_count;
} source_column;

/* Buffers for a slice's columns, in the pipeline's encoding (bn_features_apply). */
typedef struct slice_room {
	double *numbers; /* SLICE_ROWS per column */
	int32_t *codes;
	bn_column *columns;
} slice_room;

typedef struct table_rows {
	bn_rows base;
	const bn_part *part;
	const bn_features *f;
	const bn_rows_place *place;
	int threads;
	source_column *columns; /* by input */
	size_t *picked;         /* the table's column for each source of the pipeline */
	size_t inputs, sources;
	uint8_t *kept; /* bit by row of the table: belongs to the part and has a target */
	double *y;     /* rows kept */
	slice_room room[BNK_MAX_SHARDS];
	size_t rooms;
	double *x;         /* a block */
	size_t block_rows; /* maximum per batch of the table */
	/* Position of the next block. */
	bn_batch batch;
	bn_cast *cast;        /* NULL: the table's columns are used unchanged */
	const bn_batch *read; /* batch, or cast's output for it */
	size_t next_batch, in_batch;
	uint64_t at; /* rows returned so far */
	/* Data computed once. */
	void *made; /* float64 or float32 */
	uint64_t made_bytes;
	bool mapped, complete;
} table_rows;

/* ---- making blocks -------------------------------------------------------------------------- */

static bool is_kept(const table_rows *t, uint64_t row)
{
	return t->kept[row >> 3] >> (row & 7) & 1;
}

static size_t count_kept(const table_rows *t, uint64_t first, size_t rows)
{
	size_t n = 0;
	for (size_t r = 0; r < rows; r++)
		n += is_kept(t, first + r);
	return n;
}

/* A type inferred from this table alone has lost the text that training had ("True", "1.0"), so
 * such a value is not an unknown category but of another type. */
static int not_text(const source_column *s, const char *shown, uint64_t row, bn_err *err)
{
	bn_err_set(err, BN_EINVAL,
		"row %llu: column '%s': \"%s\" of a %s column is not a category of the model",
		(unsigned long long)row + 1, s->in->name, shown, bn_input_kind_name(s->kind));
	bn_err_hint(err, "add the data again with --type %.80s=category", s->in->name);
	return BN_EINVAL;
}

/* A number, boolean or time as a category of training: its text, as in a file of rows
 * (core/source/cast.h). */
static int category_of(int32_t *out, const source_column *s, const bn_column *c, size_t r,
	uint64_t row, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_column_format(c, r, &text);
	int rc = bn_buf_check(&text, err, "a category");
	if (rc < 0)
		goto out;
	*out = bn_category_find(s->in->categories, s->in->category_count, text.ptr, text.len);
	if (*out < 0)
		rc = not_text(s, text.ptr, row, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* The code of a text. Empty text is absent, unless training had exactly that text; an unseen text
 * has the number after all. */
static int32_t code_of(const bn_feature_input *in, bn_text t)
{
	int32_t code = bn_category_find(in->categories, in->category_count, t.ptr, t.len);
	if (code >= 0)
		return code;
	return (int32_t)(t.len ? in->category_count : in->fill_category);
}

/* Absent values become training's most frequent category. */
static int gather_codes(const table_rows *t, const source_column *s, const bn_column *c,
	size_t from, size_t rows, int32_t *codes, bn_err *err)
{
	uint64_t first = t->batch.first_row + from;
	size_t n = 0;
	int rc = 0;
	for (size_t r = 0; r < rows && rc == 0; r++) {
		if (!is_kept(t, first + r))
			continue;
		int32_t *to = &codes[n++];
		if (bn_column_is_absent(c, from + r))
			*to = (int32_t)s->in->fill_category;
		else if (c->type == BN_TYPE_STRING)
			*to = code_of(s->in, bn_column_text(c, from + r));
		else if (s->kind == BN_INPUT_CATEGORY)
			*to = (size_t)c->codes[from + r] < s->map_count
				      ? s->map[c->codes[from + r]]
				      : (int32_t)s->in->category_count;
		else
			rc = category_of(to, s, c, from + r, first + r, err);
	}
	return rc;
}

/* Absent values are NaN. */
static int gather_numbers(const table_rows *t, const source_column *s, const bn_column *c,
	size_t from, size_t rows, double *numbers, bn_err *err)
{
	uint64_t first = t->batch.first_row + from;
	size_t n = 0;
	bool round = s->in->type == BN_TYPE_FLOAT32; /* as in training */
	int rc = s->in->elements ? bn_read_elements(numbers, c, from, rows, s->in,
					   t->read->first_row, t->base.part, err)
				 : bn_column_numbers(c, from, rows, numbers, err);
	for (size_t r = 0; r < rows && rc == 0; r++)
		if (is_kept(t, first + r))
			numbers[n++] = round ? (double)(float)numbers[r] : numbers[r];
	return rc;
}

/* The kept rows of [from, from + rows) of the batch's column i, in the buffer. */
static int gather_column(
	const table_rows *t, slice_room *room, size_t i, size_t from, size_t rows, bn_err *err)
{
	const source_column *s = &t->columns[i];
	const bn_column *c = &t->read->columns[s->at];
	return s->in->kind == BN_INPUT_CATEGORY
		       ? gather_codes(t, s, c, from, rows, room->codes + i * SLICE_ROWS, err)
		       : gather_numbers(t, s, c, from, rows, room->numbers + i * SLICE_ROWS, err);
}

typedef struct filling {
	table_rows *t;
	size_t from, rows, slices;
	size_t to[BNK_MAX_SHARDS]; /* row of the block at which a slice begins */
	bn_err err[BNK_MAX_SHARDS];
} filling;

static int fill_slice(void *user, size_t shard, size_t begin, size_t end)
{
	filling *g = user;
	table_rows *t = g->t;
	slice_room *room = &t->room[shard];
	size_t from = g->from + shard * SLICE_ROWS, left = g->rows - shard * SLICE_ROWS;
	size_t rows = left < SLICE_ROWS ? left : SLICE_ROWS;
	(void)begin;
	(void)end;
	for (size_t i = 0; i < t->inputs; i++) {
		int rc = gather_column(t, room, i, from, rows, &g->err[shard]);
		if (rc < 0)
			return rc;
	}
	bn_batch slice = {.columns = room->columns,
		.column_count = t->inputs,
		.rows = count_kept(t, t->batch.first_row + from, rows)};
	bn_features_apply(t->f, &slice, 0, slice.rows, t->x + g->to[shard] * t->base.facts.cols);
	return 0;
}

/* Makes the block from rows [from, from + rows) of the batch; returns how many were kept. */
static int make_block(table_rows *t, size_t from, size_t rows, size_t *made, bn_err *err)
{
	filling g = {.t = t, .from = from, .rows = rows};
	size_t n = 0;
	g.slices = (rows + SLICE_ROWS - 1) / SLICE_ROWS;
	for (size_t s = 0; s < g.slices; s++) {
		size_t left = rows - s * SLICE_ROWS;
		g.to[s] = n;
		n += count_kept(t, t->batch.first_row + from + s * SLICE_ROWS,
			left < SLICE_ROWS ? left : SLICE_ROWS);
	}
	*made = n;
	if (n == 0)
		return 0;
	int rc = bnk_parallel_for(g.slices, g.slices, t->threads, fill_slice, &g);
	for (size_t s = 0; s < g.slices && rc != 0; s++)
		if (g.err[s].code)
			return bn_err_move(err, &g.err[s]);
	return rc;
}

static int table_rewind(bn_rows *r, bn_err *err)
{
	table_rows *t = (table_rows *)r;
	(void)err;
	t->next_batch = t->in_batch = 0;
	t->at = 0;
	bn_batch_release(&t->batch);
	return 0;
}

/* 1: the batch has rows left. 0: end of the table. */
static int need_batch(table_rows *t, bn_err *err)
{
	while (t->in_batch >= t->batch.rows) {
		if (t->next_batch)
			bn_table_forget(t->part->table, &t->batch);
		if (t->next_batch == bn_table_batches(t->part->table))
			return 0;
		int rc = bn_table_read(
			t->part->table, t->next_batch++, t->picked, t->sources, &t->batch, err);
		if (rc < 0)
			return rc;
		t->read = &t->batch;
		if (t->cast && (rc = bn_cast_batch(&t->read, t->cast, &t->batch, err)) < 0)
			return rc;
		t->in_batch = 0;
	}
	return 1;
}

static int make_next(table_rows *t, bn_block *out, bn_err *err)
{
	size_t made = 0;
	int rc = 0;
	while (made == 0) {
		if ((rc = need_batch(t, err)) <= 0)
			return rc;
		size_t left = t->batch.rows - t->in_batch;
		size_t rows = left < t->block_rows ? left : t->block_rows;
		if ((rc = make_block(t, t->in_batch, rows, &made, err)) < 0)
			return rc;
		t->in_batch += rows;
	}
	*out = (bn_block){.first = t->at,
		.rows = made,
		.cols = t->base.facts.cols,
		.f64 = t->x,
		.y = t->y + t->at};
	t->at += made;
	return 1;
}

/* ---- data computed once --------------------------------------------------------------------- */

static int map_file(table_rows *t, int fd, bn_err *err)
{
	void *map = mmap(NULL, (size_t)t->made_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return bn_dir_error(err, errno, "mapping", t->place->at, t->place->name);
	t->made = map;
	if (t->base.want == BN_WANT_ANY_ROW)
		madvise(map, (size_t)t->made_bytes, MADV_RANDOM);
	t->mapped = true;
	return 0;
}

/* Where the next bytes of the design are written: memory, or the file. */
static int put_made(table_rows *t, int fd, uint64_t at, const void *bytes, size_t n, bn_err *err)
{
	if (at + n > t->made_bytes)
		return bn_err_set(err, BN_ECORRUPT, "a table that changes while it is read");
	if (fd >= 0)
		return bn_dir_write_all(
			t->place->at->env, t->place->at, t->place->name, fd, bytes, n, err);
	memcpy((char *)t->made + at, bytes, n);
	return 0;
}

static int write_made(table_rows *t, int fd, bool narrow, bn_err *err)
{
	bn_block b;
	uint64_t at = 0;
	int rc = table_rewind(&t->base, err);
	while (rc >= 0 && (rc = make_next(t, &b, err)) > 0) {
		size_t n = b.rows * b.cols;
		int bad = bn_rows_check_finite(&t->base, b.f64, b.first, b.rows, err);
		float *f32 = (float *)(void *)t->x; /* at the position of its double, or before */
		for (size_t i = 0; narrow && bad == 0 && i < n; i++) {
			float v = (float)t->x[i];
			memcpy(&f32[i], &v, sizeof v);
		}
		size_t bytes = n * (narrow ? sizeof(float) : sizeof(double));
		if (bad == 0)
			bad = put_made(t, fd, at, t->x, bytes, err);
		at += bytes;
		rc = bad < 0 ? bad : rc;
	}
	if (rc == 0 && at != t->made_bytes)
		rc = bn_err_set(err, BN_ECORRUPT, "a table that changes while it is read");
	return rc < 0 ? rc : table_rewind(&t->base, err);
}

/* Computes the whole design: in memory if it is small or there is no directory for a file. */
static int make_all(table_rows *t, bool narrow, bn_err *err)
{
	const bn_rows_place *p = t->place;
	int fd = -1, rc = 0;
	t->made_bytes = (uint64_t)t->base.facts.rows * t->base.facts.cols *
			(narrow ? sizeof(float) : sizeof(double));
	if (t->made_bytes <= MEMORY_BYTES || !p || !p->at) {
		t->made = bn_alloc((size_t)t->made_bytes + 1);
		rc = t->made ? 0 : bn_err_nomem(err, "a design matrix");
	} else if ((rc = bn_dir_unlink(p->at, p->name, err)) == 0) {
		rc = bn_dir_open_file(&fd, p->at, p->name, O_RDWR | O_CREAT | O_EXCL, 0600, err);
		if (rc == 0)
			rc = bn_dir_unlink(p->at, p->name, err);
	}
	if (rc == 0)
		rc = write_made(t, fd, narrow, err);
	if (rc == 0 && fd >= 0)
		rc = map_file(t, fd, err);
	if (fd >= 0)
		close(fd);
	t->complete = rc == 0;
	t->base.checked = t->complete;
	return rc;
}

static int table_want(bn_rows *r, bn_want want, bn_err *err)
{
	table_rows *t = (table_rows *)r;
	return want == BN_WANT_ONE_PASS ? 0 : make_all(t, want == BN_WANT_ANY_ROW, err);
}

static int table_next(bn_rows *r, bn_block *out, bn_err *err)
{
	table_rows *t = (table_rows *)r;
	if (!t->complete || r->want != BN_WANT_PASSES)
		return make_next(t, out, err);
	size_t left = r->facts.rows - (size_t)t->at;
	size_t n = left < BN_BATCH_ROWS ? left : BN_BATCH_ROWS;
	*out = (bn_block){.first = t->at,
		.rows = n,
		.cols = r->facts.cols,
		.f64 = (const double *)t->made + t->at * r->facts.cols,
		.y = t->y + t->at};
	t->at += n;
	return n > 0;
}

typedef struct gathering {
	const table_rows *t;
	const uint32_t *index;
	size_t n;
	float *to;
} gathering;

/* Rows are at random positions: later ones are prefetched while earlier ones are copied. */
static int gather_rows(void *user, size_t shard, size_t begin, size_t end)
{
	const gathering *g = user;
	size_t cols = g->t->base.facts.cols;
	const float *made = g->t->made;
	(void)shard;
	for (size_t i = begin; i < end; i++) {
		const float *row = made + g->index[i] * cols;
		if (i + AHEAD_ROWS < g->n)
			for (size_t at = 0; at < cols && at < AHEAD_FLOATS; at += LINE_FLOATS)
				__builtin_prefetch(made + g->index[i + AHEAD_ROWS] * cols + at);
		memcpy(g->to + i * cols, row, cols * sizeof *row);
	}
	return 0;
}

/* Mapped pages may have to be read from the disk, which threads wait for in parallel; in memory
 * waking threads takes longer. */
static void table_gather(bn_rows *r, const uint32_t *index, size_t n, float *to)
{
	const table_rows *t = (const table_rows *)r;
	gathering g = {t, index, n, to};
	size_t shards = t->mapped ? bnk_shard_count(n, LEAST_ROWS) : 1;
	bnk_parallel_for(n, shards, t->mapped ? t->threads : 1, gather_rows, &g);
}

static void table_free(bn_rows *r)
{
	table_rows *t = (table_rows *)r;
	for (size_t i = 0; t->columns && i < t->inputs; i++)
		bn_free(t->columns[i].map);
	for (size_t s = 0; s < t->rooms; s++) {
		bn_free(t->room[s].numbers);
		bn_free(t->room[s].codes);
		bn_free(t->room[s].columns);
	}
	if (t->mapped)
		munmap(t->made, (size_t)t->made_bytes);
	else
		bn_free(t->made);
	bn_batch_release(&t->batch);
	bn_cast_free(t->cast);
	bn_free(t->columns);
	bn_free(t->picked);
	bn_free(t->kept);
	bn_free(t->y);
	bn_free(t->x);
	bn_free(t);
}

static const bn_rows_ops table_ops = {
	table_rewind, table_next, table_gather, table_want, table_free};

/* ---- opening -------------------------------------------------------------------------------- */

/* Maps the table's category codes to those of training, so that no text is looked up later. */
static int map_codes(source_column *c, const bn_dict *dict, bn_err *err)
{
	c->map = bn_alloc((dict->count + 1) * sizeof *c->map);
	if (!c->map)
		return bn_err_nomem(err, "categories");
	c->map_count = dict->count;
	for (size_t k = 0; k < dict->count; k++)
		c->map[k] = code_of(c->in, bn_dict_get(dict, k));
	return 0;
}

static int find_column(size_t *out, const bn_part *p, const char *name, bn_err *err)
{
	*out = bn_schema_find(bn_table_schema(p->table), name);
	return *out != BN_SCHEMA_NONE
		       ? 0
		       : bn_err_set(err, BN_EINVAL, "no column '%s', which the model needs", name);
}

/* Reads input i from source k. */
static int open_column(table_rows *t, source_column *c, size_t i, size_t k, bn_err *err)
{
	const bn_dict *dict = bn_table_dict(t->part->table, t->picked[k]);
	c->in = bn_features_input(t->f, i);
	c->at = k;
	c->kind = bn_input_kind_of(bn_table_schema(t->part->table)->fields[t->picked[k]].type);
	return dict && c->in->kind == BN_INPUT_CATEGORY ? map_codes(c, dict, err) : 0;
}

static int open_columns(table_rows *t, bn_err *err)
{
	const bn_schema *s = bn_table_schema(t->part->table);
	int rc;
	t->inputs = bn_features_input_count(t->f);
	t->sources = bn_features_source_count(t->f);
	t->columns = bn_alloc_zeroed(t->inputs + 1, sizeof *t->columns);
	t->picked = bn_alloc_zeroed(t->sources + 1, sizeof *t->picked);
	if (!t->columns || !t->picked)
		return bn_err_nomem(err, "columns");
	for (size_t k = 0; k < t->sources; k++) {
		const bn_feature_source *source = bn_features_source(t->f, k);
		if ((rc = find_column(&t->picked[k], t->part, source->name, err)) < 0)
			return rc;
		for (size_t i = source->first; i < source->first + source->count; i++)
			if ((rc = open_column(t, &t->columns[i], i, k, err)) < 0)
				return rc;
	}
	if ((rc = bn_read_as(&t->cast, s, t->picked, t->f, t->base.part, err)) < 0)
		return rc;
	return bn_read_as_check(t->part, t->picked, t->f, t->base.part, err);
}

/* The target of a row of the part: rows that have one are kept. */
static void take_target(table_rows *t, const bn_column *c, size_t r, uint64_t row, double y)
{
	bn_rows_facts *facts = &t->base.facts;
	if (!isnan(y)) {
		t->kept[row >> 3] |= (uint8_t)(1u << (row & 7));
		t->y[facts->rows++] = y;
		facts->one_value = facts->one_value && y == t->y[0];
	} else if (bn_features_task(t->f) == BN_TASK_CLASSIFICATION &&
		   bn_features_has_target(c, r)) {
		facts->unseen++;
	} else {
		facts->dropped++;
	}
}

static int take_targets(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	table_rows *t = ctx;
	double y[BN_PART_CHUNK];
	for (size_t from = 0; from < b->rows; from += BN_PART_CHUNK) {
		size_t n = b->rows - from < BN_PART_CHUNK ? b->rows - from : BN_PART_CHUNK;
		int rc = bn_features_target_of(t->f, &b->columns[0], from, n, y, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n; i++) {
			if (!bn_part_has(p, b->first_row + from + i))
				continue;
			if (t->base.facts.rows == p->rows)
				return bn_err_set(
					err, BN_ECORRUPT, "a table with more rows than it says");
			take_target(t, &b->columns[0], from + i, b->first_row + from + i, y[i]);
		}
	}
	return 0;
}

static int read_targets(table_rows *t, bn_err *err)
{
	const char *name = bn_features_target(t->f);
	uint64_t all = bn_table_rows(t->part->table);
	size_t column;
	if (bn_schema_find(bn_table_schema(t->part->table), name) == BN_SCHEMA_NONE)
		return bn_err_set(err, BN_EINVAL, "no target column '%s'", name);
	int rc = find_column(&column, t->part, name, err);
	if (rc < 0)
		return rc;
	const bn_field *target = &bn_table_schema(t->part->table)->fields[column];
	if (!bn_input_takes(target->type))
		return bn_input_refuse(target, err);
	t->kept = bn_alloc_zeroed((size_t)(all / 8 + 1), 1);
	t->y = bn_alloc(((size_t)t->part->rows + 1) * sizeof *t->y);
	if (!t->kept || !t->y)
		return bn_err_nomem(err, "targets");
	return bn_part_walk(t->part, column, take_targets, t, err);
}

static int open_rooms(table_rows *t, bn_err *err)
{
	size_t cols = t->base.facts.cols, slices;
	t->block_rows = BLOCK_BYTES / sizeof(double) / (cols ? cols : 1) / SLICE_ROWS * SLICE_ROWS;
	if (t->block_rows < SLICE_ROWS)
		t->block_rows = SLICE_ROWS;
	if (t->block_rows > BN_BATCH_ROWS)
		t->block_rows = BN_BATCH_ROWS;
	slices = t->block_rows / SLICE_ROWS;
	t->x = bn_alloc(t->block_rows * cols * sizeof *t->x + 1);
	if (!t->x)
		return bn_err_nomem(err, "a block of rows");
	for (size_t s = 0; s < slices; s++) {
		slice_room *room = &t->room[s];
		t->rooms = s + 1;
		room->numbers = bn_alloc((t->inputs + 1) * SLICE_ROWS * sizeof *room->numbers);
		room->codes = bn_alloc((t->inputs + 1) * SLICE_ROWS * sizeof *room->codes);
		room->columns = bn_alloc_zeroed(t->inputs + 1, sizeof *room->columns);
		if (!room->numbers || !room->codes || !room->columns)
			return bn_err_nomem(err, "a block of rows");
		for (size_t i = 0; i < t->inputs; i++) {
			room->columns[i] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = SLICE_ROWS};
			room->columns[i].f64 = room->numbers + i * SLICE_ROWS;
			if (t->columns[i].in->kind != BN_INPUT_CATEGORY)
				continue;
			room->columns[i].type = BN_TYPE_CATEGORY;
			room->columns[i].codes = room->codes + i * SLICE_ROWS;
		}
	}
	return 0;
}

int bn_rows_open(bn_rows **out, const bn_part *p, const bn_features *f, const char *part,
	const bn_rows_place *place, int threads, bn_err *err)
{
	table_rows *t = bn_alloc_zeroed(1, sizeof *t);
	if (!t)
		return bn_err_nomem(err, "rows");
	t->base.ops = &table_ops;
	t->base.part = part;
	t->base.facts = (bn_rows_facts){.cols = bn_features_width(f), .one_value = true};
	t->part = p;
	t->f = f;
	t->place = place;
	t->threads = threads;
	int rc;
	if ((rc = open_columns(t, err)) < 0 || (rc = read_targets(t, err)) < 0 ||
		(rc = open_rooms(t, err)) < 0) {
		table_free(&t->base);
		return rc;
	}
	t->base.y = t->y;
	*out = &t->base;
	return 0;
}

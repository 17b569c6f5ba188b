/*
 * arrow_read.c - one Arrow IPC file, mapped: a part of a table (table_read.c), or all of it.
 *
 * Opening reads the footer, the schema, every dictionary and the head of every record batch; the
 * values are touched when a batch is read. What was checked once (per batch and column) is not
 * checked again: the file is immutable while open.
 *
 * Invariants: every block lies between the magic and the footer; `start` of the batches rises from
 * 0 to rows; dictionaries are complete before the first batch can be read.
 */
#include "core/table/arrow_read.h"

#include "core/base/fs.h"
#include "core/table/_arrow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

typedef struct arrow_block {
	size_t offset, meta_bytes, body_bytes;
} arrow_block;

typedef struct arrow_batch {
	arrow_block block;
	uint64_t start;
	size_t rows;
} arrow_batch;

/* A message whose metadata has been found and whose body lies inside the file. */
typedef struct arrow_message {
	bn_fb fb;
	bn_fb_table header;
	const uint8_t *body;
	size_t body_bytes;
} arrow_message;

typedef struct arrow_dict {
	int64_t id;
	bn_phys phys;
	bool seen;
	bn_dict dict;
} arrow_dict;

struct bn_arrow_file {
	char *name;
	const uint8_t *base;
	size_t size;
	size_t footer; /* where it begins: blocks end before */
	bool mapped;
	bn_schema schema;
	bn_arrow_column *columns;
	size_t buffers; /* of one record batch */
	arrow_dict *dicts;
	size_t dict_count;
	arrow_batch *batches;
	size_t batch_count;
	uint64_t rows;
	bn_arena arena;        /* dictionaries that had to be put together */
	atomic_uchar *checked; /* batch * columns + column: 1 when its values were checked */
};

/* ---- messages ------------------------------------------------------------------------------- */

static int read_message(
	arrow_message *m, const bn_arrow_file *r, const arrow_block *b, int type, bn_err *err)
{
	uint32_t head[2];

	if (b->offset % 8 || b->offset < 8 || b->meta_bytes < 8 || b->offset > r->footer ||
		b->meta_bytes > r->footer - b->offset ||
		b->body_bytes > r->footer - b->offset - b->meta_bytes || b->meta_bytes % 8)
		return bn_err_set(err, BN_ECORRUPT, "it lies outside of the file");
	memcpy(head, r->base + b->offset, sizeof head);
	if (head[0] != BN_ARROW_CONTINUATION)
		return bn_err_set(err, BN_ECORRUPT, "no message begins at byte %zu", b->offset);
	if (head[1] > b->meta_bytes - 8)
		return bn_err_set(err, BN_ECORRUPT,
			"the message at byte %zu is longer than its block", b->offset);
	m->fb = (bn_fb){r->base + b->offset + 8, head[1], false};
	bn_fb_table root = bn_fb_root(&m->fb);
	int64_t found = bn_fb_int(root, MSG_HEADER_TYPE, 1, 0);
	int64_t body = bn_fb_int(root, MSG_BODY_LENGTH, 8, 0);
	m->header = bn_fb_child(root, MSG_HEADER);
	m->body = r->base + b->offset + b->meta_bytes;
	m->body_bytes = b->body_bytes;
	if (m->fb.bad || !m->header.fb || found != type || body < 0 ||
		(uint64_t)body > b->body_bytes)
		return bn_err_set(
			err, BN_ECORRUPT, "the message at byte %zu is damaged", b->offset);
	return 0;
}

/* Rows of a RecordBatch table whose lists have the expected lengths. */
static int batch_rows(const bn_arrow_file *r, arrow_message *m, bn_fb_table t, size_t nodes,
	size_t buffers, size_t *rows, bn_err *err)
{
	int64_t n = bn_fb_int(t, RECORDS_LENGTH, 8, 0);
	size_t have_nodes = bn_fb_list(t, RECORDS_NODES, 16).count;
	size_t have_buffers = bn_fb_list(t, RECORDS_BUFFERS, 16).count;

	if (bn_fb_child(t, RECORDS_COMPRESSION).fb && !m->fb.bad) {
		bn_err_set(err, BN_EUNSUPPORTED, "its buffers are compressed");
		bn_err_hint(err, "write it with compression='uncompressed'");
		return BN_EUNSUPPORTED;
	}
	if (m->fb.bad || have_nodes != nodes || have_buffers != buffers || n < 0)
		return bn_err_set(err, BN_ECORRUPT,
			"it has %zu columns and %zu buffers, the schema %zu and %zu", have_nodes,
			have_buffers, nodes, buffers);
	if (n > INT32_MAX || ((uint64_t)n / 8 > r->size && n > 1 << 20))
		return bn_err_set(err, BN_ECORRUPT, "it claims %lld rows", (long long)n);
	*rows = (size_t)n;
	return 0;
}

static int get_buffer(
	bn_arrow_buffer *out, const arrow_message *m, bn_fb_vector list, size_t i, bn_err *err)
{
	int64_t offset = bn_fb_list_i64(list, i, 16, 0), bytes = bn_fb_list_i64(list, i, 16, 8);

	if (offset < 0 || bytes < 0 || (uint64_t)offset > m->body_bytes ||
		(uint64_t)bytes > m->body_bytes - (uint64_t)offset)
		return bn_err_set(err, BN_ECORRUPT, "buffer %zu lies outside of its body", i);
	if (offset % 8 && bytes)
		return bn_err_set(err, BN_ECORRUPT, "buffer %zu is not aligned to 8 bytes", i);
	out->data = bytes ? m->body + offset : NULL;
	out->bytes = (size_t)bytes;
	return 0;
}

static int64_t node_nulls(bn_fb_table t, size_t i, size_t rows)
{
	bn_fb_vector nodes = bn_fb_list(t, RECORDS_NODES, 16);

	if (bn_fb_list_i64(nodes, i, 16, 0) != (int64_t)rows)
		return -1;
	return bn_fb_list_i64(nodes, i, 16, 8);
}

/* ---- dictionaries --------------------------------------------------------------------------- */

/* Puts the strings of add behind those of d. */
static int extend_dict(bn_dict *d, const bn_column *add, bn_arena *arena, bn_err *err)
{
	size_t old = d->count, n = add->rows;
	size_t old_bytes = (size_t)(d->offsets[old] - d->offsets[0]);
	size_t more = (size_t)(add->ends[n] - add->ends[0]);

	if (old_bytes + more > INT32_MAX || old + n > INT32_MAX)
		return bn_err_set(err, BN_EUNSUPPORTED, "a dictionary beyond 2 GiB");
	int32_t *offsets = bn_arena_alloc(arena, (old + n + 1) * sizeof *offsets);
	char *bytes = bn_arena_alloc(arena, old_bytes + more + 1);
	if (!offsets || !bytes)
		return bn_err_nomem(err, "a dictionary");
	for (size_t i = 0; i <= old; i++)
		offsets[i] = d->offsets[i] - d->offsets[0];
	for (size_t i = 1; i <= n; i++)
		offsets[old + i] = (int32_t)old_bytes + (add->ends[i] - add->ends[0]);
	memcpy(bytes, d->bytes + d->offsets[0], old_bytes);
	memcpy(bytes + old_bytes, add->bytes + add->ends[0], more);
	*d = (bn_dict){old + n, offsets, bytes};
	return 0;
}

static int read_dictionary(bn_arrow_file *r, const arrow_block *block, bn_err *err)
{
	arrow_message m;
	arrow_dict *d = NULL;
	bn_arrow_buffer buffers[3];
	bn_column text;
	size_t rows = 0;

	int rc = read_message(&m, r, block, HEADER_DICTIONARY, err);
	if (rc)
		return rc;
	int64_t id = bn_fb_int(m.header, DICT_ID, 8, 0);
	bool delta = bn_fb_int(m.header, DICT_DELTA, 1, 0) != 0;
	bn_fb_table data = bn_fb_child(m.header, DICT_DATA);
	for (size_t i = 0; i < r->dict_count; i++) {
		if (r->dicts[i].id == id)
			d = &r->dicts[i];
	}
	if (!d)
		return bn_err_set(err, BN_ECORRUPT, "no column has the number %lld", (long long)id);
	if (d->seen != delta)
		return bn_err_set(err, BN_ECORRUPT,
			delta ? "it extends one that is not there" : "number %lld is there twice",
			(long long)id);
	rc = batch_rows(r, &m, data, 1, 3, &rows, err);
	for (size_t i = 0; i < 3 && !rc; i++)
		rc = get_buffer(&buffers[i], &m, bn_fb_list(data, RECORDS_BUFFERS, 16), i, err);
	if (rc)
		return rc;
	bn_arrow_column layout = {.phys = d->phys};
	rc = bn_arrow_read_column(&text, &layout, BN_TYPE_STRING, NULL, buffers, rows,
		node_nulls(data, 0, rows), true, &r->arena, err);
	if (rc)
		return rc;
	if (text.nulls)
		return bn_err_set(err, BN_EUNSUPPORTED, "it holds an absent value");
	if (delta)
		return extend_dict(&d->dict, &text, &r->arena, err);
	d->seen = true;
	d->dict = (bn_dict){rows, text.ends, text.bytes};
	return 0;
}

/* One entry per number that the schema names. */
static int list_dicts(bn_arrow_file *r, bn_err *err)
{
	static const int32_t none[1];

	r->dicts = bn_alloc_zeroed(r->schema.count + 1, sizeof *r->dicts);
	if (!r->dicts)
		return bn_err_nomem(err, "dictionaries");
	for (size_t i = 0; i < r->schema.count; i++) {
		bn_arrow_column *c = &r->columns[i];
		size_t k = 0;
		if (r->schema.fields[i].type != BN_TYPE_CATEGORY)
			continue;
		while (k < r->dict_count && r->dicts[k].id != c->dict_id)
			k++;
		if (k == r->dict_count) {
			r->dicts[k] = (arrow_dict){c->dict_id, c->dict_phys, false, {0, none, ""}};
			r->dict_count++;
		} else if (r->dicts[k].phys != c->dict_phys) {
			return bn_err_set(err, BN_ECORRUPT,
				"two columns of different types share dictionary %lld",
				(long long)c->dict_id);
		}
		c->dict = k;
	}
	return 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int get_block(arrow_block *b, bn_fb_vector list, size_t i, bn_err *err)
{
	int64_t offset = bn_fb_list_i64(list, i, BN_ARROW_BLOCK_BYTES, 0);
	int32_t meta = bn_fb_list_i32(list, i, BN_ARROW_BLOCK_BYTES, 8);
	int64_t body = bn_fb_list_i64(list, i, BN_ARROW_BLOCK_BYTES, 16);

	if (offset < 0 || meta < 0 || body < 0)
		return bn_err_set(err, BN_ECORRUPT, "it lies outside of the file");
	*b = (arrow_block){(size_t)offset, (size_t)meta, (size_t)body};
	return 0;
}

static int open_batches(bn_arrow_file *r, bn_fb_vector list, bn_err *err)
{
	r->batches = bn_alloc_zeroed(list.count + 1, sizeof *r->batches);
	r->checked = bn_alloc_zeroed(list.count * r->schema.count + 1, sizeof *r->checked);
	if (!r->batches || !r->checked)
		return bn_err_nomem(err, "the list of record batches");
	for (size_t i = 0; i < list.count; i++) {
		arrow_batch *b = &r->batches[i];
		arrow_message m;
		int rc = get_block(&b->block, list, i, err);
		rc = rc ? rc : read_message(&m, r, &b->block, HEADER_RECORDS, err);
		rc = rc ? rc
			: batch_rows(r, &m, m.header, r->schema.count, r->buffers, &b->rows, err);
		if (rc) {
			bn_err_prefix(err, "record batch %zu", i);
			return rc;
		}
		b->start = r->rows;
		r->rows += b->rows;
	}
	r->batch_count = list.count;
	return 0;
}

static int find_footer(bn_arrow_file *r, bn_fb *fb, bn_err *err)
{
	uint32_t n;

	if (r->size < 2 * BN_ARROW_MAGIC_BYTES + 6 ||
		memcmp(r->base, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES))
		return bn_err_set(err, BN_ECORRUPT, "not an Arrow IPC file");
	const uint8_t *end = r->base + r->size;
	if (memcmp(end - BN_ARROW_MAGIC_BYTES, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES)) {
		bn_err_set(err, BN_ECORRUPT, "an Arrow IPC file without its end");
		bn_err_hint(err, "it was not written to the end, or is a stream");
		return BN_ECORRUPT;
	}
	memcpy(&n, end - BN_ARROW_MAGIC_BYTES - 4, 4);
	if (n > r->size - 2 * BN_ARROW_MAGIC_BYTES - 6)
		return bn_err_set(err, BN_ECORRUPT, "a footer of %u bytes in a file of %zu",
			(unsigned)n, r->size);
	r->footer = r->size - BN_ARROW_MAGIC_BYTES - 4 - n;
	*fb = (bn_fb){r->base + r->footer, n, false};
	return 0;
}

static int open_reader(bn_arrow_file *r, bn_err *err)
{
	bn_fb fb;
	int rc = find_footer(r, &fb, err);
	if (rc)
		return rc;
	bn_fb_table footer = bn_fb_root(&fb);
	int64_t version = bn_fb_int(footer, FOOTER_VERSION, 2, 0);
	bn_fb_vector dicts = bn_fb_list(footer, FOOTER_DICTIONARIES, BN_ARROW_BLOCK_BYTES);
	bn_fb_vector records = bn_fb_list(footer, FOOTER_RECORDS, BN_ARROW_BLOCK_BYTES);
	bn_fb_table schema = bn_fb_child(footer, FOOTER_SCHEMA);
	if (fb.bad || !schema.fb)
		return bn_err_set(err, BN_ECORRUPT, "its footer is damaged");
	if (version != BN_ARROW_V4 && version != BN_ARROW_V5)
		return bn_err_set(err, BN_EUNSUPPORTED, "Arrow metadata version %lld, not 4 or 5",
			(long long)version + 1);
	rc = bn_arrow_read_schema(schema, &r->schema, &r->columns, &r->buffers, err);
	rc = rc ? rc : list_dicts(r, err);
	for (size_t i = 0; i < dicts.count && !rc; i++) {
		arrow_block b;
		rc = get_block(&b, dicts, i, err);
		rc = rc ? rc : read_dictionary(r, &b, err);
		if (rc)
			bn_err_prefix(err, "dictionary %zu", i);
	}
	return rc ? rc : open_batches(r, records, err);
}

/* Takes the bytes (mapped or not) in any case. */
static int open_over(bn_arrow_file **out, const void *bytes, size_t n, bool mapped,
	const char *name, bn_err *err)
{
	bn_err local = BN_ERR_INIT;
	bn_arrow_file *r = bn_alloc_zeroed(1, sizeof *r);
	int rc = 0;

	if (!r || !(r->name = bn_strdup(name))) {
		bn_free(r);
		if (mapped)
			munmap((void *)(uintptr_t)bytes, n);
		return bn_err_nomem(err, "a table reader");
	}
	r->base = bytes;
	r->size = n;
	r->mapped = mapped;
	rc = open_reader(r, &local);
	if (rc) {
		bn_err_prefix(&local, "%s", name);
		bn_arrow_file_free(r);
		return bn_err_move(err, &local);
	}
	*out = r;
	return 0;
}

int bn_arrow_file_open_bytes(
	bn_arrow_file **out, const void *bytes, size_t n, const char *name, bn_err *err)
{
	if ((uintptr_t)bytes % 8)
		return bn_err_set(err, BN_EINVAL, "%s: memory is not aligned to 8 bytes", name);
	return open_over(out, bytes, n, false, name, err);
}

bool bn_arrow_detect(const char *head, size_t n)
{
	return n >= BN_ARROW_MAGIC_BYTES && !memcmp(head, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES);
}

int bn_arrow_file_open_fd(
	bn_arrow_file **out, const bn_env *env, int fd, const char *name, bn_err *err)
{
	struct stat st;
	int e = env->fs->fstat(env, fd, &st);

	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot read %s", name);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return bn_err_set(err, BN_ECORRUPT, "%s: not an Arrow IPC file (%s)", name,
			S_ISREG(st.st_mode) ? "it is empty" : "not a regular file");
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return bn_err_sys(err, BN_EIO, errno, "cannot map %s", name);
	return open_over(out, map, (size_t)st.st_size, true, name, err);
}

int bn_arrow_file_open(
	bn_arrow_file **out, const bn_env *env, const bn_dir *at, const char *path, bn_err *err)
{
	int fd, rc = 0;

	if (at && (rc = bn_dir_open_file(&fd, at, path, O_RDONLY, 0, err)) < 0)
		return rc;
	if (!at && (fd = env->fs->open(env, NULL, path, O_RDONLY, 0)) < 0)
		return bn_err_sys(
			err, fd == -ENOENT ? BN_ENOTFOUND : BN_EIO, -fd, "cannot open %s", path);
	rc = bn_arrow_file_open_fd(out, env, fd, path, err);
	env->fs->close(env, fd);
	return rc;
}

void bn_arrow_file_free(bn_arrow_file *r)
{
	if (!r)
		return;
	if (r->mapped)
		munmap((void *)(uintptr_t)r->base, r->size);
	bn_schema_release(&r->schema);
	bn_free(r->columns);
	bn_free(r->dicts);
	bn_free(r->batches);
	bn_free(r->checked);
	bn_free(r->name);
	bn_arena_release(&r->arena);
	bn_free(r);
}

/* Whole pages of [bytes, bytes + n) that lie in the mapping. */
static void forget_pages(const bn_arrow_file *r, const void *bytes, size_t n)
{
	const uintptr_t page = 4096, base = (uintptr_t)r->base;
	uintptr_t from = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)bytes + n) & ~(page - 1);

	if (r->mapped && bytes && from >= base && from < to && to <= base + r->size)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

void bn_arrow_file_forget(const bn_arrow_file *r, const bn_batch *b)
{
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_column *c = &b->columns[i];
		if (c->type == BN_TYPE_STRING && c->rows) {
			forget_pages(
				r, c->bytes + c->ends[0], (size_t)(c->ends[c->rows] - c->ends[0]));
			forget_pages(r, c->ends, (c->rows + 1) * sizeof *c->ends);
		} else if (c->type != BN_TYPE_BOOL) {
			forget_pages(r, c->any, c->rows * bn_type_width(c->type));
		}
	}
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *bn_arrow_file_name(const bn_arrow_file *r)
{
	return r->name;
}

const bn_schema *bn_arrow_file_schema(const bn_arrow_file *r)
{
	return &r->schema;
}

uint64_t bn_arrow_file_rows(const bn_arrow_file *r)
{
	return r->rows;
}

size_t bn_arrow_file_batches(const bn_arrow_file *r)
{
	return r->batch_count;
}

uint64_t bn_arrow_file_batch_start(const bn_arrow_file *r, size_t batch)
{
	return batch < r->batch_count ? r->batches[batch].start : r->rows;
}

size_t bn_arrow_file_batch_rows(const bn_arrow_file *r, size_t batch)
{
	return batch < r->batch_count ? r->batches[batch].rows : 0;
}

const bn_dict *bn_arrow_file_dict(const bn_arrow_file *r, size_t column)
{
	if (column >= r->schema.count || r->schema.fields[column].type != BN_TYPE_CATEGORY)
		return NULL;
	return &r->dicts[r->columns[column].dict].dict;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int read_column(bn_arrow_file *r, size_t batch, size_t column, arrow_message *m,
	bn_batch *out, bn_column *to, bn_err *err)
{
	const bn_arrow_column *layout = &r->columns[column];
	bn_phys phys = layout->phys;
	size_t n = phys == PHYS_NULL ? 0 : phys == PHYS_TEXT || phys == PHYS_LARGE_TEXT ? 3 : 2;
	bn_fb_vector list = bn_fb_list(m->header, RECORDS_BUFFERS, 16);
	atomic_uchar *checked = &r->checked[batch * r->schema.count + column];
	bn_arrow_buffer buffers[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = get_buffer(&buffers[i], m, list, layout->first_buffer + i, err);
	if (rc)
		return rc;
	rc = bn_arrow_read_column(to, layout, r->schema.fields[column].type,
		bn_arrow_file_dict(r, column), buffers, out->rows,
		node_nulls(m->header, column, out->rows),
		!atomic_load_explicit(checked, memory_order_relaxed), out->owned, err);
	if (!rc && to->nulls && !r->schema.fields[column].nullable && phys != PHYS_NULL)
		rc = bn_err_set(err, BN_ECORRUPT, "values are absent in a column that allows none");
	if (!rc)
		atomic_store_explicit(checked, 1, memory_order_relaxed);
	return rc;
}

int bn_arrow_file_read(
	bn_arrow_file *r, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err)
{
	bn_err local = BN_ERR_INIT;
	arrow_message m;
	int rc = 0;

	bn_batch_release(out);
	if (batch >= r->batch_count)
		return bn_err_set(err, BN_EINVAL, "%s has %zu batches, no batch %zu", r->name,
			r->batch_count, batch);
	n = columns ? n : r->schema.count;
	out->columns = bn_alloc_zeroed(n + 1, sizeof *out->columns);
	out->owned = bn_alloc_zeroed(1, sizeof *out->owned);
	if (!out->columns || !out->owned) {
		bn_batch_release(out);
		return bn_err_nomem(err, "a batch");
	}
	out->rows = r->batches[batch].rows;
	out->first_row = r->batches[batch].start;
	out->column_count = n;
	rc = read_message(&m, r, &r->batches[batch].block, HEADER_RECORDS, &local);
	for (size_t i = 0; i < n && !rc; i++) {
		size_t c = columns ? columns[i] : i;
		if (c >= r->schema.count) {
			rc = bn_err_set(&local, BN_EINVAL, "there are %zu columns, no column %zu",
				r->schema.count, c);
			break;
		}
		rc = read_column(r, batch, c, &m, out, &out->columns[i], &local);
		if (rc)
			bn_err_prefix(&local, "column '%s'", r->schema.fields[c].name);
	}
	if (rc) {
		bn_err_prefix(&local, "%s: record batch %zu", r->name, batch);
		bn_batch_release(out);
		return bn_err_move(err, &local);
	}
	return 0;
}

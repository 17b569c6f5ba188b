/*
 * arrow_read.c - one Arrow IPC file, mapped: a part of a table (table_read.c), or all of it.
 *
 * Opening reads the footer, the schema, every dictionary and the head of every record batch; the
 * values are accessed when a batch is read. Checks are done once per batch and column: the file
 * is immutable while open.
 *
 * Invariants: every block is between the magic and the footer; `start` of the batches rises from 0
 * to rows; dictionaries are complete before the first batch can be read.
 */
#include "core/table/arrow_read.h"

#include "core/base/fs.h"
#include "core/table/_arrow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

typedef struct arrow_batch {
	bn_arrow_block block;
	uint64_t start;
	size_t rows;
} arrow_batch;

struct bn_arrow_file {
	char *name;
	const uint8_t *base;
	size_t size;
	size_t end; /* of the messages */
	bool mapped;
	bool given;    /* the user named it: what is wrong in it is an error of the input */
	bool unmarked; /* a stream that just ends, without the mark of its end */
	bn_schema schema;
	bn_arrow_layout layout;
	bn_arrow_dicts dicts;
	arrow_batch *batches;
	size_t batch_count, batch_cap;
	uint64_t rows;
	atomic_uchar *checked; /* batch * columns + column: 1 when its values were checked */
};

/* ---- opening -------------------------------------------------------------------------------- */

static int get_block(bn_arrow_block *b, bn_fb_vector list, size_t i, bn_err *err)
{
	int64_t offset = bn_fb_list_i64(list, i, BN_ARROW_BLOCK_BYTES, 0);
	int32_t meta = bn_fb_list_i32(list, i, BN_ARROW_BLOCK_BYTES, 8);
	int64_t body = bn_fb_list_i64(list, i, BN_ARROW_BLOCK_BYTES, 16);

	if (offset < 8 || meta < 0 || body < 0)
		return bn_err_set(err, BN_ECORRUPT, "it is outside of the file");
	*b = (bn_arrow_block){(size_t)offset, (size_t)meta, (size_t)body};
	return 0;
}

static int wrong_message(const bn_arrow_block *b, bn_err *err)
{
	return bn_err_set(
		err, BN_ECORRUPT, "the message at byte %zu is of another kind", b->offset);
}

/* Takes the record batch in m, which is the next. One without any bytes is handed out in several. */
static int add_batch(
	bn_arrow_file *r, const bn_arrow_message *m, const bn_arrow_block *block, bn_err *err)
{
	bn_arrow_body body;
	int rc;

	if (m->type != HEADER_RECORDS)
		rc = wrong_message(block, err);
	else
		rc = bn_arrow_body_open(&body, m, m->header, &r->layout, err);
	if (rc < 0) {
		bn_err_prefix(err, "record batch %zu", r->batch_count);
		return rc;
	}
	size_t left = body.rows, rows;
	do {
		rows = r->layout.only_nulls && left > BN_BATCH_ROWS ? BN_BATCH_ROWS : left;
		if (bn_grow(&r->batches, &r->batch_cap, r->batch_count + 1, sizeof *r->batches))
			return bn_err_nomem(err, "the list of record batches");
		r->batches[r->batch_count++] = (arrow_batch){*block, r->rows, rows};
		r->rows += rows;
		left -= rows;
	} while (left);
	return 0;
}

static int open_batches(bn_arrow_file *r, bn_fb_vector list, bn_err *err)
{
	for (size_t i = 0; i < list.count; i++) {
		bn_arrow_block block;
		bn_arrow_message m;
		int rc;
		if ((rc = get_block(&block, list, i, err)) < 0 ||
			(rc = bn_arrow_read_message(&m, r->base, r->end, &block, err)) < 0) {
			bn_err_prefix(err, "record batch %zu", i);
			return rc;
		}
		if ((rc = add_batch(r, &m, &block, err)) < 0)
			return rc;
	}
	return 0;
}

static int open_dictionaries(bn_arrow_file *r, bn_fb_vector list, bn_err *err)
{
	for (size_t i = 0; i < list.count; i++) {
		bn_arrow_block block;
		bn_arrow_message m;
		int rc;
		if ((rc = get_block(&block, list, i, err)) < 0 ||
			(rc = bn_arrow_read_message(&m, r->base, r->end, &block, err)) < 0)
			goto out;
		rc = m.type == HEADER_DICTIONARY ? bn_arrow_dicts_read(&r->dicts, &m, 0, false, err)
						 : wrong_message(&block, err);
	out:
		if (rc < 0) {
			bn_err_prefix(err, "dictionary %zu", i);
			return rc;
		}
	}
	return 0;
}

static int find_footer(bn_arrow_file *r, bn_fb *fb, bn_err *err)
{
	uint32_t n;

	if (r->size < 2 * BN_ARROW_MAGIC_BYTES + 6)
		return bn_err_set(err, BN_ECORRUPT, "not an Arrow IPC file");
	const uint8_t *end = r->base + r->size;
	if (memcmp(end - BN_ARROW_MAGIC_BYTES, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES)) {
		bn_err_set(err, BN_ECORRUPT, "an Arrow IPC file without its end");
		bn_err_hint(err, BN_ARROW_CUT_HINT);
		return BN_ECORRUPT;
	}
	memcpy(&n, end - BN_ARROW_MAGIC_BYTES - 4, 4);
	if (n > r->size - 2 * BN_ARROW_MAGIC_BYTES - 6)
		return bn_err_set(err, BN_ECORRUPT, "a footer of %u bytes in a file of %zu",
			(unsigned)n, r->size);
	r->end = r->size - BN_ARROW_MAGIC_BYTES - 4 - n;
	*fb = (bn_fb){r->base + r->end, n, false};
	return 0;
}

static int check_version(int64_t version, bn_err *err)
{
	if (version == BN_ARROW_V4 || version == BN_ARROW_V5)
		return 0;
	return bn_err_set(err, BN_EUNSUPPORTED, "Arrow metadata version %lld, not 4 or 5",
		(long long)version + 1);
}

static int open_schema(bn_arrow_file *r, bn_fb_table schema, bn_err *err)
{
	int rc = bn_arrow_read_schema(schema, &r->schema, &r->layout, err);

	return rc < 0 ? rc : bn_arrow_dicts_init(&r->dicts, &r->layout, r->schema.count, err);
}

/* The footer of a file locates everything. */
static int open_file(bn_arrow_file *r, bn_err *err)
{
	bn_fb fb;
	int rc = find_footer(r, &fb, err);

	if (rc < 0)
		return rc;
	bn_fb_table footer = bn_fb_root(&fb);
	int64_t version = bn_fb_int(footer, FOOTER_VERSION, 2, 0);
	bn_fb_vector dicts = bn_fb_list(footer, FOOTER_DICTIONARIES, BN_ARROW_BLOCK_BYTES);
	bn_fb_vector records = bn_fb_list(footer, FOOTER_RECORDS, BN_ARROW_BLOCK_BYTES);
	bn_fb_table schema = bn_fb_child(footer, FOOTER_SCHEMA);
	if (fb.bad || !schema.fb)
		return bn_err_set(err, BN_ECORRUPT, "its footer is damaged");
	if ((rc = check_version(version, err)) < 0 || (rc = open_schema(r, schema, err)) < 0 ||
		(rc = open_dictionaries(r, dicts, err)) < 0)
		return rc;
	return open_batches(r, records, err);
}

/* A stream's first message, its length being possible. */
static bool is_stream(const void *bytes, size_t n)
{
	uint32_t head[2];

	if (n < sizeof head)
		return false;
	memcpy(head, bytes, sizeof head);
	return head[0] == BN_ARROW_CONTINUATION && head[1] >= 8 && head[1] <= INT32_MAX &&
	       head[1] % 8 == 0;
}

/* offset: where no further message begins. Bytes behind the mark belong to nobody, unless they are another stream. */
static int end_stream(bn_arrow_file *r, size_t offset, bn_err *err)
{
	r->unmarked = offset == r->end;
	offset += r->unmarked ? 0 : BN_ARROW_END_BYTES;
	if (!is_stream(r->base + offset, r->end - offset))
		return 0;
	bn_err_set(err, BN_ECORRUPT,
		"another stream begins at byte %zu, behind the end of the first", offset);
	bn_err_hint(err, "a file holds one stream: write each to a file of its own");
	return BN_ECORRUPT;
}

/* A stream is one message behind the other: the schema, then dictionaries before the batches that use them. */
static int open_stream(bn_arrow_file *r, bn_err *err)
{
	bn_arrow_message m;
	bn_arrow_block block;
	size_t offset = 0;
	int rc;

	r->end = r->size;
	if ((rc = bn_arrow_next_message(&m, &block, r->base, r->end, &offset, err)) < 0)
		return rc;
	if (rc == 0 || m.type != HEADER_SCHEMA)
		return bn_err_set(err, BN_ECORRUPT, "an Arrow stream without a schema");
	bn_fb_table root = bn_fb_root(&m.fb);
	if ((rc = check_version(bn_fb_int(root, MSG_VERSION, 2, 0), err)) < 0 ||
		(rc = open_schema(r, m.header, err)) < 0)
		return rc;
	while ((rc = bn_arrow_next_message(&m, &block, r->base, r->end, &offset, err)) > 0) {
		rc = m.type == HEADER_DICTIONARY
			     ? bn_arrow_dicts_read(&r->dicts, &m, r->batch_count, true, err)
			     : add_batch(r, &m, &block, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : end_stream(r, offset, err);
}

/* Dates in milliseconds become timestamps if one of them has a time of day. */
static int settle_dates(bn_arrow_file *r, size_t column, bn_err *err)
{
	const bn_arrow_column *c = &r->layout.columns[column];
	bn_field *f = &r->schema.fields[column];
	bool dates = true;
	int rc = 0;

	while (c->child) {
		c = c->child;
		f = f->child;
	}
	if (f->type != BN_TYPE_DATE || c->coded || c->scale)
		return 0;
	for (size_t i = 0; i < r->batch_count && dates && !rc; i++) {
		bn_arena arena = BN_ARENA_INIT;
		bn_arrow_message m;
		bn_arrow_body body;
		size_t rows, nulls;
		const bn_arrow_from from = {
			.body = &body, .batch = i, .check = true, .arena = &arena};
		if ((rc = bn_arrow_read_message(&m, r->base, r->end, &r->batches[i].block, err)) <
				0 ||
			(rc = bn_arrow_body_open(&body, &m, m.header, &r->layout, err)) < 0 ||
			(rc = bn_arrow_body_node(&rows, &nulls, &body, &c->place, err)) < 0)
			break;
		rc = bn_arrow_is_dates(&dates, c, &from, rows, err);
		bn_arena_release(&arena);
	}
	if (rc < 0) {
		bn_err_prefix(err, "column '%s'", r->schema.fields[column].name);
		return rc;
	}
	f->type = dates ? BN_TYPE_DATE : BN_TYPE_TIMESTAMP;
	if (!dates && !(f->zone = bn_strdup("")))
		return bn_err_nomem(err, "an Arrow schema");
	return 0;
}

#define FEATHER1_MAGIC "FEA1"

static int open_reader(bn_arrow_file *r, bn_err *err)
{
	int rc;

	if (r->size >= 4 && !memcmp(r->base, FEATHER1_MAGIC, 4)) {
		bn_err_set(err, BN_EUNSUPPORTED, "a Feather file of version 1");
		bn_err_hint(err, "write it as version 2, the default of pyarrow and R's arrow");
		return BN_EUNSUPPORTED;
	}
	if (is_stream(r->base, r->size))
		rc = open_stream(r, err);
	else if (r->size >= BN_ARROW_MAGIC_BYTES &&
		 !memcmp(r->base, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES))
		rc = open_file(r, err);
	else
		rc = bn_err_set(err, BN_ECORRUPT, "not an Arrow IPC file");
	if (rc < 0 || (rc = bn_arrow_dicts_finish(&r->dicts, err)) < 0)
		return rc;
	for (size_t i = 0; i < r->schema.count; i++)
		if ((rc = settle_dates(r, i, err)) < 0)
			return rc;
	r->checked = bn_alloc_zeroed(r->batch_count * r->schema.count + 1, sizeof *r->checked);
	return r->checked ? 0 : bn_err_nomem(err, "the list of record batches");
}

/* A workspace's own file is damaged; one of the user's is wrong. */
static int pass_on(bool given, bn_err *err, bn_err *local)
{
	return bn_err_recode(
		err, local, given && local->code == BN_ECORRUPT ? BN_EINVAL : local->code);
}

/* Takes the bytes (mapped or not) in any case. */
static int open_over(bn_arrow_file **out, const void *bytes, size_t n, bool mapped, bool given,
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
	r->given = given;
	rc = open_reader(r, &local);
	if (rc) {
		bn_err_prefix(&local, "%s", name);
		bn_arrow_file_free(r);
		return pass_on(given, err, &local);
	}
	*out = r;
	return 0;
}

int bn_arrow_file_open_bytes(
	bn_arrow_file **out, const void *bytes, size_t n, const char *name, bn_err *err)
{
	if ((uintptr_t)bytes % 8)
		return bn_err_set(err, BN_EINVAL, "%s: memory is not aligned to 8 bytes", name);
	return open_over(out, bytes, n, false, false, name, err);
}

bool bn_arrow_detect(const char *head, size_t n)
{
	return (n >= BN_ARROW_MAGIC_BYTES && !memcmp(head, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES)) ||
	       (n >= 4 && !memcmp(head, FEATHER1_MAGIC, 4)) || is_stream(head, n);
}

int bn_arrow_file_open_fd(
	bn_arrow_file **out, const bn_env *env, int fd, bool given, const char *name, bn_err *err)
{
	struct stat st;
	int e = env->fs->fstat(env, fd, &st);

	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot read %s", name);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return bn_err_set(err, given ? BN_EINVAL : BN_ECORRUPT,
			"%s: not an Arrow IPC file (%s)", name,
			S_ISREG(st.st_mode) ? "it is empty" : "not a regular file");
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return bn_err_sys(err, BN_EIO, errno, "cannot map %s", name);
	return open_over(out, map, (size_t)st.st_size, true, given, name, err);
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
	rc = bn_arrow_file_open_fd(out, env, fd, false, path, err);
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
	bn_arrow_dicts_release(&r->dicts);
	bn_arrow_layout_release(&r->layout);
	bn_free(r->batches);
	bn_free(r->checked);
	bn_free(r->name);
	bn_free(r);
}

/* Whole pages of [bytes, bytes + n) within the mapping. */
static void forget_pages(const bn_arrow_file *r, const void *bytes, size_t n)
{
	const uintptr_t page = 4096, base = (uintptr_t)r->base;
	uintptr_t from = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)bytes + n) & ~(page - 1);

	if (r->mapped && bytes && from >= base && from < to && to <= base + r->size)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

static void forget_column(const bn_arrow_file *r, const bn_column *c)
{
	bool bytes = c->type == BN_TYPE_STRING || c->type == BN_TYPE_BINARY;

	if (!c->rows)
		return;
	if (bytes)
		forget_pages(r, c->bytes + c->ends[0], (size_t)(c->ends[c->rows] - c->ends[0]));
	if (bytes || c->type == BN_TYPE_LIST)
		forget_pages(r, c->ends, (c->rows + 1) * sizeof *c->ends);
	else if (c->type != BN_TYPE_BOOL && c->type != BN_TYPE_FIXED)
		forget_pages(r, c->any, c->rows * bn_type_width(c->type));
	if (c->child)
		forget_column(r, c->child);
}

void bn_arrow_file_forget(const bn_arrow_file *r, const bn_batch *b)
{
	for (size_t i = 0; i < b->column_count; i++)
		forget_column(r, &b->columns[i]);
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *bn_arrow_file_name(const bn_arrow_file *r)
{
	return r->name;
}

bool bn_arrow_file_is_unmarked(const bn_arrow_file *r)
{
	return r->unmarked;
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
	return &r->dicts.items[r->layout.columns[column].dict].dict;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int read_column(bn_arrow_file *r, size_t batch, size_t column, bn_arrow_body *body,
	bn_batch *out, bn_column *to, bn_err *err)
{
	const bn_field *f = &r->schema.fields[column];
	atomic_uchar *checked = &r->checked[batch * r->schema.count + column];
	const bn_arrow_from from = {.body = body,
		.dicts = &r->dicts,
		.batch = batch,
		.check = !atomic_load_explicit(checked, memory_order_relaxed),
		.arena = out->owned};
	int rc = bn_arrow_read_column(to, &r->layout.columns[column], f, &from, out->rows, err);

	if (rc < 0)
		return rc;
	if (to->nulls && !f->nullable && r->layout.columns[column].phys != PHYS_NULL)
		return bn_err_set(
			err, BN_ECORRUPT, "values are absent in a column that allows none");
	atomic_store_explicit(checked, 1, memory_order_relaxed);
	return 0;
}

int bn_arrow_file_read(
	bn_arrow_file *r, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err)
{
	bn_err local = BN_ERR_INIT;
	bn_arrow_message m;
	bn_arrow_body body;
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
	rc = bn_arrow_read_message(&m, r->base, r->end, &r->batches[batch].block, &local);
	rc = rc < 0 ? rc : bn_arrow_body_open(&body, &m, m.header, &r->layout, &local);
	for (size_t i = 0; i < n && !rc; i++) {
		size_t c = columns ? columns[i] : i;
		if (c >= r->schema.count) {
			rc = bn_err_set(&local, BN_EINVAL, "there are %zu columns, no column %zu",
				r->schema.count, c);
			break;
		}
		rc = read_column(r, batch, c, &body, out, &out->columns[i], &local);
		if (rc)
			bn_err_prefix(&local, "column '%s'", r->schema.fields[c].name);
	}
	if (rc) {
		bn_err_prefix(&local, "%s: record batch %zu", r->name, batch);
		bn_batch_release(out);
		return pass_on(r->given, err, &local);
	}
	return 0;
}

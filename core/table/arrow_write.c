/* arrow_write.c - see _arrow_write.h, and _arrow.h for the format. */
#include "core/table/_arrow.h"
#include "core/table/_arrow_write.h"

#include <string.h>

#define ALIGNMENT 64
#define FLUSH_BYTES ((size_t)1 << 20)
#define DIRECT_BYTES ((size_t)1 << 17) /* from this size on a copy costs more than a system call */

typedef struct file_block {
	uint64_t offset, body_bytes;
	int32_t meta_bytes;
} file_block;

/* Rows of a column to write: a column, then the content of its lists. */
typedef struct node {
	const bn_column *c;
	size_t from, rows, nulls;
} node;

struct bn_arrow_writer {
	bn_table_out to;
	const bn_schema *schema;
	uint64_t offset; /* of the next byte */
	bn_buf pending;  /* small pieces, not yet written */
	bn_buf meta;     /* of the message under construction */
	file_block *records, *dicts;
	size_t record_count, record_cap, dict_count, dict_cap;
	node *nodes; /* of that message */
	size_t node_count, node_cap;
};

/* ---- bytes ---------------------------------------------------------------------------------- */

static int flush(bn_arrow_writer *w, bn_err *err)
{
	int rc = bn_buf_check(&w->pending, err, "the output of a table");

	if (!rc && w->pending.len)
		rc = w->to.write(w->to.ctx, w->pending.ptr, w->pending.len, err);
	bn_buf_clear(&w->pending);
	return rc;
}

static int put(bn_arrow_writer *w, const void *bytes, size_t n, bn_err *err)
{
	int rc = 0;

	w->offset += n;
	if (n < DIRECT_BYTES) {
		bn_buf_add(&w->pending, bytes, n);
		return w->pending.len >= FLUSH_BYTES ? flush(w, err) : 0;
	}
	rc = flush(w, err);
	return rc ? rc : w->to.write(w->to.ctx, bytes, n, err);
}

static int put_padding(bn_arrow_writer *w, size_t alignment, bn_err *err)
{
	static const char zeros[ALIGNMENT];
	size_t over = (size_t)(w->offset % alignment);

	return over ? put(w, zeros, alignment - over, err) : 0;
}

static uint64_t padded(uint64_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* ---- metadata ------------------------------------------------------------------------------- */

static void add_metadata(bn_buf *b, size_t slot, const bn_schema_meta *meta, size_t n)
{
	size_t first, at[2];

	bn_fbw_refer(b, slot, bn_fbw_refs(b, n, &first));
	for (size_t i = 0; i < n; i++) {
		const bn_fbw_field kv[2] = {BN_FBW_REF, BN_FBW_REF};
		bn_fbw_refer(b, first + 4 * i, bn_fbw_table(b, kv, 2, at));
		bn_fbw_refer(b, at[KV_KEY], bn_fbw_string(b, meta[i].key));
		bn_fbw_refer(b, at[KV_VALUE], bn_fbw_string(b, meta[i].value));
	}
}

static size_t add_int_type(bn_buf *b, int bits, bool is_signed)
{
	const bn_fbw_field f[2] = {{4, bits}, {1, is_signed}};

	return bn_fbw_table(b, f, 2, NULL);
}

static int arrow_type_number(bn_type type)
{
	switch (type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		return ARROW_FLOAT;
	case BN_TYPE_BOOL:
		return ARROW_BOOL;
	case BN_TYPE_TIMESTAMP:
		return ARROW_TIMESTAMP;
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		return ARROW_UTF8;
	case BN_TYPE_DATE:
		return ARROW_DATE;
	case BN_TYPE_TIME:
		return ARROW_TIME;
	case BN_TYPE_DURATION:
		return ARROW_DURATION;
	case BN_TYPE_DECIMAL:
		return ARROW_DECIMAL;
	case BN_TYPE_BINARY:
		return ARROW_BINARY;
	case BN_TYPE_LIST:
		return ARROW_LIST;
	case BN_TYPE_FIXED:
		return ARROW_FIXED_LIST;
	default:
		return ARROW_INT;
	}
}

#define UNIT_DAY 0
#define UNIT_NS 3

static size_t add_timestamp(bn_buf *b, const bn_field *f)
{
	const char *zone = f->zone ? f->zone : "UTC";
	const bn_fbw_field none = BN_FBW_NONE, ref = BN_FBW_REF;
	size_t at[2];
	size_t place =
		bn_fbw_table(b, (const bn_fbw_field[]){{2, UNIT_NS}, *zone ? ref : none}, 2, at);

	if (*zone)
		bn_fbw_refer(b, at[1], bn_fbw_string(b, zone));
	return place;
}

#define ONE(bytes, value) bn_fbw_table(b, (const bn_fbw_field[]){{bytes, value}}, 1, NULL)

static size_t add_type(bn_buf *b, const bn_field *f)
{
	switch (f->type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		return ONE(2, f->type == BN_TYPE_FLOAT64 ? 2 : 1);
	case BN_TYPE_TIMESTAMP:
		return add_timestamp(b, f);
	case BN_TYPE_DATE:
		return ONE(2, UNIT_DAY);
	case BN_TYPE_DURATION:
		return ONE(2, UNIT_NS);
	case BN_TYPE_TIME:
		return bn_fbw_table(b, (const bn_fbw_field[]){{2, UNIT_NS}, {4, 64}}, 2, NULL);
	case BN_TYPE_DECIMAL:
		return bn_fbw_table(b,
			(const bn_fbw_field[]){{4, f->precision}, {4, f->scale}, {4, 128}}, 3,
			NULL);
	case BN_TYPE_FIXED:
		return ONE(4, f->fixed_size);
	case BN_TYPE_BOOL:
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
	case BN_TYPE_BINARY:
	case BN_TYPE_LIST:
		return bn_fbw_table(b, NULL, 0, NULL);
	default:
		return add_int_type(b, (int)bn_type_width(f->type) * 8,
			f->type < BN_TYPE_UINT64 || f->type > BN_TYPE_UINT8);
	}
}

static void add_field(bn_buf *b, size_t slot, const bn_field *f, size_t i)
{
	bool category = f->type == BN_TYPE_CATEGORY;
	const bn_fbw_field none = BN_FBW_NONE, ref = BN_FBW_REF;
	const bn_fbw_field fields[] = {ref, {1, f->nullable}, {1, arrow_type_number(f->type)}, ref,
		category ? ref : none, ref, f->unit || f->read ? ref : none};
	size_t at[7], first, encoding[3];

	bn_fbw_refer(b, slot, bn_fbw_table(b, fields, 7, at));
	bn_fbw_refer(b, at[FIELD_NAME], bn_fbw_string(b, f->name ? f->name : "item"));
	bn_fbw_refer(b, at[FIELD_TYPE], add_type(b, f));
	bn_fbw_refer(b, at[FIELD_CHILDREN], bn_fbw_refs(b, f->child != NULL, &first));
	if (f->child)
		add_field(b, first, f->child, 0);
	if (category) {
		const bn_fbw_field enc[] = {{8, (int64_t)i}, ref, {1, 0}};
		bn_fbw_refer(b, at[FIELD_DICTIONARY], bn_fbw_table(b, enc, 3, encoding));
		bn_fbw_refer(b, encoding[DICTENC_INDEX], add_int_type(b, 32, true));
	}
	char unit[] = "unit", read[] = BN_ARROW_READ;
	const bn_schema_meta both[] = {{unit, f->unit}, {read, f->read}};
	if (f->unit || f->read)
		add_metadata(b, at[FIELD_METADATA], both + !f->unit,
			(size_t)(f->unit != NULL) + (f->read != NULL));
}

static void add_schema(bn_buf *b, size_t slot, const bn_schema *s)
{
	const bn_fbw_field none = BN_FBW_NONE, ref = BN_FBW_REF;
	const bn_fbw_field fields[] = {{2, 0}, ref, s->meta_count ? ref : none};
	size_t at[3], first;

	bn_fbw_refer(b, slot, bn_fbw_table(b, fields, 3, at));
	bn_fbw_refer(b, at[SCHEMA_FIELDS], bn_fbw_refs(b, s->count, &first));
	for (size_t i = 0; i < s->count; i++)
		add_field(b, first + 4 * i, &s->fields[i], i);
	if (s->meta_count)
		add_metadata(b, at[SCHEMA_METADATA], s->meta, s->meta_count);
}

/* Starts w->meta with a Message table; returns the slot for the header. */
static size_t begin_message(bn_arrow_writer *w, int header, uint64_t body_bytes)
{
	const bn_fbw_field fields[] = {
		{2, BN_ARROW_V5}, {1, header}, BN_FBW_REF, {8, (int64_t)body_bytes}};
	const uint32_t root = 0;
	size_t at[4];

	bn_buf_clear(&w->meta);
	bn_buf_add(&w->meta, &root, 4);
	bn_fbw_refer(&w->meta, 0, bn_fbw_table(&w->meta, fields, 4, at));
	return at[MSG_HEADER];
}

/* Writes prefix and metadata so that the body begins at a multiple of 64. */
static int end_message(bn_arrow_writer *w, file_block *block, uint64_t body_bytes, bn_err *err)
{
	int rc = put_padding(w, 8, err);
	uint64_t begin = w->offset;

	while ((begin + 8 + w->meta.len) % ALIGNMENT && !w->meta.failed)
		bn_buf_addch(&w->meta, 0);
	rc = rc ? rc : bn_buf_check(&w->meta, err, "the metadata of a table");
	const uint32_t head[2] = {BN_ARROW_CONTINUATION, (uint32_t)w->meta.len};
	rc = rc ? rc : put(w, head, sizeof head, err);
	rc = rc ? rc : put(w, w->meta.ptr, w->meta.len, err);
	if (block)
		*block = (file_block){begin, body_bytes, (int32_t)(w->offset - begin)};
	return rc;
}

/* ---- record batches ------------------------------------------------------------------------- */

static bool has_bytes(bn_type type)
{
	return type == BN_TYPE_STRING || type == BN_TYPE_BINARY;
}

/* Lists the column and the content of its lists, in file order. */
static int add_nodes(bn_arrow_writer *w, const bn_column *c, size_t from, size_t rows, bool all)
{
	for (;;) {
		size_t nulls = all ? c->nulls : bn_column_count_nulls(c, from, rows);
		if (bn_grow(&w->nodes, &w->node_cap, w->node_count + 1, sizeof *w->nodes))
			return -1;
		w->nodes[w->node_count++] = (node){c, from, rows, nulls};
		if (!bn_type_is_list(c->type))
			return 0;
		size_t begin = 0, end = 0;
		if (c->type == BN_TYPE_FIXED) {
			begin = c->first + from * c->fixed_size;
			end = begin + rows * c->fixed_size;
		} else if (rows) {
			begin = (size_t)c->ends[from];
			end = (size_t)c->ends[from + rows];
		}
		c = c->child;
		from = begin;
		rows = end - begin;
		all = false;
	}
}

static int list_nodes(bn_arrow_writer *w, const bn_column *columns, size_t n, bn_err *err)
{
	w->node_count = 0;
	for (size_t i = 0; i < n; i++)
		if (add_nodes(w, &columns[i], 0, columns[i].rows, true) < 0)
			return bn_err_nomem(err, "the columns of a record batch");
	return 0;
}

/* The sizes of a node's buffers in order; returns their number. */
static size_t buffer_sizes(const node *v, uint64_t sizes[3])
{
	const bn_column *c = v->c;
	size_t bits = (v->rows + 7) / 8;

	sizes[0] = v->nulls ? bits : 0;
	if (c->type == BN_TYPE_FIXED)
		return 1;
	if (c->type == BN_TYPE_LIST || has_bytes(c->type)) {
		sizes[1] = (v->rows + 1) * 4;
		sizes[2] = v->rows ? (uint64_t)(c->ends[v->from + v->rows] - c->ends[v->from]) : 0;
		return has_bytes(c->type) ? 3 : 2;
	}
	sizes[1] = c->type == BN_TYPE_BOOL ? bits : v->rows * bn_type_width(c->type);
	return 2;
}

/* Refers slot to a RecordBatch table of the nodes. */
static void add_records(bn_arrow_writer *w, size_t slot, size_t rows)
{
	const bn_fbw_field fields[] = {{8, (int64_t)rows}, BN_FBW_REF, BN_FBW_REF};
	uint64_t sizes[3], at_body = 0;
	size_t at[3], buffers = 0;
	bn_buf *b = &w->meta;

	bn_fbw_refer(b, slot, bn_fbw_table(b, fields, 3, at));
	bn_fbw_refer(b, at[RECORDS_NODES], bn_fbw_structs(b, w->node_count));
	for (size_t i = 0; i < w->node_count; i++) {
		bn_fbw_i64(b, (int64_t)w->nodes[i].rows);
		bn_fbw_i64(b, (int64_t)w->nodes[i].nulls);
		buffers += buffer_sizes(&w->nodes[i], sizes);
	}
	bn_fbw_refer(b, at[RECORDS_BUFFERS], bn_fbw_structs(b, buffers));
	for (size_t i = 0; i < w->node_count; i++) {
		size_t k = buffer_sizes(&w->nodes[i], sizes);
		for (size_t j = 0; j < k; j++) {
			bn_fbw_i64(b, (int64_t)at_body);
			bn_fbw_i64(b, (int64_t)sizes[j]);
			at_body += padded(sizes[j]);
		}
	}
}

static uint64_t body_size(const bn_arrow_writer *w)
{
	uint64_t sizes[3], total = 0;

	for (size_t i = 0; i < w->node_count; i++) {
		size_t k = buffer_sizes(&w->nodes[i], sizes);
		for (size_t j = 0; j < k; j++)
			total += padded(sizes[j]);
	}
	return total;
}

/* Bits from .. from + n - 1; trailing bits are written as 0. */
static int put_bits(bn_arrow_writer *w, const uint8_t *bits, size_t from, size_t n, bn_err *err)
{
	uint8_t part[512];
	int rc = 0;

	if (from % 8 == 0) {
		bits += from / 8;
		rc = n / 8 ? put(w, bits, n / 8, err) : 0;
		if (!rc && n % 8) {
			uint8_t last = (uint8_t)(bits[n / 8] & ((1u << n % 8) - 1));
			rc = put(w, &last, 1, err);
		}
		return rc;
	}
	for (size_t done = 0; done < n && !rc;) {
		size_t k = n - done < sizeof part * 8 ? n - done : sizeof part * 8;
		memset(part, 0, sizeof part);
		for (size_t i = 0; i < k; i++) {
			size_t at = from + done + i;
			part[i >> 3] = (uint8_t)(part[i >> 3] | (bits[at >> 3] >> (at & 7) & 1)
									<< (i & 7));
		}
		rc = put(w, part, (k + 7) / 8, err);
		done += k;
	}
	return rc;
}

/* Offsets that begin at 0. */
static int put_ends(bn_arrow_writer *w, const node *v, bn_err *err)
{
	const int32_t *ends = v->rows ? v->c->ends + v->from : NULL;
	int32_t part[1024], base = ends ? ends[0] : 0;
	int rc = 0;

	if (ends && !base)
		return put(w, ends, (v->rows + 1) * 4, err);
	for (size_t done = 0; done <= v->rows && !rc;) {
		size_t n = 0;
		for (; n < 1024 && done <= v->rows; n++, done++)
			part[n] = ends ? ends[done] - base : 0;
		rc = put(w, part, n * 4, err);
	}
	return rc;
}

/* The second and third buffer. */
static int put_values(bn_arrow_writer *w, const node *v, const uint64_t sizes[3], bn_err *err)
{
	const bn_column *c = v->c;
	int rc;

	if (c->type == BN_TYPE_FIXED)
		return 0;
	if (c->type == BN_TYPE_LIST)
		return put_ends(w, v, err);
	if (has_bytes(c->type)) {
		if ((rc = put_ends(w, v, err)) < 0 || (rc = put_padding(w, ALIGNMENT, err)) < 0)
			return rc;
		return sizes[2] ? put(w, c->bytes + c->ends[v->from], (size_t)sizes[2], err) : 0;
	}
	if (c->type == BN_TYPE_BOOL)
		return v->rows ? put_bits(w, c->bits, v->from, v->rows, err) : 0;
	if (!sizes[1])
		return 0;
	return put(
		w, (const char *)c->any + v->from * bn_type_width(c->type), (size_t)sizes[1], err);
}

static int put_node(bn_arrow_writer *w, const node *v, bn_err *err)
{
	uint64_t sizes[3];
	int rc;

	buffer_sizes(v, sizes);
	if (sizes[0] && (rc = put_bits(w, v->c->validity, v->from, v->rows, err)) < 0)
		return rc;
	if ((rc = put_padding(w, ALIGNMENT, err)) < 0 || (rc = put_values(w, v, sizes, err)) < 0)
		return rc;
	return put_padding(w, ALIGNMENT, err);
}

/* Ends the message and writes the nodes after it. */
static int put_records(bn_arrow_writer *w, file_block *block, uint64_t body_bytes, bn_err *err)
{
	int rc = end_message(w, block, body_bytes, err);

	for (size_t i = 0; i < w->node_count && !rc; i++)
		rc = put_node(w, &w->nodes[i], err);
	return rc;
}

int bn_arrow_write_batch(bn_arrow_writer *w, const bn_column *columns, size_t rows, bn_err *err)
{
	int rc = list_nodes(w, columns, w->schema->count, err);

	if (rc < 0)
		return rc;
	if (bn_grow(&w->records, &w->record_cap, w->record_count + 1, sizeof *w->records))
		return bn_err_nomem(err, "the list of record batches");
	uint64_t body = body_size(w);
	size_t slot = begin_message(w, HEADER_RECORDS, body);
	add_records(w, slot, rows);
	return put_records(w, &w->records[w->record_count++], body, err);
}

static int write_dictionary(bn_arrow_writer *w, size_t column, const bn_dict *d, bn_err *err)
{
	const bn_fbw_field fields[] = {{8, (int64_t)column}, BN_FBW_REF, {1, 0}};
	const bn_column text = {
		.type = BN_TYPE_STRING, .rows = d->count, .ends = d->offsets, .bytes = d->bytes};
	size_t at[3];
	int rc = list_nodes(w, &text, 1, err);

	if (rc < 0)
		return rc;
	if (bn_grow(&w->dicts, &w->dict_cap, w->dict_count + 1, sizeof *w->dicts))
		return bn_err_nomem(err, "the list of dictionaries");
	uint64_t body = body_size(w);
	size_t slot = begin_message(w, HEADER_DICTIONARY, body);
	bn_fbw_refer(&w->meta, slot, bn_fbw_table(&w->meta, fields, 3, at));
	add_records(w, at[DICT_DATA], d->count);
	return put_records(w, &w->dicts[w->dict_count++], body, err);
}

/* ---- begin and end -------------------------------------------------------------------------- */

static void add_blocks(bn_buf *b, size_t slot, const file_block *blocks, size_t n)
{
	bn_fbw_refer(b, slot, bn_fbw_structs(b, n));
	for (size_t i = 0; i < n; i++) {
		bn_fbw_i64(b, (int64_t)blocks[i].offset);
		bn_fbw_i64(b, blocks[i].meta_bytes); /* int32 and 4 bytes of padding */
		bn_fbw_i64(b, (int64_t)blocks[i].body_bytes);
	}
}

static int write_footer(bn_arrow_writer *w, bn_err *err)
{
	static const uint32_t end_of_stream[2] = {BN_ARROW_CONTINUATION, 0};
	const bn_fbw_field fields[] = {{2, BN_ARROW_V5}, BN_FBW_REF, BN_FBW_REF, BN_FBW_REF};
	const uint32_t root = 0;
	size_t at[4];

	bn_buf_clear(&w->meta);
	bn_buf_add(&w->meta, &root, 4);
	bn_fbw_refer(&w->meta, 0, bn_fbw_table(&w->meta, fields, 4, at));
	add_schema(&w->meta, at[FOOTER_SCHEMA], w->schema);
	add_blocks(&w->meta, at[FOOTER_DICTIONARIES], w->dicts, w->dict_count);
	add_blocks(&w->meta, at[FOOTER_RECORDS], w->records, w->record_count);
	bn_fbw_pad(&w->meta, 8);
	int rc = bn_buf_check(&w->meta, err, "the footer of a table");
	const uint32_t n = (uint32_t)w->meta.len;
	rc = rc ? rc : put_padding(w, 8, err);
	rc = rc ? rc : put(w, end_of_stream, sizeof end_of_stream, err);
	rc = rc ? rc : put(w, w->meta.ptr, w->meta.len, err);
	rc = rc ? rc : put(w, &n, sizeof n, err);
	rc = rc ? rc : put(w, BN_ARROW_MAGIC, BN_ARROW_MAGIC_BYTES, err);
	return rc ? rc : flush(w, err);
}

int bn_arrow_writer_open(
	bn_arrow_writer **out, const bn_table_out *to, const bn_schema *schema, bn_err *err)
{
	bn_arrow_writer *w = bn_alloc_zeroed(1, sizeof *w);
	int rc;

	if (!w)
		return bn_err_nomem(err, "a table writer");
	w->to = *to;
	w->schema = schema;
	bn_buf_init(&w->pending);
	bn_buf_init(&w->meta);
	rc = put(w, BN_ARROW_MAGIC "\0\0", BN_ARROW_MAGIC_BYTES + 2, err);
	if (!rc) {
		add_schema(&w->meta, begin_message(w, HEADER_SCHEMA, 0), schema);
		rc = end_message(w, NULL, 0, err);
	}
	if (rc)
		bn_arrow_writer_free(w);
	else
		*out = w;
	return rc;
}

int bn_arrow_writer_finish(bn_arrow_writer *w, const bn_dict *dicts, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < w->schema->count && !rc; i++) {
		if (w->schema->fields[i].type == BN_TYPE_CATEGORY)
			rc = write_dictionary(w, i, &dicts[i], err);
	}
	return rc ? rc : write_footer(w, err);
}

uint64_t bn_arrow_writer_bytes(const bn_arrow_writer *w)
{
	return w->offset;
}

void bn_arrow_writer_free(bn_arrow_writer *w)
{
	if (!w)
		return;
	bn_buf_release(&w->pending);
	bn_buf_release(&w->meta);
	bn_free(w->records);
	bn_free(w->nodes);
	bn_free(w->dicts);
	bn_free(w);
}

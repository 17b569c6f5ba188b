/* Any bytes as an Arrow IPC file or stream: an error, or a table in which every value can be read. */
#include "core/base/utf8.h"
#include "core/table/arrow_read.h"
#include "core/table/take.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOOKS_MAX 200000 /* list values formatted as text */

static void look(const bn_column *c)
{
	static volatile double sink;
	size_t nulls = 0, from, n;
	bn_buf text = BN_BUF_INIT;

	for (size_t r = 0; r < c->rows; r++) {
		bn_text t = bn_column_text(c, r);
		if (t.ptr && !bn_utf8_is_valid(t.ptr, t.len))
			abort();
		t = bn_column_bytes(c, r);
		for (size_t i = 0; i < t.len; i += 509)
			sink = t.ptr[i];
		if (t.len)
			sink = t.ptr[t.len - 1];
		sink = bn_column_number(c, r);
		nulls += bn_column_is_null(c, r);
		if (bn_column_list(c, r, &from, &n) && from + n > c->child->rows)
			abort();
	}
	if (nulls != c->nulls)
		abort();
	if (c->child)
		look(c->child);
	if (!c->child || c->child->rows < LOOKS_MAX)
		for (size_t r = 0; r < c->rows && r < 64; r++) {
			bn_buf_clear(&text);
			bn_column_format(c, r, &text);
			if (!bn_utf8_is_valid(text.ptr, text.len))
				abort();
		}
	bn_buf_release(&text);
	(void)sink;
}

/* Every second row, in reverse order, has the same values. */
static void take(const bn_batch *b)
{
	bn_batch some = BN_BATCH_INIT;
	uint32_t rows[32];
	size_t n = b->rows / 2 < 32 ? b->rows / 2 : 32;
	bn_buf x = BN_BUF_INIT, y = BN_BUF_INIT;

	for (size_t i = 0; i < n; i++)
		rows[i] = (uint32_t)(2 * (n - 1 - i));
	if (!bn_batch_take(&some, b, rows, n, NULL)) {
		for (size_t c = 0; c < b->column_count; c++)
			for (size_t i = 0; i < n; i++) {
				bn_buf_clear(&x);
				bn_buf_clear(&y);
				bool a = bn_column_format(&b->columns[c], rows[i], &x);
				bool k = bn_column_format(&some.columns[c], i, &y);
				if (a != k || x.len != y.len || memcmp(x.ptr, y.ptr, x.len) != 0)
					abort();
			}
	}
	bn_buf_release(&x);
	bn_buf_release(&y);
	bn_batch_release(&some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_table_reader *r = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_err err = BN_ERR_INIT;
	void *copy = aligned_alloc(64, (size + 64) / 64 * 64);

	memcpy(copy, data, size);
	if (!bn_arrow_open_bytes(&r, copy, size, "fuzz", &err)) {
		for (size_t i = 0; i < bn_table_batches(r) && i < 64; i++) {
			bn_err_clear(&err);
			if (bn_table_read(r, i, NULL, 0, &b, &err)) {
				if (!err.code || !err.msg[0])
					abort();
				continue;
			}
			for (size_t c = 0; c < b.column_count; c++)
				look(&b.columns[c]);
			if (size < 1 << 14)
				take(&b);
		}
	}
	bn_batch_release(&b);
	bn_table_reader_free(r);
	free(copy);
	return 0;
}

/* Any bytes as an Arrow IPC file: an error, or a table whose every value can be looked at. */
#include "core/base/utf8.h"
#include "core/table/arrow_read.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const bn_column *c)
{
	static volatile double sink;

	for (size_t r = 0; r < c->rows; r++) {
		bn_text t = bn_column_text(c, r);
		if (t.ptr && !bn_utf8_is_valid(t.ptr, t.len))
			abort();
		sink = bn_column_number(c, r);
	}
	(void)sink;
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
		}
	}
	bn_batch_release(&b);
	bn_table_reader_free(r);
	free(copy);
	return 0;
}

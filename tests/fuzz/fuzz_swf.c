/* Any bytes as a job log: an error with a message, or consistent batches. */
#include "core/base/utf8.h"
#include "core/source/swf.h"
#include "tests/fuzz/_one_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const bn_fs_ops mem_fs = {.open = one_file_open,
	.close = one_file_close,
	.pread = one_file_pread,
	.stat = one_file_stat,
	.fstat = one_file_fstat};

static void look_at(const bn_schema *schema, const bn_batch *b)
{
	if (b->column_count != schema->count)
		abort();
	for (size_t c = 0; c < b->column_count; c++) {
		const bn_column *k = &b->columns[c];
		size_t nulls = 0;
		for (size_t r = 0; r < b->rows; r++)
			nulls += bn_column_is_null(k, r);
		if (k->rows != b->rows || k->nulls != nulls || k->type != schema->fields[c].type)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_env env = *bn_env_real();
	bn_err err = BN_ERR_INIT;
	bn_stream *s = NULL;
	bn_input *in = NULL;
	const bn_batch *b = NULL;
	int state;

	env.fs = &mem_fs;
	one_file = data;
	one_file_size = size;
	if (bn_input_open(&in, &env, "in.swf", NULL, &err) ||
		bn_source_swf.open(&s, in, &o, &err)) {
		if (!err.msg[0])
			abort();
		bn_input_free(in);
		return 0;
	}
	const bn_schema *schema = s->ops->schema(s);
	for (size_t i = 0; i < schema->meta_count; i++)
		if (!bn_utf8_is_valid(schema->meta[i].value, strlen(schema->meta[i].value)))
			abort();
	while ((state = s->ops->next(s, &b, &err)) == BN_STREAM_BATCH)
		look_at(schema, b);
	if (state < 0 && !err.msg[0])
		abort();
	s->ops->free(s);
	bn_input_free(in);
	return 0;
}

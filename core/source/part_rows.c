/* part_rows.c - see part_rows.h. */
#include "core/source/part_rows.h"

#include "core/base/mem.h"

#define PROGRESS_ROWS 4096 /* between two checks for cancellation */

int bn_part_rows_init(bn_part_rows *p, bn_table_reader *table, const bn_csv_part *part,
	const bn_progress *progress, bn_err *err)
{
	*p = (bn_part_rows){.table = table,
		.part = part,
		.progress = progress,
		.count = part->rows ? part->n : (size_t)bn_table_rows(table),
		.batch_count = bn_table_batches(table)};
	p->batches = bn_alloc_zeroed(p->batch_count, sizeof *p->batches);
	return p->batches ? 0 : bn_err_nomem(err, "the rows to write");
}

void bn_part_rows_release(bn_part_rows *p)
{
	for (size_t i = 0; p->batches && i < p->batch_count; i++)
		bn_batch_release(&p->batches[i]);
	bn_free(p->batches);
	p->batches = NULL;
}

int bn_part_rows_get(bn_part_rows *p, size_t i, size_t *batch, size_t *row, bn_err *err)
{
	uint64_t number = p->part->rows ? (uint64_t)p->part->rows[i] : i;
	int rc = i % PROGRESS_ROWS ? 0 : bn_progress_step(p->progress, "writing", i, p->count, err);

	if (rc < 0 || (rc = bn_table_locate(p->table, number, batch, row, err)) < 0 ||
		p->batches[*batch].columns)
		return rc;
	return bn_table_read(p->table, *batch, p->part->columns, p->part->column_count,
		&p->batches[*batch], err);
}

int bn_piece_drain(bn_buf *text, size_t most, bn_csv_sink sink, void *ctx, const char *what,
	bn_err *err)
{
	int rc = 0;

	if (text->len <= most && !text->failed)
		return 0;
	if ((rc = bn_buf_check(text, err, what)) == 0)
		rc = sink(ctx, text->ptr, text->len, err);
	bn_buf_clear(text);
	return rc;
}

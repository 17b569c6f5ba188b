/* duplicates.c - see duplicates.h. */
#include "core/profile/duplicates.h"

#include "core/profile/cell_hash.h"
#include "core/profile/tally.h"

#include <string.h>

typedef struct entry {
	uint64_t a, b; /* the hash; a is never 0 in a used entry */
	uint64_t row;  /* first row with it; bit 63: marked as repeated */
} entry;

#define MARKED (UINT64_C(1) << 63)

typedef struct finder {
	bn_duplicates *out;
	entry *set;
	size_t used, cap;
	uint64_t pass, passes;
	bn_duplicates_skip skip;
} finder;

static int set_grow(finder *f, bn_err *err)
{
	size_t cap = f->cap ? 2 * f->cap : 1024;
	entry *set = bn_alloc_zeroed(cap, sizeof *set);
	if (!set)
		return bn_err_nomem(err, "the set of rows seen");
	for (size_t i = 0; i < f->cap; i++) {
		size_t at = f->set[i].b & (cap - 1);
		if (!f->set[i].a)
			continue;
		while (set[at].a)
			at = (at + 1) & (cap - 1);
		set[at] = f->set[i];
	}
	bn_free(f->set);
	f->set = set;
	f->cap = cap;
	return 0;
}

static void mark(bn_duplicates *d, uint64_t row)
{
	d->repeated[row >> 3] |= (uint8_t)(1 << (row & 7));
}

static int visit(finder *f, uint64_t a, uint64_t b, uint64_t row, bn_err *err)
{
	a += a == 0;
	if (2 * (f->used + 1) > f->cap && set_grow(f, err))
		return BN_ENOMEM;
	size_t at = b & (f->cap - 1);
	while (f->set[at].a && (f->set[at].a != a || f->set[at].b != b))
		at = (at + 1) & (f->cap - 1);
	entry *e = &f->set[at];
	if (!e->a) {
		*e = (entry){a, b, row};
		f->used++;
		f->out->distinct++;
		return 0;
	}
	if (!(e->row & MARKED)) {
		mark(f->out, e->row);
		e->row |= MARKED;
	}
	mark(f->out, row);
	return 0;
}

static int visit_batch(finder *f, const bn_batch *batch, uint64_t first, bn_err *err)
{
	int rc = 0;
	for (size_t r = 0; !rc && r < batch->rows; r++) {
		uint64_t a = UINT64_C(0x243f6a8885a308d3), b = UINT64_C(0x13198a2e03707344);
		size_t present = 0;
		for (size_t c = 0; c < batch->column_count; c++)
			present += bn_cell_hash(&a, &b, &batch->columns[c], r);
		if ((f->skip == BN_SKIP_ALL_MISSING && !present) ||
			(f->skip == BN_SKIP_ANY_MISSING && present < batch->column_count))
			continue;
		f->out->considered += f->pass == 0;
		if ((a >> 33) % f->passes == f->pass)
			rc = visit(f, a, b, first + r, err);
	}
	return rc;
}

int bn_duplicates_find(bn_duplicates *out, bn_table_reader *table, const size_t *columns, size_t n,
	bn_duplicates_skip skip, bool (*cancelled)(void *ctx), void *ctx, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	finder f = {.out = out, .skip = skip, .passes = 1 + rows / BN_DUPLICATES_SET};
	bn_batch batch = BN_BATCH_INIT;
	memset(out, 0, sizeof *out);
	out->repeated = bn_alloc_zeroed(rows / 8 + 1, 1);
	int rc = out->repeated ? 0 : bn_err_nomem(err, "the marks of repeated rows");
	for (; !rc && f.pass < f.passes; f.pass++) {
		if (f.cap)
			memset(f.set, 0, f.cap * sizeof *f.set);
		f.used = 0;
		for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
			rc = bn_table_read(table, b, columns, n, &batch, err);
			if (!rc)
				rc = visit_batch(&f, &batch, bn_table_batch_start(table, b), err);
			bn_table_forget(table, &batch);
			if (!rc && cancelled && cancelled(ctx))
				rc = bn_err_set(err, BN_EINTR,
					"looking for repeated rows was "
					"interrupted");
		}
	}
	bn_batch_release(&batch);
	bn_free(f.set);
	if (rc)
		bn_duplicates_release(out);
	return rc;
}

void bn_duplicates_release(bn_duplicates *d)
{
	bn_free(d->repeated);
	memset(d, 0, sizeof *d);
}

/* matrix.c - see matrix.h. */
#include "tests/support/matrix.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void matrix_release(matrix *m)
{
	bn_free(m->x);
	bn_free(m->y);
	*m = (matrix){.x = NULL};
}

static int32_t code_of(const bn_feature_input *in, const bn_column *c, size_t r)
{
	bn_text t = bn_column_text(c, r);
	for (size_t k = 0; k < in->category_count; k++)
		if (strlen(in->categories[k]) == t.len && !memcmp(in->categories[k], t.ptr, t.len))
			return (int32_t)k;
	return (int32_t)in->category_count;
}

void matrix_batch(bn_batch *out, const bn_features *f, const named_columns *t)
{
	size_t n = bn_features_input_count(f), rows = t->batch.rows;
	bn_column *columns = calloc(n, sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const bn_feature_input *in = bn_features_input(f, i);
		const bn_column *c = named_columns_find(t, in->name);
		double *numbers = calloc(rows + 1, sizeof *numbers);
		int32_t *codes = (int32_t *)numbers;
		uint8_t *validity = calloc(rows / 8 + 1, 1);
		bool category = in->kind == BN_INPUT_CATEGORY;
		for (size_t r = 0; r < rows; r++) {
			bool there = !bn_column_is_absent(c, r);
			validity[r >> 3] = (uint8_t)(validity[r >> 3] | (unsigned)there << (r & 7));
			if (category)
				codes[r] = there ? code_of(in, c, r) : 0;
			else
				numbers[r] = bn_column_number(c, r);
		}
		columns[i] = (bn_column){.type = category ? BN_TYPE_CATEGORY : BN_TYPE_FLOAT64,
			.rows = rows,
			.validity = validity};
		columns[i].any = numbers;
	}
	*out = (bn_batch){.rows = rows, .column_count = n, .columns = columns};
}

void matrix_batch_release(bn_batch *b)
{
	for (size_t i = 0; i < b->column_count; i++) {
		free((void *)(uintptr_t)b->columns[i].any);
		free((void *)(uintptr_t)b->columns[i].validity);
	}
	free(b->columns);
	*b = (bn_batch)BN_BATCH_INIT;
}

void matrix_design(double *out, const bn_features *f, const named_columns *t)
{
	bn_batch b;
	matrix_batch(&b, f, t);
	bn_features_apply(f, &b, 0, b.rows, out);
	matrix_batch_release(&b);
}

int matrix_build(matrix *out, const bn_features *f, const named_columns *t, bn_err *err)
{
	matrix m = {.x = NULL};
	size_t rows = t->batch.rows, width = bn_features_width(f), kept = 0;
	const bn_column *target = named_columns_find(t, bn_features_target(f));
	m.x = bn_alloc_zeroed(rows + 1, width * sizeof *m.x);
	m.y = bn_alloc_zeroed(rows + 1, sizeof *m.y);
	int rc = m.x && m.y ? 0 : bn_err_nomem(err, "a matrix");
	if (rc == 0) {
		matrix_design(m.x, f, t);
		rc = bn_features_target_of(f, target, 0, rows, m.y, err);
	}
	if (rc < 0) {
		matrix_release(&m);
		return rc;
	}
	for (size_t r = 0; r < rows; r++) {
		if (isnan(m.y[r])) {
			*(bn_features_has_target(target, r) ? &m.unseen : &m.dropped) += 1;
			continue;
		}
		memmove(m.x + kept * width, m.x + r * width, width * sizeof *m.x);
		m.y[kept++] = m.y[r];
	}
	m.view = (bn_design){.rows = kept, .cols = width, .x = m.x, .y = m.y};
	*out = m;
	return 0;
}

int matrix_fit(bn_estimator **out, const bn_trainer *t, const bn_fit_request *r,
	const bn_design *train, bn_err *err)
{
	bn_fit_request with = *r;
	int rc = bn_rows_wrap(&with.train, train, "training", err);
	if (rc < 0)
		return rc;
	rc = bn_trainer_fit(out, t, &with, err);
	bn_rows_free(with.train);
	return rc;
}

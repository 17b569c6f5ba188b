/* matrix.c - see matrix.h. */
#include "tests/support/matrix.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

void matrix_release(matrix *m)
{
	bn_free(m->x);
	bn_free(m->y);
	*m = (matrix){.x = NULL};
}

static bool has_target(const bn_column_view *c, size_t r)
{
	return !bn_column_is_missing(c, r) &&
	       (c->kind != BN_VIEW_NUMBER || isfinite(c->numbers[r]));
}

int matrix_build(matrix *out, const bn_features *f, const bn_frame_view *frame, bn_err *err)
{
	matrix m = {.x = NULL};
	size_t rows = frame->rows, width = bn_features_width(f), kept = 0;
	m.x = bn_alloc_zeroed(rows + 1, width * sizeof *m.x);
	m.y = bn_alloc_zeroed(rows + 1, sizeof *m.y);
	int rc = m.x && m.y ? 0 : bn_err_nomem(err, "a matrix");
	if (rc == 0)
		rc = bn_features_transform(f, frame, m.x, NULL, err);
	if (rc == 0)
		rc = bn_features_transform_target(f, frame, m.y, err);
	if (rc < 0) {
		matrix_release(&m);
		return rc;
	}
	const bn_column_view *target = bn_frame_find(frame, bn_features_target(f));
	for (size_t r = 0; r < rows; r++) {
		if (isnan(m.y[r])) {
			*(has_target(target, r) ? &m.unseen : &m.dropped) += 1;
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

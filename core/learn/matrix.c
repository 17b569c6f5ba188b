/* matrix.c - see matrix.h. */
#include "core/learn/matrix.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/_features.h"

#include <math.h>
#include <string.h>

void bn_matrix_release(bn_matrix *m)
{
	bn_free(m->x);
	bn_free(m->y);
	*m = (bn_matrix)BN_MATRIX_INIT;
}

/* Moves the rows that have a target together. */
static size_t drop_rows(bn_matrix *m, size_t rows, size_t width)
{
	size_t kept = 0;
	for (size_t r = 0; r < rows; r++) {
		if (isnan(m->y[r]))
			continue;
		if (kept != r) {
			memcpy(m->x + kept * width, m->x + r * width, width * sizeof *m->x);
			m->y[kept] = m->y[r];
		}
		kept++;
	}
	return kept;
}

/* Rows that have a target, of which nothing could be made. */
static size_t count_unseen(const bn_matrix *m, const bn_features *f, const bn_frame_view *frame)
{
	const bn_column_view *c = bn_frame_find(frame, bn_features_target(f));
	size_t n = 0;
	if (bn_features_task(f) != BN_TASK_CLASSIFICATION)
		return 0;
	for (size_t r = 0; r < frame->rows; r++) {
		bool missing = c->kind == BN_VIEW_CATEGORY ? bn_column_is_missing(c, r)
							   : isnan(bn_view_number(c, r));
		n += isnan(m->y[r]) && !missing;
	}
	return n;
}

int bn_matrix_build(bn_matrix *out, const bn_features *f, const bn_frame_view *frame, bn_err *err)
{
	bn_matrix m = BN_MATRIX_INIT;
	size_t rows = frame->rows, width = bn_features_width(f);
	m.x = bn_alloc_zeroed(rows + 1, width * sizeof *m.x);
	m.y = bn_alloc_zeroed(rows + 1, sizeof *m.y);
	if (!m.x || !m.y) {
		char size[BN_FMT];
		bn_matrix_release(&m);
		return bn_err_set(err, BN_ENOMEM,
			"no memory for a design matrix of %zu rows and %zu columns (%s)", rows,
			width, bn_fmt_bytes((uint64_t)rows * width * sizeof *m.x, size));
	}
	int rc = bn_features_transform(f, frame, m.x, &m.seen, err);
	if (rc == 0)
		rc = bn_features_transform_target(f, frame, m.y, err);
	if (rc) {
		bn_matrix_release(&m);
		return rc;
	}
	m.unseen = count_unseen(&m, f, frame);
	size_t kept = drop_rows(&m, rows, width);
	m.dropped = rows - kept - m.unseen;
	m.view = (bn_design){kept, width, m.x, m.y, NULL};
	*out = m;
	return 0;
}

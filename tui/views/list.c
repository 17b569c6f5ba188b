/* list.c - see _list.h. */
#include "tui/views/_list.h"

#include "core/base/mem.h"
#include "tui/ui/job_draw.h"

#include <stdio.h>

int bn_list_new(void *out, size_t bytes, const bn_view_class *cls, bn_frame *f,
	const bn_grid_source *source, const bn_grid_column *columns, int column_count,
	const char *ref, bn_err *err)
{
	bn_list *l = bn_view_alloc(bytes, cls, f, err);
	if (!l)
		return BN_ENOMEM;
	snprintf(l->ref, sizeof l->ref, "%s", ref ? ref : "");
	bn_grid_source s = *source;
	s.ctx = l;
	int rc = bn_grid_init(&l->grid, &s, columns, column_count, err);
	if (rc) {
		bn_view_free(&l->view);
		return rc;
	}
	*(bn_list **)out = l;
	return 0;
}

/* Instead of rows: the job that will deliver them, or why there are none. */
static void job_draw(bn_list *l, bn_area a)
{
	bn_view *v = &l->view;
	bn_area text = bn_area_sub(a, 0, 1, a.rows, a.cols - 2);
	if (v->job) {
		bn_job_draw(bn_area_sub(a, 0, 0, a.rows - 1, a.cols), bn_frame_jobs(v->frame),
			v->job, bn_frame_now_ms(v->frame));
		bn_area_text(a, a.rows - 1, 1, BN_INK_DIM,
			"It goes on when you leave this screen. ^C stops it, B lists jobs.");
	} else {
		int row = bn_area_paragraph(text, 0, 0, BN_INK_ERROR, l->page->err.msg);
		bn_area_paragraph(text, row, 0, BN_INK_TEXT, l->page->err.hint);
	}
	bn_area_cursor(a, 0, 0, false);
}

static void clock_set(bn_list *l)
{
	l->grid.clock =
		(bn_grid_clock){bn_frame_now_ms(l->view.frame), bn_frame_is_utc(l->view.frame)};
}

void bn_list_draw(bn_view *v, bn_area a, bool focused)
{
	bn_list *l = (bn_list *)v;
	l->alphabet = a.s->alphabet;
	clock_set(l);
	if (v->job || (l->page && l->page->err.code)) {
		job_draw(l, a);
		return;
	}
	bn_grid_draw(&l->grid, a, focused);
	if (!l->page && a.rows > 1) {
		bn_area_fill(a, 1, 0, a.rows - 1, a.cols, BN_INK_TEXT);
		bn_area_glyph(a, 1, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
	}
}

void bn_list_page(bn_view *v, bn_page *p)
{
	bn_list *l = (bn_list *)v;
	if (!p->data && l->page) {
		bn_page_free(p);
		return;
	}
	bn_page_free(l->page);
	l->page = p;
	clock_set(l);
	bn_grid_reload(&l->grid);
}

bn_grid *bn_list_grid(bn_view *v)
{
	return &((bn_list *)v)->grid;
}

void bn_list_crumb(const bn_view *v, bn_buf *out)
{
	bn_buf_adds(out, ((const bn_list *)v)->ref);
}

void bn_list_free(bn_view *v)
{
	bn_list *l = (bn_list *)v;
	bn_view_release(v);
	bn_grid_release(&l->grid);
	bn_page_free(l->page);
	bn_free(l);
}

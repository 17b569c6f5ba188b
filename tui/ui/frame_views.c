/* frame_views.c - the stacks of views, and delivery of their pages. See frame.h. */
#include "core/base/mem.h"
#include "tui/ui/_frame.h"

#include <stdio.h>
#include <string.h>

#define KIND_STATUS 1

void bn_view_init(bn_view *v, const bn_view_class *cls, bn_frame *f)
{
	v->cls = cls;
	v->frame = f;
	v->id = ++f->next_id;
	v->asked_ms = 0;
	v->pending = 0;
	v->has_page = false;
	v->job = v->shown = 0;
	v->job_ms = 0;
	v->next = f->all;
	f->all = v;
}

void bn_view_release(bn_view *v)
{
	bn_frame *f = v->frame;
	bn_loader_cancel(f->loader, v->id, -1);
	for (bn_view **at = &f->all; *at; at = &(*at)->next) {
		if (*at == v) {
			*at = v->next;
			break;
		}
	}
	if (f->dialog_view == v) {
		f->dialog_view = NULL;
		f->modal = BN_MODAL_NONE;
	}
}

void bn_view_free(bn_view *v)
{
	if (v)
		v->cls->free(v);
}

void bn_view_load(bn_view *v, bn_lane lane, int kind, bn_page_fn fn, const void *arg, size_t bytes)
{
	bn_loader *l = v->frame->loader;
	v->pending -= bn_loader_cancel(l, v->id, kind);
	if (bn_loader_submit(l, lane, v->id, kind, fn, arg, bytes))
		v->pending++;
}

bool bn_view_split(bn_view *v, bn_area a, bn_area *list, bn_area *detail)
{
	*list = a;
	*detail = a;
	if (v->frame->cols >= 110) {
		int left = a.cols * 11 / 20;
		*list = bn_area_sub(a, 0, 0, a.rows, left);
		for (int r = 0; r < a.rows; r++)
			bn_area_glyph(a, r, left, BN_INK_BORDER, BN_GLYPH_VLINE);
		*detail = bn_area_sub(a, 0, left + 2, a.rows, a.cols - left - 2);
		return true;
	}
	if (v->frame->rows >= 36) {
		int top = a.rows * 9 / 20;
		*list = bn_area_sub(a, 0, 0, top, a.cols);
		bn_area_hline(a, top, 0, a.cols, BN_INK_BORDER);
		*detail = bn_area_sub(a, top + 1, 0, a.rows - top - 1, a.cols);
		return true;
	}
	return false;
}

bn_view *bn_frame_top(const bn_frame *f)
{
	const bn_stack *s = f->tab >= 0 ? &f->stacks[f->tab] : NULL;
	return s && s->depth ? s->views[s->depth - 1] : NULL;
}

bn_view_set bn_frame_kind(const bn_frame *f)
{
	bn_view *v = bn_frame_top(f);
	return v ? v->cls->kind : BN_ON_ALL;
}

bn_grid *bn_frame_table(const bn_frame *f)
{
	bn_view *v = bn_frame_top(f);
	return v && v->cls->table ? v->cls->table(v) : NULL;
}

void bn_frame_refresh(bn_view *v)
{
	v->asked_ms = bn_frame_now_ms(v->frame);
	if (v->cls->refresh)
		v->cls->refresh(v);
}

void bn_frame_push(bn_frame *f, bn_view *v)
{
	bn_stack *s = &f->stacks[f->tab];
	if (!v)
		return;
	if (s->depth == BN_MAX_DEPTH) {
		bn_view_free(v);
		bn_frame_message(f, "%d screens deep is deep enough; Esc goes back", BN_MAX_DEPTH);
		return;
	}
	s->views[s->depth++] = v;
	bn_frame_refresh(v);
}

void bn_frame_pop(bn_frame *f)
{
	bn_stack *s = &f->stacks[f->tab];
	if (s->depth > 1) {
		bn_view_free(s->views[--s->depth]);
		bn_frame_refresh(s->views[s->depth - 1]);
	}
}

int bn_frame_tab(const bn_frame *f, bn_command_id command)
{
	for (int t = 0; t < f->opt.tab_count; t++)
		if (f->opt.tabs[t].command == command)
			return t;
	return -1;
}

bn_view *bn_frame_root(bn_frame *f, bn_command_id command)
{
	int t = bn_frame_tab(f, command);
	bn_err err = BN_ERR_INIT;
	bn_view *v = NULL;
	if (t < 0)
		return NULL;
	if (!f->stacks[t].depth) {
		if (f->opt.tabs[t].make(&v, f, &err)) {
			bn_frame_error(f, &err);
			return NULL;
		}
		f->stacks[t].views[f->stacks[t].depth++] = v;
	}
	return f->stacks[t].views[0];
}

const bn_side_screen *bn_frame_side(const bn_frame *f, bn_command_id command)
{
	for (int i = 0; i < f->opt.side_count; i++)
		if (f->opt.side[i].command == command)
			return &f->opt.side[i];
	return NULL;
}

static void side_show(bn_frame *f, const bn_side_screen *side)
{
	bn_stack *s = &f->stacks[f->tab];
	bn_view *v = NULL;
	bn_err err = BN_ERR_INIT;
	int at = 0;
	while (at < s->depth && s->views[at]->cls->kind != side->kind)
		at++;
	if (at < s->depth) {
		while (s->depth > at + 1)
			bn_frame_pop(f);
	} else if (side->make(&v, f, &err)) {
		bn_frame_error(f, &err);
	} else {
		bn_frame_push(f, v);
	}
}

/* The digit of the current tab returns to its first screen. */
void bn_frame_go(bn_frame *f, bn_command_id command)
{
	int tab = bn_frame_tab(f, command);
	const bn_side_screen *side = bn_frame_side(f, command);
	if (side)
		side_show(f, side);
	if (side || !bn_frame_root(f, command))
		return;
	bn_stack *s = &f->stacks[tab];
	while (tab == f->tab && s->depth > 1)
		bn_view_free(s->views[--s->depth]);
	f->tab = tab;
	bn_frame_refresh(bn_frame_top(f));
}

/* ---- pages --------------------------------------------------------------------------------------- */

static bn_view *view_find(const bn_frame *f, uint64_t id)
{
	bn_view *v = f->all;
	while (v && v->id != id)
		v = v->next;
	return v;
}

static void status_take(bn_frame *f, const char *text)
{
	size_t n = strcspn(text, "\n");
	snprintf(f->status, sizeof f->status, "%.*s", (int)n, text);
	snprintf(f->stuck, sizeof f->stuck, "%s", text[n] ? text + n + 1 : "");
}

static void page_deliver(bn_frame *f, bn_page *p)
{
	bn_view *v = p->owner ? view_find(f, p->owner) : NULL;
	if (v) {
		if (p->err.code)
			bn_frame_error(f, &p->err);
		v->cls->page(v, p);
		return;
	}
	if (p->owner == BN_WORDS_OWNER) {
		bn_words_page(f, p);
		return;
	}
	if (p->owner == BN_FIND_OWNER) {
		bn_find_page(f, p);
		return;
	}
	if (p->owner == BN_UNDO_OWNER)
		bn_undo_page(f, p);
	if (p->owner == 0) {
		f->status_pending = false;
		if (p->data)
			status_take(f, p->data);
	}
	bn_page_free(p);
}

static bool status_is_due(const bn_frame *f)
{
	return f->opt.status && !f->status_pending &&
	       bn_frame_now_ms(f) - f->status_asked_ms >= BN_STATUS_EVERY_MS;
}

static bool view_is_due(const bn_view *v)
{
	return v && v->cls->refresh_ms > 0 && !v->pending &&
	       bn_frame_now_ms(v->frame) - v->asked_ms >= v->cls->refresh_ms;
}

bool bn_frame_is_waiting(const bn_frame *f)
{
	const bn_view *v = bn_frame_top(f);
	if (v && f->asked_view == v->id && v->pending > 0)
		return true;
	/* Keys wait for a job only as long as for a page. */
	if (v && v->job && bn_frame_now_ms(f) - v->job_ms < 2000)
		return true;
	return v && v->pending > 0 && !v->has_page;
}

static void ahead_play(bn_frame *f)
{
	int i = 0;
	if (!f->ahead_count || bn_frame_is_waiting(f))
		return;
	int keys[sizeof f->ahead / sizeof *f->ahead], n = f->ahead_count;
	memcpy(keys, f->ahead, (size_t)n * sizeof *keys);
	f->ahead_count = 0;
	while (i < n)
		bn_frame_key(f, keys[i++]); /* holds the rest back again if necessary */
}

bool bn_frame_pump(bn_frame *f)
{
	bool changed = false;
	for (bn_page *p = bn_loader_take(f->loader); p; p = bn_loader_take(f->loader)) {
		bn_view *v = p->owner ? view_find(f, p->owner) : NULL;
		if (v && v->pending > 0)
			v->pending--;
		if (v)
			v->has_page = true;
		page_deliver(f, p);
		changed = true;
	}
	changed |= bn_frame_jobs_pump(f);
	ahead_play(f);
	if (changed)
		bn_tour_look(f);
	if (status_is_due(f)) {
		f->status_asked_ms = bn_frame_now_ms(f);
		f->status_pending = bn_loader_submit(f->loader, BN_LANE_QUICK, 0, KIND_STATUS,
					    f->opt.status, NULL, 0) != 0;
	}
	if (view_is_due(bn_frame_top(f)))
		bn_frame_refresh(bn_frame_top(f));
	bool busy = bn_loader_busy(f->loader) > 0;
	if (!busy)
		f->busy_since_ms = 0;
	else if (!f->busy_since_ms)
		f->busy_since_ms = bn_frame_now_ms(f);
	return changed || busy;
}

int bn_frame_wait_ms(bn_frame *f)
{
	int64_t now = bn_frame_now_ms(f), due = -1;
	const bn_view *v = bn_frame_top(f);
	if (f->opt.status && !f->status_pending)
		due = f->status_asked_ms + BN_STATUS_EVERY_MS;
	if (v && v->cls->refresh_ms > 0 && !v->pending &&
		(due < 0 || v->asked_ms + v->cls->refresh_ms < due))
		due = v->asked_ms + v->cls->refresh_ms;
	bool busy = bn_loader_busy(f->loader) > 0 || bn_jobs_active(f->jobs) > 0;
	if (busy && (due < 0 || now + 500 < due))
		due = now + 500; /* progress */
	if (due < 0)
		return -1;
	return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

/* frame_undo.c - undoes actions of this session, the newest first. See frame.h. */
#include "core/base/mem.h"
#include "tui/ui/_frame.h"

#include <stdio.h>
#include <string.h>

static void undo_drop(bn_frame *f, int at)
{
	bn_free(f->undos[at].arg);
	memmove(&f->undos[at], &f->undos[at + 1],
		(size_t)(--f->undo_count - at) * sizeof *f->undos);
}

void bn_frame_undo_offer(
	bn_frame *f, const char *what, bn_page_fn fn, const void *arg, size_t bytes)
{
	if (f->undo_offered)
		undo_drop(f, f->undo_count - 1);
	else if (f->undo_count == BN_UNDOS)
		undo_drop(f, 0);
	bn_undo *u = &f->undos[f->undo_count];
	*u = (bn_undo){.fn = fn, .arg = bn_alloc(bytes), .bytes = bytes};
	f->undo_offered = u->arg != NULL;
	if (!u->arg)
		return;
	memcpy(u->arg, arg, bytes);
	snprintf(u->what, sizeof u->what, "%s", what);
	f->undo_count++;
}

void bn_frame_undo_settle(bn_frame *f, bool done)
{
	if (f->undo_offered && !done)
		undo_drop(f, f->undo_count - 1);
	f->undo_offered = false;
}

void bn_undo_ask(bn_frame *f)
{
	char title[160];
	snprintf(title, sizeof title, "Undo %s?", f->undos[f->undo_count - 1].what);
	bn_frame_confirm(f, NULL, BN_CMD_UNDO, title,
		"It becomes as it was before. What the log says of both stays in it.", "undo it");
}

void bn_undo_do(bn_frame *f)
{
	const bn_undo *u = &f->undos[f->undo_count - 1];
	bn_loader_submit(f->loader, BN_LANE_QUICK, BN_UNDO_OWNER, 0, u->fn, u->arg, u->bytes);
}

void bn_undo_page(bn_frame *f, const bn_page *p)
{
	bn_view *v = bn_frame_top(f);
	if (p->err.code) {
		/* What another user has changed since cannot be undone: earlier actions can. */
		if (p->err.code == BN_ECONFLICT && f->undo_count > 0)
			undo_drop(f, f->undo_count - 1);
		bn_frame_error(f, &p->err);
		return;
	}
	if (f->undo_count > 0)
		undo_drop(f, f->undo_count - 1);
	bn_frame_message(f, "undone: %s", p->data ? (const char *)p->data : "");
	if (v)
		bn_frame_refresh(v);
}

void bn_undo_release(bn_frame *f)
{
	while (f->undo_count > 0)
		undo_drop(f, f->undo_count - 1);
}

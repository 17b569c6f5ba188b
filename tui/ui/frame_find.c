/* frame_find.c - objects of the workspace in the ^P list: runs, datasets, versions of models
 * that contain the typed words, before the commands. A worker searches them during typing. See
 * frame.h. */
#include "core/base/mem.h"
#include "tui/ui/_frame.h"
#include "tui/ui/theme.h"

#include <stdio.h>
#include <string.h>

static const char THEME[] = "theme";

static const bn_found_page *found(const bn_frame *f)
{
	return f->found ? f->found->data : NULL;
}

/* Theme i whose name contains the typed text, after the objects; NULL: past the end, or nothing is
 * typed. */
static const char *theme_at(const bn_frame *f, int i)
{
	const char *const *names = bn_theme_names();
	if (!f->list_is_all || f->input.len < 2)
		return NULL;
	for (; *names; names++)
		if (strstr(*names, f->input.text) && i-- == 0)
			return *names;
	return NULL;
}

static int object_count(const bn_frame *f)
{
	const bn_found_page *p = f->list_is_all ? found(f) : NULL;
	return p ? (int)p->count : 0;
}

int bn_find_count(const bn_frame *f)
{
	int n = object_count(f);
	while (theme_at(f, n - object_count(f)))
		n++;
	return n;
}

bool bn_find_item(const bn_frame *f, int i, bn_found *out)
{
	int objects = object_count(f);
	const char *theme = i >= objects ? theme_at(f, i - objects) : NULL;
	if (i >= 0 && i < objects)
		*out = found(f)->items[i];
	else if (theme)
		*out = (bn_found){.name = theme, .kind = THEME, .detail = "colours", .ref = theme};
	else
		return false;
	return true;
}

void bn_find_forget(bn_frame *f)
{
	bn_page_free(f->found);
	f->found = NULL;
}

void bn_find_ask(bn_frame *f)
{
	bn_find_arg arg;
	memset(&arg, 0, sizeof arg);
	if (!f->opt.find || !f->list_is_all)
		return;
	snprintf(arg.words, sizeof arg.words, "%s", f->input.text);
	bn_loader_cancel(f->loader, BN_FIND_OWNER, -1);
	if (!arg.words[strspn(arg.words, " ")])
		bn_find_forget(f);
	else
		bn_loader_submit(
			f->loader, BN_LANE_QUICK, BN_FIND_OWNER, 0, f->opt.find, &arg, sizeof arg);
}

void bn_find_page(bn_frame *f, bn_page *p)
{
	bool wanted = f->modal == BN_MODAL_LIST && f->list_is_all && p->data;
	if (wanted) {
		bn_find_forget(f);
		f->found = p;
	} else {
		bn_page_free(p);
	}
}

void bn_find_open(bn_frame *f, const bn_found *at)
{
	bn_found copy = *at;
	char ref[200], line[240];
	snprintf(ref, sizeof ref, "%s", at->ref);
	copy.ref = ref;
	copy.name = copy.detail = "";
	f->modal = BN_MODAL_NONE;
	bn_find_forget(f); /* the object of `at` */
	if (copy.kind == THEME) {
		snprintf(line, sizeof line, "theme %s", ref);
		bn_frame_run(f, line, NULL);
	} else if (f->opt.open_found) {
		f->opt.open_found(f, &copy);
	}
}

void bn_find_row_draw(const bn_found *at, bn_area a, int r, bool selected)
{
	bn_ink ink = selected ? BN_INK_SELECTED : BN_INK_DIALOG;
	int name = 30 < a.cols / 2 ? 30 : a.cols / 2;
	bn_area_fill(a, r, 0, 1, a.cols, ink);
	bn_area_name(a, r, 0, name, selected ? ink : BN_INK_DIALOG_STRONG, at->name);
	bn_area_field(a, r, name + 1, 9, ink, at->kind);
	bn_area_field(a, r, name + 11, a.cols - name - 11, ink, at->detail);
	if (selected)
		bn_area_cursor(a, r, 0, false);
}

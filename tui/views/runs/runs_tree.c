/* runs_tree.c - runs below others: which are open, and how a row shows its place. The source makes the tree
 * (bn_run_query.tree), with any number of runs. See _runs.h. */
#include "tui/ui/format.h"
#include "tui/views/runs/_runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INDENT = 2, DEPTH_SHOWN = 8 };

bool bn_runs_is_tree(const bn_runs_view *v)
{
	const bn_run_page *p = bn_runs_page(v);
	return p && p->is_tree;
}

/* What a filter chooses is not hidden by a folded run. */
void bn_runs_tree_ask(bn_runs_view *v, bn_runs_arg *arg)
{
	bn_grid *g = &v->list.grid;
	if (g->group >= 0 || v->flat || v->removed)
		return;
	arg->tree = true;
	arg->unfolded = v->unfolded || v->where[0] || g->filter[0];
	if (arg->unfolded != v->asked_unfolded)
		g->folded_count = 0;
	v->asked_unfolded = arg->unfolded;
	arg->open_count = 0;
	for (size_t i = 0; i < g->folded_count && arg->open_count < BN_RUNS_OPEN; i++)
		arg->open[arg->open_count++] = g->folded[i];
}

static void key_turn(bn_grid *g, uint64_t key)
{
	size_t kept = 0;
	for (size_t i = 0; i < g->folded_count; i++)
		if (g->folded[i] != key)
			g->folded[kept++] = g->folded[i];
	bool was = kept < g->folded_count;
	g->folded_count = kept;
	if (was)
		return;
	if (g->folded_count == BN_RUNS_OPEN) /* the one turned first goes back */
		memmove(g->folded, g->folded + 1, --g->folded_count * sizeof *g->folded);
	bn_grid_turn_add(g, key);
}

bool bn_runs_tree_turn(bn_runs_view *v)
{
	bn_grid *g = &v->list.grid;
	bn_runs_arg arg = {.have = 0};
	int64_t at = g->selected;
	const bn_run_row *r = bn_runs_row(v, bn_grid_selected_row(g));
	int depth = r ? r->depth : 0;
	if (r && !r->children)
		do
			r = at > 0 && depth > 0 ? bn_runs_row(v, bn_grid_row(g, --at)) : NULL;
		while (r && r->depth >= depth);
	if (!r || !r->children || !bn_runs_is_tree(v))
		return false;
	key_turn(g, bn_run_row_key(r->id));
	bn_grid_select(g, at);
	bn_runs_ask_again(v, &arg);
	return true;
}

static const char *const words[] = {"folded", "open", "off"};

int bn_runs_tree_words(const char **out, int most)
{
	int n = 0;
	for (; n < 3 && n < most; n++)
		out[n] = words[n];
	return n;
}

void bn_runs_tree_set(bn_runs_view *v, const char *word)
{
	bn_grid *g = &v->list.grid;
	bn_runs_arg arg = {.at = BN_RUNS_FIRST};
	size_t i = 0;
	if (!word || !*word)
		word = v->flat ? "folded" : "off";
	while (i < 3 && strcmp(words[i], word) != 0)
		i++;
	if (i == 3) {
		bn_frame_message(v->list.view.frame,
			"'%.40s' is not a way to show a tree; there are folded, open, off", word);
		return;
	}
	v->flat = i == 2;
	v->unfolded = i == 1;
	g->folded_count = 0;
	if (v->flat)
		g->external = false; /* until the page says how many there are */
	if (g->group >= 0)
		bn_grid_group_by(g, -1);
	g->top = 0;
	bn_grid_select(g, 0);
	g->has_selected_key = false;
	bn_runs_ask(v, &arg, 0);
	if (!v->flat)
		bn_frame_message(
			v->list.view.frame, "runs below their parents; O folds and unfolds");
}

void bn_runs_tree_front(const bn_runs_view *v, const bn_run_row *r, char out[BN_RUNS_TREE_BYTES])
{
	char sign[8];
	int depth = r->depth < DEPTH_SHOWN ? r->depth : DEPTH_SHOWN;
	out[0] = '\0';
	if (bn_runs_is_tree(v))
		snprintf(out, BN_RUNS_TREE_BYTES, "%*s%s ", INDENT * depth, "",
			r->children ? bn_glyph_text(sign, v->list.alphabet,
					      r->is_open ? BN_GLYPH_OPEN : BN_GLYPH_FOLDED)
				    : " ");
}

void bn_runs_tree_back(const bn_run_row *r, char out[BN_RUNS_TREE_BYTES])
{
	out[0] = '\0';
	if (r->children)
		snprintf(out, BN_RUNS_TREE_BYTES, " (%lld)", (long long)r->below);
}

void bn_runs_tree_best(const bn_runs_view *v, const bn_run_row *r, size_t field, bn_grid_cell *out)
{
	char sign[8], text[BN_FORMAT_BYTES];
	if (!r->best || isnan(r->best[field]) || out->text || !isnan(out->number))
		return;
	snprintf(out->buf, sizeof out->buf, "%s %s",
		bn_glyph_text(sign, v->list.alphabet, BN_GLYPH_FOLDED),
		bn_format_number(text, r->best[field]));
	out->text = out->buf;
	out->ink = BN_INK_DIM;
	out->stands_in = true;
}

/*
 * chain.c - the chain of authority as a list: links that wait for signatures, the chain from its
 * newest link to the founding record, and links outside of it, with the reason. A signs a waiting
 * one.
 */
#include "core/base/hash.h"
#include "tui/ui/format.h"
#include "tui/views/people/_authority.h"

#include <stdio.h>
#include <string.h>

typedef struct chain_view {
	bn_list list;
	char id[2 * BN_CHAIN_ID_BYTES + 1]; /* the link of the open dialog */
} chain_view;

enum { COL_N, COL_STATE, COL_WHEN, COL_BY, COL_WHAT, COL_WHY, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_N] = {.title = "link", .name = "n", .form = BN_COLUMN_COUNT, .min = 4},
	[COL_STATE] = {.title = "state", .form = BN_COLUMN_STATE, .falls = true, .min = 9},
	[COL_WHEN] = {.title = "when",
		.name = "time_ms",
		.form = BN_COLUMN_TIME,
		.falls = true,
		.min = 14,
		.priority = 1},
	[COL_BY] = {.title = "by", .name = "by", .min = 4, .max = 14},
	[COL_WHAT] = {.title = "what it changes",
		.name = "summary",
		.min = 14,
		.max = 60,
		.flexible = true,
		.prose = true},
	[COL_WHY] = {.title = "remark",
		.name = "why",
		.min = 10,
		.max = 60,
		.flexible = true,
		.prose = true,
		.priority = 2},
};

static const bn_link_row *link_at(const bn_list *l, int64_t row)
{
	const bn_authority_page *d = bn_list_data(l);
	const bn_link_list *links = d ? d->links : NULL;
	return links && row >= 0 && (size_t)row < links->count ? &links->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_authority_page *d = bn_list_data(ctx);
	return d && d->links ? (int64_t)d->links->count : 0;
}

typedef enum standing { HOLDS, WAITS, OUTSIDE } standing;

static standing link_standing(const bn_link_row *k)
{
	if (k->n >= 0)
		return HOLDS;
	return k->waits ? WAITS : OUTSIDE;
}

static bn_state link_state(const bn_link_row *k)
{
	static const bn_state states[] = {BN_STATE_OK, BN_STATE_WAIT, BN_STATE_FAIL};
	return states[link_standing(k)];
}

static const char *link_word(const bn_link_row *k)
{
	static const char *const words[] = {"holds", "waits", "beaten"};
	return words[link_standing(k)];
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_link_row *k = link_at(ctx, row);
	switch (col) {
	case COL_N:
		out->number = (double)k->n;
		return;
	case COL_STATE:
		bn_state_cell(out, link_state(k), link_word(k));
		return;
	case COL_WHEN:
		out->number = (double)k->time_ms;
		out->ink = BN_INK_DIM;
		return;
	case COL_BY:
		out->text = k->author;
		return;
	case COL_WHAT:
		out->text = k->summary;
		return;
	default:
		out->text = k->words ? k->words : "";
		out->ink = BN_INK_DIM;
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	uint64_t key;
	memcpy(&key, link_at(ctx, row)->id, sizeof key);
	return key;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static void describe(const bn_list *l, int64_t row, bn_buf *text)
{
	const bn_link_row *k = link_at(l, row);
	const bn_frame *f = l->view.frame;
	char hex[2 * BN_CHAIN_ID_BYTES + 1], when[BN_FORMAT_BYTES];
	if (!k)
		return;
	bn_hex(k->id, BN_CHAIN_ID_BYTES, hex);
	if (k->n >= 0)
		bn_buf_addf(text, "link %lld, which holds\n\n", (long long)k->n);
	else
		bn_buf_adds(text, k->waits ? "a link that waits for signatures\n\n"
					   : "a link that is not in the chain\n\n");
	bn_authority_fact(text, "changes", k->summary);
	bn_authority_fact(text, "by", k->author);
	bn_authority_fact(text, "signed", bn_format_time(when, k->time_ms, bn_frame_is_utc(f)));
	if (k->mine)
		bn_authority_fact(text, "", "you have signed it");
	bn_authority_fact(text, k->n >= 0 || k->waits ? "remark" : "why not", k->words);
	hex[32] = '\0';
	bn_authority_fact(text, "id", hex);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	chain_view *v = (chain_view *)view;
	const bn_link_row *k = link_at(&v->list, bn_grid_selected_row(&v->list.grid));
	char body[600];
	(void)arg;
	static const char *const crumbs[] = {"link", "link that waits", "link outside"};
	if (id == BN_CMD_OPEN)
		return k && bn_authority_list_open(view, crumbs[link_standing(k)], describe);
	if ((id != BN_CMD_SIGN && id != BN_CMD_APPROVE) || !k)
		return false;
	bn_hex(k->id, BN_CHAIN_ID_BYTES, v->id);
	snprintf(body, sizeof body,
		"%.400s\nBy %.60s. With the last signature that is wanted it holds for what is "
		"signed from then on.",
		k->summary, k->author);
	bn_frame_confirm(
		view->frame, view, BN_CMD_SIGN, "Sign this link of the chain?", body, "sign it");
	return true;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_list *l = (const bn_list *)view;
	const bn_link_row *k = link_at(l, bn_grid_selected_row(&l->grid));
	if (id != BN_CMD_SIGN && id != BN_CMD_APPROVE)
		return false;
	if (bn_authority_page_refuses(bn_list_data(l), why, size))
		return true;
	if (!k)
		snprintf(why, size, "there is no link");
	else if (link_standing(k) == HOLDS)
		snprintf(why, size, "it holds already");
	else if (link_standing(k) == OUTSIDE)
		snprintf(why, size, "it does not wait for signatures");
	else
		snprintf(why, size, "you have signed it already");
	return !k || !k->waits || k->mine;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)id;
	(void)text;
	bn_view_do(view, BN_ACTION_SIGN, ((chain_view *)view)->id, NULL, false);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_authority_list_draw(view, a, focused, describe);
}

static void page(bn_view *view, bn_page *p)
{
	bn_authority_list_page(view, p, "the chain has no link");
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle trust log --json");
}

static const bn_view_class chain_class = {
	.name = "chain",
	.kind = BN_ON(CHAIN),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = bn_authority_list_refresh,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_chain_new(bn_view **out, bn_frame *f, bn_err *err)
{
	chain_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &chain_class, f, &source, columns, COLUMNS, NULL, err);
	if (!rc)
		*out = &v->list.view;
	return rc;
}

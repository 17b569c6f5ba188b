/* authority.c - see _authority.h. */
#include "tui/views/people/_authority.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 14, VALUE = 44 /* fits the pane of a terminal of 140 columns */ };

bool bn_authority_page_refuses(const bn_authority_page *d, char *why, size_t size)
{
	char roles[80];
	if (!d) {
		snprintf(why, size, "it is still being loaded");
		return true;
	}
	if (!d->is_chained) {
		snprintf(why, size,
			"users are uids here: binnacle role grant, or: binnacle upgrade");
		return true;
	}
	if (!d->me.person[0]) {
		bool asks = false;
		for (size_t i = 0; i < d->people->n_requests; i++)
			asks |= d->people->requests[i].is_mine;
		snprintf(why, size, "%s",
			asks ? "your key is not admitted yet: it asks"
			     : "your key is not admitted: :request asks");
		return true;
	}
	if (d->roles & 1u << BN_ROLE_ADMIN)
		return false;
	bn_roles_text(d->roles, roles, sizeof roles);
	snprintf(why, size, "only an admin may; you are %s", roles);
	return true;
}

const char *bn_authority_page_no_request(const bn_authority_page *d)
{
	if (!d)
		return "it is still being loaded";
	if (!d->is_chained)
		return "in this workspace users are known by their uid: nobody has to be admitted";
	return d->me.person[0] ? "your key is admitted already" : "";
}

void bn_authority_list_page(bn_view *v, bn_page *p, const char *empty)
{
	bn_list *l = (bn_list *)v;
	if (bn_view_action_done(v, p))
		return;
	bn_list_page(v, p);
	const bn_authority_page *d = bn_list_data(l);
	l->grid.empty = d && !d->is_chained ? "users are uids here; persons come with: "
					      "binnacle upgrade"
					    : empty;
}

void bn_authority_list_refresh(bn_view *v)
{
	bn_view_load(v, BN_LANE_QUICK, 0, bn_view_source(v)->authority, NULL, 0);
}

/* How much of the text fits into one line. */
static size_t line_bytes(const char *text)
{
	size_t n = strlen(text), cut = VALUE;
	if (n <= VALUE)
		return n;
	while (cut && text[cut] != ' ')
		cut--;
	return cut ? cut : n; /* a word is not split */
}

void bn_authority_fact(bn_buf *text, const char *name, const char *value)
{
	const char *lead = name;
	while (value && *value) {
		size_t n = line_bytes(value);
		bn_buf_addf(text, "%-*s%.*s\n", NAME, lead, (int)n, value);
		value += n;
		value += strspn(value, " ");
		lead = "";
	}
}

void bn_authority_list_draw(bn_view *v, bn_area a, bool focused,
	void (*describe)(const bn_list *l, int64_t row, bn_buf *text))
{
	const bn_list *l = (const bn_list *)v;
	int64_t row = bn_grid_selected_row(&l->grid);
	bn_area list, detail;
	bn_buf text = BN_BUF_INIT;
	bool split = bn_view_split(v, a, &list, &detail) && row >= 0;
	bn_list_draw(v, split ? list : a, focused);
	if (split)
		describe(l, row, &text);
	int r = 0;
	for (char *at = text.ptr, *end; text.len && r < detail.rows && *at; at = end + 1) {
		if (!(end = strchr(at, '\n')))
			break;
		*end = '\0';
		bn_area_text(detail, r, 1, r ? BN_INK_TEXT : BN_INK_STRONG, at);
		r++;
	}
	bn_buf_release(&text);
}

bool bn_authority_list_open(bn_view *v, const char *crumb,
	void (*describe)(const bn_list *l, int64_t row, bn_buf *text))
{
	const bn_list *l = (const bn_list *)v;
	int64_t row = bn_grid_selected_row(&l->grid);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_buf text = BN_BUF_INIT;
	if (row < 0)
		return false;
	describe(l, row, &text);
	int rc = bn_view_text_new(&made, v->frame, crumb, text.len ? text.ptr : "", &err);
	bn_buf_release(&text);
	return bn_view_open(v->frame, rc, &made, &err);
}

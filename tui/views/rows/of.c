/* of.c - the selection of rows: see pages.h. */
#include "tui/ui/format.h"
#include "tui/views/rows/filter.h"

#include <stdio.h>
#include <string.h>

bn_rows_of bn_rows_of_version(const char *ref, const char *filter)
{
	bn_rows_of of;
	memset(&of, 0, sizeof of);
	snprintf(of.ref, sizeof of.ref, "%s", ref);
	snprintf(of.filter, sizeof of.filter, "%s", filter);
	return of;
}

bool bn_rows_of_add(bn_rows_of *of, const bn_rows_base *base, const char *title)
{
	size_t at = strlen(of->title);
	if (of->bases == BN_ROWS_BASES || at + strlen(title) + 3 > sizeof of->title)
		return false;
	of->base[of->bases++] = *base;
	snprintf(of->title + at, sizeof of->title - at, "%s%s", at ? ", " : "", title);
	return true;
}

bool bn_rows_column_has_tests(const bn_rows_column *c)
{
	return !bn_type_is_list(c->type) && c->type != BN_TYPE_BINARY && c->type != BN_TYPE_UINT64;
}

bool bn_rows_of_narrow(
	bn_rows_of *of, const char *expression, const bn_rows_base *base, const char *title)
{
	char filter[sizeof of->filter];
	if (!expression || !bn_row_filter_and(filter, sizeof filter, of->filter, expression))
		return base && bn_rows_of_add(of, base, title);
	memset(of->filter, 0, sizeof of->filter); /* equal ones have equal bytes */
	snprintf(of->filter, sizeof of->filter, "%s", filter);
	return true;
}

/* Appends the condition of a state, unless it cannot be expressed. */
static void put_state(bn_buf *out, bn_rows_kind state, const bn_rows_column *c)
{
	bool is_real = c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32;
	if (bn_type_is_list(c->type) || c->type == BN_TYPE_BINARY)
		return;
	if (state == BN_ROWS_FINITE) {
		bn_row_filter_put_present(out, c->name, is_real);
		return;
	}
	bn_buf_adds(out, state == BN_ROWS_INFINITE ? "(" : "");
	bn_expr_put_quoted(out, c->name, strlen(c->name), '`');
	bn_buf_adds(out, state == BN_ROWS_INFINITE ? " = inf OR " : " IS NULL");
	if (state != BN_ROWS_INFINITE)
		return;
	bn_expr_put_quoted(out, c->name, strlen(c->name), '`');
	bn_buf_adds(out, " = -inf)");
}

bool bn_rows_of_state(bn_rows_of *of, bn_rows_kind state, const bn_rows_column *c)
{
	static const char *const words[] = {[BN_ROWS_ABSENT] = "is absent",
		[BN_ROWS_FINITE] = "has a value",
		[BN_ROWS_INFINITE] = "is infinite"};
	char title[BN_ROWS_TITLE], name[BN_FORMAT_NAME_BYTES];
	bn_rows_base base;
	bn_buf test = BN_BUF_INIT;
	memset(&base, 0, sizeof base);
	base.kind = state;
	base.at = c->at;
	put_state(&test, state, c);
	snprintf(title, sizeof title, "%s %s", bn_format_name(name, c->name, BN_ROWS_NAME),
		words[state]);
	bool ok = bn_rows_of_narrow(of, test.failed || !test.len ? NULL : test.ptr, &base, title);
	bn_buf_release(&test);
	return ok;
}

void bn_rows_of_words(const bn_rows_of *of, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "%s", of->title);
	if (of->filter[0] && at < size)
		snprintf(out + at, size - at, "%swhere %s", at ? " " : "", of->filter);
}

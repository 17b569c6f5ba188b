/* filter.c - see filter.h. */
#include "tui/views/rows/filter.h"

#include "core/table/expr/eval.h"
#include "tui/ui/shell_word.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_expression(const char *text, size_t n)
{
	static const char *const words[] = {" is ", " in ", " like ", " ilike ", " between "};
	for (size_t i = 0; i < n; i++) {
		if (strchr("=<>~('`", text[i]))
			return true;
		for (size_t w = 0; w < sizeof words / sizeof *words; w++)
			if (n - i >= strlen(words[w]) &&
				!strncasecmp(text + i, words[w], strlen(words[w])))
				return true;
	}
	return false;
}

/* The start of the expression: after words and ';', or at once; n if there is none. */
static size_t expression_at(const char *filter, size_t n)
{
	const char *semicolon = memchr(filter, ';', n);
	size_t words = semicolon ? (size_t)(semicolon - filter) : n;
	if (is_expression(filter, words))
		return 0;
	return semicolon ? words + 1 : n;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t")] == '\0';
}

int bn_row_filter_read(bn_row_filter *out, const char *filter, const bn_schema *schema, bn_err *err)
{
	size_t n = strlen(filter), at = expression_at(filter, n);
	*out = (bn_row_filter){.count = 0};
	if (n >= sizeof out->text)
		return bn_err_set(
			err, BN_EINVAL, "a filter has at most %zu bytes", sizeof out->text - 1);
	memcpy(out->text, filter, at);
	out->text[at && filter[at - 1] == ';' ? at - 1 : at] = '\0';
	for (char *rest = out->text, *word; (word = strsep(&rest, " \t"));) {
		if (!*word)
			continue;
		if (out->count == BN_ROW_WORDS)
			return bn_err_set(
				err, BN_EINVAL, "a filter has at most %d words", BN_ROW_WORDS);
		out->words[out->count++] = word;
	}
	if (is_blank(filter + at))
		return 0;
	return bn_expr_of_rows(&out->where, filter + at, "filter", schema, BN_EXPR_BOOL, err);
}

void bn_row_filter_release(bn_row_filter *f)
{
	bn_expr_free(f->where);
	f->where = NULL;
}

const char *bn_row_filter_expression(const char *filter)
{
	return filter[0] && expression_at(filter, strlen(filter)) == 0 ? filter : NULL;
}

bool bn_row_filter_and(char *out, size_t size, const char *filter, const char *more)
{
	size_t n = strlen(filter), at = expression_at(filter, n);
	int m;
	if (is_blank(filter))
		m = snprintf(out, size, "%s", more);
	else if (is_blank(filter + at))
		m = snprintf(out, size, "%.*s; %s", (int)(at == n ? n : at - 1), filter, more);
	else
		m = snprintf(out, size, "%.*s(%s) AND %s", (int)at, filter,
			filter + at + strspn(filter + at, " "), more);
	return m >= 0 && (size_t)m < size;
}

void bn_row_filter_put_present(bn_buf *out, const char *column, bool is_real)
{
	size_t n = strlen(column);
	bn_expr_put_quoted(out, column, n, '`');
	if (is_real) {
		bn_buf_adds(out, " > -inf AND ");
		bn_expr_put_quoted(out, column, n, '`');
	}
	bn_buf_adds(out, is_real ? " < inf" : " IS NOT NULL");
}

void bn_rows_of_cli(const bn_rows_of *of, const char *verb, const char *column, bn_buf *out)
{
	const char *where = bn_row_filter_expression(of->filter);
	if (of->bases || of->derived[0] || (of->filter[0] && !where))
		return;
	bn_buf_addf(out, "binnacle data %s %s", verb, of->ref);
	if (column) {
		bn_buf_addch(out, ' ');
		bn_shell_word_add(out, column);
	}
	bn_buf_adds(out, " --json");
	if (where)
		bn_shell_option_add(out, "where", where);
}

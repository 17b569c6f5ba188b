/*
 * out_list.c - the options of every verb that lists things: --sort, --columns and --match. They work on the
 * JSON of the list and use the names of values in --json; a column's head is accepted too. The workbench's Y
 * uses them to reproduce its lists (tui/ui/grid.h).
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/cli/_cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const bn_opt bn_list_options[] = {
	{"sort", 0, "A,-B", "sort by these values of the JSON; - for largest first"},
	{"columns", 0, "A,B", "show these values of the JSON, in this order"},
	{"match", 0, "WORDS", "only rows that contain every word in some column"}, {0}};

enum { MAX_KEYS = 8 };

/* The next of comma-separated words; false at the end. */
static bool word_next(const char **at, char *word, size_t size)
{
	*at += strspn(*at, ", ");
	size_t n = strcspn(*at, ",");
	snprintf(word, size, "%.*s", (int)n, *at);
	*at += n;
	while (n && n < size && word[n - 1] == ' ')
		word[--n] = '\0';
	return n > 0;
}

static bool has_key(const json_t *items, const char *key)
{
	for (size_t i = 0; i < json_array_size(items); i++)
		if (bn_cli_value_at(json_array_get(items, i), key))
			return true;
	return false;
}

static const bn_col *col_of(const bn_col *cols, const char *word)
{
	for (; cols->key; cols++)
		if (!strcmp(cols->key, word) || !strcasecmp(cols->title, word))
			return cols;
	return NULL;
}

/* BN_EINVAL lists the names. In an empty list every name is accepted. */
static int key_check(
	const json_t *items, const bn_col *cols, const char *option, const char *word, bn_err *err)
{
	bn_buf all = BN_BUF_INIT;
	if (col_of(cols, word) || has_key(items, word) || json_array_size(items) == 0)
		return 0;
	for (const bn_col *c = cols; c->key; c++)
		bn_buf_addf(&all, "%s%s", all.len ? ", " : "", c->key);
	bn_err_set(err, BN_EINVAL, "--%s: no value '%.60s'; there are %.150s", option, word,
		all.failed ? "others" : all.ptr);
	bn_err_hint(err, "--json shows every value of a row");
	bn_buf_release(&all);
	return BN_EINVAL;
}

/* ---- --sort ------------------------------------------------------------------------------------ */

typedef struct sort_keys {
	char keys[MAX_KEYS][64];
	bool descending[MAX_KEYS];
	int count;
} sort_keys;

typedef struct sort_row {
	json_t *item;
	size_t place;
} sort_row;

static int value_compare(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b)) {
		double x = json_number_value(a), y = json_number_value(b);
		return x < y ? -1 : x > y;
	}
	if (json_is_string(a) && json_is_string(b))
		return strverscmp(json_string_value(a), json_string_value(b));
	if (json_is_boolean(a) && json_is_boolean(b))
		return (int)json_is_true(a) - (int)json_is_true(b);
	return (int)json_typeof(a) - (int)json_typeof(b);
}

/* Absent values come last in either order. */
static int row_compare(const void *pa, const void *pb, void *arg)
{
	const sort_row *a = pa, *b = pb;
	const sort_keys *s = arg;
	for (int k = 0; k < s->count; k++) {
		const json_t *x = bn_cli_value_at(a->item, s->keys[k]);
		const json_t *y = bn_cli_value_at(b->item, s->keys[k]);
		bool no_x = !x || json_is_null(x), no_y = !y || json_is_null(y);
		if (no_x != no_y)
			return no_x ? 1 : -1;
		int c = no_x ? 0 : value_compare(x, y);
		if (c)
			return s->descending[k] ? -c : c;
	}
	return a->place < b->place ? -1 : a->place > b->place;
}

static int sort_read(
	sort_keys *s, const json_t *items, const bn_col *cols, const char *words, bn_err *err)
{
	char word[64];
	s->count = 0;
	while (word_next(&words, word, sizeof word)) {
		bool sign = word[0] == '-' || word[0] == '+';
		const bn_col *c = col_of(cols, word + sign);
		if (s->count == MAX_KEYS)
			return bn_err_set(err, BN_EINVAL, "--sort takes %d values", MAX_KEYS);
		int rc = key_check(items, cols, "sort", word + sign, err);
		if (rc < 0)
			return rc;
		snprintf(s->keys[s->count], sizeof s->keys[0], "%s", c ? c->key : word + sign);
		s->descending[s->count++] = word[0] == '-';
	}
	return 0;
}

static int list_sort(json_t *items, const bn_col *cols, const char *words, bn_err *err)
{
	sort_keys s;
	size_t n = json_array_size(items);
	sort_row *rows = NULL;
	int rc = sort_read(&s, items, cols, words, err);
	if (rc < 0)
		return rc;
	rows = bn_alloc_zeroed(n + 1, sizeof *rows);
	if (!rows)
		return bn_err_nomem(err, "a sorted list");
	for (size_t i = 0; i < n; i++)
		rows[i] = (sort_row){json_incref(json_array_get(items, i)), i};
	qsort_r(rows, n, sizeof *rows, row_compare, &s);
	for (size_t i = 0; i < n; i++)
		json_array_set_new(items, i, rows[i].item);
	bn_free(rows);
	return 0;
}

/* ---- --match ----------------------------------------------------------------------------------- */

static bool text_has(const char *text, const char *word, size_t n)
{
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

static bool row_has(const bn_cli *cli, const json_t *item, const bn_col *cols, const char *word,
	size_t n, bn_buf *cell)
{
	for (; cols->key; cols++) {
		bn_buf_clear(cell);
		bn_cli_add_value(cell, bn_cli_value_at(item, cols->key), cols->format, cli);
		if (cell->len && text_has(cell->ptr, word, n))
			return true;
	}
	return false;
}

static void list_match(const bn_cli *cli, json_t *items, const bn_col *cols, const char *words)
{
	bn_buf cell = BN_BUF_INIT;
	for (size_t i = 0; i < json_array_size(items);) {
		const char *word = words + strspn(words, " ");
		size_t n = strcspn(word, " ");
		while (n && row_has(cli, json_array_get(items, i), cols, word, n, &cell)) {
			word += n + strspn(word + n, " ");
			n = strcspn(word, " ");
		}
		if (n)
			json_array_remove(items, i);
		else
			i++;
	}
	bn_buf_release(&cell);
}

/* ---- --columns --------------------------------------------------------------------------------- */

/* A value without a column is shown unchanged. */
static int columns_read(bn_list_columns *out, const json_t *items, const bn_col *cols,
	const char *words, bn_err *err)
{
	char word[64];
	size_t n = 0;
	while (word_next(&words, word, sizeof word)) {
		const bn_col *c = col_of(cols, word);
		if (n == BN_LIST_COLUMNS)
			return bn_err_set(
				err, BN_EINVAL, "--columns takes %d values", BN_LIST_COLUMNS);
		int rc = key_check(items, cols, "columns", word, err);
		if (rc < 0)
			return rc;
		snprintf(out->names[n], sizeof out->names[0], "%s", word);
		out->cols[n] = c ? *c : (bn_col){out->names[n], out->names[n], BN_AS_TEXT};
		n++;
	}
	out->cols[n] = (bn_col){0};
	return n ? 0 : bn_err_set(err, BN_EINVAL, "--columns names no value");
}

/* With --json rows have only these values, by name. */
static int rows_reduce(json_t *items, const bn_col *cols, bn_err *err)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *row = json_object(), *item = json_array_get(items, i);
		for (const bn_col *c = cols; row && c->key; c++) {
			const json_t *v = bn_cli_value_at(item, c->key);
			json_object_set(row, c->key, v ? (json_t *)(uintptr_t)v : json_null());
		}
		if (!row || json_array_set_new(items, i, row))
			return bn_err_nomem(err, "the result");
	}
	return 0;
}

bool bn_cli_lists_by(const bn_verb *v, const char *option)
{
	for (const bn_opt *o = v ? v->options : NULL; o && o->help; o++)
		if (!strcmp(o->name, option))
			return false;
	return v && v->flags & BN_VERB_LISTS;
}

static const char *option_of(const bn_cli *cli, const char *name)
{
	return bn_cli_lists_by(cli->verb, name) ? bn_cli_opt(cli, name) : NULL;
}

int bn_cli_arrange(
	bn_cli *cli, json_t **list, const bn_col **cols, bn_list_columns *chosen, bn_err *err)
{
	int rc = 0;
	const char *sort = option_of(cli, "sort"), *columns = option_of(cli, "columns");
	const char *match = option_of(cli, "match");
	if (!sort && !columns && !match)
		return 0;
	json_t *items = json_copy(*list); /* it may be shared */
	if (!items)
		return bn_err_nomem(err, "the result");
	json_decref(*list);
	*list = items;
	if (match)
		list_match(cli, items, *cols, match);
	if (sort && (rc = list_sort(items, *cols, sort, err)) < 0)
		return rc;
	if (!columns)
		return 0;
	if ((rc = columns_read(chosen, items, *cols, columns, err)) < 0)
		return rc;
	*cols = chosen->cols;
	return cli->json ? rows_reduce(items, *cols, err) : 0;
}

/* grid_columns.c - the visible columns and sort columns of a table, and both as text. See
 * grid.h. */
#include "tui/ui/grid.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int find(const bn_grid *t, const char *word, size_t n)
{
	for (int c = 0; c < t->column_count; c++)
		if (bn_grid_column_is_called(&t->columns[c], word, n))
			return c;
	return -1;
}

const char *bn_grid_title(const bn_grid *t, int column)
{
	const bn_grid_column *c = &t->columns[column];
	return c->title[0] ? c->title : bn_grid_column_name(c);
}

int bn_grid_find_column(const bn_grid *t, const char *word)
{
	return find(t, word, strlen(word));
}

/* The nearest name, and as many of the others as a message has room for, whole. */
static int no_column(const bn_grid *t, const char *word, size_t n, bn_err *err)
{
	enum { ROOM = 160 };
	const char **names = bn_alloc_zeroed((size_t)t->column_count + 1, sizeof *names);
	char typed[64];
	bn_buf all = BN_BUF_INIT;
	int told = 0, count = 0;
	snprintf(typed, sizeof typed, "%.*s", n < 60 ? (int)n : 60, word);
	for (int c = 0; c < t->column_count; c++) {
		if (!bn_grid_column_name(&t->columns[c])[0])
			continue;
		const char *title = bn_grid_title(t, c);
		if (names)
			names[count] = title;
		count++;
		if (told + 1 != count || all.len + strlen(title) > ROOM)
			continue;
		bn_buf_addf(&all, "%s%s", all.len ? ", " : "", title);
		told++;
	}
	const char *near = names ? bn_nearest_word(typed, names) : NULL;
	if (near)
		bn_err_set(err, BN_EINVAL, "no column '%s' here; did you mean '%.100s'?", typed, near);
	else if (told < count)
		bn_err_set(err, BN_EINVAL, "no column '%s' here, but: %s, and %d more", typed,
			all.ptr ? all.ptr : "", count - told);
	else
		bn_err_set(err, BN_EINVAL, "no column '%s' here, but: %s", typed, all.ptr ? all.ptr : "");
	bn_free(names);
	bn_buf_release(&all);
	return BN_EINVAL;
}

/* The next word of a comma-separated list; its length, 0 at the end. */
static size_t word_next(const char **at, const char **word)
{
	*word = *at + strspn(*at, ", ");
	size_t n = strcspn(*word, ",");
	*at = *word + n;
	while (n && (*word)[n - 1] == ' ')
		n--;
	return n;
}

static bool is_sign(char c)
{
	return c == '+' || c == '-';
}

/* ---- visible columns ------------------------------------------------------------------------- */

bool bn_grid_is_shown(const bn_grid *t, int column)
{
	return !t->shapes[column].hidden || t->columns[column].frozen;
}

/* Moves the cursor off a hidden column. */
static void cursor_leave(bn_grid *t)
{
	int c = t->column;
	while (c > 0 && !bn_grid_is_shown(t, c))
		c--;
	while (c + 1 < t->column_count && !bn_grid_is_shown(t, c))
		c++;
	t->column = c;
}

void bn_grid_show_column(bn_grid *t, int column, bool shown)
{
	t->shapes[column].hidden = !shown;
	t->shapes[column].chosen = shown;
	cursor_leave(t);
}

static int words_check(const bn_grid *t, const char *words, bn_err *err)
{
	const char *word;
	for (size_t n = word_next(&words, &word); n; n = word_next(&words, &word)) {
		size_t sign = is_sign(*word);
		if (find(t, word + sign, n - sign) < 0)
			return no_column(t, word + sign, n - sign, err);
	}
	return 0;
}

static void show_all(bn_grid *t, bool by_default)
{
	for (int c = 0; c < t->column_count; c++) {
		t->shapes[c].hidden = by_default && t->columns[c].hidden;
		t->shapes[c].chosen = false;
		t->shapes[c].wanted = by_default ? 0 : t->shapes[c].wanted;
	}
	t->first_column = -1;
}

int bn_grid_choose(bn_grid *t, const char *words, bn_err *err)
{
	const char *word;
	if (strcmp(words, "all") == 0 || strcmp(words, "default") == 0) {
		show_all(t, *words == 'd');
		return 0;
	}
	int rc = words_check(t, words, err);
	if (rc < 0)
		return rc;
	bool is_change = is_sign(words[strspn(words, ", ")]);
	for (int c = 0; c < t->column_count && !is_change; c++) {
		t->shapes[c].hidden = true;
		t->shapes[c].chosen = false;
	}
	for (size_t n = word_next(&words, &word); n; n = word_next(&words, &word)) {
		size_t sign = is_sign(*word);
		bn_grid_show_column(t, find(t, word + sign, n - sign), *word != '-');
	}
	cursor_leave(t);
	t->first_column = -1;
	return 0;
}

int bn_grid_go(bn_grid *t, const char *name, bn_err *err)
{
	int c = bn_grid_find_column(t, name);
	if (c < 0)
		return no_column(t, name, strlen(name), err);
	if (!bn_grid_is_shown(t, c))
		bn_grid_show_column(t, c, true);
	t->column = c;
	return 0;
}

void bn_grid_write_columns(const bn_grid *t, bn_buf *out)
{
	const char *between = "";
	bool chose = false;
	for (int c = 0; c < t->column_count; c++)
		chose = chose || t->shapes[c].chosen || t->shapes[c].hidden != t->columns[c].hidden;
	for (int c = 0; chose && c < t->column_count; c++) {
		if (!bn_grid_is_shown(t, c))
			continue;
		bn_buf_addf(out, "%s%s", between, bn_grid_column_name(&t->columns[c]));
		between = ",";
	}
}

static void name_add(const bn_grid *t, int c, const char *sign, bn_buf *out, size_t from)
{
	bn_buf_addf(out, "%s%s%s", out->len > from ? "," : "", sign, bn_grid_column_name(&t->columns[c]));
}

void bn_grid_write_choice(const bn_grid *t, bn_buf *out)
{
	size_t from = out->len;
	bool all = true;
	for (int c = 0; c < t->column_count; c++)
		all = all && (t->shapes[c].chosen || t->shapes[c].hidden || t->columns[c].frozen);
	if (all) {
		bn_grid_write_columns(t, out);
		return;
	}
	for (int c = 0; c < t->column_count; c++)
		if (t->shapes[c].chosen)
			name_add(t, c, "+", out, from);
		else if (t->shapes[c].hidden && !t->columns[c].hidden)
			name_add(t, c, "-", out, from);
}

void bn_grid_write_drawn(const bn_grid *t, bn_buf *out)
{
	size_t from = out->len;
	for (int c = 0; c < t->column_count; c++)
		if (t->shapes[c].shown > 0 && bn_grid_is_shown(t, c))
			name_add(t, c, "", out, from);
}

/* ---- sort columns ---------------------------------------------------------------------------- */

int bn_grid_sorted(const bn_grid *t)
{
	return t->sort_count ? t->sort[0].column : -1;
}

void bn_grid_sort(bn_grid *t, int column, bool descending)
{
	int kept = 0;
	bn_grid_sort_key keys[BN_GRID_SORTS] = {{column, descending}};
	if (column < 0 || column >= t->column_count) {
		t->sort_count = 0;
		bn_grid_reload(t);
		return;
	}
	for (int k = 0; k < t->sort_count && kept + 1 < BN_GRID_SORTS; k++)
		if (t->sort[k].column != column)
			keys[++kept] = t->sort[k];
	memcpy(t->sort, keys, sizeof keys);
	t->sort_count = kept + 1;
	bn_grid_reload(t);
}

/* The smallest age is the largest time, which is how the command line sorts. */
static bool turns(const bn_grid_column *c, const char *word, size_t n)
{
	return c->form == BN_COLUMN_AGE &&
	       (strncasecmp(c->title, word, n) != 0 || c->title[n] != '\0');
}

int bn_grid_sort_by(bn_grid *t, const char *words, bn_err *err)
{
	const char *word;
	int count = 0;
	bn_grid_sort_key keys[BN_GRID_SORTS];
	int rc = strcmp(words, "none") == 0 ? 0 : words_check(t, words, err);
	if (rc < 0)
		return rc;
	if (strcmp(words, "none") == 0)
		words = "";
	for (size_t n = word_next(&words, &word); n; n = word_next(&words, &word)) {
		size_t sign = is_sign(*word);
		if (count == BN_GRID_SORTS)
			return bn_err_set(
				err, BN_EINVAL, "at most %d columns sort a list", BN_GRID_SORTS);
		int column = find(t, word + sign, n - sign);
		keys[count++] = (bn_grid_sort_key){column,
			(*word == '-') != turns(&t->columns[column], word + sign, n - sign)};
	}
	memcpy(t->sort, keys, (size_t)count * sizeof *keys);
	t->sort_count = count;
	bn_grid_reload(t);
	return 0;
}

void bn_grid_write_sort(const bn_grid *t, bn_buf *out)
{
	for (int k = 0; k < t->sort_count; k++) {
		const bn_grid_column *c = &t->columns[t->sort[k].column];
		bool falls = t->sort[k].descending != (c->form == BN_COLUMN_AGE);
		bn_buf_addf(out, "%s%s%s", k ? "," : "", falls ? "-" : "", bn_grid_column_name(c));
	}
}

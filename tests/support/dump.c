/* dump.c - see dump.h. */
#include "tests/support/dump.h"

#include "core/base/mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 64, MAX_TABLES = 100 };

typedef struct table {
	const char *name, *columns[MAX_COLUMNS];
	size_t n_columns, n_rows;
	char **rows; /* the rest of their lines */
} table;

typedef struct dump {
	char *text;
	table tables[MAX_TABLES];
	size_t count;
} dump;

static void die(const char *what)
{
	fprintf(stderr, "dump.c: %s\n", what);
	abort();
}

static void add_table(dump *d, char *line)
{
	if (d->count == MAX_TABLES)
		die("too many tables");
	table *t = &d->tables[d->count++];
	char *save = NULL;
	t->name = strtok_r(line + strlen("table "), ": ", &save);
	for (char *c; (c = strtok_r(NULL, " ", &save));) {
		if (t->n_columns == MAX_COLUMNS)
			die("too many columns");
		t->columns[t->n_columns++] = c;
	}
}

static void parse(dump *d, const char *text)
{
	memset(d, 0, sizeof *d);
	d->text = bn_strdup(text);
	char *save = NULL;
	for (char *line = strtok_r(d->text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		if (line[0] != ' ') {
			add_table(d, line);
			continue;
		}
		table *t = &d->tables[d->count - 1];
		t->rows = realloc(t->rows, (t->n_rows + 1) * sizeof *t->rows);
		t->rows[t->n_rows++] = line + 1;
	}
}

static void release(dump *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->tables[i].rows);
	bn_free(d->text);
}

static const table *find(const dump *d, const char *name)
{
	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->tables[i].name, name))
			return &d->tables[i];
	return NULL;
}

static int column_of(const table *t, const char *name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (!strcmp(t->columns[i], name))
			return (int)i;
	return -1;
}

/* The value that starts at *p, without its bar; *p is advanced past it. Strings may contain
 * bars. */
static size_t next_value(const char **p, const char **value)
{
	const char *s = *value = *p;
	if (*s == '"')
		for (s++; *s && *s != '"'; s++)
			s += *s == '\\' && s[1];
	while (*s && *s != '|')
		s++;
	size_t n = (size_t)(s - *value);
	*p = s + (*s == '|');
	return n;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each row as its values of `columns`, sorted; yours, row by row. */
static char **project(const table *t, const char *const *columns, size_t n)
{
	char **rows = calloc(t->n_rows + 1, sizeof *rows);
	for (size_t r = 0; r < t->n_rows; r++) {
		const char *values[MAX_COLUMNS], *p = t->rows[r];
		size_t lengths[MAX_COLUMNS];
		bn_buf line = BN_BUF_INIT;
		for (size_t c = 0; c < t->n_columns; c++)
			lengths[c] = next_value(&p, &values[c]);
		for (size_t c = 0; c < n; c++) {
			int at = column_of(t, columns[c]);
			bn_buf_addf(&line, "%s%.*s", c ? "|" : "", (int)lengths[at], values[at]);
		}
		rows[r] = bn_buf_take(&line, NULL);
	}
	qsort(rows, t->n_rows, sizeof *rows, by_text);
	return rows;
}

static void free_rows(char **rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bn_free(rows[i]);
	free(rows);
}

static int compare_rows(
	bn_buf *why, const table *older, const table *newer, const char *const *columns, size_t n)
{
	int differs = 0;
	char **a = project(older, columns, n), **b = project(newer, columns, n);
	for (size_t r = 0; !differs && (r < older->n_rows || r < newer->n_rows); r++) {
		const char *x = r < older->n_rows ? a[r] : NULL;
		const char *y = r < newer->n_rows ? b[r] : NULL;
		if (x && y && !strcmp(x, y))
			continue;
		differs = 1;
		bn_buf_addf(why, "table %s, %zu rows were, %zu are; columns:", older->name,
			older->n_rows, newer->n_rows);
		for (size_t c = 0; c < n; c++)
			bn_buf_addf(why, " %s", columns[c]);
		bn_buf_addf(why, "\n was: %s\n  is: %s\n", x ? x : "(no more rows)",
			y ? y : "(no more rows)");
	}
	free_rows(a, older->n_rows);
	free_rows(b, newer->n_rows);
	return differs;
}

static const dump_dropped *dropped_as(
	const dump_dropped *dropped, const char *table_name, const char *column)
{
	for (; dropped->table; dropped++) {
		bool all = !dropped->column;
		if (!strcmp(dropped->table, table_name) &&
			(all == !column && (all || !strcmp(dropped->column, column))))
			return dropped;
	}
	return NULL;
}

static int compare_table(
	bn_buf *why, const table *older, const dump *newer, const dump_dropped *dropped)
{
	const char *common[MAX_COLUMNS];
	size_t n = 0;
	const table *t = find(newer, older->name);
	if (dropped_as(dropped, older->name, NULL))
		return 0;
	if (!t) {
		bn_buf_addf(why, "table %s is gone\n", older->name);
		return 1;
	}
	for (size_t c = 0; c < older->n_columns; c++) {
		const char *name = older->columns[c];
		const dump_dropped *drop = dropped_as(dropped, older->name, name);
		if (column_of(t, name) >= 0)
			common[n++] = name;
		else if (!drop || (drop->instead && column_of(t, drop->instead) < 0)) {
			bn_buf_addf(why, "column %s of table %s is gone\n", name, older->name);
			return 1;
		}
	}
	return compare_rows(why, older, t, common, n);
}

int dump_compare(bn_buf *why, const char *older, const char *newer, const dump_dropped *dropped)
{
	dump a, b;
	int differs = 0;
	parse(&a, older);
	parse(&b, newer);
	for (size_t i = 0; i < a.count; i++)
		differs |= compare_table(why, &a.tables[i], &b, dropped);
	release(&a);
	release(&b);
	return differs;
}

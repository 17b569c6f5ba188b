/*
 * csv_names.c - column names from the first record: one for each column, all different.
 *
 * A missing name becomes c and the column's number, a repeated name gets ".1", ".2" as in pandas;
 * neither takes a name that another column of the file has.
 */
#include "core/base/utf8.h"
#include "core/source/_csv_parts.h"

#include <stdio.h>
#include <string.h>

typedef struct names {
	char **items; /* NULL: has none */
	size_t count, cap;
} names;

static void names_release(names *n)
{
	for (size_t i = 0; i < n->count; i++)
		bn_free(n->items[i]);
	bn_free(n->items);
}

static int push(names *n, char *name, bn_err *err)
{
	if (bn_grow(&n->items, &n->cap, n->count + 1, sizeof *n->items)) {
		bn_free(name);
		return bn_err_nomem(err, "the names of columns");
	}
	n->items[n->count++] = name;
	return 0;
}

/* The name in s .. e; *out is NULL if there is none. */
static int read_name(
	char **out, const csv_dialect *d, const char *s, const char *e, size_t column, bn_err *err)
{
	bn_buf scratch = BN_BUF_INIT;
	const char *at = NULL;
	int rc = 0;

	*out = NULL;
	if (d->trim)
		csv_trim(&s, &e);
	if (s == e)
		return 0;
	if (!bn_csv_unquote(d, &s, &e, &scratch, &at)) {
		rc = bn_err_set(
			err, BN_EINVAL, "column %zu: text after the closing quote", column + 1);
	} else if (memchr(s, 0, (size_t)(e - s)) || !bn_utf8_is_valid(s, (size_t)(e - s))) {
		rc = bn_err_set(
			err, BN_EINVAL, "the name of column %zu is not UTF-8 text", column + 1);
	} else if (s < e && !(*out = bn_strndup(s, (size_t)(e - s)))) {
		rc = bn_err_nomem(err, "the name of a column");
	}
	bn_buf_release(&scratch);
	return rc;
}

static int read_all(names *out, const csv_dialect *of, const csv_beginning *b, const char *text,
	size_t n, bn_err *err)
{
	csv_scan scan = {.state = CSV_FIELD_START};
	csv_dialect own = *of, *d = &own;
	size_t begin = 0;
	char *name;
	int rc = 0;

	if (n && d->newline == '\n' && text[n - 1] == '\r')
		n--;
	if (b->names_between_blanks) {
		own.delimiter = ' ';
		own.trim = true;
	}
	while (n && own.trim && text[n - 1] == ' ')
		n--;
	if (!(scan.seps = bn_alloc((n + 64) * sizeof *scan.seps)))
		return bn_err_nomem(err, "the header");
	if (b->dialect.row_names && (rc = push(out, NULL, err)) < 0)
		goto out;
	bn_csv_scan_portable(&scan, d, text, 0, n);
	scan.seps[scan.sep_count++] = (uint32_t)n;
	for (size_t i = 0; i < scan.sep_count; i++) {
		name = NULL;
		if (!b->dialect.no_header &&
			(rc = read_name(&name, d, text + begin, text + scan.seps[i], i, err)) < 0) {
			if (memchr(text, 0, n) || !bn_utf8_is_valid(text, n))
				bn_csv_hint_encoding(text, n, err);
			goto out;
		}
		if ((rc = push(out, name, err)) < 0)
			goto out;
		begin = scan.seps[i] + 1;
	}
	if (b->spare_column)
		rc = push(out, NULL, err);
out:
	bn_free(scan.seps);
	return rc;
}

/* Adds the file's names; *fine is false, and the schema incomplete, if one is missing or repeated. */
static int add_own(bn_schema *schema, const names *n, bool *fine, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = 0;

	for (size_t i = 0; i < n->count && rc == 0; i++)
		rc = n->items[i] ? bn_schema_add(schema, n->items[i], BN_TYPE_FLOAT64, true, NULL, &why)
				 : BN_ECONFLICT;
	*fine = rc == 0;
	return rc < 0 && rc != BN_ECONFLICT ? bn_err_move(err, &why) : 0;
}

/* The names in the file, so that generated ones differ from them. */
static int collect(bn_schema *taken, const names *n, bn_err *err)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!n->items[i] || bn_schema_find(taken, n->items[i]) != BN_SCHEMA_NONE)
			continue;
		int rc = bn_schema_add(taken, n->items[i], BN_TYPE_FLOAT64, true, NULL, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Makes the name base.K (base alone for 0) with the first free K >= *from, and reserves it; *from is then K + 1. */
static int make_name(char **out, bn_schema *taken, const char *base, size_t *from, bn_err *err)
{
	for (;; ++*from) {
		char *name = *from ? bn_strf("%s.%zu", base, *from) : bn_strdup(base);
		if (!name)
			return bn_err_nomem(err, "the name of a column");
		if (bn_schema_find(taken, name) == BN_SCHEMA_NONE) {
			*out = name;
			++*from;
			return bn_schema_add(taken, name, BN_TYPE_FLOAT64, true, NULL, err);
		}
		bn_free(name);
	}
}

typedef struct renaming {
	size_t count; /* repeated names */
	size_t *next; /* for each name of the file, by its index in `taken`: the next number to try */
	char first[64], as[64];
	char row_names[64], spare[64];
} renaming;

/* The name of column i; *made is yours, and NULL if it is the file's own. */
static int choose_name(char **made, const bn_schema *schema, bn_schema *taken, const char *name,
	size_t i, renaming *told, bn_err *err)
{
	char numbered[32];
	size_t from = 0;
	int rc;

	*made = NULL;
	if (!name) {
		snprintf(numbered, sizeof numbered, "c%zu", i);
		return make_name(made, taken, numbered, &from, err);
	}
	if (bn_schema_find(schema, name) == BN_SCHEMA_NONE)
		return 0;
	size_t *next = &told->next[bn_schema_find(taken, name)];
	*next += !*next; /* number 0 is the file's own */
	if ((rc = make_name(made, taken, name, next, err)) < 0)
		return rc;
	if (!told->count++) {
		snprintf(told->first, sizeof told->first, "%.60s", name);
		snprintf(told->as, sizeof told->as, "%.60s", *made);
	}
	return 0;
}

static int add_names(bn_schema *schema, bn_schema *taken, const names *n, const csv_beginning *b,
	renaming *told, bn_err *err)
{
	char *made = NULL;
	int rc = 0;

	for (size_t i = 0; i < n->count; i++) {
		if ((rc = choose_name(&made, schema, taken, n->items[i], i, told, err)) < 0 ||
			(rc = bn_schema_add(schema, made ? made : n->items[i], BN_TYPE_FLOAT64,
				 true, NULL, err)) < 0)
			goto out;
		if (made && b->dialect.row_names && i == 0)
			snprintf(told->row_names, sizeof told->row_names, "%s", made);
		if (made && b->spare_column && i + 1 == n->count)
			snprintf(told->spare, sizeof told->spare, "%s", made);
		bn_free(made);
		made = NULL;
	}
out:
	bn_free(made);
	return rc;
}

static int tell(const renaming *told, bn_source_notes *notes, bn_err *err)
{
	int rc;

	if (told->row_names[0] && (rc = bn_source_note_add(notes, false, err,
					   "the header has one name less than there are columns: "
					   "the first column is taken as row names and called '%s'",
					   told->row_names)) < 0)
		return rc;
	if (told->spare[0] && (rc = bn_source_note_add(notes, false, err,
				       "every record except the header ends with an additional "
				       "empty field: column '%s'",
				       told->spare)) < 0)
		return rc;
	if (told->count == 1)
		return bn_source_note_add(notes, true, err,
			"two columns are called '%s': the second one is '%s' here", told->first,
			told->as);
	if (told->count)
		return bn_source_note_add(notes, true, err,
			"%zu columns have the name of another: '%s' is '%s' here, and so on",
			told->count, told->first, told->as);
	return 0;
}

int bn_csv_read_names(bn_schema *schema, const csv_dialect *d, const csv_beginning *b,
	const char *text, size_t n, bn_source_notes *notes, bn_err *err)
{
	bn_schema taken = BN_SCHEMA_INIT;
	names all = {.items = NULL};
	renaming told = {.count = 0};
	bool fine;
	int rc;

	if ((rc = read_all(&all, d, b, text, n, err)) < 0 ||
		(rc = add_own(schema, &all, &fine, err)) < 0 || fine)
		goto out;
	bn_schema_release(schema);
	if ((rc = collect(&taken, &all, err)) < 0)
		goto out;
	if (!(told.next = bn_alloc_zeroed(taken.count + 1, sizeof *told.next))) {
		rc = bn_err_nomem(err, "the names of columns");
		goto out;
	}
	if ((rc = add_names(schema, &taken, &all, b, &told, err)) < 0)
		goto out;
	rc = tell(&told, notes, err);
out:
	bn_free(told.next);
	bn_schema_release(&taken);
	names_release(&all);
	return rc;
}

/* csv_rejects.c - malformed records: an error that names the first one, or the rejects file
 * (csv.h). */
#include "core/source/_csv_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void place_of(
	const csv_chunk *c, const csv_reject *r, char newline, uint64_t *line, uint64_t *column)
{
	const char *begin = c->text, *at = c->text + r->at, *p;

	*line = c->line;
	while ((p = memchr(begin, newline, (size_t)(at - begin)))) {
		begin = p + 1;
		++*line;
	}
	*column = (uint64_t)(at - begin) + 1;
}

static int by_place(const void *a, const void *b)
{
	const csv_reject *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The number at the reject: *bytes of it. NULL if the column is not of numbers. */
static const char *number_at(
	const csv_stream *s, const csv_chunk *c, const csv_reject *r, size_t *bytes)
{
	const char *at = c->text + r->at, *end = c->text + r->end;
	const csv_dialect *d = csv_dialect_of(s, r->column);
	size_t n = 0;

	bool quoted = at < end && d->quote && *at == d->quote;
	at += quoted;
	while (at + n < end && (quoted || at[n] != d->delimiter) &&
		strchr("+-.,0123456789eE", at[n]))
		n++;
	*bytes = n;
	return bn_type_is_number(s->plan.columns[r->column].told) ? at : NULL;
}

static void hint_point(const csv_stream *s, bn_err *err)
{
	const char *of = s->options.readings_of ? s->options.readings_of : "before";
	bool given = s->forms.given.decimal != 0;

	bn_err_hint(err, "numbers are read with a decimal comma%s%s; --decimal . reads points",
		given ? "" : " as ", given ? "" : of);
}

/* Commas between groups of three digits, or a decimal comma: 1,234 may be either, but no integer has the latter. */
static void hint_commas(
	const csv_stream *s, const csv_chunk *c, const csv_reject *r, bn_err *err)
{
	csv_dialect d = *csv_dialect_of(s, r->column);
	size_t n;
	int64_t i;
	double f;
	const char *at = number_at(s, c, r, &n);
	bool no_commas = d.decimal == ',' || d.thousands == ',' || (at && !memchr(at, ',', n));

	if (at && d.decimal == ',' && bn_csv_parse_number(at, n, &i, &f) != CSV_NOT_NUMBER)
		hint_point(s, err);
	if (!at || no_commas)
		return;
	bn_type told = s->plan.columns[r->column].told;
	bool has_fraction = told == BN_TYPE_FLOAT64 || told == BN_TYPE_FLOAT32 ||
			    told == BN_TYPE_DECIMAL;
	bool is_grouped = bn_csv_is_grouped(&d, ',', '.', at, n);
	d.decimal = ',';
	bool is_decimal = has_fraction && bn_csv_number(&d, at, n, &i, &f) != CSV_NOT_NUMBER;
	if (is_grouped)
		bn_err_hint(err, "--thousands , reads it, if commas separate groups of digits%s",
			is_decimal ? "; --decimal , if they are decimal" : "");
	else if (is_decimal)
		bn_err_hint(err, "--decimal , reads it, if commas are decimal");
}

/* Whether the record, a number of fields, is one number with a decimal comma. */
static bool is_one_number(const csv_stream *s, const csv_chunk *c, const csv_reject *r)
{
	const char *at = c->text + r->begin;
	size_t n = r->end - r->begin;
	csv_dialect d = s->dialect;
	int64_t i;
	double f;

	while (n && (at[n - 1] == '\n' || at[n - 1] == '\r'))
		n--;
	d.decimal = ',';
	return s->dialect.delimiter == ',' && bn_csv_number(&d, at, n, &i, &f) != CSV_NOT_NUMBER;
}

/* Is it a line that git writes around conflicting versions? */
static bool is_conflict_mark(const csv_chunk *c, const csv_reject *r)
{
	const char *s = c->text + r->begin;
	size_t n = r->end - r->begin;

	while (n && s[n - 1] == '\r')
		n--;
	return n >= 7 && (n == 7 || s[7] == ' ') &&
	       (!memcmp(s, "<<<<<<<", 7) || !memcmp(s, "=======", 7) || !memcmp(s, ">>>>>>>", 7) ||
		       !memcmp(s, "|||||||", 7));
}

static int fail_record(csv_stream *s, const csv_chunk *c, const csv_reject *r, bn_err *err)
{
	uint64_t line, column;

	place_of(c, r, s->dialect.newline, &line, &column);
	if (r->column == UINT32_MAX)
		bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ":%" PRIu64 ": %s", s->in.path, line,
			column, r->reason);
	else
		bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ":%" PRIu64 ": column '%s': %s",
			s->in.path, line, column, s->schema.fields[r->column].name, r->reason);
	if (r->cure == CSV_CURE_ENCODING)
		bn_csv_hint_encoding(c->text + r->begin, r->end - r->begin, err);
	else if (r->cure == CSV_CURE_QUOTES)
		bn_err_hint(err, "correct the file, or read it with --quote none (quotes are "
				 "ordinary characters) or --escape '\\'");
	if (r->column == UINT32_MAX && is_conflict_mark(c, r))
		bn_err_hint(err, "this line marks a merge conflict: resolve it in git first");
	if (r->column == UINT32_MAX &&
		memmem(c->text + r->begin, r->end - r->begin, "\xe2\x80\x9c", 3))
		bn_err_hint(err, "curly quotes do not enclose a field: write \" for them (sed "
				 "'s/[“”]/\"/g')");
	else if (r->column == UINT32_MAX && s->plan.count == 1 && is_one_number(s, c, r))
		bn_err_hint(err,
			"if the comma is decimal, --delimiter ';' --decimal , reads it; else the "
			"header lacks a name");
	if (r->column == UINT32_MAX && line == s->in.data_line && !s->options.skip_given)
		bn_err_hint(err, "correct the file, or use --skip N if N lines precede the table");
	else if (r->column == UINT32_MAX && line == s->in.other_table)
		bn_err_hint(err,
			"another table begins here: make a file of each, or leave out what stands "
			"above it with --skip %" PRIu64,
			line - 1);
	if (r->column != UINT32_MAX)
		hint_commas(s, c, r, err);
	bool typed = s->options.as && !s->options.as_inputs && !s->options.types_stay &&
		     r->column != UINT32_MAX;
	bool is_time =
		r->column != UINT32_MAX && s->schema.fields[r->column].type == BN_TYPE_TIMESTAMP;
	bn_err_hint(err, "correct the file%s%s%s",
		is_time ? " (a time is 2026-01-31T09:30:00Z)" : "",
		typed ? ", infer new types with --retype" : "",
		s->options.no_rejects
			? ""
			: ", or write malformed records to a file with --on-error reject");
	return BN_EINVAL;
}

static int write_reject(csv_stream *s, const csv_chunk *c, const csv_reject *r, bn_err *err)
{
	bn_buf reason = BN_BUF_INIT;
	uint64_t line, column;
	uint32_t end = r->end;

	if (end > r->begin && s->dialect.newline == '\n' && c->text[end - 1] == '\r')
		end--;
	place_of(c, r, s->dialect.newline, &line, &column);
	if (r->column != UINT32_MAX)
		bn_buf_addf(&reason, "column '%s': ", s->schema.fields[r->column].name);
	bn_buf_adds(&reason, r->reason);
	int rc = bn_rejects_add(&s->rejects, line, column, reason.ptr ? reason.ptr : r->reason,
		c->text + r->begin, end - r->begin, err);
	bn_buf_release(&reason);
	return rc;
}

int bn_csv_handle_rejects(csv_stream *s, csv_chunk *c, bn_err *err)
{
	int rc = 0;

	if (!c->reject_count)
		return 0;
	qsort(c->rejects, c->reject_count, sizeof *c->rejects, by_place);
	if (!s->rejects.path)
		return fail_record(s, c, &c->rejects[0], err);
	for (size_t i = 0; i < c->reject_count && !rc && !s->survey; i++)
		rc = write_reject(s, c, &c->rejects[i], err);
	s->rejects.count += c->reject_count;
	if (rc < 0)
		return rc;
	return bn_rejects_check(&s->rejects, s->rows + c->rows + s->rejects.count, s->in.path, err);
}

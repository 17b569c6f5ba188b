/*
 * csv_rows.c - from separators to rows, and the list of malformed records.
 *
 * The common chunk is regular: every record has as many fields as the header. Then the separators
 * already form a matrix and nothing moves. Otherwise the good records are compacted and the others
 * listed.
 */
#include "core/base/utf8.h"
#include "core/source/_csv_parts.h"
#include "core/source/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bn_csv_chunk_release(csv_chunk *c, size_t columns)
{
	for (size_t i = 0; c->columns && i < columns; i++) {
		csv_column *k = &c->columns[i];
		bn_free(k->ends);
		bn_buf_release(&k->bytes);
		bn_dict_builder_release(&k->dict);
	}
	bn_free(c->columns);
	bn_free(c->arrays);
	bn_free(c->memory);
	bn_free(c->scan.seps);
	bn_free(c->starts);
	bn_free(c->rejects);
	bn_free(c->bad);
	bn_free(c->batch.columns);
	memset(c, 0, sizeof *c);
}

static csv_reject *add_reject(csv_chunk *c, bn_err *err)
{
	if (bn_grow(&c->rejects, &c->reject_cap, c->reject_count + 1, sizeof *c->rejects)) {
		bn_err_nomem(err, "the list of malformed records");
		return NULL;
	}
	memset(&c->rejects[c->reject_count], 0, sizeof *c->rejects);
	return &c->rejects[c->reject_count++];
}

int bn_csv_reject_row(csv_chunk *c, const csv_plan *plan, size_t row, size_t column, const char *at,
	bn_err *err, const char *fmt, ...)
{
	va_list ap;

	/* Columns are converted in order: the first error of a record is kept. */
	if (c->bad[row >> 3] >> (row & 7) & 1)
		return 0;
	csv_reject *r = add_reject(c, err);
	if (!r)
		return BN_ENOMEM;
	c->bad[row >> 3] |= (uint8_t)(1u << (row & 7));
	r->column = (uint32_t)column;
	r->at = (uint32_t)(at - c->text);
	r->begin = c->starts[row];
	r->end = c->scan.seps[row * plan->count + plan->count - 1];
	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof r->reason, fmt, ap);
	va_end(ap);
	/* A reason quotes the file; truncation must not leave half a character. */
	for (size_t n = strlen(r->reason); n && !bn_utf8_is_valid(r->reason, n);)
		r->reason[--n] = '\0';
	return 0;
}

#define ROWS_AHEAD 16

/* Records the start of each row while each has all its fields; false if one has not. */
static bool find_regular(csv_chunk *c, size_t columns, char newline)
{
	const uint32_t *ends = c->scan.seps + columns - 1;
	size_t rows = c->scan.records;
	uint32_t begin = 0;

	if (rows * columns != c->scan.sep_count)
		return false;
	for (size_t r = 0; r < rows; r++) {
		if (r + ROWS_AHEAD < rows)
			__builtin_prefetch(c->text + ends[(r + ROWS_AHEAD) * columns]);
		uint32_t end = ends[r * columns];
		if (c->text[end] != newline)
			return false;
		c->starts[r] = begin;
		begin = end + 1;
	}
	return true;
}

/* Empty and blank lines are skipped, unless a line is one field; so are comments. */
static bool is_blank(
	const csv_chunk *c, const csv_dialect *d, uint32_t begin, uint32_t end, size_t columns)
{
	if (d->comment && c->text[begin] == d->comment)
		return true;
	if (end > begin && c->text[end - 1] == '\r')
		end--;
	while (end > begin && (c->text[end - 1] == ' ' || c->text[end - 1] == '\t'))
		end--;
	return columns > 1 && begin == end;
}

static int close_up(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	uint32_t *seps = c->scan.seps, begin = 0;
	size_t out = 0, first = 0, n = plan->count;

	for (size_t i = 0; i < c->scan.sep_count; i++) {
		uint32_t end = seps[i];
		size_t fields = i + 1 - first;
		if (c->text[end] != plan->dialect->newline)
			continue;
		bool comment = plan->dialect->comment && c->text[begin] == plan->dialect->comment;
		if (fields == n && !comment) {
			c->starts[c->rows++] = begin;
			memmove(seps + out, seps + first, n * sizeof *seps);
			out += n;
		} else if (fields != 1 || !is_blank(c, plan->dialect, begin, end, n)) {
			csv_reject *r = add_reject(c, err);
			if (!r)
				return BN_ENOMEM;
			r->column = UINT32_MAX;
			r->at = r->begin = begin;
			r->end = end;
			snprintf(r->reason, sizeof r->reason, "%zu field%s instead of %zu", fields,
				fields == 1 ? "" : "s", n);
		}
		begin = end + 1;
		first = i + 1;
	}
	c->scan.sep_count = out;
	return 0;
}

/* The chunk is not a record, but what was found instead. */
static int reject_chunk(csv_chunk *c, bn_err *err)
{
	csv_reject *r = add_reject(c, err);

	if (!r)
		return BN_ENOMEM;
	r->column = UINT32_MAX;
	r->at = c->unclosed_at;
	r->end = (uint32_t)c->len;
	if (r->end && c->text[r->end - 1] == '\n')
		r->end--;
	if (c->oversized)
		snprintf(r->reason, sizeof r->reason, "a record longer than %zu MiB",
			BN_CSV_RECORD_MAX >> 20);
	else {
		r->cure = CSV_CURE_QUOTES;
		snprintf(r->reason, sizeof r->reason, "the quote opened here is never closed");
	}
	return 0;
}

int bn_csv_find_rows(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	size_t n = plan->count;
	int rc = 0;

	c->rows = 0;
	c->reject_count = 0;
	if (c->unclosed || c->oversized)
		return reject_chunk(c, err);
	if (bn_grow(&c->starts, &c->starts_cap, c->scan.records + 1, sizeof *c->starts))
		return bn_err_nomem(err, "the rows of a chunk");
	if (!plan->dialect->comment && find_regular(c, n, plan->dialect->newline))
		c->rows = c->scan.records;
	else
		rc = close_up(c, plan, err);
	return rc;
}

/* With an escape: the character after it is taken literally. */
static bool unescape(
	const csv_dialect *d, const char **s, const char **e, bn_buf *scratch, const char **at)
{
	const char *p = *s, *end = *e;
	bool quoted = d->quote && p < end && *p == d->quote, closed = !quoted;

	bn_buf_clear(scratch);
	for (p += quoted; p < end; p++) {
		if (*p == d->escape && p + 1 < end) {
			bn_buf_addch(scratch, *++p);
		} else if (quoted && *p == d->quote) {
			closed = p + 1 == end;
			if (!closed && p[1] != d->quote) {
				*at = p + 1;
				return false;
			}
			if (!closed)
				bn_buf_addch(scratch, *p++);
		} else {
			bn_buf_addch(scratch, *p);
		}
	}
	*s = scratch->ptr;
	*e = scratch->ptr + scratch->len;
	*at = p;
	return closed;
}

bool bn_csv_unquote(
	const csv_dialect *d, const char **s, const char **e, bn_buf *scratch, const char **at)
{
	if (d->escape)
		return unescape(d, s, e, scratch, at);
	if (!d->quote || *s == *e || **s != d->quote)
		return true;
	char quote = d->quote;
	const char *p = *s + 1, *end = *e;
	const char *q = memchr(p, quote, (size_t)(end - p));

	if (q && q + 1 == end) { /* no doubled quotes inside */
		*s = p;
		*e = q;
		return true;
	}
	bn_buf_clear(scratch);
	while (q) {
		bn_buf_add(scratch, p, (size_t)(q - p));
		if (q + 1 == end) {
			*s = scratch->ptr;
			*e = scratch->ptr + scratch->len;
			return true;
		}
		if (q[1] != quote) {
			*at = q + 1;
			return false;
		}
		bn_buf_addch(scratch, quote);
		p = q + 2;
		q = p < end ? memchr(p, quote, (size_t)(end - p)) : NULL;
	}
	*at = *s;
	return false;
}

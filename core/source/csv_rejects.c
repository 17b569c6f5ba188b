/* csv_rejects.c - malformed records: the error that names the first, or the file that they all go to (csv.h). */
#include "core/source/_csv_stream.h"
#include "core/source/csv_write.h"

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

/* The encoding that may read what is no UTF-8; NULL: there is none, a NUL is one in every other than UTF-16. */
static const char *other_encoding(const csv_chunk *c, const csv_reject *r)
{
	const char *text = c->text + r->begin;
	const char *guess = bn_csv_guess_encoding(text, r->end - r->begin);

	if (r->cure != CSV_CURE_ENCODING)
		return NULL;
	return memchr(text, 0, r->end - r->begin) && strncmp(guess, "UTF-16", 6) ? NULL : guess;
}

static int fail_record(csv_stream *s, const csv_chunk *c, const csv_reject *r, bn_err *err)
{
	const char *encoding = other_encoding(c, r);
	uint64_t line, column;

	place_of(c, r, s->dialect.newline, &line, &column);
	if (r->column == UINT32_MAX)
		bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ":%" PRIu64 ": %s", s->in.path, line,
			column, r->reason);
	else
		bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ":%" PRIu64 ": column '%s': %s",
			s->in.path, line, column, s->schema.fields[r->column].name, r->reason);
	if (encoding)
		bn_err_hint(
			err, "--encoding %s reads it, if that is what it is written in", encoding);
	else if (r->cure == CSV_CURE_QUOTES)
		bn_err_hint(err, "mend the file, or read it with --quote none (quotes are ordinary "
				 "characters) or "
				 "--escape '\\'");
	if (r->column == UINT32_MAX && line == s->in.data_line && !s->options.skip_given)
		bn_err_hint(err,
			"mend the file, or say with --skip N how many lines stand above the table");
	bool typed = s->options.as && !s->options.as_inputs && !s->options.types_stay &&
		     r->column != UINT32_MAX;
	bool is_time =
		r->column != UINT32_MAX && s->schema.fields[r->column].type == BN_TYPE_TIMESTAMP;
	bn_err_hint(err, "mend the file%s%s%s", is_time ? " (a time is 2026-01-31T09:30:00Z)" : "",
		typed ? ", read it by new types with --retype" : "",
		s->options.no_rejects ? ""
				      : ", or let malformed records go to a file with "
					"--on-error reject");
	return BN_EINVAL;
}

int bn_csv_flush_rejects(csv_stream *s, bn_err *err)
{
	int rc = bn_buf_check(&s->rejects, err, "malformed records");

	if (!rc && s->rejects.len)
		rc = bn_file_out_add(s->rejects_out, s->rejects.ptr, s->rejects.len, err);
	bn_buf_clear(&s->rejects);
	return rc;
}

static int write_reject(csv_stream *s, const csv_chunk *c, const csv_reject *r, bn_err *err)
{
	static const char header[] = "line,column,reason,record\n";
	bn_buf reason = BN_BUF_INIT;
	uint64_t line, column;
	uint32_t end = r->end;

	if (!s->rejects_out) {
		int rc = bn_file_out_open(&s->rejects_out, s->env, s->rejects_path, 0644, err);
		if (rc < 0) {
			if (err)
				err->hint[0] = '\0';
			bn_err_hint(
				err, "--rejects FILE names another place for malformed records");
			return rc;
		}
		bn_buf_adds(&s->rejects, header);
	}
	if (end > r->begin && s->dialect.newline == '\n' && c->text[end - 1] == '\r')
		end--;
	place_of(c, r, s->dialect.newline, &line, &column);
	if (r->column != UINT32_MAX)
		bn_buf_addf(&reason, "column '%s': ", s->schema.fields[r->column].name);
	bn_buf_adds(&reason, r->reason);
	bn_buf_addf(&s->rejects, "%" PRIu64 ",%" PRIu64 ",", line, column);
	bn_csv_add_field(&s->rejects, reason.ptr, reason.len, ',');
	bn_buf_addch(&s->rejects, ',');
	bn_csv_add_field(&s->rejects, c->text + r->begin, end - r->begin, ',');
	bn_buf_addch(&s->rejects, '\n');
	bn_buf_release(&reason);
	return s->rejects.len > 1 << 20 ? bn_csv_flush_rejects(s, err) : 0;
}

#define MANY_ROWS 10000 /* of fewer, any number may be malformed */

static int check_rejects(const csv_stream *s, const csv_chunk *c, bn_err *err)
{
	uint64_t read = s->rows + c->rows + s->rejected, most = s->options.max_rejects;

	if (most ? s->rejected <= most : read < MANY_ROWS || s->rejected <= read / 10)
		return 0;
	bn_err_set(err, BN_EINVAL,
		"%s: %" PRIu64 " of the first %" PRIu64 " records are malformed, at most %" PRIu64
		" may be",
		s->in.path, s->rejected, read, most ? most : read / 10);
	bn_err_hint(err, "--max-rejects N allows so many");
	return BN_EINVAL;
}

int bn_csv_handle_rejects(csv_stream *s, csv_chunk *c, bn_err *err)
{
	int rc = 0;

	if (!c->reject_count)
		return 0;
	qsort(c->rejects, c->reject_count, sizeof *c->rejects, by_place);
	if (!s->rejects_path)
		return fail_record(s, c, &c->rejects[0], err);
	for (size_t i = 0; i < c->reject_count && !rc && !s->survey; i++)
		rc = write_reject(s, c, &c->rejects[i], err);
	s->rejected += c->reject_count;
	return rc ? rc : check_rejects(s, c, err);
}

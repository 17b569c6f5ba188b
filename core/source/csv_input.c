/*
 * csv_input.c - cuts the bytes of the file into chunks of whole records.
 *
 * A chunk ends after a record: after CSV_CHUNK_ROWS of them, or when the target size is reached.
 * Further bytes are carried to the next chunk. A record that does not fit makes the chunk grow, up
 * to BN_CSV_RECORD_MAX; so does a quote that is never closed, whose chunk then ends with the line
 * on which it opens. Where chunks end depends only on the bytes.
 */
#include "core/source/_csv_parts.h"
#include "core/source/csv.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CHUNK_BYTES ((size_t)1 << 20) /* the sample */
#define SMALLEST_CHUNK_BYTES ((size_t)64 << 10)
#define PIECE_BYTES ((size_t)128 << 10) /* bytes are hashed and scanned while in a level 2 cache */
#define HEADER_MAX ((size_t)1 << 20)
#define OVERSIZED_SHOWN 4096 /* of a record that is too long, for the rejects file */

int bn_csv_input_open(csv_input *in, bn_input *file, bn_err *err)
{
	int rc = bn_input_need_file(file, err);

	if (rc < 0)
		return rc;
	in->file = file;
	in->path = bn_input_name(file);
	in->size = bn_input_size(file);
	return 0;
}

void bn_csv_input_close(csv_input *in)
{
	bn_free(in->carry);
	*in = (csv_input){.file = NULL};
}

void bn_csv_input_rewind(csv_input *in)
{
	in->offset = in->data_offset;
	in->line = in->data_line;
	in->carry_at = in->carry_len = 0;
	in->target = FIRST_CHUNK_BYTES;
	in->skipping = in->end = false;
}

/* ---- the first record ----------------------------------------------------------------------- */

/* The end of the record that begins at from (its line end, or n). False with *from at the quote if
 * a quote is not closed. */
static bool find_first_end(
	const csv_dialect *d, const char *text, size_t *from, size_t n, size_t *end)
{
	size_t field = *from;
	bool quoted = false, in_field = false;

	for (size_t i = *from; i < n; i++) {
		char c = text[i];
		if (d->escape && c == d->escape) {
			in_field = true;
			i++;
		} else if (d->quote && c == d->quote && (quoted || !in_field)) {
			/* A doubled quote closes and opens again: this gives the same result. */
			quoted = !quoted;
			in_field = quoted;
		} else if (quoted || (d->trim && c == ' ' && !in_field && c != d->delimiter)) {
			continue;
		} else if (c == d->newline) {
			*end = i;
			return true;
		} else {
			in_field = c != d->delimiter;
			if (!in_field)
				field = i + 1;
		}
	}
	*end = n;
	*from = quoted ? field : *from;
	return !quoted;
}

static size_t count_lines(const char *text, size_t n, char newline)
{
	size_t lines = 0;

	for (const char *p = text, *end = text + n; (p = memchr(p, newline, (size_t)(end - p)));
		p++)
		lines++;
	return lines;
}

static void set_dialect(csv_dialect *d, const csv_beginning *b)
{
	d->delimiter = b->dialect.delimiter;
	d->newline = b->newline;
	d->quote = b->dialect.quote;
	d->escape = b->dialect.escape;
	d->comment = b->dialect.comment;
	d->trim = b->dialect.trim;
	d->decimal = b->dialect.decimal;
	d->thousands = b->dialect.thousands;
	d->date_order = b->dialect.date_order;
}

/* A quote after a blank is text; refused if that would split a field with a delimiter in two. */
static int check_spaced(const csv_input *in, const csv_beginning *b, const char *text,
	bn_source_notes *notes, bn_err *err)
{
	size_t at = b->open_quote, line = at;

	if (at != SIZE_MAX) {
		while (line && text[line - 1] != b->newline)
			line--;
		bn_err_set(err, BN_EINVAL,
			"%s:%zu:%zu: a blank precedes the quote, so the quote is text and the "
			"field ends at the next delimiter",
			in->path, 1 + count_lines(text, at, b->newline), at - line + 1);
		bn_err_hint(err, "--trim yes leaves the blanks out; with --quote none quotes are "
				 "ordinary characters");
		return BN_EINVAL;
	}
	if (!b->spaced_quotes)
		return 0;
	return bn_source_note_add(notes, false, err,
		"%zu field%s of the first records begin%s with a blank and a quote: blanks and "
		"quotes are kept as text; --trim yes leaves them out",
		b->spaced_quotes, b->spaced_quotes == 1 ? "" : "s",
		b->spaced_quotes == 1 ? "s" : "");
}

/* InfluxDB writes one table per set of columns, one below the other. */
static int check_annotated(const csv_input *in, const csv_beginning *b, bn_err *err)
{
	if (!b->annotated_again)
		return 0;
	bn_err_set(err, BN_EINVAL, "%s:%zu:1: another annotated table begins here", in->path,
		(size_t)b->annotated_again);
	bn_err_hint(err, "make a file of each, or let the query return one table (pivot, group)");
	return BN_EINVAL;
}

/* "\r\r\n": CR LF line ends written to a file in text mode, which adds another CR. Each line would
 * be followed by a false empty line. */
static int check_line_ends(const csv_input *in, const char *text, size_t n, bn_err *err)
{
	const char *cr = memchr(text, '\r', n);

	if (!cr || (size_t)(cr - text) + 2 >= n || cr[1] != '\r' || cr[2] != '\n')
		return 0;
	bn_err_set(err, BN_EINVAL, "%s:1: the line ends with two carriage returns (CR CR LF)",
		in->path);
	bn_err_hint(err, "remove them: tr -d '\\r' <FILE | binnacle ... -");
	return BN_EINVAL;
}

static int note_dialect(const bn_dialect *d, bn_source_notes *notes, bn_err *err)
{
	char text[200], options[120];

	bn_dialect_describe(d, text, sizeof text, options, sizeof options);
	if (!text[0])
		return 0;
	return bn_source_note_add(notes, false, err,
		"inferred from the first records: %s (set with %s)", text, options);
}

/* The first record of the table begins at `from` of the text: sets the names, and the offset of the
 * others. */
static int read_header(csv_input *in, const csv_dialect *d, const csv_beginning *b,
	const char *text, size_t n, bn_schema *schema, bn_source_notes *notes, bn_err *err)
{
	size_t begin = b->begin, from = begin, end = 0;

	if (!find_first_end(d, text, &from, n, &end)) {
		bn_err_set(err, BN_EINVAL, "%s:%zu:%zu: the quote opened here is never closed",
			in->path,
			(size_t)in->data_line + count_lines(text + begin, from - begin, d->newline),
			from + 1 - begin);
		bn_err_hint(err, "--quote none reads quotes as ordinary characters");
		return BN_EINVAL;
	}
	if (end == n && in->data_offset + n < in->size) {
		bn_err_set(err, BN_EINVAL, "%s:1: no line end in the first %zu bytes", in->path, n);
		bn_err_hint(err, "is it a table of text?");
		return BN_EINVAL;
	}
	int rc = bn_csv_read_names(schema, d, b, text + begin, end - begin, notes, err);
	if (rc < 0) {
		bn_err_prefix(err, "%s:%zu", in->path, (size_t)in->data_line);
		return rc;
	}
	in->data_offset += begin;
	if (!b->dialect.no_header) {
		in->data_offset += (end < n ? end + 1 : n) - begin;
		in->data_line += 1 + count_lines(text + begin, end - begin, d->newline);
	}
	return 0;
}

int bn_csv_input_header(csv_input *in, csv_dialect *d, char preferred,
	const bn_source_options *options, bn_schema *schema, bn_source_notes *notes, bn_err *err)
{
	size_t n = 0, mark, want = in->size < HEADER_MAX ? (size_t)in->size : HEADER_MAX;
	csv_beginning b = {.dialect = notes->dialect};
	char *text = bn_alloc(want + 1);
	int rc;

	if (!text)
		return bn_err_nomem(err, "the header");
	if ((rc = bn_input_read(in->file, text, want, 0, &n, err)) < 0)
		goto out;
	mark = n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	if ((rc = check_line_ends(in, text, n, err)) < 0)
		goto out;
	if ((rc = bn_csv_sniff(&b, text + mark, n - mark, n == in->size, preferred, options, err)) <
		0)
		goto out;
	if (mark + b.begin == n) {
		rc = bn_err_set(err, BN_EINVAL, "%s is empty: there is no header", in->path);
		goto out;
	}
	set_dialect(d, &b);
	notes->dialect = b.dialect;
	if ((rc = note_dialect(&b.dialect, notes, err)) < 0 ||
		(rc = check_annotated(in, &b, err)) < 0 ||
		(rc = check_spaced(in, &b, text + mark, notes, err)) < 0)
		goto out;
	if (b.commented && (rc = bn_source_note_add(notes, false, err,
				    "the names are those of the comment on line %zu: with "
				    "--no-header it is a comment, and columns are c0, c1, ...",
				    (size_t)b.line)) < 0)
		goto out;
	in->other_table = b.other_table;
	in->data_offset = mark;
	in->data_line = b.line;
	if ((rc = read_header(in, d, &b, text + mark, n - mark, schema, notes, err)) < 0)
		goto out;
	bn_csv_input_rewind(in);
out:
	bn_free(text);
	return rc;
}

/* ---- chunks --------------------------------------------------------------------------------- */

static int make_room(csv_chunk *c, size_t bytes, bn_err *err)
{
	if (bytes > c->capacity || !c->memory) {
		char *memory = bn_realloc(c->memory, bytes + 2 * CSV_HEADROOM);
		if (!memory)
			return bn_err_nomem(err, "a chunk of text");
		if (!c->memory)
			memset(memory, 0, CSV_HEADROOM);
		c->memory = memory;
		c->capacity = bytes;
		c->text = memory + CSV_HEADROOM;
	}
	if (bn_grow(&c->scan.seps, &c->seps_cap, bytes + 128, sizeof *c->scan.seps))
		return bn_err_nomem(err, "the separators of a chunk");
	return 0;
}

/* Extends the chunk to want bytes, or to the end of the file. */
static int load(csv_input *in, csv_chunk *c, size_t want, bn_err *err)
{
	size_t carried = in->carry_len - in->carry_at, got = 0;
	size_t take = want - c->len < carried ? want - c->len : carried;

	if (take)
		memcpy(c->text + c->len, in->carry + in->carry_at, take);
	in->carry_at += take;
	c->len += take;
	uint64_t left = in->size - in->offset;
	size_t more = want - c->len < left ? want - c->len : (size_t)left;
	if (!more)
		return 0;
	int rc = bn_input_read(in->file, c->text + c->len, more, in->offset, &got, err);
	if (!rc && got < more)
		rc = bn_err_set(err, BN_ECONFLICT, "%s became shorter while it was read", in->path);
	in->offset += got;
	c->len += got;
	return rc;
}

/* The same, piece by piece, scanning the separators of the new bytes. */
static int load_scanned(csv_input *in, const csv_dialect *d, csv_chunk *c, size_t want, bn_err *err)
{
	size_t before;

	do {
		before = c->len;
		size_t piece = want - before < PIECE_BYTES ? want : before + PIECE_BYTES;
		int rc = load(in, c, piece, err);
		if (rc)
			return rc;
		bn_csv_scan_text(&c->scan, d, c->text, before, c->len);
	} while (c->len > before && c->len < want);
	return 0;
}

/* Moves the bytes from `from` on to the next chunk. */
static int give_back(csv_input *in, const csv_chunk *c, size_t from, bn_err *err)
{
	size_t n = c->len - from;

	if (in->carry_at < in->carry_len) { /* everything read was taken from it */
		in->carry_at -= n;
		return 0;
	}
	if (bn_grow(&in->carry, &in->carry_cap, n + 1, 1))
		return bn_err_nomem(err, "a chunk of text");
	memcpy(in->carry, c->text + from, n);
	in->carry_at = 0;
	in->carry_len = n;
	return 0;
}

/* Keeps the first CSV_CHUNK_ROWS records; returns where they end. */
static size_t cut_records(csv_chunk *c, char newline)
{
	size_t k = c->scan.sep_count, records = 0;

	if (c->scan.records <= CSV_CHUNK_ROWS) {
		while (c->text[c->scan.seps[k - 1]] != newline)
			k--;
	} else {
		for (k = 0; records < CSV_CHUNK_ROWS; k++)
			records += c->text[c->scan.seps[k]] == newline;
		c->scan.records = records;
	}
	c->scan.sep_count = k;
	return (size_t)c->scan.seps[k - 1] + 1;
}

static int finish_chunk(csv_input *in, csv_chunk *c, const csv_dialect *d, size_t end, bn_err *err)
{
	int rc = give_back(in, c, end, err);

	c->bytes += end;
	in->line += c->scan.lines - count_lines(c->text + end, c->len - end, d->newline);
	c->len = end;
	return rc;
}

/* No record end found: the chunk becomes the line on which the quote opens. */
static int finish_unclosed(csv_input *in, csv_chunk *c, const csv_dialect *d, bn_err *err)
{
	size_t at = c->scan.sep_count ? (size_t)c->scan.seps[c->scan.sep_count - 1] + 1 : 0;
	const char *line_end = memchr(c->text + at, d->newline, c->len - at);

	c->unclosed = true;
	c->unclosed_at = (uint32_t)at;
	c->scan.sep_count = c->scan.records = 0;
	return finish_chunk(in, c, d, line_end ? (size_t)(line_end - c->text) + 1 : c->len, err);
}

static void finish_oversized(csv_input *in, csv_chunk *c)
{
	c->oversized = true;
	c->unclosed_at = 0;
	c->bytes += c->len;
	in->line += c->scan.lines;
	c->len = OVERSIZED_SHOWN;
	c->scan.sep_count = c->scan.records = 0;
	in->skipping = true;
}

/* Discards the rest of a record that was too long. */
static int skip_line(csv_input *in, csv_chunk *c, const csv_dialect *d, bn_err *err)
{
	int rc = 0;

	while (in->skipping && !rc) {
		c->len = 0;
		rc = make_room(c, FIRST_CHUNK_BYTES, err);
		rc = rc ? rc : load(in, c, FIRST_CHUNK_BYTES, err);
		if (rc || !c->len)
			break;
		const char *end = memchr(c->text, d->newline, c->len);
		size_t used = end ? (size_t)(end - c->text) + 1 : c->len;
		c->bytes += used;
		in->line += end != NULL;
		in->skipping = !end;
		rc = give_back(in, c, used, err);
	}
	in->skipping = false;
	c->len = 0;
	return rc;
}

/* The last record of a file may lack its line end. */
static void close_last_record(csv_chunk *c, const csv_dialect *d)
{
	size_t n = c->scan.sep_count;
	bool closed = n && c->scan.seps[n - 1] + 1 == c->len && c->text[c->len - 1] == d->newline;

	if (closed || !c->len)
		return;
	if (c->scan.state == CSV_ESCAPED) /* nothing follows it */
		c->scan.state = CSV_UNQUOTED;
	c->text[c->len] = d->newline;
	bn_csv_scan_portable(&c->scan, d, c->text, c->len, c->len + 1);
	c->len++;
}

/* The target size: no more than the rest of the file, plus one to detect its end. */
static size_t aim(const csv_input *in)
{
	uint64_t left = in->size - in->offset + (in->carry_len - in->carry_at) + 1;

	return left < in->target ? (size_t)left : in->target;
}

int bn_csv_input_fill(csv_input *in, const csv_dialect *d, csv_chunk *c, bn_err *err)
{
	size_t want;
	uint32_t *seps = c->scan.seps;
	int rc = 0;

	c->scan = (csv_scan){.state = CSV_FIELD_START, .seps = seps};
	c->len = c->bytes = 0;
	c->unclosed = c->oversized = false;
	rc = in->skipping ? skip_line(in, c, d, err) : 0;
	c->line = in->line;
	want = aim(in);
	for (;; want = want * 2 < BN_CSV_RECORD_MAX ? want * 2 : BN_CSV_RECORD_MAX) {
		rc = rc ? rc : make_room(c, want + 1, err);
		rc = rc ? rc : load_scanned(in, d, c, want, err);
		if (rc)
			return rc;
		bool at_end = in->offset == in->size && in->carry_at == in->carry_len;
		if (c->scan.state == CSV_QUOTED_ESCAPED && at_end)
			c->scan.state = CSV_QUOTED;
		if (at_end && c->scan.state != CSV_QUOTED)
			close_last_record(c, d);
		if (c->scan.records)
			break;
		if (!c->len) {
			in->end = true;
			return 0;
		}
		if (c->scan.state == CSV_QUOTED && (at_end || c->len >= BN_CSV_RECORD_MAX))
			return finish_unclosed(in, c, d, err);
		if (c->len >= BN_CSV_RECORD_MAX) {
			finish_oversized(in, c);
			return 0;
		}
	}
	size_t end = cut_records(c, d->newline);
	in->target = end / c->scan.records * CSV_CHUNK_ROWS / 16 * 17;
	if (in->target > CSV_CHUNK_BYTES)
		in->target = CSV_CHUNK_BYTES;
	if (in->target < SMALLEST_CHUNK_BYTES)
		in->target = SMALLEST_CHUNK_BYTES;
	return finish_chunk(in, c, d, end, err);
}

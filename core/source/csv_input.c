/*
 * csv_input.c - the bytes of the file, cut into chunks of whole records.
 *
 * A chunk ends behind a record: after CSV_CHUNK_ROWS of them, or where the aimed-at size is reached.
 * What was read beyond is carried to the next chunk. A record that does not fit makes the chunk grow,
 * up to BN_CSV_RECORD_MAX; so does a quote that never closes, whose chunk then ends with the line on
 * which it opens. Where chunks end depends on the bytes alone.
 */
#include "core/base/utf8.h"
#include "core/source/_csv_parts.h"
#include "core/source/csv.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CHUNK_BYTES ((size_t)1 << 20) /* the sample */
#define SMALLEST_CHUNK_BYTES ((size_t)64 << 10)
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

static int refuse_format(const char *path, const char *text, size_t n, bn_err *err)
{
	static const struct {
		const char *magic;
		size_t bytes;
		const char *what, *hint;
	} formats[] = {{"\xff\xfe", 2, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"},
		{"\xfe\xff", 2, "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8"},
		{"\x1f\x8b", 2, "compressed with gzip",
			"decompress it on its way: gunzip -c FILE | binnacle ... -"},
		{"\x28\xb5\x2f\xfd", 4, "compressed with zstd",
			"decompress it on its way: zstd -dc FILE | binnacle ... -"},
		{"PAR1", 4, "a Parquet file",
			"convert it to CSV or to an uncompressed Arrow file"}};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (n < formats[i].bytes || memcmp(text, formats[i].magic, formats[i].bytes))
			continue;
		bn_err_set(err, BN_EUNSUPPORTED, "%s is %s", path, formats[i].what);
		bn_err_hint(err, "%s", formats[i].hint);
		return BN_EUNSUPPORTED;
	}
	return 0;
}

/* The end of the record that begins at from (its line end, or n), and the kind of line ends. False
 * with *from at the quote when a quote does not close. */
static bool find_first_end(csv_dialect *d, const char *text, size_t *from, size_t n, size_t *end)
{
	size_t field = *from;
	bool quoted = false, in_field = false;

	for (size_t i = *from; i < n; i++) {
		char c = text[i];
		if (c == d->quote && (quoted || !in_field)) {
			/* A doubled quote closes and opens again: the same to us. */
			quoted = !quoted;
			in_field = quoted;
		} else if (quoted) {
			continue;
		} else if (c == '\n' || c == '\r') {
			bool alone = c == '\r' && (i + 1 == n || text[i + 1] != '\n');
			d->newline = alone ? '\r' : '\n';
			*end = c == '\n' || alone ? i : i + 1;
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

static int add_name(bn_schema *schema, const csv_dialect *d, const char *s, const char *e, size_t i,
	bool no_header, bn_err *err)
{
	bn_buf scratch = BN_BUF_INIT;
	const char *at = NULL;
	char numbered[32], *name = NULL;
	int rc = 0;

	snprintf(numbered, sizeof numbered, "c%zu", i);
	if (no_header || s == e) {
		name = bn_strdup(numbered);
	} else if (*s == d->quote && !bn_csv_unquote(d->quote, &s, &e, &scratch, &at)) {
		rc = bn_err_set(err, BN_EINVAL, "column %zu: text after the closing quote", i + 1);
	} else if (memchr(s, 0, (size_t)(e - s)) || !bn_utf8_is_valid(s, (size_t)(e - s))) {
		rc = bn_err_set(err, BN_EINVAL, "the name of column %zu is not UTF-8 text", i + 1);
	} else {
		name = s == e ? bn_strdup(numbered) : bn_strndup(s, (size_t)(e - s));
	}
	if (!rc && !name)
		rc = bn_err_nomem(err, "the name of a column");
	if (!rc) {
		rc = bn_schema_add(schema, name, BN_TYPE_FLOAT64, true, NULL, err);
		if (rc == BN_ECONFLICT) {
			bn_err_hint(err, "rename one of them, or read it with --no-header");
			if (err)
				err->code = rc = BN_EINVAL; /* the file is wrong */
		}
	}
	bn_free(name);
	bn_buf_release(&scratch);
	return rc;
}

static int read_names(
	bn_schema *schema, csv_dialect *d, const char *text, size_t n, bool no_header, bn_err *err)
{
	csv_scan scan = {.state = CSV_FIELD_START};
	size_t begin = 0;
	int rc = 0;

	if (n && d->newline == '\n' && text[n - 1] == '\r')
		n--;
	scan.seps = bn_alloc((n + 64) * sizeof *scan.seps);
	if (!scan.seps)
		return bn_err_nomem(err, "the header");
	bn_csv_scan_portable(&scan, d, text, 0, n);
	scan.seps[scan.sep_count++] = (uint32_t)n;
	for (size_t i = 0; i < scan.sep_count && !rc; i++) {
		rc = add_name(schema, d, text + begin, text + scan.seps[i], i, no_header, err);
		begin = scan.seps[i] + 1;
	}
	bn_free(scan.seps);
	return rc;
}

static size_t count_lines(const char *text, size_t n, char newline)
{
	size_t lines = 0;

	for (const char *p = text, *end = text + n; (p = memchr(p, newline, (size_t)(end - p)));
		p++)
		lines++;
	return lines;
}

int bn_csv_input_header(
	csv_input *in, csv_dialect *d, bool no_header, bn_schema *schema, bn_err *err)
{
	size_t n = 0, from = 0, end = 0,
	       want = in->size < HEADER_MAX ? (size_t)in->size : HEADER_MAX;
	char *text = bn_alloc(want + 1);
	int rc = 0;

	if (!text)
		return bn_err_nomem(err, "the header");
	rc = bn_input_read(in->file, text, want, 0, &n, err);
	rc = rc ? rc : refuse_format(in->path, text, n, err);
	if (rc)
		goto out;
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		from = 3;
	in->data_line = 1;
	for (; from < n && (text[from] == '\n' || text[from] == '\r'); from++)
		in->data_line += text[from] == '\n' || from + 1 == n || text[from + 1] != '\n';
	if (from == n) {
		rc = bn_err_set(err, BN_EINVAL, "%s is empty: there is no header", in->path);
		goto out;
	}
	in->data_offset = from;
	size_t begin = from;
	if (!find_first_end(d, text, &from, n, &end)) {
		rc = bn_err_set(err, BN_EINVAL, "%s:%zu:%zu: the quote opened here is never closed",
			in->path,
			(size_t)in->data_line + count_lines(text + begin, from - begin, '\n'),
			from + 1 - begin);
		goto out;
	}
	if (end == n && n < in->size) {
		rc = bn_err_set(
			err, BN_EINVAL, "%s:1: no line end in the first %zu bytes", in->path, n);
		goto out;
	}
	rc = read_names(schema, d, text + begin, end - begin, no_header, err);
	if (rc)
		bn_err_prefix(err, "%s:%zu", in->path, (size_t)in->data_line);
	if (!no_header) {
		in->data_offset = end < n ? end + 1 : n;
		in->data_line += 1 + count_lines(text + begin, end - begin, d->newline);
	}
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

/* Brings the chunk to want bytes, or to the end of the file. */
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

/* The bytes from `from` on belong to the next chunk. */
static int give_back(csv_input *in, const csv_chunk *c, size_t from, bn_err *err)
{
	size_t n = c->len - from;

	if (in->carry_at < in->carry_len) { /* all that we have came from there */
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

/* No record end in sight: the chunk becomes the line on which the quote opens. */
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

/* Throws away the rest of a record that was too long. */
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
	c->text[c->len] = d->newline;
	bn_csv_scan_portable(&c->scan, d, c->text, c->len, c->len + 1);
	c->len++;
}

/* What to aim at: no more than there is, plus one so that the end is seen. */
static size_t aim(const csv_input *in)
{
	uint64_t left = in->size - in->offset + (in->carry_len - in->carry_at) + 1;

	return left < in->target ? (size_t)left : in->target;
}

int bn_csv_input_fill(csv_input *in, const csv_dialect *d, csv_chunk *c, bn_err *err)
{
	size_t want, scanned = 0;
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
		rc = rc ? rc : load(in, c, want, err);
		if (rc)
			return rc;
		bn_csv_scan_text(&c->scan, d, c->text, scanned, c->len);
		scanned = c->len;
		bool at_end = in->offset == in->size && in->carry_at == in->carry_len;
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

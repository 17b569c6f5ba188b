/* swf.c - see swf.h. Lines are parsed sequentially by one thread: such a log is small. */
#include "core/source/swf.h"

#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/source/cast.h"
#include "core/source/rejects.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	FIELDS = 18,
	SUBMIT = 1, /* the two fields that are not plain int64 */
	CPU = 5,
	ROWS = BN_BATCH_ROWS,
	BLOCK_BYTES = 1 << 20,
	COMMENTS_MAX = 200, /* of a header; the rest is skipped */
};

#define NS_PER_S INT64_C(1000000000)

static const struct {
	const char *name, *unit;
} fields[FIELDS] = {
	{"job", NULL},
	{"submit", "s"},
	{"wait", "s"},
	{"run", "s"},
	{"processors", NULL},
	{"cpu", "s"},
	{"memory", "KiB"}, /* of a processor */
	{"processors_requested", NULL},
	{"time_requested", "s"},
	{"memory_requested", "KiB"},
	{"status", NULL}, /* 0 failed, 1 completed, 2 to 4 of a part, 5 cancelled */
	{"user", NULL},
	{"group", NULL},
	{"executable", NULL},
	{"queue", NULL},
	{"partition", NULL},
	{"job_before", NULL},
	{"think_time", "s"},
};

typedef struct swf_stream {
	bn_stream base;
	bn_input *in;
	bn_source_options options;
	bn_schema schema;
	bn_cast *cast; /* NULL: unchanged */
	bool has_start;
	int64_t start_ns;
	bn_rejects rejects;
	uint64_t line, rows; /* read so far */
	uint64_t at;         /* offset in the input of the byte after the block */
	char *block;
	size_t from, len; /* the unread rest of the block */
	bn_batch batch;
	int64_t *values; /* column after column, ROWS each */
	uint8_t *validity;
} swf_stream;

/* ---- lines ---------------------------------------------------------------------------------- */

/* Moves the rest to the front, and reads after it. */
static int block_fill(swf_stream *s, bool *more, bn_err *err)
{
	size_t got = 0;
	memmove(s->block, s->block + s->from, s->len);
	s->from = 0;
	int rc = bn_input_read(s->in, s->block + s->len, BLOCK_BYTES - s->len, s->at, &got, err);
	if (rc < 0)
		return rc;
	*more = got > 0;
	s->at += got;
	s->len += got;
	return 0;
}

/* The next line without its end: 1, or 0 at the end of the input. Borrowed until the next call. */
static int next_line(swf_stream *s, bn_text *out, bn_err *err)
{
	char *begin, *end;
	bool more = true;
	int rc;

	while (!(end = s->len ? memchr(s->block + s->from, '\n', s->len) : NULL) && more) {
		if (s->len == BLOCK_BYTES)
			return bn_err_set(err, BN_EINVAL,
				"%s:%" PRIu64 ": a line of more than %d bytes",
				bn_input_name(s->in), s->line + 1, BLOCK_BYTES);
		if ((rc = block_fill(s, &more, err)) < 0)
			return rc;
	}
	if (!s->len)
		return 0;
	begin = s->block + s->from;
	size_t n = end ? (size_t)(end - begin) : s->len;
	s->from += n + (end != NULL);
	s->len -= n + (end != NULL);
	s->line++;
	if (n && begin[n - 1] == '\r')
		n--;
	*out = (bn_text){begin, n};
	return 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of a line, and the rest after it; n 0: there is none. */
static bn_text take_word(bn_text *line)
{
	const char *at = line->ptr, *end = line->ptr + line->len;
	while (at < end && is_blank(*at))
		at++;
	const char *word = at;
	while (at < end && !is_blank(*at))
		at++;
	*line = (bn_text){at, (size_t)(end - at)};
	return (bn_text){word, (size_t)(at - word)};
}

/* ---- a job ------------------------------------------------------------------------------------ */

static int field_error(
	const swf_stream *s, size_t field, bn_text word, const char *wanted, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ": field %zu (%s): '%.*s' is not %s",
		bn_input_name(s->in), s->line, field + 1, fields[field].name,
		(int)(word.len < 40 ? word.len : 40), word.ptr, wanted);
	bn_err_hint(err, "an unknown field is -1");
	return BN_EINVAL;
}

static int parse_cpu(const swf_stream *s, bn_text word, double *out, bool *there, bn_err *err)
{
	if (!bn_parse_f64(word.ptr, word.len, out) || !isfinite(*out))
		return field_error(s, CPU, word, "a number", err);
	*there = *out != -1;
	return 0;
}

static int parse_whole(
	const swf_stream *s, size_t field, bn_text word, int64_t *out, bool *there, bn_err *err)
{
	if (!bn_parse_i64(word.ptr, word.len, out))
		return field_error(s, field, word, "an integer", err);
	*there = *out != -1;
	if (field != SUBMIT || !s->has_start || !*there)
		return 0;
	if (__builtin_mul_overflow(*out, NS_PER_S, out) ||
		__builtin_add_overflow(*out, s->start_ns, out))
		return field_error(s, field, word, "within the years 1677 to 2262", err);
	return 0;
}

static int parse_job(
	const swf_stream *s, bn_text line, int64_t values[FIELDS], bool there[FIELDS], bn_err *err)
{
	for (size_t f = 0; f < FIELDS; f++) {
		bn_text word = take_word(&line);
		int rc;
		if (!word.len)
			return bn_err_set(err, BN_EINVAL,
				"%s:%" PRIu64 ": %zu fields instead of %d", bn_input_name(s->in),
				s->line, f, FIELDS);
		if (f == CPU) {
			double x = 0;
			rc = parse_cpu(s, word, &x, &there[f], err);
			memcpy(&values[f], &x, sizeof x);
		} else {
			rc = parse_whole(s, f, word, &values[f], &there[f], err);
		}
		if (rc < 0)
			return rc;
	}
	if (take_word(&line).len)
		return bn_err_set(err, BN_EINVAL, "%s:%" PRIu64 ": more than %d fields",
			bn_input_name(s->in), s->line, FIELDS);
	return 0;
}

static int keep_job(swf_stream *s, bn_text line, size_t row, bn_err *err)
{
	int64_t values[FIELDS] = {0};
	bool there[FIELDS] = {false};
	int rc;

	if ((rc = parse_job(s, line, values, there, err)) < 0)
		return rc;
	for (size_t f = 0; f < FIELDS; f++) {
		s->values[f * ROWS + row] = values[f];
		if (there[f])
			s->validity[f * (ROWS / 8) + row / 8] |= (uint8_t)(1u << (row & 7));
		else
			s->batch.columns[f].nulls++;
	}
	return 0;
}

/* ---- the stream --------------------------------------------------------------------------------- */

static const bn_schema *stream_schema(bn_stream *base)
{
	swf_stream *s = (swf_stream *)base;
	return s->cast ? bn_cast_schema(s->cast) : &s->schema;
}

static uint64_t stream_done(const bn_stream *base)
{
	return ((const swf_stream *)base)->at;
}

static uint64_t stream_total(const bn_stream *base)
{
	return bn_input_size(((const swf_stream *)base)->in);
}

static uint64_t stream_rejected(const bn_stream *base)
{
	return ((const swf_stream *)base)->rejects.count;
}

static void batch_begin(swf_stream *s)
{
	memset(s->validity, 0, (size_t)FIELDS * (ROWS / 8));
	s->batch.first_row = s->rows;
	for (size_t f = 0; f < FIELDS; f++)
		s->batch.columns[f].nulls = 0;
}

/* Handles a malformed job, for the reason in *why, which is cleared: an error, or a record of the
 * rejects file. */
static int reject_job(swf_stream *s, bn_text line, size_t row, bn_err *why, bn_err *err)
{
	const char *reason = why->msg;
	char place[32];
	int rc;

	if (!s->rejects.path) {
		if (!s->options.no_rejects)
			bn_err_hint(why, "correct the file, or write malformed jobs to a file with "
					 "--on-error reject");
		return bn_err_move(err, why);
	}
	snprintf(place, sizeof place, ":%" PRIu64 ": ", s->line);
	if (strstr(reason, place))
		reason = strstr(reason, place) + strlen(place);
	if ((rc = bn_rejects_add(&s->rejects, s->line, 1, reason, line.ptr, line.len, err)) < 0)
		return rc;
	s->rejects.count++;
	bn_err_clear(why);
	return bn_rejects_check(
		&s->rejects, s->rows + row + s->rejects.count, bn_input_name(s->in), err);
}

static int stream_next(bn_stream *base, const bn_batch **out, bn_err *err)
{
	swf_stream *s = (swf_stream *)base;
	const bn_source_options *o = &s->options;
	size_t rows = 0;
	bn_text line;
	int rc = 1;

	batch_begin(s);
	while (rows < ROWS && (rc = next_line(s, &line, err)) > 0) {
		bn_text rest = line;
		bn_text word = take_word(&rest);
		if (!word.len || *word.ptr == ';')
			continue;
		bn_err why = BN_ERR_INIT;
		if (keep_job(s, line, rows, &why) == 0)
			rows++;
		else if ((rc = reject_job(s, line, rows, &why, err)) < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	s->rows += rows;
	s->batch.rows = rows;
	for (size_t f = 0; f < FIELDS; f++)
		s->batch.columns[f].rows = rows;
	*out = &s->batch;
	if (s->cast && rows && (rc = bn_cast_batch(out, s->cast, &s->batch, err)) < 0)
		return rc;
	if (o->progress && !o->progress(o->progress_ctx, s->at, stream_total(base), s->rows))
		return bn_err_set(err, BN_EINTR, "reading was interrupted");
	if (rows)
		return BN_STREAM_BATCH;
	rc = bn_rejects_finish(&s->rejects, err);
	return rc < 0 ? rc : BN_STREAM_END;
}

static void stream_free(bn_stream *base)
{
	swf_stream *s = (swf_stream *)base;
	bn_cast_free(s->cast);
	bn_rejects_release(&s->rejects);
	bn_schema_release(&s->schema);
	bn_free(s->batch.columns);
	bn_free(s->values);
	bn_free(s->validity);
	bn_free(s->block);
	bn_free(s);
}

static const bn_stream_ops swf_ops = {.schema = stream_schema,
	.next = stream_next,
	.bytes_done = stream_done,
	.bytes_total = stream_total,
	.rejected = stream_rejected,
	.free = stream_free};

/* ---- opening ------------------------------------------------------------------------------------ */

/* "; Key: value" becomes the table's metadata; `submit` is relative to UnixStartTime. */
static int keep_comment(swf_stream *s, bn_text line, bn_err *err)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	int64_t seconds;
	int rc = 0;

	if (!colon || s->schema.meta_count == COMMENTS_MAX ||
		!bn_utf8_is_valid(line.ptr, line.len) || memchr(line.ptr, 0, line.len))
		return 0;
	bn_text key = {line.ptr, (size_t)(colon - line.ptr)};
	bn_text rest = {colon + 1, line.len - key.len - 1};
	while (key.len && (*key.ptr == ';' || is_blank(*key.ptr))) {
		key.ptr++;
		key.len--;
	}
	while (rest.len && is_blank(*rest.ptr)) {
		rest.ptr++;
		rest.len--;
	}
	char *name = bn_strf("swf.%.*s", (int)key.len, key.ptr);
	char *value = bn_strf("%.*s", (int)rest.len, rest.ptr);
	if (!name || !value) {
		rc = bn_err_nomem(err, "the header of a log");
		goto out;
	}
	if (!strcmp(name, "swf.UnixStartTime") && bn_parse_i64(value, strlen(value), &seconds) &&
		seconds > 0)
		s->has_start = !__builtin_mul_overflow(seconds, NS_PER_S, &s->start_ns);
	rc = bn_schema_set_meta(&s->schema, name, value, err);
out:
	bn_free(name);
	bn_free(value);
	return rc;
}

/* The comments before the first job. Their lines are read again with the jobs. */
static int read_header(swf_stream *s, bn_err *err)
{
	bn_text line;
	int rc;

	while ((rc = next_line(s, &line, err)) > 0) {
		bn_text rest = line;
		bn_text word = take_word(&rest);
		if (word.len && *word.ptr != ';')
			break;
		if (word.len && (rc = keep_comment(s, line, err)) < 0)
			return rc;
	}
	s->line = s->at = 0;
	s->from = s->len = 0;
	return rc < 0 ? rc : 0;
}

static int make_columns(swf_stream *s, bn_err *err)
{
	s->batch.columns = bn_alloc_zeroed(FIELDS, sizeof *s->batch.columns);
	s->values = bn_alloc_zeroed((size_t)FIELDS * ROWS, sizeof *s->values);
	s->validity = bn_alloc_zeroed((size_t)FIELDS * (ROWS / 8), 1);
	if (!s->batch.columns || !s->values || !s->validity)
		return bn_err_nomem(err, "a log of jobs");
	s->batch.column_count = FIELDS;
	for (size_t f = 0; f < FIELDS; f++) {
		bool is_time = f == SUBMIT && s->has_start;
		bn_type type = is_time ? BN_TYPE_TIMESTAMP : BN_TYPE_INT64;
		if (f == CPU)
			type = BN_TYPE_FLOAT64;
		int rc = bn_schema_add(&s->schema, fields[f].name, type, true,
			is_time ? NULL : fields[f].unit, err);
		if (rc < 0)
			return rc;
		bn_column *c = &s->batch.columns[f];
		c->type = type;
		c->i64 = s->values + f * ROWS; /* of the size of a double, too */
		c->validity = s->validity + f * (ROWS / 8);
	}
	return 0;
}

static int swf_open(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err)
{
	int rc = bn_input_need_file(in, err);
	swf_stream *s;

	if (rc < 0)
		return rc;
	if (!(s = bn_alloc_zeroed(1, sizeof *s)))
		return bn_err_nomem(err, "a log of jobs");
	s->base.ops = &swf_ops;
	s->in = in;
	s->options = *options;
	s->schema = (bn_schema)BN_SCHEMA_INIT;
	if (!(s->block = bn_alloc(BLOCK_BYTES))) {
		rc = bn_err_nomem(err, "a log of jobs");
		goto out;
	}
	if ((rc = bn_rejects_init(&s->rejects, bn_input_env(in), options->rejects,
		     options->max_rejects, err)) < 0 ||
		(rc = read_header(s, err)) < 0 || (rc = make_columns(s, err)) < 0)
		goto out;
	if (options->as &&
		(rc = bn_cast_new(&s->cast, &s->schema, options, bn_input_name(in), err)) < 0)
		goto out;
	*out = &s->base;
out:
	if (rc < 0)
		stream_free(&s->base);
	return rc;
}

/* By its name, or by a header as the format defines it. */
static int swf_detect(const bn_input *in)
{
	size_t n, name = strlen(bn_input_name(in));
	const char *head = bn_input_head(in, &n);
	bool by_name = name > 4 && !strcmp(bn_input_name(in) + name - 4, ".swf");
	if (!n || (!by_name && *head != ';'))
		return 0;
	char text[BN_INPUT_HEAD + 1];
	memcpy(text, head, n);
	text[n] = '\0';
	return by_name || strstr(text, "UnixStartTime:") || strstr(text, "MaxJobs:") ? 80 : 0;
}

const bn_source bn_source_swf = {
	"swf", "log of jobs in the Standard Workload Format", false, swf_detect, swf_open};

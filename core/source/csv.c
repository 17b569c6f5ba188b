/*
 * csv.c - the CSV stream: see csv.h for the rules, _csv_parts.h for the parts.
 *
 * The first pass converts by types guessed on the sample. As long as every value fits, its chunks are handed
 * out, and one pass is all. When one does not, its column is widened and the stream starts over: at once when
 * that happens early (all such beginnings together read at most half of the file), else after the rest
 * of the pass, which is then a survey: no batches, only facts. A category that outgrows its limits turns into
 * string, which takes a new beginning too. So what comes out is what the final types, declared, would give.
 */
#include "core/source/csv.h"

#include "core/base/file_out.h"
#include "core/base/utf8.h"
#include "core/source/_csv_pool.h"
#include "core/source/cast.h"
#include "core/source/cell.h"
#include "core/source/csv_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PASSES_MAX 3            /* besides the early beginnings, */
#define EARLY_MAX 64            /* of which there are at most so many */
#define CATEGORY_ALWAYS 32      /* so few distinct values are a category however few the rows */

typedef struct csv_tally {
	bn_dict_builder dict; /* distinct values of a category, over all chunks */
	uint64_t values;
	bool overflow;
} csv_tally;

typedef struct csv_stream {
	bn_stream base;
	const bn_env *env;
	csv_dialect dialect;
	bn_source_options options;
	bn_schema schema; /* of the file */
	bn_schema handed; /* of the batches, where that is another one */
	csv_input in;
	csv_plan plan;
	csv_tally *tallies;
	bn_crew *own_crew; /* NULL: the options', or none */
	csv_pool *pool;
	char *rejects_path;
	bn_file_out *rejects_out; /* NULL: no malformed record so far */
	bn_buf rejects;
	uint64_t rejected, rows, bytes;
	uint64_t given_up; /* bytes of early beginnings */
	int passes, early;
	bn_widened *widened; /* by column, in the order in which they were met */
	size_t widened_count, widened_cap;
	bool survey;
	bool ended;
} csv_stream;

/* ---- types ---------------------------------------------------------------------------------- */

static void set_type(csv_stream *s, size_t i, bn_type type, bool empty)
{
	s->plan.columns[i].type = type;
	s->plan.columns[i].empty = empty;
	s->schema.fields[i].type = type;
}

static bool is_category(const csv_tally *t)
{
	return !t->overflow && (t->dict.count <= CATEGORY_ALWAYS || t->dict.count * 2 <= t->values);
}

/* Adds the distinct values of a chunk's category column. */
static int tally_chunk(csv_tally *t, const csv_column *c, size_t rows, bn_err *err)
{
	bn_dict d = bn_dict_builder_view(&c->dict);

	t->values += rows - c->nulls;
	for (size_t i = 0; i < d.count && !t->overflow; i++) {
		bn_text x = bn_dict_get(&d, i);
		if (bn_dict_builder_add(&t->dict, x.ptr, x.len) < 0)
			return bn_err_set(err, BN_ENOMEM, "no memory for a dictionary");
		t->overflow =
			t->dict.count > CSV_CATEGORY_MAX || t->dict.bytes.len > CSV_CATEGORY_BYTES;
	}
	return 0;
}

static void clear_tallies(csv_stream *s)
{
	for (size_t i = 0; i < s->plan.count; i++) {
		bn_dict_builder_clear(&s->tallies[i].dict);
		s->tallies[i].values = 0;
		s->tallies[i].overflow = false;
	}
}

/* First guesses: the first chunk is converted by nothing (which yields facts), then categories by
 * category (which counts them). Malformed records are none of its business. */
static int guess_types(csv_stream *s, bn_err *err)
{
	csv_chunk c = {0};
	size_t known = 0;

	while (known < s->plan.count && s->plan.columns[known].declared)
		known++;
	if (known == s->plan.count)
		return 0;
	int rc = bn_csv_input_fill(&s->in, &s->dialect, &c, err);

	if (!rc && c.len)
		rc = bn_csv_find_rows(&c, &s->plan, err);
	if (rc || !c.len)
		goto out;
	rc = bn_csv_convert_chunk(&c, &s->plan, err);
	for (size_t i = 0; i < s->plan.count && !rc; i++) {
		bool empty = false;
		if (s->plan.columns[i].declared)
			continue;
		bn_type type = bn_csv_type_of(c.columns[i].misfit ? c.columns[i].facts : 0, &empty);
		set_type(s, i, type, empty);
	}
	rc = rc ? rc : bn_csv_convert_chunk(&c, &s->plan, err);
	for (size_t i = 0; i < s->plan.count && !rc; i++) {
		if (s->plan.columns[i].type != BN_TYPE_CATEGORY || s->plan.columns[i].declared)
			continue;
		rc = tally_chunk(&s->tallies[i], &c.columns[i], c.rows, err);
		if (!is_category(&s->tallies[i]))
			set_type(s, i, BN_TYPE_STRING, false);
	}
out:
	bn_csv_chunk_release(&c, s->plan.count);
	bn_csv_input_rewind(&s->in);
	clear_tallies(s);
	return rc;
}

/* Notes that the column is not what the sample promised; the first time says it. */
static int note_widened(csv_stream *s, const csv_chunk *c, size_t column, bn_err *err)
{
	bn_widened w = {.column = column, .from = s->plan.columns[column].type};
	const char *at, *e;

	if (s->plan.columns[column].empty) /* no promise */
		return 0;
	for (size_t i = 0; i < s->widened_count; i++)
		if (s->widened[i].column == column)
			return 0;
	if (c->columns[column].misfit) {
		size_t row = c->columns[column].misfit_row, n;
		csv_field(c, s->plan.count, s->dialect.newline, row, column, &at, &e);
		w.line = c->line;
		for (const char *p = c->text; (p = memchr(p, s->dialect.newline, (size_t)(at - p))); p++)
			w.line++;
		n = (size_t)(e - at) < sizeof w.text ? (size_t)(e - at) : sizeof w.text - 1;
		memcpy(w.text, at, n - bn_utf8_tail(at, n));
	}
	if (bn_grow(&s->widened, &s->widened_cap, s->widened_count + 1, sizeof w))
		return bn_err_nomem(err, "the columns of a CSV file");
	s->widened[s->widened_count++] = w;
	return 0;
}

/* Facts of a chunk to those of the file. *misfit when the plan does not hold. */
static int learn(csv_stream *s, const csv_chunk *c, bool *misfit, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->plan.count && !rc; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		p->facts |= c->columns[i].facts;
		*misfit |= c->columns[i].misfit;
		if (c->columns[i].misfit && (rc = note_widened(s, c, i, err)) < 0)
			break;
		if (p->declared || p->type != BN_TYPE_CATEGORY || c->columns[i].misfit)
			continue;
		rc = tally_chunk(&s->tallies[i], &c->columns[i], c->rows, err);
		*misfit |= s->tallies[i].overflow;
		if (rc == 0 && s->tallies[i].overflow)
			rc = note_widened(s, c, i, err);
	}
	return rc;
}

/* The types that the facts ask for; true when one of them is not what the plan says. */
static bool settle_types(csv_stream *s)
{
	bool changed = false;

	for (size_t i = 0; i < s->plan.count; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		bool empty = false;
		if (p->declared)
			continue;
		bn_type type = bn_csv_type_of(p->facts, &empty);
		if (type == BN_TYPE_CATEGORY &&
			(p->type == BN_TYPE_STRING ||
				(p->type == BN_TYPE_CATEGORY && !is_category(&s->tallies[i]))))
			type = BN_TYPE_STRING;
		changed |= type != p->type || empty != p->empty;
		set_type(s, i, type, empty);
	}
	return changed;
}

/* ---- malformed records ---------------------------------------------------------------------- */

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
	bool typed = s->options.as && !s->options.as_inputs && r->column != UINT32_MAX;
	bn_err_hint(err, "mend the file%s%s", typed ? ", read it by new types with --retype" : "",
		s->options.no_rejects ? ""
				      : ", or let malformed records go to a file with "
					"--on-error reject");
	return BN_EINVAL;
}

static int flush_rejects(csv_stream *s, bn_err *err)
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
			bn_err_hint(err, "--rejects FILE names another place for malformed records");
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
	return s->rejects.len > 1 << 20 ? flush_rejects(s, err) : 0;
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

static int handle_rejects(csv_stream *s, csv_chunk *c, bn_err *err)
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

/* ---- the stream ----------------------------------------------------------------------------- */

static int restart(csv_stream *s, bool early, bn_err *err)
{
	bn_csv_pool_stop(s->pool);
	bn_csv_input_rewind(&s->in);
	clear_tallies(s);
	for (size_t i = 0; i < s->plan.count; i++)
		s->plan.columns[i].facts = 0;
	s->rejected = s->rows = s->bytes = 0;
	s->survey = false;
	bn_buf_clear(&s->rejects);
	bn_file_out_free(s->rejects_out);
	s->rejects_out = NULL;
	s->passes += !early;
	s->early += early;
	if (s->passes > PASSES_MAX)
		return bn_err_set(err, BN_ECONFLICT, "%s changed while it was read", s->in.path);
	return BN_STREAM_RESTART;
}

/* A value did not fit, and little has been read: its column is widened, and the stream starts over. What is no
 * category yet by what has been read may become one by the rest, so that is left to the end. */
static int restart_early(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	bn_csv_pool_stop(s->pool); /* which reads the plan; the chunk stays as it is */
	s->given_up += s->bytes;
	for (size_t i = 0; i < s->plan.count; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		bool empty = false;
		if (p->declared)
			continue;
		bn_type type = bn_csv_type_of(p->facts, &empty);
		if (s->tallies[i].overflow)
			set_type(s, i, BN_TYPE_STRING, false);
		else if (c->columns[i].misfit)
			set_type(s, i, type, empty);
	}
	return restart(s, true, err);
}

static int finish_pass(csv_stream *s, bn_err *err)
{
	if (settle_types(s))
		return restart(s, false, err);
	for (size_t i = 0; i < s->widened_count; i++)
		s->widened[i].to = s->plan.columns[s->widened[i].column].type;
	s->ended = true;
	int rc = s->rejects_out ? flush_rejects(s, err) : 0;
	if (!rc && s->rejects_out)
		rc = bn_file_out_finish(s->rejects_out, err);
	return rc ? rc : BN_STREAM_END;
}

static int report_progress(const csv_stream *s, bn_err *err)
{
	const bn_source_options *o = &s->options;

	if (o->progress && !o->progress(o->progress_ctx, s->bytes, s->in.size, s->rows))
		return bn_err_set(err, BN_EINTR, "reading %s was interrupted", s->in.path);
	return 0;
}

static int stream_next(bn_stream *base, const bn_batch **out, bn_err *err)
{
	csv_stream *s = (csv_stream *)base;
	csv_chunk *c;
	bool misfit;

	if (s->ended)
		return BN_STREAM_END;
	for (;;) {
		int rc = bn_csv_pool_next(s->pool, &c, err);
		if (rc)
			return rc;
		if (!c)
			return finish_pass(s, err);
		misfit = false;
		rc = handle_rejects(s, c, err);
		rc = rc ? rc : learn(s, c, &misfit, err);
		s->bytes += c->bytes;
		s->rows += c->rows;
		rc = rc ? rc : report_progress(s, err);
		if (rc)
			return rc;
		if (misfit && !s->survey && s->early < EARLY_MAX &&
			(s->passes > 1 || s->given_up + s->bytes <= s->in.size / 2))
			return restart_early(s, c, err);
		s->survey |= misfit;
		if (s->survey || !c->rows)
			continue;
		c->batch.first_row = s->rows - c->rows;
		*out = &c->batch;
		return BN_STREAM_BATCH;
	}
}

static const bn_schema *stream_schema(bn_stream *base)
{
	csv_stream *s = (csv_stream *)base;

	return s->handed.count ? &s->handed : &s->schema;
}

static uint64_t stream_bytes_done(const bn_stream *base)
{
	const csv_stream *s = (const csv_stream *)base;

	return s->bytes < s->in.size ? s->bytes : s->in.size;
}

static uint64_t stream_bytes_total(const bn_stream *base)
{
	return ((const csv_stream *)base)->in.size;
}

static uint64_t stream_rejected(const bn_stream *base)
{
	return ((const csv_stream *)base)->rejected;
}

static size_t stream_widened(const bn_stream *base, const bn_widened **out)
{
	const csv_stream *s = (const csv_stream *)base;

	*out = s->widened;
	return s->widened_count;
}

static void stream_free(bn_stream *base)
{
	csv_stream *s = (csv_stream *)base;

	bn_csv_pool_free(s->pool);
	bn_crew_free(s->own_crew);
	for (size_t i = 0; s->tallies && i < s->plan.count; i++)
		bn_dict_builder_release(&s->tallies[i].dict);
	bn_file_out_free(s->rejects_out);
	bn_csv_input_close(&s->in);
	bn_schema_release(&s->schema);
	bn_schema_release(&s->handed);
	bn_buf_release(&s->rejects);
	bn_free(s->tallies);
	bn_free(s->widened);
	bn_free(s->plan.columns);
	bn_free(s->plan.handed);
	bn_free(s->rejects_path);
	bn_free(s);
}

static const bn_stream_ops csv_ops = {stream_schema, stream_next, stream_bytes_done,
	stream_bytes_total, stream_rejected, stream_widened, stream_free};

/* ---- opening -------------------------------------------------------------------------------- */

static int set_dialect(csv_stream *s, char delimiter, bn_err *err)
{
	csv_dialect *d = &s->dialect;
	const bn_source_options *o = &s->options;

	d->delimiter = o->delimiter ? o->delimiter : delimiter;
	d->quote = o->quote ? o->quote : '"';
	d->newline = '\n';
	d->nulls = o->nulls ? o->nulls : bn_cell_absent_texts;
	for (const char *const *p = d->nulls; *p; p++)
		d->null_first[(uint8_t) * *p] = true; /* of the empty spelling: its NUL */
	if (d->delimiter == d->quote || strchr("\r\n", d->delimiter) || strchr("\r\n", d->quote) ||
		(uint8_t)d->delimiter >= 0x80 || (uint8_t)d->quote >= 0x80)
		return bn_err_set(err, BN_EINVAL,
			"delimiter and quote must be two different ASCII characters and no line "
			"ends");
	return 0;
}

static void declare(csv_stream *s, size_t i, bn_type told, bool input)
{
	bool number = bn_type_is_number(told);

	set_type(s, i, input && number ? BN_TYPE_FLOAT64 : told, false);
	s->plan.columns[i].declared = true;
	s->plan.columns[i].input = input && !bn_type_is_text(told);
	s->plan.columns[i].told = told;
}

/* The types of `as`. */
static int read_as(csv_stream *s, bn_err *err)
{
	const bn_schema *as = s->options.as;

	for (size_t i = 0; s->options.as_only && i < s->plan.count; i++) {
		s->plan.columns[i].unwanted = s->plan.columns[i].declared = true;
		set_type(s, i, BN_TYPE_FLOAT64, false);
	}
	for (size_t k = 0; k < as->count; k++) {
		size_t i = bn_schema_find(&s->schema, as->fields[k].name);
		if (i == BN_SCHEMA_NONE)
			return bn_cast_missing(
				&s->schema, as->fields[k].name, &s->options, s->in.path, err);
		s->plan.columns[i].unwanted = false;
		declare(s, i, as->fields[k].type, s->options.as_inputs);
		if (s->options.as_only)
			s->plan.handed[k] = i;
	}
	return 0;
}

/* Only the columns of `as`: their types are known, so this schema never changes. */
static int hand_out_as(csv_stream *s, bn_err *err)
{
	s->plan.handed_count = s->options.as->count;
	for (size_t k = 0; k < s->plan.handed_count; k++) {
		const bn_field *f = &s->schema.fields[s->plan.handed[k]];
		int rc = bn_schema_add_field(&s->handed, f, NULL, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_types(csv_stream *s, bn_err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < s->options.type_count; i++) {
		int rc = bn_schema_need(&s->schema, s->options.types[i].column, &at, err);
		if (rc) {
			bn_err_prefix(err, "%s", s->in.path);
			return rc;
		}
		declare(s, at, s->options.types[i].type.type, false);
	}
	return 0;
}

static int make_plan(csv_stream *s, bn_err *err)
{
	const bn_schema *as = s->options.as;
	size_t n = s->schema.count;
	int rc;

	s->plan.columns = bn_alloc_zeroed(n + 1, sizeof *s->plan.columns);
	s->plan.handed = bn_alloc_zeroed(n + 1, sizeof *s->plan.handed);
	s->tallies = bn_alloc_zeroed(n + 1, sizeof *s->tallies);
	if (!s->plan.columns || !s->plan.handed || !s->tallies)
		return bn_err_nomem(err, "the columns of a CSV file");
	s->plan.dialect = &s->dialect;
	s->plan.count = s->plan.handed_count = n;
	for (size_t i = 0; i < n; i++) {
		s->tallies[i].dict = (bn_dict_builder)BN_DICT_BUILDER_INIT;
		s->plan.handed[i] = i;
		set_type(s, i, BN_TYPE_FLOAT64, true);
	}
	if (as && (rc = read_as(s, err)) < 0)
		return rc;
	if ((rc = read_types(s, err)) < 0)
		return rc;
	return as && s->options.as_only ? hand_out_as(s, err) : 0;
}

/* Whoever reads ahead. */
static int find_crew(csv_stream *s, bn_crew **crew, bn_err *err)
{
	int rc = 0;

	if (!s->options.crew)
		rc = bn_input_crew(&s->own_crew, s->in.file, s->options.threads, err);
	*crew = s->options.crew ? s->options.crew : s->own_crew;
	return rc;
}

int bn_csv_open(bn_stream **out, bn_input *in, char delimiter, const bn_source_options *options,
	bn_err *err)
{
	csv_stream *s = bn_alloc_zeroed(1, sizeof *s);
	bn_crew *crew = NULL;
	int rc;

	if (!s)
		return bn_err_nomem(err, "a CSV stream");
	s->base.ops = &csv_ops;
	s->env = bn_input_env(in);
	s->passes = 1;
	bn_buf_init(&s->rejects);
	if (options)
		s->options = *options;
	if ((rc = set_dialect(s, delimiter, err)) < 0)
		goto out;
	if (s->options.rejects && !(s->rejects_path = bn_strdup(s->options.rejects))) {
		rc = bn_err_nomem(err, "a CSV stream");
		goto out;
	}
	if ((rc = bn_csv_input_open(&s->in, in, err)) < 0 ||
		(rc = bn_csv_input_header(
			 &s->in, &s->dialect, s->options.no_header, &s->schema, err)) < 0 ||
		(rc = make_plan(s, err)) < 0 || (rc = guess_types(s, err)) < 0 ||
		(rc = find_crew(s, &crew, err)) < 0)
		goto out;
	rc = bn_csv_pool_new(&s->pool, &s->in, &s->plan, crew, err);
out:
	if (rc)
		stream_free(&s->base);
	else
		*out = &s->base;
	return rc;
}

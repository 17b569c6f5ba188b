/*
 * csv.c - the CSV stream: see csv.h for the rules, _csv_parts.h for the components.
 *
 * The first pass converts with types inferred from the sample. While every value fits, its chunks
 * are returned, and one pass is enough. If a value does not fit, its column is widened and the
 * stream restarts: immediately if that happens early (all early restarts together read at most half
 * of the file), otherwise after the rest of the pass, which then only collects facts and returns no
 * batches. A category that outgrows its limits becomes string, which also needs a restart. So the
 * result is the same as if the final types had been declared.
 */
#include "core/source/csv.h"

#include "core/base/utf8.h"
#include "core/source/_csv_stream.h"

#include <string.h>

#define PASSES_MAX 3       /* apart from early restarts, */
#define EARLY_MAX 64       /* of which this is the limit */
#define CATEGORY_ALWAYS 32 /* up to so many distinct values are a category for any number of rows */

/* ---- types ---------------------------------------------------------------------------------- */

void bn_csv_set_type(csv_stream *s, size_t i, bn_type type, bool empty)
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

/* By the facts of a chunk that was not converted. */
static void guess_from_facts(csv_stream *s, const csv_chunk *c)
{
	for (size_t i = 0; i < s->plan.count; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		bool empty = false;
		if (p->declared)
			continue;
		p->sampled = c->columns[i].misfit ? c->columns[i].facts : 0;
		bn_type type = bn_csv_type_of(p->sampled, &empty);
		bn_csv_set_type(s, i, type, empty);
	}
}

/* Decides which text columns are no categories, by a chunk in which all are. */
static int guess_categories(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	for (size_t i = 0; i < s->plan.count; i++) {
		if (s->plan.columns[i].type != BN_TYPE_CATEGORY || s->plan.columns[i].declared)
			continue;
		int rc = tally_chunk(&s->tallies[i], &c->columns[i], c->rows, err);
		if (rc < 0)
			return rc;
		if (!is_category(&s->tallies[i]))
			bn_csv_set_type(s, i, BN_TYPE_STRING, false);
	}
	return 0;
}

/* Initial types: the first chunk is read without conversion (which yields facts), then text columns
 * as categories (which counts their values). Malformed records are ignored here. */
int bn_csv_guess_types(csv_stream *s, csv_chunk *c, bn_err *err)
{
	size_t known = 0;
	int rc;

	while (known < s->plan.count && s->plan.columns[known].declared)
		known++;
	if (known == s->plan.count)
		return 0;
	if ((rc = bn_csv_input_fill(&s->in, &s->dialect, c, err)) < 0 || !c->len ||
		(rc = bn_csv_find_rows(c, &s->plan, err)) < 0 ||
		(rc = bn_csv_convert_chunk(c, &s->plan, err)) < 0)
		goto out;
	guess_from_facts(s, c);
	if ((rc = bn_csv_note_sample(s, c, err)) < 0 ||
		(rc = bn_csv_convert_chunk(c, &s->plan, err)) < 0)
		goto out;
	rc = guess_categories(s, c, err);
out:
	bn_csv_input_rewind(&s->in);
	clear_tallies(s);
	return rc;
}

/* Notes that the column differs from the sample; only the first difference is reported. */
static int note_widened(csv_stream *s, const csv_chunk *c, size_t column, bn_err *err)
{
	bn_widened w = {.column = column, .from = s->plan.columns[column].type};
	const char *at, *e;

	if (s->plan.columns[column].empty ||
		s->plan.columns[column].widened) /* no expectation, or already noted */
		return 0;
	s->plan.columns[column].widened = true;
	if (c->columns[column].misfit) {
		size_t row = c->columns[column].misfit_row, n;
		csv_field(c, s->plan.count, &s->dialect, row, column, &at, &e);
		w.line = c->line;
		for (const char *p = c->text; (p = memchr(p, s->dialect.newline, (size_t)(at - p)));
			p++)
			w.line++;
		n = (size_t)(e - at) < sizeof w.text ? (size_t)(e - at) : sizeof w.text - 1;
		memcpy(w.text, at, n - bn_utf8_tail(at, n));
		w.why = bn_csv_why(
			bn_csv_classify(csv_dialect_of(s, column), at, (size_t)(e - at)));
	}
	if (bn_grow(&s->widened, &s->widened_cap, s->widened_count + 1, sizeof w))
		return bn_err_nomem(err, "the columns of a CSV file");
	s->widened[s->widened_count++] = w;
	return 0;
}

/* Merges facts of a chunk into those of the file. *misfit if the plan does not hold. */
static int learn(csv_stream *s, const csv_chunk *c, bool *misfit, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->plan.count && !rc; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		p->facts |= c->columns[i].facts;
		if (p->type == BN_TYPE_TIMESTAMP && !c->columns[i].misfit)
			bn_csv_count_zones(s, c, i);
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

/* The types that the facts require; true if one of them differs from the plan. */
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
		bn_csv_set_type(s, i, type, empty);
	}
	return changed;
}

/* ---- the stream ----------------------------------------------------------------------------- */

static void clear_facts(csv_column_plan *p)
{
	p->facts = 0;
	p->zoned = p->zoneless = 0;
}

static int restart(csv_stream *s, bool early, bn_err *err)
{
	bn_csv_pool_stop(s->pool);
	bn_csv_input_rewind(&s->in);
	clear_tallies(s);
	for (size_t i = 0; i < s->plan.count; i++)
		clear_facts(&s->plan.columns[i]);
	s->rows = s->bytes = 0;
	s->survey = false;
	bn_rejects_clear(&s->rejects);
	s->passes += !early;
	s->early += early;
	if (s->passes > PASSES_MAX)
		return bn_err_set(err, BN_ECONFLICT, "%s changed while it was read", s->in.path);
	int rc = bn_csv_forms_keep(s, err);
	return rc < 0 ? rc : BN_STREAM_RESTART;
}

/* A value did not fit, and little has been read: its column is widened, and the stream restarts. A
 * column that is not a category by what was read so far may become one later, so that is decided at
 * the end. */
static int restart_early(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	bn_csv_pool_stop(s->pool); /* which reads the plan; the chunk remains valid */
	s->given_up += s->bytes;
	for (size_t i = 0; i < s->plan.count; i++) {
		csv_column_plan *p = &s->plan.columns[i];
		bool empty = false;
		if (p->declared)
			continue;
		bn_type type = bn_csv_type_of(p->facts, &empty);
		if (s->tallies[i].overflow)
			bn_csv_set_type(s, i, BN_TYPE_STRING, false);
		else if (c->columns[i].misfit)
			bn_csv_set_type(s, i, type, empty);
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
	int rc = bn_csv_note_zones(s, err);
	if (rc < 0)
		return rc;
	rc = bn_rejects_finish(&s->rejects, err);
	return rc < 0 ? rc : BN_STREAM_END;
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
		rc = bn_csv_handle_rejects(s, c, err);
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
	return ((const csv_stream *)base)->rejects.count;
}

static size_t stream_widened(const bn_stream *base, const bn_widened **out)
{
	const csv_stream *s = (const csv_stream *)base;

	*out = s->widened;
	return s->widened_count;
}

static const bn_source_notes *stream_notes(const bn_stream *base)
{
	return &((const csv_stream *)base)->notes;
}

void bn_csv_stream_free(bn_stream *base)
{
	csv_stream *s = (csv_stream *)base;

	bn_csv_pool_free(s->pool);
	bn_crew_free(s->own_crew);
	for (size_t i = 0; s->tallies && i < s->plan.count; i++)
		bn_dict_builder_release(&s->tallies[i].dict);
	bn_csv_forms_release(&s->forms);
	bn_csv_input_close(&s->in);
	bn_input_free(s->recoded);
	bn_source_notes_release(&s->notes);
	bn_schema_release(&s->schema);
	bn_schema_release(&s->handed);
	bn_rejects_release(&s->rejects);
	bn_free(s->tallies);
	bn_free(s->widened);
	bn_free(s->plan.columns);
	bn_free(s->plan.handed);
	bn_free(s);
}

static const bn_stream_ops csv_ops = {stream_schema, stream_next, stream_bytes_done,
	stream_bytes_total, stream_rejected, stream_widened, stream_notes, bn_csv_stream_free};

void bn_csv_stream_init(csv_stream *s)
{
	s->base.ops = &csv_ops;
	s->passes = 1;
}

/* profile_json.c - writes the two JSON forms of a profile (profile.h); profile_read.c reads them. */
#include "core/profile/profile.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/profile/_accumulator.h"
#include "core/profile/_profile.h"
#include "core/source/cell.h"
#include "core/source/reading.h"

#include <math.h>
#include <string.h>

/* Writes text without a tree: a table of 100 000 columns has millions of nodes. Keys are sorted,
 * as in canonical JSON: key is ",name" with quotes and colon, or "{name" for the first of an
 * object. */
#define KEY(b, key) bn_buf_add(b, key, sizeof key - 1)

/* JSON has no infinities: they become the texts "inf" and "-inf". Absent is null. */
static void add_number(bn_buf *b, double x)
{
	char text[BN_FMT];

	if (isnan(x)) {
		bn_buf_adds(b, "null");
	} else if (isinf(x)) {
		bn_buf_adds(b, x > 0 ? "\"inf\"" : "\"-inf\"");
	} else {
		bn_buf_adds(b, bn_fmt_f64(x, text));
		if (!strpbrk(text, ".e")) /* a real stays a real */
			bn_buf_adds(b, ".0");
	}
}

static void add_numbers(bn_buf *b, const double *values, size_t n)
{
	bn_buf_addch(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			bn_buf_addch(b, ',');
		add_number(b, values[i]);
	}
	bn_buf_addch(b, ']');
}

static void add_bool(bn_buf *b, bool x)
{
	bn_buf_adds(b, x ? "true" : "false");
}

static void add_text(bn_buf *b, const char *s)
{
	if (s)
		bn_buf_add_json_string(b, s, strlen(s));
	else
		bn_buf_adds(b, "null");
}

/* An integer by all its digits (text), as text if JSON's readers have no such integer; else x. */
static void add_exact(bn_buf *b, double x, const char *text)
{
	int64_t whole;

	if (!text)
		add_number(b, x);
	else if (bn_parse_i64(text, strlen(text), &whole))
		bn_buf_adds(b, text);
	else
		add_text(b, text);
}

static void add_quantiles(bn_buf *b, const bn_profile_column *c)
{
	bn_buf_addch(b, '[');
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++) {
		if (i)
			bn_buf_addch(b, ',');
		add_exact(b, c->quantiles[i], c->quantile_texts ? c->quantile_texts[i] : NULL);
	}
	bn_buf_addch(b, ']');
}

static void add_numeric(bn_buf *b, const bn_profile_column *c, bool stored)
{
	const bool whole = !stored || !bn_profile_has_all_values(c);

	KEY(b, "{\"decreasing\":");
	add_bool(b, c->decreasing);
	if (whole) {
		KEY(b, ",\"histogram\":{\"counts\":");
		add_numbers(b, c->hist, c->hist_count);
		KEY(b, ",\"hi\":");
		add_number(b, c->hist_hi);
		KEY(b, ",\"lo\":");
		add_number(b, c->hist_lo);
		bn_buf_addch(b, '}');
	}
	KEY(b, ",\"increasing\":");
	add_bool(b, c->increasing);
	KEY(b, ",\"infinities\":");
	bn_buf_add_u64(b, c->infinities);
	const bool digits = !stored && bn_profile_beyond_doubles(c);
	KEY(b, ",\"max\":");
	add_exact(b, c->max, digits ? c->max_text : NULL);
	KEY(b, ",\"max_text\":");
	add_text(b, c->max_text);
	KEY(b, ",\"mean\":");
	add_number(b, c->mean);
	KEY(b, ",\"min\":");
	add_exact(b, c->min, digits ? c->min_text : NULL);
	KEY(b, ",\"min_text\":");
	add_text(b, c->min_text);
	KEY(b, ",\"negatives\":");
	bn_buf_add_u64(b, c->negatives);
	if (whole) {
		KEY(b, ",\"quantiles\":");
		add_quantiles(b, c);
		KEY(b, ",\"quantiles_exact\":");
		add_bool(b, c->quantiles_exact);
		KEY(b, ",\"rank_error\":");
		add_number(b, c->rank_error);
	}
	KEY(b, ",\"skew\":");
	add_number(b, c->skew);
	KEY(b, ",\"std\":");
	add_number(b, c->std);
	KEY(b, ",\"sum\":");
	add_number(b, c->sum);
	KEY(b, ",\"zeros\":");
	bn_buf_add_u64(b, c->zeros);
	bn_buf_addch(b, '}');
}

static void add_lengths(bn_buf *b, const bn_profile_column *c)
{
	KEY(b, "{\"empty\":");
	bn_buf_add_u64(b, c->empty);
	KEY(b, ",\"length_max\":");
	bn_buf_add_u64(b, c->length_max);
	KEY(b, ",\"length_mean\":");
	add_number(b, c->length_mean);
	KEY(b, ",\"length_min\":");
	bn_buf_add_u64(b, c->length_min);
	bn_buf_addch(b, '}');
}

static void add_top(bn_buf *b, const bn_profile_column *c, bool stored)
{
	const bool digits = !stored && c->is_numeric && bn_profile_beyond_doubles(c);

	bn_buf_addch(b, '[');
	for (size_t i = 0; i < c->top_count; i++) {
		const bn_profile_value *v = &c->top[i];
		if (i)
			bn_buf_addch(b, ',');
		KEY(b, "{\"count\":");
		bn_buf_add_u64(b, v->count);
		KEY(b, ",\"number\":");
		add_exact(b, v->number, digits ? v->text : NULL);
		KEY(b, ",\"value\":");
		add_text(b, v->text);
		bn_buf_addch(b, '}');
	}
	bn_buf_addch(b, ']');
}

static void add_counts(bn_buf *b, const bn_profile_column *c)
{
	KEY(b, "{\"constant\":");
	add_bool(b, c->constant);
	KEY(b, ",\"distinct\":");
	bn_buf_add_u64(b, c->distinct);
	KEY(b, ",\"distinct_error\":");
	add_number(b, c->distinct_error);
	KEY(b, ",\"distinct_exact\":");
	add_bool(b, c->distinct_exact);
	KEY(b, ",\"missing\":");
	bn_buf_add_u64(b, c->missing);
	KEY(b, ",\"name\":");
	add_text(b, c->name);
	KEY(b, ",\"nan\":");
	bn_buf_add_u64(b, c->nan);
}

/* Only what this program can read, in canonical form: tables come from elsewhere, too. */
static void add_read(bn_buf *b, const bn_field *f)
{
	char *text = NULL;

	b->failed |= f->read && bn_reading_for_table(&text, f->read, f->type, NULL) < 0;
	if (text) {
		KEY(b, ",\"read\":");
		bn_buf_adds(b, text);
	}
	bn_free(text);
}

static void add_spelled(bn_buf *b, uint32_t spelled)
{
	const char *before = ",\"spelled\":[";

	for (int i = 0; i < BN_CELL_ABSENT_TEXTS; i++)
		if (spelled >> i & 1) {
			bn_buf_adds(b, before);
			add_text(b, bn_cell_absent_texts[i]);
			before = ",";
		}
	if (spelled)
		bn_buf_addch(b, ']');
}

static void add_column(bn_buf *b, const bn_profile_column *c, bool stored)
{
	bn_buf type = BN_BUF_INIT;

	bn_field_format_type(&c->field, &type);
	add_counts(b, c);
	KEY(b, ",\"numeric\":");
	if (c->is_numeric)
		add_numeric(b, c, stored);
	else
		bn_buf_adds(b, "null");
	add_read(b, &c->field);
	KEY(b, ",\"rows\":");
	bn_buf_add_u64(b, c->rows);
	if (bn_profile_has_sizes(c->type)) {
		KEY(b, ",\"sizes\":");
		add_lengths(b, c);
	}
	add_spelled(b, c->spelled & ~UINT32_C(1));
	KEY(b, ",\"text\":");
	if (bn_type_is_text(c->type))
		add_lengths(b, c);
	else
		bn_buf_adds(b, "null");
	KEY(b, ",\"top\":");
	add_top(b, c, stored);
	KEY(b, ",\"top_error\":");
	bn_buf_add_u64(b, c->top_error);
	KEY(b, ",\"type\":");
	add_text(b, type.ptr);
	KEY(b, ",\"unique\":");
	if (c->unique == BN_UNKNOWN)
		bn_buf_adds(b, "null");
	else
		add_bool(b, c->unique == BN_YES);
	KEY(b, ",\"unit\":");
	add_text(b, c->unit);
	if (c->values) {
		KEY(b, ",\"values\":");
		add_column(b, c->values, stored);
	}
	if (c->field.zone) {
		KEY(b, ",\"zone\":");
		add_text(b, c->field.zone);
	}
	bn_buf_addch(b, '}');
	b->failed |= type.failed;
	bn_buf_release(&type);
}

#define WAVE ((size_t)32) /* blocks of columns that are formatted in parallel */

typedef struct wave {
	size_t first, count; /* in columns */
	bn_buf texts[WAVE];  /* by block */
} wave;

typedef struct writing {
	const bn_profile *profile;
	bool stored;
	bn_profile_sink write;
	void *ctx;
	wave *next, *full; /* being made; being written */
} writing;

static int write_full(const writing *w, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < BN_PROFILE_BLOCKS(w->full->count); i++)
		rc = w->write(w->ctx, w->full->texts[i].ptr, w->full->texts[i].len, err);
	return rc;
}

/* Task 0 writes the last wave, each other task formats one block of the next. */
static int write_part(void *user, size_t task, bn_err *err)
{
	const writing *w = user;

	if (task == 0)
		return write_full(w, err);
	bn_buf *text = &w->next->texts[task - 1];
	size_t from = (task - 1) * BN_PROFILE_BLOCK;
	bn_buf_clear(text);
	for (size_t i = from; i < w->next->count && i < from + BN_PROFILE_BLOCK; i++) {
		if (w->next->first + i)
			bn_buf_addch(text, ',');
		add_column(text, &w->profile->columns[w->next->first + i], w->stored);
	}
	return bn_buf_check(text, err, "the JSON of a profile");
}

static int write_columns(writing *w, bn_err *err)
{
	const size_t all = w->profile->column_count;
	wave *waves = bn_alloc_zeroed(2, sizeof *waves);
	bn_crew *crew = NULL;
	int rc = waves ? bn_profile_crew(&crew, all, err) : bn_err_nomem(err, "the JSON of a profile");

	if (rc < 0)
		goto out;
	for (size_t i = 0; i < WAVE; i++) {
		bn_buf_init(&waves[0].texts[i]);
		bn_buf_init(&waves[1].texts[i]);
	}
	for (size_t done = 0, k = 0; rc == 0 && (done < all || waves[!k].count); k = !k) {
		w->next = &waves[k];
		w->full = &waves[!k];
		w->next->first = done;
		w->next->count = all - done < WAVE * BN_PROFILE_BLOCK ? all - done : WAVE * BN_PROFILE_BLOCK;
		done += w->next->count;
		rc = bn_crew_fan(crew, 1 + BN_PROFILE_BLOCKS(w->next->count), write_part, w, err);
	}
	for (size_t i = 0; i < WAVE; i++) {
		bn_buf_release(&waves[0].texts[i]);
		bn_buf_release(&waves[1].texts[i]);
	}
out:
	bn_free(waves);
	bn_crew_free(crew);
	return rc;
}

static int write_profile(
	bn_profile_sink write, void *ctx, const bn_profile *p, bool stored, bn_err *err)
{
	static const char head[] = "{\"columns\":[";
	writing w = {.profile = p, .stored = stored, .write = write, .ctx = ctx};
	bn_buf tail = BN_BUF_INIT;
	int rc;

	KEY(&tail, "],\"format\":");
	bn_buf_add_u64(&tail, stored ? BN_PROFILE_STORED : BN_PROFILE_FORMAT);
	KEY(&tail, ",\"rows\":");
	bn_buf_add_u64(&tail, p->rows);
	bn_buf_addch(&tail, '}');
	if ((rc = bn_buf_check(&tail, err, "the JSON of a profile")) < 0 ||
		(rc = write(ctx, head, sizeof head - 1, err)) < 0 || (rc = write_columns(&w, err)) < 0)
		goto out;
	rc = write(ctx, tail.ptr, tail.len, err);
out:
	bn_buf_release(&tail);
	return rc;
}

static int write_to_buf(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_buf_add(ctx, bytes, n);
	return bn_buf_check(ctx, err, "the JSON of a profile");
}

int bn_profile_write(bn_profile_sink write, void *ctx, const bn_profile *p, bn_err *err)
{
	return write_profile(write, ctx, p, true, err);
}

int bn_profile_write_buf(bn_buf *out, const bn_profile *p, bn_err *err)
{
	return bn_profile_write(write_to_buf, out, p, err);
}

int bn_profile_to_json(json_t **out, const bn_profile *p, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = write_profile(write_to_buf, &text, p, false, err);

	if (rc < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, text.len, "a profile", err);
out:
	bn_buf_release(&text);
	return rc;
}

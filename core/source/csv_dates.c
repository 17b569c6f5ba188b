/*
 * csv_dates.c - columns of text that look like dates, times of a day or durations: which option or type
 * reads them; and columns of times of which only some have a zone.
 */
#include "core/base/timestamp.h"
#include "core/source/_csv_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A time but for AM or PM, in the order of the US or ISO's: "1/2/2024 3:04:05 PM". */
static bool is_time_of_clock_12(const csv_dialect *of, const char *v, size_t n)
{
	csv_dialect d = *of;

	d.date_order = BN_DATE_MDY;
	return bn_csv_classify(&d, v, n) == CSV_HAS_CLOCK_12;
}

/* 01:02:03, 1-00:00:00: as schedulers write them; "10:30" alone may mean anything. */
static bool is_duration(const csv_dialect *d, const char *v, size_t n)
{
	size_t colons = 0;
	int64_t ns;

	(void)d;
	for (size_t i = 0; i < n; i++)
		colons += v[i] == ':';
	return colons == 2 && bn_duration_parse(v, n, &ns);
}

typedef bool (*value_test)(const csv_dialect *d, const char *v, size_t n);

/* Whether all values pass, but for absent ones; *first is the first of them. */
static bool are_all(
	const csv_stream *s, const csv_chunk *c, size_t column, value_test test, bn_text *first)
{
	const char *v;
	size_t n, values = 0;

	for (size_t r = 0; r < c->rows && r < CSV_NOTE_ROWS; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		if (bn_csv_is_null(csv_dialect_of(s, column), v, n))
			continue;
		if (!test(csv_dialect_of(s, column), v, n))
			return false;
		if (!values++)
			*first = (bn_text){v, n};
	}
	return values != 0;
}

/* Times that only a type or another spelling makes times. */
static int note_times(csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err)
{
	const char *name = s->schema.fields[column].name;
	bn_text first = {NULL, 0};

	if (are_all(s, c, column, is_duration, &first) && ++*said <= CSV_NOTE_COLUMNS)
		return bn_source_note_add(&s->notes, false, err,
			"column '%.60s' is text that looks like durations or times of a day "
			"(%.*s): --type '%.60s=duration' or =time reads them",
			name, first.len > 30 ? 30 : (int)first.len, first.ptr, name);
	if (are_all(s, c, column, is_time_of_clock_12, &first) && ++*said <= CSV_NOTE_COLUMNS)
		return bn_source_note_add(&s->notes, false, err,
			"column '%.60s' is text that looks like dates (%.*s), but AM and PM are "
			"not "
			"read: write 15:04 for 3:04 PM",
			name, first.len > 30 ? 30 : (int)first.len, first.ptr);
	return 0;
}

/* The orders in which every value of the column is a date: bits of bn_date_order. */
static unsigned date_orders(const csv_stream *s, const csv_chunk *c, size_t column)
{
	unsigned fit = 1u << BN_DATE_DMY | 1u << BN_DATE_MDY | 1u << BN_DATE_YMD, values = 0;
	csv_dialect d = *csv_dialect_of(s, column);
	const char *v;
	size_t n;
	int64_t ns;

	for (size_t r = 0; r < c->rows && r < CSV_NOTE_ROWS && fit; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		if (bn_csv_is_null(csv_dialect_of(s, column), v, n))
			continue;
		values++;
		for (unsigned o = BN_DATE_DMY; o <= BN_DATE_YMD; o++) {
			d.date_order = (bn_date_order)o;
			if (fit >> o & 1 && !bn_csv_time(&d, v, n, &ns))
				fit &= ~(1u << o);
		}
	}
	return values ? fit : 0;
}

static const char *order_names(unsigned fit)
{
	if (fit & 1u << BN_DATE_YMD)
		return "ymd";
	if (!(fit & 1u << BN_DATE_DMY))
		return "mdy";
	return fit & 1u << BN_DATE_MDY ? "dmy or mdy" : "dmy";
}

int bn_csv_note_dates(csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err)
{
	unsigned fit = csv_dialect_of(s, column)->date_order ? 0 : date_orders(s, c, column);
	const char *v;
	size_t n = 0;

	if (!fit)
		return note_times(s, c, column, said, err);
	if (++*said > CSV_NOTE_COLUMNS)
		return 0;
	for (size_t r = 0; r < c->rows && !n; r++)
		bn_csv_value_at(s, c, r, column, &v, &n);
	return bn_source_note_add(&s->notes, false, err,
		"column '%.60s' is text that looks like dates (%.*s): --date-order %s reads them",
		s->schema.fields[column].name, n > 30 ? 30 : (int)n, v, order_names(fit));
}

void bn_csv_count_zones(csv_stream *s, const csv_chunk *c, size_t column)
{
	csv_column_plan *p = &s->plan.columns[column];
	const csv_column *k = &c->columns[column];
	const char *v;
	size_t n;

	if (!p->zoneless && k->zoneless) {
		bn_csv_value_at(s, c, k->zoneless_row, column, &v, &n);
		snprintf(p->first_zoneless, sizeof p->first_zoneless, "%.*s", n > 30 ? 30 : (int)n,
			v);
	}
	p->zoned += k->zoned;
	p->zoneless += k->zoneless;
}

int bn_csv_note_zones(csv_stream *s, bn_err *err)
{
	size_t said = 0;

	for (size_t i = 0; i < s->plan.count && said < CSV_NOTE_COLUMNS; i++) {
		const csv_column_plan *p = &s->plan.columns[i];
		int rc;
		if (p->type != BN_TYPE_TIMESTAMP || !p->zoned || !p->zoneless)
			continue;
		said++;
		rc = bn_source_note_add(&s->notes, true, err,
			"column '%.60s' mixes times with and without a zone: %" PRIu64
			" of %" PRIu64 " have none (%s), and those are read as UTC",
			s->schema.fields[i].name, p->zoneless, p->zoneless + p->zoned,
			p->first_zoneless);
		if (rc < 0)
			return rc;
	}
	return 0;
}

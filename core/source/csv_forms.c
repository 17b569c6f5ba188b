/*
 * csv_forms.c - the form of each column's text: the file's dialect, what is known of the column
 * (reading.h), and what the user says, which wins.
 *
 * What all known columns have in common is that of the file, too, so that a new column is read like
 * its neighbours and the decimal comma need not be inferred. Columns of one form share it.
 */
#include "core/source/_csv_stream.h"
#include "core/source/cell.h"

#include <string.h>

static const bn_schema *known_columns(const csv_stream *s)
{
	const bn_source_options *o = &s->options;

	if (o->retype)
		return NULL;
	return o->readings ? o->readings : o->as;
}

int bn_csv_forms_begin(csv_stream *s, bn_err *err)
{
	bn_source_options *o = &s->options;
	const bn_schema *known = known_columns(s);
	int rc;

	s->forms.given = s->forms.common = (bn_reading)BN_READING_INIT;
	if ((rc = bn_reading_of_options(&s->forms.given, o, err)) < 0 ||
		(known && (rc = bn_reading_common(&s->forms.common, known, err)) < 0))
		return rc;
	const bn_reading *common = &s->forms.common;
	if (!o->decimal && !o->thousands && common->decimal) {
		o->decimal = common->decimal;
		o->thousands = common->thousands;
		o->form_known = true;
	}
	if (!o->date_order)
		o->date_order = common->date_order;
	if (!o->trim && common->trim)
		o->trim = 'y';
	return 0;
}

/* The file has a decimal point where a comma is known: the sample decides (csv_sniff.c). */
static bool is_refuted(const csv_stream *s, const bn_reading *known)
{
	return s->options.form_known && s->dialect.decimal == '.' && known->decimal == ',' &&
	       known->thousands != '.';
}

/* A form, from a reading, which is moved into it. */
static int make_form(csv_stream *s, csv_form *f, const char *read, bn_reading *r, bn_err *err)
{
	const char *const *nulls = NULL;
	int rc;

	f->reading = *r;
	*r = (bn_reading)BN_READING_INIT;
	f->dialect = s->dialect;
	if (is_refuted(s, &f->reading))
		f->reading.decimal = f->reading.thousands = 0;
	if (f->reading.decimal) {
		f->dialect.decimal = f->reading.decimal;
		f->dialect.thousands = f->reading.thousands;
	}
	f->dialect.date_order = f->reading.date_order;
	f->dialect.null_numbers = f->dialect.null_blanks = false;
	memset(f->dialect.null_first, 0, sizeof f->dialect.null_first);
	if (read && !(f->read = bn_strdup(read)))
		return bn_err_nomem(err, "the form of a column");
	if ((rc = bn_reading_nulls(&nulls, &f->reading, err)) == 0)
		bn_csv_set_nulls(&f->dialect, nulls, s->schema.count);
	/* What the table gets to keep: also a decimal comma that was inferred. */
	f->reading.trim = s->dialect.trim && s->dialect.delimiter != ' ';
	if (f->dialect.decimal == ',' || f->dialect.thousands) {
		f->reading.decimal = f->dialect.decimal;
		f->reading.thousands = f->dialect.thousands;
	}
	return rc;
}

static int add_form(
	csv_form **out, csv_stream *s, const char *read, const bn_reading *known, bn_err *err)
{
	bn_reading r = BN_READING_INIT;
	csv_forms *all = &s->forms;
	int rc;

	if (bn_grow(&all->items, &all->cap, all->count + 1, sizeof *all->items) ||
		!(*out = bn_alloc_zeroed(1, sizeof **out)))
		return bn_err_nomem(err, "the form of a column");
	all->items[all->count++] = *out;
	if ((rc = bn_reading_merge(&r, known, &all->given, err)) == 0)
		rc = make_form(s, *out, read, &r, err);
	bn_reading_release(&r);
	return rc;
}

/* The form of a column of which `read` is known. Neighbours often have the same. */
static int find_form(csv_form **out, csv_stream *s, const char *read, bn_err *err)
{
	bn_reading known = BN_READING_INIT;
	int rc;

	for (size_t i = s->forms.count; i-- > 1;) {
		*out = s->forms.items[i];
		if (!strcmp((*out)->read, read))
			return 0;
	}
	if ((rc = bn_reading_parse(&known, read, err)) == 0)
		rc = add_form(out, s, read, &known, err);
	bn_reading_release(&known);
	return rc;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static bool are_given(const bn_reading *known, const bn_reading *given)
{
	size_t same = 0;

	for (size_t i = 0; i < known->null_count; i++)
		for (size_t k = 0; k < given->null_count; k++)
			same += !strcmp(known->nulls[i], given->nulls[k]);
	return same == known->null_count;
}

/* What of the known reading the options replace. */
static void replaced(bn_reading *out, const csv_stream *s, const bn_reading *known)
{
	const bn_reading *given = &s->forms.given;

	*out = *known;
	if (s->options.retype)
		return;
	if (!given->only || are_given(known, given))
		out->null_count = 0;
	out->only &= out->null_count != 0;
	bool same = given->decimal == known->decimal && given->thousands == known->thousands;
	if (!is_refuted(s, known) && (!given->decimal || same))
		out->decimal = out->thousands = 0;
	if (!given->date_order || given->date_order == known->date_order)
		out->date_order = BN_DATE_ISO;
	if (s->dialect.trim)
		out->trim = false;
}

/* What of it is used. */
static void retained(bn_reading *out, const csv_stream *s, const bn_reading *known)
{
	const bn_reading *given = &s->forms.given;

	*out = *known;
	if (given->only) {
		out->null_count = 0;
		out->only = false;
	}
	if (given->decimal || is_refuted(s, known))
		out->decimal = out->thousands = 0;
	if (given->date_order)
		out->date_order = BN_DATE_ISO;
	out->trim = known->trim && s->dialect.trim;
}

/* The properties that a note lists, each with the columns to which it applies. */
typedef enum property { NULLS, NUMBERS, DATES, BLANKS, PROPERTIES } property;

static bool applies(property p, bn_type type)
{
	switch (p) {
	case NULLS:
		return !bn_type_is_list(type);
	case NUMBERS:
		return bn_type_is_number(type);
	case DATES:
		return type == BN_TYPE_TIMESTAMP || type == BN_TYPE_DATE;
	default:
		return bn_type_is_text(type);
	}
}

/* r without the other properties; borrows from it. */
static bn_reading only_property(const bn_reading *r, property p)
{
	bn_reading out = BN_READING_INIT;

	if (p == NULLS) {
		out.nulls = r->nulls;
		out.null_count = r->null_count;
		out.only = r->only;
	} else if (p == NUMBERS) {
		out.decimal = r->decimal;
		out.thousands = r->thousands;
	} else if (p == DATES) {
		out.date_order = r->date_order;
	} else {
		out.trim = r->trim;
	}
	return out;
}

#define VARIANTS 2 /* of a property are listed; usually all columns agree */

typedef struct variant {
	bn_buf options;
	size_t columns;
	const char *first;
} variant;

typedef struct listing {
	variant of[PROPERTIES][VARIANTS];
	size_t columns[PROPERTIES]; /* to which it applies */
} listing;

static void count_variant(listing *l, property p, const bn_reading *r, const char *column)
{
	const bn_reading part = only_property(r, p);
	bn_buf text = BN_BUF_INIT;

	if (bn_reading_is_usual(&part))
		return;
	bn_reading_describe(&part, &text);
	for (size_t k = 0; k < VARIANTS && text.len; k++) {
		variant *v = &l->of[p][k];
		if (!v->columns) {
			*v = (variant){text, 1, column};
			return;
		}
		if (!strcmp(v->options.ptr, text.ptr)) {
			v->columns++;
			break;
		}
	}
	bn_buf_release(&text);
}

static int list_columns(
	listing *l, const csv_stream *s, const bn_schema *known, bool used, bn_err *err)
{
	for (size_t i = 0; i < known->count; i++) {
		bn_reading is = BN_READING_INIT, part;
		const bn_field *f = &known->fields[i];
		if (bn_schema_find(&s->schema, f->name) == BN_SCHEMA_NONE)
			continue;
		int rc = bn_reading_parse(&is, f->read, err);
		if (used)
			retained(&part, s, &is);
		else
			replaced(&part, s, &is);
		for (property p = 0; p < PROPERTIES && rc == 0; p++) {
			if (!applies(p, f->type))
				continue;
			l->columns[p]++;
			count_variant(l, p, &part, f->name);
		}
		bn_reading_release(&is);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void write_listing(listing *l, bn_buf *text)
{
	for (property p = 0; p < PROPERTIES; p++)
		for (size_t k = 0; k < VARIANTS; k++) {
			variant *v = &l->of[p][k];
			bool some = v->columns < l->columns[p];
			if (!v->columns)
				continue;
			bn_buf_addf(text, " %.80s", v->options.ptr);
			if (some)
				bn_buf_addf(text, " (column '%.40s'", v->first);
			if (some && v->columns > 1)
				bn_buf_addf(text, " and %zu more", v->columns - 1);
			if (some)
				bn_buf_addch(text, ')');
			bn_buf_release(&v->options);
		}
}

/* What is used of that which is known, or what is not. */
static int note_known(csv_stream *s, const bn_schema *known, bool used, bn_err *err)
{
	const char *of = s->options.readings_of ? s->options.readings_of : "before";
	const char *why = "replaced by the options here";
	listing l = {0};
	bn_buf text = BN_BUF_INIT;
	int rc = list_columns(&l, s, known, used, err);

	write_listing(&l, &text);
	if (rc < 0 || !text.len)
		goto out;
	if (s->options.form_known && s->dialect.decimal == '.')
		why = "its numbers have a decimal point";
	if (s->options.retype)
		why = "--retype starts anew; say again what still holds";
	if (used)
		rc = bn_source_note_add(
			&s->notes, false, err, "read as %.80s:%.160s", of, text.ptr);
	else
		rc = bn_source_note_add(&s->notes, s->options.retype, err,
			"not read as %.60s:%.110s (%s)", of, text.ptr, why);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- columns -------------------------------------------------------------------------------- */

int bn_csv_forms_set(csv_stream *s, bn_err *err)
{
	const bn_schema *known = known_columns(s);
	bn_reading *given = &s->forms.given;
	csv_form *of_file = NULL, *f = NULL;

	if (given->decimal) { /* of --thousands alone: the file's */
		given->decimal = s->dialect.decimal;
		given->thousands = s->dialect.thousands;
	}
	int rc = add_form(&of_file, s, NULL, &s->forms.common, err);
	if (rc < 0)
		return rc;
	s->dialect = of_file->dialect;
	for (size_t i = 0; i < s->plan.count; i++) {
		const char *name = s->schema.fields[i].name;
		size_t at = known ? bn_schema_find(known, name) : BN_SCHEMA_NONE;
		const char *read = at == BN_SCHEMA_NONE ? NULL : known->fields[at].read;
		f = of_file;
		if (at != BN_SCHEMA_NONE && (rc = find_form(&f, s, read ? read : "{}", err)) < 0) {
			bn_err_prefix(err, "column '%.80s'", name);
			return rc;
		}
		s->plan.columns[i].form = f;
		s->plan.columns[i].dialect = &f->dialect;
	}
	if (known && (rc = note_known(s, known, true, err)) < 0)
		return rc;
	known = s->options.retype ? s->options.readings : known;
	return known ? note_known(s, known, false, err) : 0;
}

int bn_csv_forms_keep(csv_stream *s, bn_err *err)
{
	for (size_t i = 0; i < s->plan.count; i++) {
		bn_field *f = &s->schema.fields[i];
		bn_free(f->read);
		f->read = NULL;
		if (s->plan.columns[i].unwanted)
			continue;
		int rc = bn_reading_format(
			&f->read, &s->plan.columns[i].form->reading, f->type, false, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void bn_csv_forms_release(csv_forms *f)
{
	for (size_t i = 0; i < f->count; i++) {
		bn_reading_release(&f->items[i]->reading);
		bn_free(f->items[i]->read);
		bn_free(f->items[i]);
	}
	bn_free(f->items);
	bn_reading_release(&f->given);
	bn_reading_release(&f->common);
	*f = (csv_forms){0};
}

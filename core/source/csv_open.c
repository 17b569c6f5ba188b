/* csv_open.c - opens a CSV stream: encoding, dialect, names, and the types given by the user or a
 * schema. */
#include "core/source/csv.h"

#include "core/source/_csv_stream.h"
#include "core/source/cast.h"
#include "core/source/recode.h"

#include <stdio.h>
#include <string.h>

/* The characters given by the options must differ. */
static int check_options(const bn_source_options *o, char preferred, bn_err *err)
{
	enum { DECIMAL = 4 };
	const struct {
		char c;
		const char *name;
	} set[] = {{o->delimiter ? o->delimiter : preferred, "--delimiter"}, {o->quote, "--quote"}, {o->escape, "--escape"},
		{o->comment, "--comment"}, {o->decimal, "--decimal"}};

	if (o->thousands && o->thousands == o->decimal) {
		bn_err_set(err, BN_EINVAL, "--thousands and --decimal are both '%c'", o->decimal);
		bn_err_hint(err, "1.234,5 has --thousands . and --decimal ,");
		return BN_EINVAL;
	}
	if (o->delimiter == '"' && !o->quote)
		return bn_err_set(err, BN_EINVAL, "--delimiter and --quote are both '\"'");
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		for (size_t k = 0; k < i; k++) {
			/* a decimal comma implies that the delimiter is another character, or that
			 * numbers are quoted */
			bool open = k == 0 && !o->delimiter && i == DECIMAL;
			if (!set[i].c || set[i].c == BN_DIALECT_NONE || set[i].c != set[k].c || open)
				continue;
			bn_err_set(err, BN_EINVAL, "%s and %s are both '%c'", set[k].name,
				set[i].name, set[i].c);
			bn_err_hint(err, "they must be different characters");
			return BN_EINVAL;
		}
	return 0;
}

/* The text as UTF-8: the input, or its converted copy. */
static int open_text(csv_stream *s, bn_input *in, bn_err *err)
{
	char *said = s->notes.dialect.encoding;
	size_t n;
	const char *head = bn_input_head(in, &n), *encoding = s->options.encoding;
	int rc;

	snprintf(said, sizeof s->notes.dialect.encoding, "%s", encoding ? encoding : "UTF-8");
	if (!encoding && (encoding = bn_recode_by_mark(head, n))) {
		snprintf(said, sizeof s->notes.dialect.encoding, "%s", encoding);
		s->notes.dialect.concluded |= BN_DIALECT_ENCODING;
	}
	if (!encoding || bn_recode_is_utf8(encoding))
		return bn_csv_input_open(&s->in, in, err);
	if ((rc = bn_recode(&s->recoded, in, encoding, NULL, err)) < 0)
		return rc;
	return bn_csv_input_open(&s->in, s->recoded, err);
}

/* A declared type: told's, except for a number that is input of a model. */
static int declare(csv_stream *s, size_t i, const bn_field *told, bool input, bn_err *err)
{
	csv_column_plan *p = &s->plan.columns[i];
	bn_field *f = &s->schema.fields[i];
	const bn_field number = {.type = BN_TYPE_FLOAT64}, text = {.type = BN_TYPE_STRING};
	char type[BN_TYPE_TEXT];
	int rc;

	if (input && bn_type_is_list(told->type)) /* "[1,2]": its reader parses the text */
		told = &text;
	if (bn_type_is_list(told->type)) {
		bn_err_set(err, BN_EUNSUPPORTED, "%s: column '%.80s': a cell of text is no %s",
			s->in.path, f->name, bn_field_type_text(told, type));
		bn_err_hint(err, "lists come from Arrow files");
		return BN_EUNSUPPORTED;
	}
	p->told = told->type;
	p->input = input && !bn_type_is_text(told->type);
	told = input && bn_type_is_number(told->type) ? &number : told;
	bn_csv_set_type(s, i, told->type, false);
	if ((rc = bn_field_copy_type(f, told, err)) < 0)
		return rc;
	p->precision = told->precision;
	p->scale = told->scale;
	p->naive = told->zone && !*told->zone;
	p->declared = true;
	return 0;
}

/* The types of `as`. */
static int read_as(csv_stream *s, bn_err *err)
{
	const bn_schema *as = s->options.as;
	int rc;

	for (size_t i = 0; s->options.as_only && i < s->plan.count; i++) {
		s->plan.columns[i].unwanted = s->plan.columns[i].declared = true;
		bn_csv_set_type(s, i, BN_TYPE_FLOAT64, false);
	}
	for (size_t k = 0; k < as->count; k++) {
		size_t i = bn_schema_find(&s->schema, as->fields[k].name);
		if (i == BN_SCHEMA_NONE)
			return bn_cast_missing(
				&s->schema, as->fields[k].name, &s->options, s->in.path, err);
		s->plan.columns[i].unwanted = false;
		if ((rc = declare(s, i, &as->fields[k], s->options.as_inputs, err)) < 0)
			return rc;
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
			char has[BN_CAST_COLUMNS];
			bn_cast_columns(&s->schema, has);
			bn_err_hint(err, "the file has: %s", has);
			bn_err_prefix(err, "%s", s->in.path);
			return rc;
		}
		if ((rc = declare(s, at, &s->options.types[i].type, false, err)) < 0)
			return rc;
	}
	return 0;
}

static int make_plan(csv_stream *s, bn_err *err)
{
	size_t n = s->schema.count;
	int rc;

	if (s->options.as_for &&
		!(s->options.as = s->options.as_for(s->options.as_for_user, &s->schema, err)))
		return BN_EINVAL;
	const bn_schema *as = s->options.as;

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
		bn_csv_set_type(s, i, BN_TYPE_FLOAT64, true);
	}
	if (as && (rc = read_as(s, err)) < 0)
		return rc;
	if ((rc = read_types(s, err)) < 0 || (rc = bn_csv_forms_set(s, err)) < 0)
		return rc;
	return as && s->options.as_only ? hand_out_as(s, err) : 0;
}

/* The threads that read ahead. */
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
	csv_chunk sample = {0};
	bn_crew *crew = NULL;
	int rc;

	if (!s)
		return bn_err_nomem(err, "a CSV stream");
	bn_csv_stream_init(s);
	s->env = bn_input_env(in);
	if (options)
		s->options = *options;
	if ((rc = check_options(&s->options, delimiter, err)) < 0)
		goto out;
	if ((rc = bn_rejects_init(
		     &s->rejects, s->env, s->options.rejects, s->options.max_rejects, err)) < 0)
		goto out;
	if ((rc = open_text(s, in, err)) < 0 || (rc = bn_csv_forms_begin(s, err)) < 0 ||
		(rc = bn_csv_input_header(&s->in, &s->dialect, delimiter, &s->options, &s->schema,
			 &s->notes, err)) < 0)
		goto out;
	if ((rc = make_plan(s, err)) < 0 || (rc = bn_csv_guess_types(s, &sample, err)) < 0 ||
		(rc = bn_csv_forms_keep(s, err)) < 0 || (rc = find_crew(s, &crew, err)) < 0)
		goto out;
	rc = bn_csv_pool_new(&s->pool, &s->in, &s->plan, crew, &sample, err);
out:
	bn_csv_chunk_release(&sample, s->plan.count);
	if (rc)
		bn_csv_stream_free(&s->base);
	else
		*out = &s->base;
	return rc;
}

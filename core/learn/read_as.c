/* read_as.c - see _read_as.h. */
#include "core/learn/_read_as.h"

#include <math.h>

/* Whether a value of that column is already a double of the source. */
static bool is_read_as_it_is(const bn_feature_source *s, bn_type type)
{
	if (s->elements || s->type == BN_TYPE_CATEGORY || type == s->type)
		return true;
	return bn_type_is_number(type) && bn_type_is_number(s->type);
}

/* Whether values of the source can be read from such a column. */
static int check_column(
	const bn_feature_source *s, const bn_field *f, const char *part, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char type[BN_TYPE_TEXT];
	bool lists = bn_type_is_list(f->type) && bn_type_is_number(f->child->type) &&
		     (f->type == BN_TYPE_LIST || f->fixed_size == s->elements);
	if (s->elements)
		return lists ? 0
			     : bn_err_set(err, BN_EINVAL,
				       "%s: column '%s' is %s, the model needs %zu numbers in each "
				       "row",
				       part, f->name, bn_field_type_text(f, type), s->elements);
	if (bn_input_takes(f->type) || f->type == BN_TYPE_STRING)
		return 0;
	bn_input_refuse(f, &why);
	bn_err_prefix(&why, "%s", part);
	return bn_err_move(err, &why);
}

static int add_source(bn_schema *as, const bn_feature_source *s, bn_err *err)
{
	bn_field f = {0};
	int rc;
	if ((rc = bn_feature_source_field(&f, s, err)) < 0)
		goto out;
	rc = bn_schema_add_field(as, &f, NULL, err);
out:
	bn_field_release(&f);
	return rc;
}

int bn_read_as(bn_cast **out, const bn_schema *table, const size_t *picked, const bn_features *f,
	const char *part, bn_err *err)
{
	bn_schema from = BN_SCHEMA_INIT, as = BN_SCHEMA_INIT;
	bn_source_options options = BN_SOURCE_OPTIONS_INIT;
	int rc = 0;
	options.as = &as;
	options.as_whose = "the model needs";
	options.as_inputs = true;
	for (size_t i = 0; i < bn_features_source_count(f); i++) {
		const bn_feature_source *s = bn_features_source(f, i);
		const bn_field *column = &table->fields[picked[i]];
		if ((rc = check_column(s, column, part, err)) < 0)
			goto out;
		if ((rc = bn_schema_add_field(&from, column, NULL, err)) < 0)
			goto out;
		if (!is_read_as_it_is(s, column->type) && (rc = add_source(&as, s, err)) < 0)
			goto out;
	}
	if (as.count)
		rc = bn_cast_new(out, &from, &options, part, err);
out:
	bn_schema_release(&from);
	bn_schema_release(&as);
	return rc;
}

static int wrong_length(
	const char *part, uint64_t row, const char *column, size_t n, size_t elements, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL,
		"%s: row %llu: column '%s' has %zu values, the model needs %zu", part,
		(unsigned long long)(row + 1), column, n, elements);
}

typedef struct lengths {
	const bn_feature_source *source;
	const char *part;
} lengths;

static int check_lengths(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	const lengths *want = ctx;
	const bn_feature_source *s = want->source;
	size_t at = 0, n = 0;
	for (size_t r = 0; r < b->rows; r++) {
		if (!bn_part_has(p, b->first_row + r) ||
			!bn_column_list(&b->columns[0], r, &at, &n))
			continue;
		if (n != s->elements)
			return wrong_length(
				want->part, b->first_row + r, s->name, n, s->elements, err);
	}
	return 0;
}

int bn_read_as_check(
	const bn_part *p, const size_t *picked, const bn_features *f, const char *part, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < bn_features_source_count(f) && rc == 0; i++) {
		lengths want = {bn_features_source(f, i), part};
		if (want.source->elements &&
			bn_table_schema(p->table)->fields[picked[i]].type == BN_TYPE_LIST)
			rc = bn_part_walk(p, picked[i], check_lengths, &want, err);
	}
	return rc;
}

int bn_read_elements(double *out, const bn_column *c, size_t from, size_t rows,
	const bn_feature_input *in, uint64_t first_row, const char *part, bn_err *err)
{
	size_t at = 0, n = 0;
	for (size_t r = 0; r < rows; r++) {
		out[r] = NAN;
		if (!bn_column_list(c, from + r, &at, &n))
			continue;
		if (n != in->elements)
			return wrong_length(
				part, first_row + from + r, in->column, n, in->elements, err);
		out[r] = bn_column_number(c->child, at + in->element);
	}
	return 0;
}

/* spelled.c - see _spelled.h. */
#include "core/learn/_spelled.h"

#include "core/source/cell_form.h"

#include <stdio.h>
#include <string.h>

typedef struct finding {
	bn_spelled *out;
	const bn_cell_form *form;
	bn_buf text;
} finding;

static int find(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	finding *f = ctx;
	const bn_column *c = &b->columns[0];
	for (size_t r = 0; r < b->rows; r++) {
		if (!bn_part_has(p, b->first_row + r) || bn_column_is_absent(c, r))
			continue;
		bn_buf_clear(&f->text);
		bn_column_format(c, r, &f->text);
		if (!f->text.len ||
			!bn_cell_form_is_absent(f->form, false, f->text.ptr, f->text.len))
			continue;
		if (!f->out->count++)
			snprintf(f->out->first, sizeof f->out->first, "%.*s", (int)f->text.len,
				f->text.ptr);
	}
	return bn_buf_check(&f->text, err, "a number as text");
}

int bn_spelled_find(bn_spelled *out, const bn_part *p, const bn_feature_source *s, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(p->table);
	size_t column = bn_schema_find(schema, s->name);
	finding f = {.out = out, .text = BN_BUF_INIT};
	bn_reading r = BN_READING_INIT;
	bn_cell_form *form = NULL;
	char *read = NULL;
	int rc;
	*out = (bn_spelled){0};
	if (!s->read || s->elements || !bn_type_is_number(s->type) || column == BN_SCHEMA_NONE)
		return 0;
	const bn_field *is = &schema->fields[column];
	if (!bn_type_is_number(is->type) || (is->read && !strcmp(is->read, s->read)))
		return 0;
	if ((rc = bn_reading_parse(&r, s->read, err)) < 0 || !r.null_count)
		goto out;
	/* The table's numbers have the usual form. */
	r.decimal = r.thousands = 0;
	if ((rc = bn_reading_format(&read, &r, BN_TYPE_FLOAT64, false, err)) < 0 ||
		(rc = bn_cell_form_new(&form, read, err)) < 0)
		goto out;
	f.form = form;
	rc = bn_part_walk(p, column, find, &f, err);
out:
	bn_cell_form_free(form);
	bn_free(read);
	bn_reading_release(&r);
	bn_buf_release(&f.text);
	return rc;
}

/* replace.c - see replace.h. */
#include "core/source/replace.h"

#include <string.h>

static bool is_replaced(const bn_replace *r, const char *column)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->columns[i], column))
			return true;
	return false;
}

int bn_replace_schema(bn_schema *out, const bn_schema *schema, const bn_replace *r, bn_err *err)
{
	size_t at;
	int rc;
	for (size_t i = 0; i < r->required; i++)
		if ((rc = bn_schema_need(schema, r->columns[i], &at, err)) < 0)
			return rc;
	for (size_t i = 0; i < schema->count; i++) {
		const bn_field *f = &schema->fields[i];
		rc = is_replaced(r, f->name) ? bn_schema_add(out, f->name, bn_column_replaced_type(f->type),
						       f->nullable, NULL, err)
					     : bn_schema_add_field(out, f, NULL, err);
		if (rc < 0)
			return rc;
	}
	return bn_schema_copy_meta(out, schema, err);
}

int bn_replace_batch(bn_batch *out, const bn_batch *in, const bn_schema *schema, const bn_replace *r,
	bn_arena *arena, bn_err *err)
{
	int rc;
	*out = (bn_batch){.rows = in->rows, .column_count = in->column_count, .first_row = in->first_row};
	out->columns = bn_arena_alloc(arena, (in->column_count + 1) * sizeof *out->columns);
	if (!out->columns)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < in->column_count; i++) {
		out->columns[i] = in->columns[i];
		if (is_replaced(r, schema->fields[i].name) &&
			(rc = bn_column_replace(&out->columns[i], &in->columns[i], r->replace, r->ctx, arena,
				 err)) < 0)
			return rc;
	}
	return 0;
}

/* frame.c - see frame.h. */
#include "core/learn/frame.h"

#include <math.h>
#include <string.h>

static const char *const kind_names[] = {"number", "boolean", "category"};

const bn_column_view *bn_frame_find(const bn_frame_view *frame, const char *name)
{
	for (size_t i = 0; i < frame->column_count; i++)
		if (strcmp(frame->columns[i].name, name) == 0)
			return &frame->columns[i];
	return NULL;
}

bool bn_column_is_missing(const bn_column_view *column, size_t row)
{
	if (column->validity && !(column->validity[row / 8] >> (row % 8) & 1))
		return true;
	if (column->kind == BN_VIEW_NUMBER)
		return isnan(column->numbers[row]);
	return column->codes[row] < 0;
}

bn_view_kind bn_view_kind_of(bn_type type)
{
	if (type == BN_TYPE_BOOL)
		return BN_VIEW_BOOL;
	return type == BN_TYPE_CATEGORY ? BN_VIEW_CATEGORY : BN_VIEW_NUMBER;
}

bool bn_view_takes(bn_type type)
{
	return bn_type_is_scalar(type) || type == BN_TYPE_CATEGORY;
}

bool bn_view_is_vector(const bn_field *f)
{
	return f->type == BN_TYPE_FIXED && bn_type_is_number(f->child->type);
}

int bn_view_refuse(const bn_field *f, bn_err *err)
{
	char type[BN_TYPE_TEXT];
	if (f->type == BN_TYPE_STRING) {
		bn_err_set(err, BN_EINVAL, "column '%s' is free text", f->name);
		bn_err_hint(err, "leave it out, or ingest it as a category");
		return BN_EINVAL;
	}
	bn_err_set(err, BN_EINVAL, "column '%s' is %s, of which models learn nothing", f->name,
		bn_field_type_text(f, type));
	bn_err_hint(err, bn_type_is_list(f->type)
				 ? "leave it out, or make columns of the values that count"
				 : "leave it out");
	return BN_EINVAL;
}

int32_t bn_column_code(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return -1;
	return c->type == BN_TYPE_BOOL ? c->bits[row >> 3] >> (row & 7) & 1 : c->codes[row];
}

const char *bn_view_kind_name(bn_view_kind kind)
{
	return (unsigned)kind < 3 ? kind_names[kind] : "unknown";
}

bool bn_view_kind_parse(bn_view_kind *out, const char *name)
{
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(kind_names[i], name) == 0) {
			*out = (bn_view_kind)i;
			return true;
		}
	}
	return false;
}

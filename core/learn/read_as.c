/* read_as.c - see _read_as.h. */
#include "core/learn/_read_as.h"

/* Is a value of that column a double of the input's as it is? */
static bool is_read_as_it_is(const bn_feature_input *in, bn_type type)
{
	if (in->kind == BN_VIEW_CATEGORY || type == in->type)
		return true;
	return bn_type_is_number(type) && bn_type_is_number(in->type);
}

static int add_input(
	bn_schema *from, bn_schema *as, const bn_feature_input *in, const bn_field *f, bn_err *err)
{
	bool text = f->type == BN_TYPE_STRING && in->kind != BN_VIEW_CATEGORY;
	if (!bn_view_takes(f->type) && !text)
		return bn_view_refuse(f, err);
	int rc = bn_schema_add_field(from, f, NULL, err);
	if (rc < 0 || is_read_as_it_is(in, f->type))
		return rc;
	return bn_schema_add(as, in->name, in->type, true, NULL, err);
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
	for (size_t i = 0; i < bn_features_input_count(f); i++)
		if ((rc = add_input(&from, &as, bn_features_input(f, i), &table->fields[picked[i]],
			     err)) < 0)
			goto out;
	if (as.count)
		rc = bn_cast_new(out, &from, &options, part, err);
out:
	bn_schema_release(&from);
	bn_schema_release(&as);
	return rc;
}

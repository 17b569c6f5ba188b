/* former.c - see former.h. */
#include "core/data/former.h"

#include "core/profile/profile.h"

#include <stdio.h>

void bn_former_release(bn_former *f)
{
	bn_schema_release(&f->types);
	f->ref[0] = f->whose[0] = '\0';
}

static int types_of(bn_schema *types, const bn_profile *p, bn_err *err)
{
	for (size_t i = 0; i < p->column_count; i++) {
		const bn_profile_column *c = &p->columns[i];
		if (c->missing == c->rows)
			continue;
		int rc = bn_schema_add_field(types, &c->field, NULL, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_former_load(bn_former *out, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	bn_profile *profile = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_versions_load(&all, ws, name, BN_DATASET_LIVE, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0) {
		bn_err_move(err, &why);
		return rc;
	}
	if (!all->count || !all->items[0]->profile_hash[0])
		goto out;
	if ((rc = bn_dataset_load_profile(&profile, ws, all->items[0], err)) < 0) {
		if (rc == BN_EREFUSED)
			bn_err_hint(err, "--retype infers the types again");
		goto out;
	}
	if ((rc = types_of(&out->types, profile, err)) < 0)
		goto out;
	bn_dataset_version_name(all->items[0], out->ref, sizeof out->ref);
	snprintf(out->whose, sizeof out->whose, "%.190s has", out->ref);
out:
	bn_profile_free(profile);
	bn_dataset_versions_free(all);
	return rc;
}

int bn_former_check(const bn_former *f, const bn_source_options *options, bn_err *err)
{
	char was[BN_TYPE_TEXT], now[BN_TYPE_TEXT];
	for (size_t i = 0; i < options->type_count; i++) {
		const bn_source_type *t = &options->types[i];
		size_t at = bn_schema_find(&f->types, t->column);
		if (at == BN_SCHEMA_NONE || bn_field_same_type(&f->types.fields[at], &t->type))
			continue;
		bn_err_set(err, BN_EINVAL, "column '%.80s' is %s in %s, not %s", t->column,
			bn_field_type_text(&f->types.fields[at], was), f->ref,
			bn_field_type_text(&t->type, now));
		bn_err_hint(err, "--retype infers new types and reports what that affects");
		return BN_EINVAL;
	}
	return 0;
}

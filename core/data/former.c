/* former.c - see former.h. */
#include "core/data/former.h"

#include "core/profile/profile.h"
#include "core/source/cell.h"
#include "core/source/reading.h"

#include <stdio.h>
#include <string.h>

void bn_former_release(bn_former *f)
{
	bn_schema_release(&f->types);
	bn_schema_release(&f->read);
	f->ref[0] = f->whose[0] = f->read_of[0] = '\0';
}

/* A text that spells a missing value, but is a value. Profiles of older programs do not say so, but
 * list the most frequent values. */
static bool is_value(const void *ctx, const char *text)
{
	const bn_profile_column *c = ctx;
	int n = bn_cell_absent_index(text, strlen(text));
	bool is = n >= 0 && c->spelled >> n & 1;
	for (size_t i = 0; i < c->top_count && !is; i++)
		is = !strcmp(c->top[i].text, text);
	return is;
}

static int add_column(bn_former *out, const bn_profile_column *c, bn_err *err)
{
	bn_field f = c->field; /* borrowed but for read */
	char *read = NULL;
	int rc = 0;
	if (bn_type_is_text(c->type)) {
		if ((rc = bn_reading_with_values(&read, c->field.read, is_value, c, err)) < 0)
			goto out;
		f.read = read;
	}
	if ((rc = bn_schema_add_field(&out->read, &f, NULL, err)) < 0)
		goto out;
	if (c->missing != c->rows)
		rc = bn_schema_add_field(&out->types, &f, NULL, err);
out:
	bn_free(read);
	return rc;
}

int bn_former_of(bn_former *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_profile *profile = NULL;
	int rc = 0;
	bn_dataset_version_name(v, out->ref, sizeof out->ref);
	snprintf(out->whose, sizeof out->whose, "%.190s has", out->ref);
	snprintf(out->read_of, sizeof out->read_of, "%.190s was", out->ref);
	if (!v->profile_hash[0])
		return 0;
	if ((rc = bn_dataset_load_profile(&profile, ws, v, err)) < 0)
		return rc;
	for (size_t i = 0; i < profile->column_count && rc == 0; i++)
		rc = add_column(out, &profile->columns[i], err);
	bn_profile_free(profile);
	return rc;
}

int bn_former_load(bn_former *out, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_versions_load(&all, ws, name, BN_DATASET_LIVE, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0) {
		bn_err_move(err, &why);
		return rc;
	}
	if (all->count && all->items[0]->profile_hash[0] &&
		(rc = bn_former_of(out, ws, all->items[0], err)) == BN_EREFUSED)
		bn_err_hint(err, "--retype infers the types again");
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

/* shared_parts.c - see shared_parts.h. */
#include "core/data/shared_parts.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/shared_rows.h"

#include <stdio.h>
#include <string.h>

#define LINEAGE_MAX 64 /* limit of versions examined; longer lineages consist of appends */

static const char *part_of(const bn_spec_data *d)
{
	return d->part ? d->part : "train";
}

static int load(bn_dataset_version **out, bn_workspace *ws, const char *name, int64_t version)
{
	char *ref = version > 0 ? bn_strf("%s@v%lld", name, (long long)version) : bn_strdup(name);
	int rc = ref ? bn_dataset_resolve(out, ws, ref, BN_DATASET_REMOVED_TOO, NULL) : BN_ENOMEM;

	bn_free(ref);
	return rc;
}

/* Whether v is made from `from`, in any number of steps. */
static bool descends(bn_workspace *ws, const bn_dataset_version *v, const bn_dataset_version *from,
	size_t *looked_at)
{
	for (size_t i = 0; i < v->parent_count && *looked_at < LINEAGE_MAX; i++) {
		bn_dataset_version *parent = NULL;
		if (!strcmp(v->parents[i].hash, from->hash))
			return true;
		++*looked_at;
		bool found = load(&parent, ws, v->parents[i].name, v->parents[i].version) == 0 &&
			     descends(ws, parent, from, looked_at);
		bn_dataset_version_free(parent);
		if (found)
			return true;
	}
	return false;
}

static bool is_append(const bn_dataset_version *v)
{
	json_t *recipe = v->recipe && v->parent_count ? json_loads(v->recipe, 0, NULL) : NULL;
	bool yes = recipe && !strcmp(bn_json_str(recipe, "do", ""), "append");

	json_decref(recipe);
	return yes;
}

/* Whether b is made from a, or from a version whose rows are all in a because rows were appended to
 * it. */
static bool holds_rows_of(
	bn_workspace *ws, const bn_dataset_version *a, const bn_dataset_version *b)
{
	bn_dataset_version *before = NULL, *next;
	size_t n = 0;
	bool found = descends(ws, b, a, &n);

	for (const bn_dataset_version *at = a; !found && is_append(at) && n < LINEAGE_MAX; n++) {
		if (load(&next, ws, at->parents[0].name, at->parents[0].version) < 0)
			break;
		bn_dataset_version_free(before);
		at = before = next;
		found = !strcmp(at->hash, b->hash) || descends(ws, b, at, &n);
	}
	bn_dataset_version_free(before);
	return found;
}

static bn_shared_rows shared(
	bn_workspace *ws, const bn_dataset_version *a, const bn_dataset_version *b)
{
	bn_shared_rows found = bn_dataset_shared_rows(a, b);

	if (found == BN_ROWS_APART && (holds_rows_of(ws, a, b) || holds_rows_of(ws, b, a)))
		found = BN_ROWS_MADE_FROM;
	return found;
}

static void tell_two(bn_workspace *ws, const bn_spec_data *x, const bn_spec_data *y,
	bn_shared_tell tell, void *ctx)
{
	bn_dataset_version *a = NULL, *b = NULL;
	char name_a[200], name_b[200], text[800];

	if (!strcmp(part_of(x), part_of(y)) || load(&a, ws, x->name, x->version) < 0 ||
		load(&b, ws, y->name, y->version) < 0)
		goto out;
	bn_dataset_version_name(a, name_a, sizeof name_a);
	bn_dataset_version_name(b, name_b, sizeof name_b);
	switch (shared(ws, a, b)) {
	case BN_ROWS_APART:
		goto out;
	case BN_ROWS_SAME:
		snprintf(text, sizeof text, "%s and %s are the same rows (%s)", part_of(x),
			part_of(y), name_a);
		break;
	case BN_ROWS_MADE_FROM:
		snprintf(text, sizeof text,
			"%s (%s) and %s (%s) share rows because one is made from the other: metrics "
			"look better than they are",
			part_of(x), name_a, part_of(y), name_b);
		break;
	case BN_ROWS_OTHER_SPLITS:
		snprintf(text, sizeof text,
			"%s (%s) and %s (%s) are from different splits of %s and may share rows: "
			"use versions of one split (data ls shows when each was made)",
			part_of(x), name_a, part_of(y), name_b, a->parents[0].name);
		break;
	}
	tell(ctx, text);
out:
	bn_dataset_version_free(a);
	bn_dataset_version_free(b);
}

void bn_shared_parts_tell(bn_workspace *ws, const bn_spec *spec, bn_shared_tell tell, void *ctx)
{
	for (size_t i = 0; i < spec->data_count; i++)
		for (size_t k = i + 1; k < spec->data_count; k++)
			tell_two(ws, &spec->data[i], &spec->data[k], tell, ctx);
}

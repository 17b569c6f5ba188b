/* eraser_write.c - see eraser.h: parts and versions without the rows that match. */
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/_eraser.h"
#include "core/data/builder.h"
#include "core/profile/profiler.h"

#include <stdio.h>
#include <string.h>

/* ---- one part -------------------------------------------------------------------------------- */

static size_t kept_rows(const bn_erase_part *p, const bn_batch *b, uint32_t *rows)
{
	size_t n = 0;
	for (size_t r = 0; r < b->rows; r++)
		if (!bn_erase_matches(p, b->first_row + r))
			rows[n++] = (uint32_t)r;
	return n;
}

static int write_rows(bn_table_writer *w, bn_table_reader *t, const bn_erase_part *p, uint64_t *kept, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	uint32_t *rows = NULL;
	size_t cap = 0, n = 0;
	int rc = 0;
	*kept = 0;
	for (size_t i = 0; rc >= 0 && i < bn_table_batches(t); i++) {
		if ((rc = bn_table_read(t, i, NULL, 0, &b, err)) < 0)
			break;
		if (bn_grow(&rows, &cap, b.rows + 1, sizeof *rows))
			rc = bn_err_nomem(err, "rows that are kept");
		else if ((n = kept_rows(p, &b, rows)))
			rc = bn_table_write_rows(w, &b, rows, n, err);
		*kept += rc >= 0 ? n : 0;
		bn_table_forget(t, &b);
	}
	bn_batch_release(&b);
	bn_free(rows);
	return rc;
}

/* The dictionaries of the part before it. */
static int seed(bn_eraser *e, bn_table_writer *w, const char *after, bn_err *err)
{
	bn_table_reader *t = NULL;
	if (!after[0])
		return 0;
	int rc = bn_dataset_open_parts(&t, e->ws, after, NULL, err);
	if (rc < 0)
		return rc;
	const bn_schema *s = bn_table_schema(t);
	for (size_t i = 0; rc >= 0 && i < s->count; i++) {
		const bn_dict *d = bn_table_dict(t, i);
		if (d)
			rc = bn_table_writer_seed(w, i, d, err);
	}
	bn_table_reader_free(t);
	return rc;
}

static int keep_parts(bn_erased_part *out, bn_eraser *e, const bn_built *built, bn_err *err)
{
	int rc = 0;
	if (!(out->parts = bn_alloc_zeroed(built->part_count + 1, sizeof *out->parts)))
		return bn_err_nomem(err, "parts");
	for (size_t i = 0; rc >= 0 && i < built->part_count; i++) {
		const bn_built_part *from = &built->parts[i];
		bn_manifest_part *to = &out->parts[out->count++];
		*to = (bn_manifest_part){.bytes = from->bytes, .rows = from->rows};
		memcpy(to->hash, from->hash, sizeof to->hash);
		if (!(to->stats = bn_dataset_part_stats(from->stats, built->schema)))
			return bn_err_nomem(err, "parts");
		rc = bn_dataset_part_settle(e->ws, from->hash, err);
	}
	return rc;
}

static int write_part(bn_erased_part *out, bn_eraser *e, const bn_erase_part *p, bn_err *err)
{
	bn_table_builder *builder = NULL;
	bn_table_reader *t = NULL;
	bn_table_writer *w = NULL;
	struct bn_profiler *profiler = NULL;
	bn_built built;
	uint64_t kept = 0;
	int rc;
	if ((rc = bn_dataset_open_parts(&t, e->ws, p->hash, NULL, err)) < 0 ||
		(rc = bn_table_builder_new(&builder, e->ws, out->is_private, err)) < 0)
		goto out;
	bn_table_builder_cut(builder, UINT64_MAX);
	if ((rc = bn_table_builder_begin(builder, bn_table_schema(t), NULL, &w, err)) < 0 ||
		(rc = seed(e, w, out->after, err)) < 0 || (rc = write_rows(w, t, p, &kept, err)) < 0 || !kept ||
		(rc = bn_table_writer_finish(w, err)) < 0 ||
		(rc = bn_table_builder_store(builder, &built, &profiler, err)) < 0)
		goto out;
	rc = keep_parts(out, e, &built, err);
out:
	bn_profiler_free(profiler);
	bn_table_builder_free(builder);
	bn_table_reader_free(t);
	return rc;
}

/* Each part in each place is written once. *out is the eraser's, until the next call. */
static int need_part(const bn_erased_part **out, bn_eraser *e, const bn_erase_part *p, const char *after,
	bool is_private, bn_err *err)
{
	for (size_t i = 0; i < e->made_count; i++) {
		const bn_erased_part *m = &e->made[i];
		if (!strcmp(m->hash, p->hash) && !strcmp(m->after, after) && m->is_private == is_private) {
			*out = m;
			return 0;
		}
	}
	if (bn_grow(&e->made, &e->made_cap, e->made_count + 1, sizeof *e->made))
		return bn_err_nomem(err, "parts");
	bn_erased_part *m = &e->made[e->made_count++];
	*m = (bn_erased_part){.is_private = is_private};
	memcpy(m->hash, p->hash, sizeof m->hash);
	snprintf(m->after, sizeof m->after, "%s", after);
	*out = m;
	int rc = write_part(m, e, p, err);
	if (rc < 0)
		m->hash[0] = '\0'; /* found by nobody */
	return rc;
}

int bn_eraser_rewrite(char instead[65], uint64_t *rows, bn_eraser *e, const char *hash, bn_err *err)
{
	const bn_erase_part *p = bn_eraser_find(e, hash);
	const bn_erased_part *made;
	int rc = p ? need_part(&made, e, p, "", false, err) : bn_err_set(err, BN_ENOTFOUND, "object %.12s was not searched", hash);
	instead[0] = '\0';
	*rows = 0;
	if (rc < 0 || !made->count)
		return rc;
	memcpy(instead, made->parts[0].hash, 65);
	*rows = made->parts[0].rows;
	return 0;
}

/* ---- a version ------------------------------------------------------------------------------- */

typedef struct parts {
	bn_manifest_part *items; /* borrowed statistics */
	size_t count, cap;
	bn_manifest of; /* of the version: owns those that are kept */
} parts;

static int add_part(parts *to, const bn_manifest_part *p, bn_err *err)
{
	if (bn_grow(&to->items, &to->cap, to->count + 1, sizeof *to->items))
		return bn_err_nomem(err, "parts");
	to->items[to->count++] = *p;
	return 0;
}

/* In the first format the manifest records nothing of the only part: the version does. */
static void complete_part(bn_manifest *m, const bn_dataset_version *v)
{
	if (m->count == 1 && !m->parts[0].bytes) {
		m->parts[0].bytes = v->size_bytes;
		m->parts[0].rows = (uint64_t)v->rows;
	}
}

static int find_parts(parts *to, bn_eraser *e, const bn_dataset_version *v, bn_err *err)
{
	bool clean = true;
	int rc = bn_dataset_parts(&to->of, e->ws, v->hash, err);
	if (rc < 0)
		return rc;
	complete_part(&to->of, v);
	for (size_t i = 0; rc >= 0 && i < to->of.count; i++) {
		const bn_manifest_part *old = &to->of.parts[i];
		const bn_erased_part *made = NULL;
		if (clean && bn_eraser_object_is_clean(e, old->hash)) {
			rc = add_part(to, old, err);
			continue;
		}
		clean = false;
		if ((rc = bn_progress_step(e->progress, "writing the other rows", i, to->of.count, err)) < 0 ||
			(rc = need_part(&made, e, bn_eraser_find(e, old->hash),
				 to->count ? to->items[to->count - 1].hash : "", v->is_private, err)) < 0)
			break;
		for (size_t k = 0; rc >= 0 && k < made->count; k++)
			rc = add_part(to, &made->parts[k], err);
	}
	return rc;
}

static int open_parts(bn_table_reader **out, bn_workspace *ws, const parts *p, bn_err *err)
{
	char(*names)[BN_OBJECT_NAME] = bn_alloc_zeroed(p->count + 1, sizeof *names);
	const char **paths = bn_alloc_zeroed(p->count + 1, sizeof *paths);
	int rc = names && paths ? 0 : bn_err_nomem(err, "parts");
	for (size_t i = 0; rc >= 0 && i < p->count; i++) {
		paths[i] = names[i];
		rc = bn_object_file(ws, p->items[i].hash, names[i], err);
	}
	if (rc >= 0)
		rc = bn_table_open_parts(out, bn_workspace_env(ws), bn_workspace_at(ws), paths, p->count, err);
	bn_free(paths);
	bn_free(names);
	return rc;
}

/* How texts of a file were read is known from the profile alone. */
static int copy_readings(bn_profile *to, bn_eraser *e, const bn_dataset_version *v, bn_err *err)
{
	bn_profile *from = NULL;
	bn_dataset_version whole = *v;
	int rc = 0;
	whole.unmasked = true;
	if (!v->profile_hash[0] || bn_dataset_load_profile(&from, e->ws, &whole, NULL) < 0)
		return 0; /* then the next file is read as any other */
	for (size_t i = 0; rc >= 0 && i < to->column_count && i < from->column_count; i++) {
		const bn_profile_column *c = &from->columns[i];
		to->columns[i].spelled |= c->spelled;
		if (!c->field.read || to->columns[i].field.read || strcmp(c->field.name, to->columns[i].field.name) != 0)
			continue;
		if (!(to->columns[i].field.read = bn_strdup(c->field.read)))
			rc = bn_err_nomem(err, "a profile");
	}
	bn_profile_free(from);
	return rc;
}

static bool profile_step(void *ctx, uint64_t done, uint64_t total)
{
	const bn_progress *p = ctx;
	return !p || !p->report || p->report(p->ctx, "profiling", done, total);
}

static int publish(bn_dataset_version **out, bn_eraser *e, const bn_dataset_version *v, const parts *p, bn_err *err)
{
	const bn_profile_progress watch = {profile_step, (void *)(uintptr_t)e->progress};
	bn_table_reader *t = NULL;
	bn_profile *profile = NULL;
	json_t *recipe = json_pack("{s:s}", "do", "forget");
	int rc = recipe ? open_parts(&t, e->ws, p, err) : bn_err_nomem(err, "a recipe");
	if (rc < 0 || (rc = bn_profile_table(&profile, t, 0, &watch, err)) < 0 ||
		(rc = copy_readings(profile, e, v, err)) < 0)
		goto out;
	const bn_built built = {.is_private = v->is_private, .schema = bn_table_schema(t), .profile = profile};
	const bn_dataset_draft draft = {.name = v->name,
		.built = &built,
		.base = p->items,
		.base_count = p->count,
		.ungated = true,
		.source_kind = "forget",
		.parents = &v,
		.parent_count = 1,
		.recipe = recipe};
	rc = bn_dataset_publish(out, NULL, e->ws, &draft, err);
out:
	json_decref(recipe);
	bn_profile_free(profile);
	bn_table_reader_free(t);
	return rc;
}

int bn_eraser_stand_in(bn_dataset_version **out, bn_eraser *e, const bn_dataset_version *v, bn_err *err)
{
	parts p = {.items = NULL};
	char name[192];
	*out = NULL;
	int rc = find_parts(&p, e, v, err);
	if (rc >= 0 && p.count)
		rc = publish(out, e, v, &p, err);
	if (rc < 0)
		bn_err_prefix(err, "dataset %s", bn_dataset_version_name(v, name, sizeof name));
	bn_manifest_release(&p.of);
	bn_free(p.items);
	return rc;
}

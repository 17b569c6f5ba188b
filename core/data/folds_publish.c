/* folds_publish.c - the folds of a version as datasets that share their bytes: see folds.h. */
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/_split.h"
#include "core/data/builder.h"
#include "core/data/folds.h"
#include "core/profile/profiler.h"

#include <inttypes.h>
#include <string.h>

#define WRITER_BYTES ((size_t)256 << 20) /* of all writers that are open at once */
#define WRITERS 64
#define MERGED 600 /* blocks times columns whose profiles are kept to be merged: at most a few 100 MB */

/* A block in the store. */
typedef struct block {
	bn_table_builder *builder;
	bn_table_writer *writer;
	bn_manifest_part *parts;
	size_t part_count;
	bn_profiler *profiler; /* NULL: profiles are computed by reading */
	bool used;
} block;

typedef struct making {
	bn_workspace *ws;
	const bn_dataset_version *v;
	const bn_split_options *o;
	bn_table_reader *table;
	const char *where;
	const bn_folds *f;
	block *blocks;
	bool is_private, merges;
	bn_crew *crew;
	uint64_t done, total; /* parts that are published */
} making;

/* ---- writing blocks ------------------------------------------------------------------------------------ */

static size_t row_bytes(const bn_schema *s)
{
	size_t bytes = 1;

	for (size_t i = 0; i < s->count; i++) {
		size_t width = bn_type_width(s->fields[i].type);
		bytes += width ? width : 24;
	}
	return bytes;
}

/* With the dictionaries of the whole table. */
static int block_begin(making *m, block *b, bn_err *err)
{
	const bn_schema *s = bn_table_schema(m->table);
	int rc;

	if ((rc = bn_table_builder_new(&b->builder, m->ws, m->is_private, err)) < 0 ||
		(rc = bn_table_builder_begin(b->builder, s, m->crew, &b->writer, err)) < 0)
		return rc;
	for (size_t i = 0; i < s->count; i++) {
		const bn_dict *d = bn_table_dict(m->table, i);
		if (d && (rc = bn_table_writer_seed(b->writer, i, d, err)) < 0)
			return rc;
	}
	return 0;
}

static int block_end(making *m, block *b, bn_err *err)
{
	bn_built built;
	int rc;

	if ((rc = bn_table_writer_finish(b->writer, err)) < 0 ||
		(rc = bn_table_builder_store(b->builder, &built, &b->profiler, err)) < 0)
		return rc;
	if (!m->merges) {
		bn_profiler_free(b->profiler);
		b->profiler = NULL;
	}
	if (!(b->parts = bn_alloc_zeroed(built.part_count + 1, sizeof *b->parts)))
		return bn_err_nomem(err, "parts of a fold");
	for (; b->part_count < built.part_count; b->part_count++) {
		const bn_built_part *from = &built.parts[b->part_count];
		bn_manifest_part *to = &b->parts[b->part_count];
		if ((rc = bn_dataset_part_settle(m->ws, from->hash, err)) < 0)
			return rc;
		*to = (bn_manifest_part){.bytes = from->bytes, .rows = from->rows};
		memcpy(to->hash, from->hash, sizeof to->hash);
		if (!(to->stats = bn_dataset_part_stats(from->stats, built.schema)))
			return bn_err_nomem(err, "parts of a fold");
	}
	bn_table_builder_free(b->builder);
	b->builder = NULL;
	b->writer = NULL;
	return 0;
}

static void block_release(block *b)
{
	for (size_t i = 0; i < b->part_count; i++)
		json_decref(b->parts[i].stats);
	bn_free(b->parts);
	bn_profiler_free(b->profiler);
	bn_table_builder_free(b->builder);
}

/* The rows of a batch by block: a counting sort of those from .. to - 1. */
static int write_batch(making *m, const bn_batch *batch, uint64_t first, size_t from, size_t to, uint32_t *rows,
	uint32_t *starts, bn_err *err)
{
	const uint16_t *of = m->f->block_of + first;
	int rc;

	memset(starts, 0, (to - from + 1) * sizeof *starts);
	for (size_t r = 0; r < batch->rows; r++)
		if (of[r] >= from && of[r] < to)
			starts[of[r] - from + 1]++;
	for (size_t i = 1; i <= to - from; i++)
		starts[i] += starts[i - 1];
	for (size_t r = 0; r < batch->rows; r++)
		if (of[r] >= from && of[r] < to)
			rows[starts[of[r] - from]++] = (uint32_t)r;
	for (size_t i = from, at = 0; i < to; i++) { /* starts[i] is now the end */
		size_t n = starts[i - from] - at;
		if (n && m->blocks[i].used && (rc = bn_table_write_rows(m->blocks[i].writer, batch, rows + at, n, err)) < 0)
			return rc;
		at = starts[i - from];
	}
	return 0;
}

static int write_blocks(making *m, size_t from, size_t to, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	uint32_t *rows = NULL, *starts = bn_alloc((to - from + 2) * sizeof *starts);
	size_t cap = 0;
	int rc = starts ? 0 : bn_err_nomem(err, "rows of a fold");

	for (size_t i = from; rc >= 0 && i < to; i++)
		if (m->blocks[i].used)
			rc = block_begin(m, &m->blocks[i], err);
	for (size_t b = 0; rc >= 0 && b < bn_table_batches(m->table); b++) {
		uint64_t first = bn_table_batch_start(m->table, b);
		if ((rc = bn_table_read(m->table, b, NULL, 0, &batch, err)) < 0)
			break;
		if (bn_grow(&rows, &cap, batch.rows + 1, sizeof *rows))
			rc = bn_err_nomem(err, "rows of a fold");
		else
			rc = write_batch(m, &batch, first, from, to, rows, starts, err);
		bn_table_forget(m->table, &batch);
		if (rc >= 0)
			rc = bn_progress_step(m->o->progress, "writing", first, bn_table_rows(m->table), err);
	}
	for (size_t i = from; rc >= 0 && i < to; i++)
		if (m->blocks[i].used)
			rc = block_end(m, &m->blocks[i], err);
	bn_batch_release(&batch);
	bn_free(rows);
	bn_free(starts);
	return rc;
}

static int write_all(making *m, bn_err *err)
{
	size_t writers = WRITER_BYTES / (row_bytes(bn_table_schema(m->table)) * BN_BATCH_ROWS), used = 0;
	int rc = 0;

	writers = writers > WRITERS ? WRITERS : writers;
	writers += !writers;
	for (size_t p = 0; p < m->f->count; p++)
		for (size_t i = 0; i < m->f->parts[p].block_count; i++) {
			block *b = &m->blocks[m->f->parts[p].blocks[i]];
			used += !b->used;
			b->used = true;
		}
	m->merges = used * bn_table_schema(m->table)->count <= MERGED;
	for (size_t from = 0; rc >= 0 && from < m->f->block_count; from += writers) {
		size_t to = from + writers < m->f->block_count ? from + writers : m->f->block_count;
		rc = write_blocks(m, from, to, err);
	}
	return rc;
}

/* ---- publishing ------------------------------------------------------------------------------------------ */

static json_t *recipe_of(const making *m, const bn_fold_part *p)
{
	const bn_split_options *o = m->o;
	json_t *r = bn_split_recipe(o, m->where);
	const struct {
		const char *key;
		size_t value;
	} numbers[] = {{"folds", o->folds_each ? 0 : o->folds}, {"fold", p->fold}, {"repeats", o->repeats},
		{"repeat", p->repeat}, {"inner", o->inner}, {"inner_fold", p->inner},
		{"window", o->kind == BN_SPLIT_ROLLING && !o->window ? 1 : o->window}};

	if (!r)
		return NULL;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (numbers[i].value)
			json_object_set_new(r, numbers[i].key, json_integer((json_int_t)numbers[i].value));
	if (o->folds_each) {
		json_object_set_new(r, "folds", json_string("each"));
		json_object_set_new(r, "value", json_string(p->value));
	}
	json_object_set_new(r, "part", json_string(p->is_test ? "test" : "train"));
	return r;
}

static int merge_profiles(bn_profile **out, const making *m, const bn_fold_part *p, bn_err *err)
{
	bn_profiler *all = NULL;
	int rc;

	if (!m->merges)
		return 0;
	if ((rc = bn_profiler_new(&all, bn_table_schema(m->table), err)) < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < p->block_count; i++)
		rc = bn_profiler_merge(all, m->blocks[p->blocks[i]].profiler, err);
	if (rc >= 0)
		rc = bn_profiler_finish(out, all, err);
	bn_profiler_free(all);
	return rc;
}

static int publish_part(bn_dataset_version **out, making *m, const bn_fold_part *p, bn_err *err)
{
	bn_profile *profile = NULL;
	bn_manifest_part *parts = NULL;
	size_t n = 0, cap = 0;
	char *name = bn_strf("%s.%s", m->v->name, p->name);
	json_t *recipe = recipe_of(m, p);
	int rc;

	if (!name || !recipe) {
		rc = bn_err_nomem(err, "a part");
		goto out;
	}
	for (size_t i = 0; i < p->block_count; i++) {
		const block *b = &m->blocks[p->blocks[i]];
		if (bn_grow(&parts, &cap, n + b->part_count, sizeof *parts)) {
			rc = bn_err_nomem(err, "a part");
			goto out;
		}
		memcpy(parts + n, b->parts, b->part_count * sizeof *parts);
		n += b->part_count;
	}
	if ((rc = merge_profiles(&profile, m, p, err)) < 0)
		goto out;
	const bn_built built = {
		.is_private = m->is_private, .schema = bn_table_schema(m->table), .profile = profile};
	const bn_dataset_draft draft = {.name = name,
		.built = &built,
		.base = parts,
		.base_count = n,
		.checking = m->o->progress,
		.source_kind = "split",
		.parents = &m->v,
		.parent_count = 1,
		.recipe = recipe};
	rc = bn_dataset_publish(out, NULL, m->ws, &draft, err);
out:
	bn_free(parts);
	bn_free(name);
	json_decref(recipe);
	bn_profile_free(profile);
	return rc;
}

/* Blocks are shared, so all parts are private if one has to be. */
static int find_privacy(making *m, bn_err *err)
{
	for (size_t i = 0; i < m->f->count && !m->is_private; i++) {
		char *name = bn_strf("%s.%s", m->v->name, m->f->parts[i].name);
		int rc = name ? bn_dataset_is_to_be_private(
					&m->is_private, m->ws, name, BN_DATASET_AS_BEFORE, &m->v, 1, err)
			      : bn_err_nomem(err, "a name");
		if (rc >= 0)
			rc = bn_dataset_check_name(name, err);
		bn_free(name);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Takes the parts of a repeat into *out. */
static int keep_parts(bn_folds_made *out, bn_folds *f, bn_err *err)
{
	size_t n = out->count + f->count;
	bn_fold_part *parts = bn_realloc(out->parts, (n + 1) * sizeof *parts);
	bn_dataset_version **versions;

	if (!parts)
		return bn_err_nomem(err, "parts of folds");
	out->parts = parts;
	if (!(versions = bn_realloc(out->versions, (n + 1) * sizeof *versions)))
		return bn_err_nomem(err, "parts of folds");
	out->versions = versions;
	for (size_t i = 0; i < f->count; i++) {
		out->parts[out->count] = f->parts[i];
		out->parts[out->count].blocks = NULL;
		out->versions[out->count++] = NULL;
	}
	return 0;
}

static int make_repeat(bn_folds_made *out, making *m, bn_folds *f, bn_err *err)
{
	size_t first = out->count;
	int rc;

	m->f = f;
	if ((rc = keep_parts(out, f, err)) < 0 || m->o->only_plan)
		return rc;
	if (!(m->blocks = bn_alloc_zeroed(f->block_count + 1, sizeof *m->blocks)))
		return bn_err_nomem(err, "blocks of folds");
	if ((rc = find_privacy(m, err)) < 0 || (rc = write_all(m, err)) < 0)
		goto out;
	for (size_t i = 0; i < f->count; i++)
		if ((rc = bn_progress_step(m->o->progress, "publishing parts", m->done++, m->total, err)) < 0 ||
			(rc = publish_part(&out->versions[first + i], m, &f->parts[i], err)) < 0)
			goto out;
out:
	for (size_t i = 0; i < f->block_count; i++)
		block_release(&m->blocks[i]);
	bn_free(m->blocks);
	m->blocks = NULL;
	return rc;
}

static int search_folds(const bn_split_options *o, bn_table_reader *table, const bn_folds *f, bn_err *err)
{
	char texts[BN_FOLDS_MAX][24];
	const char *names[BN_FOLDS_MAX];

	for (size_t i = 0; i < f->folds; i++) {
		snprintf(texts[i], sizeof texts[i], "fold%zu", i + 1);
		names[i] = texts[i];
	}
	return bn_split_search(o, table, f->fold_of, f->folds, names, err);
}

int bn_dataset_folds(bn_folds_made *out, bn_workspace *ws, const bn_dataset_version *v, const bn_split_options *asked,
	bn_err *err)
{
	bn_split_options own;
	const bn_split_options *o = &own;
	making m = {.ws = ws, .v = v, .o = o};
	bn_buf where = BN_BUF_INIT;
	size_t repeats = asked->repeats ? asked->repeats : 1;
	int rc;

	memset(out, 0, sizeof *out);
	if ((rc = bn_folds_check(asked, err)) < 0 || (rc = bn_split_mask(&own, asked, ws, v, err)) < 0)
		return rc;
	if ((rc = bn_split_open(&m.table, &where, ws, v, o, err)) < 0 || (rc = bn_crew_new_default(&m.crew, err)) < 0)
		goto out;
	m.where = where.ptr;
	out->rows = bn_table_rows(m.table);
	for (size_t r = 0; rc >= 0 && r < repeats; r++) {
		bn_folds f;
		if ((rc = bn_folds_plan(&f, m.table, o, r, err)) >= 0) {
			m.total = f.count * repeats;
			if (!r && (rc = bn_folds_notes(&out->notes, o, &f, err)) >= 0)
				rc = search_folds(o, m.table, &f, err);
			if (rc >= 0)
				rc = make_repeat(out, &m, &f, err);
		}
		bn_folds_release(&f);
	}
out:
	bn_crew_free(m.crew);
	bn_buf_release(&where);
	bn_table_reader_free(m.table);
	return rc;
}

void bn_folds_made_release(bn_folds_made *m)
{
	for (size_t i = 0; i < m->count; i++)
		bn_dataset_version_free(m->versions[i]);
	bn_free(m->versions);
	bn_free(m->parts);
	bn_source_notes_release(&m->notes);
	memset(m, 0, sizeof *m);
}

/* sample.c - see sample.h. */
#include "core/data/sample.h"

#include "core/base/mem.h"
#include "core/data/_split.h"
#include "core/data/builder.h"
#include "core/data/numbering.h"
#include "core/data/protect.h"
#include "core/table/hide.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"all", "random", "stratified", "down", "up", "weighted", NULL};

typedef struct sampling {
	const bn_sample *o;
	bn_table_reader *table;
	uint64_t rows, wanted; /* wanted: random, stratified, weighted */
	uint32_t *times;       /* of each row */
	uint32_t *class_of;    /* of each row, if there are classes */
	bn_numbering classes;
	uint64_t *before, *after, *first; /* of each class; the first row */
	bool has_classes;
	bool masked; /* no class is named */
	double *weight_of; /* of each class */
	bn_schema schema;  /* of the result */
} sampling;

int bn_sample_kind_parse(bn_sample_kind *out, const char *name, bn_err *err)
{
	for (int i = 0; kind_names[i]; i++)
		if (!strcmp(name, kind_names[i])) {
			*out = (bn_sample_kind)i;
			return 0;
		}
	bn_err_set(err, BN_EINVAL, "'%s' is not a kind of sample", name);
	bn_err_hint(err, "all, random, stratified, down, up or weighted");
	return BN_EINVAL;
}

/* ---- options ----------------------------------------------------------------------------------------- */

static bool takes_rows(bn_sample_kind kind)
{
	return kind == BN_SAMPLE_RANDOM || kind == BN_SAMPLE_STRATIFIED || kind == BN_SAMPLE_WEIGHTED;
}

static int check_options(const bn_sample *o, bn_err *err)
{
	const char *how = kind_names[o->kind];

	if (o->kind >= BN_SAMPLE_STRATIFIED && !o->column) {
		bn_err_set(err, BN_EINVAL, "a %s sample needs a column", how);
		bn_err_hint(err, o->kind == BN_SAMPLE_WEIGHTED ? "--by COLUMN has the weights" : "--by COLUMN has the classes");
		return BN_EINVAL;
	}
	if (takes_rows(o->kind) && !o->rows && !(o->share > 0)) {
		bn_err_set(err, BN_EINVAL, "how many rows?");
		bn_err_hint(err, "--rows N, or --share 0.1");
		return BN_EINVAL;
	}
	if (o->rows && o->share > 0)
		return bn_err_set(err, BN_EINVAL, "--rows and --share: give one");
	if (o->share > 0 && (!takes_rows(o->kind) || o->share >= 1))
		return bn_err_set(err, BN_EINVAL, takes_rows(o->kind) ? "--share is above 0 and below 1"
								       : "--share is of random, stratified and weighted samples");
	if (o->rows && !takes_rows(o->kind) && o->kind != BN_SAMPLE_DOWN)
		return bn_err_set(err, BN_EINVAL, "--rows does not fit --how %s", how);
	if (o->kind == BN_SAMPLE_ALL && !o->weights) {
		bn_err_set(err, BN_EINVAL, "all rows without weights are the dataset itself");
		bn_err_hint(err, "--weights NAME adds them, or --how random --rows N");
		return BN_EINVAL;
	}
	if (o->weights && (!o->column || o->kind == BN_SAMPLE_WEIGHTED))
		return bn_err_set(err, BN_EINVAL, "--weights are those of classes: --by COLUMN has them");
	if (o->column && o->kind == BN_SAMPLE_RANDOM && !o->weights)
		return bn_err_set(err, BN_EINVAL, "--by %s needs --how stratified, down, up or weighted", o->column);
	return 0;
}

/* ---- classes ----------------------------------------------------------------------------------------- */

static int number_rows(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	sampling *s = ctx;
	int rc;

	for (size_t r = 0; r < c->rows; r++) {
		uint32_t *class = &s->class_of[first_row + r];
		size_t known = s->classes.used;
		if ((rc = bn_number_of(class, &s->classes, bn_split_key(c, r), err)) < 0)
			return rc;
		if (s->classes.used > BN_SAMPLE_VALUES) {
			bn_err_set(err, BN_EINVAL, "column '%s' has more than %d different values", s->o->column,
				BN_SAMPLE_VALUES);
			bn_err_hint(err, "a class is a category, a bool or a number of few values");
			return BN_EINVAL;
		}
		if (s->classes.used > known)
			s->first[*class] = first_row + r;
		s->before[*class]++;
	}
	return 0;
}

static int count_classes(sampling *s, bn_err *err)
{
	size_t column;
	int rc = bn_schema_need(bn_table_schema(s->table), s->o->column, &column, err);

	if (rc < 0)
		return rc;
	s->class_of = bn_alloc((s->rows + 1) * sizeof *s->class_of);
	s->before = bn_alloc_zeroed(BN_SAMPLE_VALUES + 2, sizeof *s->before);
	s->after = bn_alloc_zeroed(BN_SAMPLE_VALUES + 2, sizeof *s->after);
	s->first = bn_alloc_zeroed(BN_SAMPLE_VALUES + 2, sizeof *s->first);
	s->weight_of = bn_alloc_zeroed(BN_SAMPLE_VALUES + 2, sizeof *s->weight_of);
	if (!s->class_of || !s->before || !s->after || !s->first || !s->weight_of)
		return bn_err_nomem(err, "the classes of a sample");
	s->has_classes = true;
	return bn_split_each(s->table, column, number_rows, s, s->o->progress, err);
}

/* Of each class that many rows: each row times / rows of the class, and some of them once more. */
static int even_classes(sampling *s, uint64_t target, bn_err *err)
{
	uint64_t *seen = bn_alloc_zeroed(s->classes.used + 1, sizeof *seen);
	uint64_t *extra = bn_alloc_zeroed(s->classes.used + 1, sizeof *extra);
	bn_rng r;

	if (!seen || !extra) {
		bn_free(seen);
		bn_free(extra);
		return bn_err_nomem(err, "the classes of a sample");
	}
	bn_rng_init(&r, s->o->seed, "data.sample.even", 0);
	for (size_t c = 0; c < s->classes.used; c++)
		extra[c] = target % s->before[c];
	for (uint64_t i = 0; i < s->rows; i++) {
		uint32_t c = s->class_of[i];
		uint64_t left = s->before[c] - seen[c]++;
		s->times[i] = (uint32_t)(target / s->before[c]);
		if (extra[c] && bn_rng_below(&r, left) < extra[c]) {
			s->times[i]++;
			extra[c]--;
		}
	}
	bn_free(seen);
	bn_free(extra);
	return 0;
}

static uint64_t class_target(const sampling *s)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t c = 0; c < s->classes.used; c++) {
		least = s->before[c] < least ? s->before[c] : least;
		most = s->before[c] > most ? s->before[c] : most;
	}
	if (s->o->kind == BN_SAMPLE_UP)
		return most;
	if (s->o->rows && s->o->rows / s->classes.used < least)
		return s->o->rows / s->classes.used;
	return least;
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

static void draw_random(sampling *s)
{
	uint64_t left = s->wanted;
	bn_rng r;

	bn_rng_init(&r, s->o->seed, "data.sample", 0);
	for (uint64_t i = 0; i < s->rows; i++)
		if (left && bn_rng_below(&r, s->rows - i) < left) {
			s->times[i] = 1;
			left--;
		}
}

static int draw_strata(sampling *s, bn_err *err)
{
	double share = (double)s->wanted / (double)s->rows;
	const bn_split_options o = {.kind = BN_SPLIT_STRATIFIED,
		.column = s->o->column,
		.seed = s->o->seed,
		.parts = {{"sample", share}, {"rest", 1 - share}},
		.part_count = 2,
		.progress = s->o->progress};
	uint8_t *part_of = NULL;
	int rc;

	if (s->wanted == s->rows) {
		for (uint64_t i = 0; i < s->rows; i++)
			s->times[i] = 1;
		return 0;
	}
	if ((rc = bn_split_assign(&part_of, s->table, &o, err)) < 0)
		return rc;
	for (uint64_t i = 0; i < s->rows; i++)
		s->times[i] = part_of[i] == 0;
	bn_free(part_of);
	return 0;
}

typedef struct drawn {
	double key; /* ln(u) / weight: the largest are drawn */
	uint64_t row;
} drawn;

typedef struct drawing {
	drawn *items;
	uint64_t used;
	bn_rng rng;
} drawing;

static int draw_keys(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	drawing *d = ctx;

	(void)err;
	for (size_t r = 0; r < c->rows; r++) {
		double w = bn_column_number(c, r), u = bn_rng_uniform(&d->rng); /* one for each row, drawn or not */
		if (w > 0 && isfinite(w))
			d->items[d->used++] = (drawn){log1p(-u) / w, first_row + r};
	}
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const drawn *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static int draw_weighted(sampling *s, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(s->table);
	drawing d = {.used = 0};
	size_t column;
	int rc = bn_schema_need(schema, s->o->column, &column, err);

	if (rc < 0)
		return rc;
	if (!bn_type_is_number(schema->fields[column].type))
		return bn_err_set(err, BN_EINVAL, "column '%s' has no numbers: weights are numbers", s->o->column);
	if (!(d.items = bn_alloc((s->rows + 1) * sizeof *d.items)))
		return bn_err_nomem(err, "the weights of a sample");
	bn_rng_init(&d.rng, s->o->seed, "data.sample.weighted", 0);
	if ((rc = bn_split_each(s->table, column, draw_keys, &d, s->o->progress, err)) < 0)
		goto out;
	if (d.used < s->wanted) {
		rc = bn_err_set(err, BN_EINVAL, "%" PRIu64 " rows are wanted, and %" PRIu64 " have a weight above 0 in '%s'",
			s->wanted, d.used, s->o->column);
		goto out;
	}
	qsort(d.items, d.used, sizeof *d.items, by_key);
	for (uint64_t i = 0; i < s->wanted; i++)
		s->times[d.items[i].row] = 1;
out:
	bn_free(d.items);
	return rc;
}

static int draw(sampling *s, bn_err *err)
{
	switch (s->o->kind) {
	case BN_SAMPLE_RANDOM:
		draw_random(s);
		return 0;
	case BN_SAMPLE_STRATIFIED:
		return draw_strata(s, err);
	case BN_SAMPLE_WEIGHTED:
		return draw_weighted(s, err);
	case BN_SAMPLE_DOWN:
	case BN_SAMPLE_UP:
		return even_classes(s, class_target(s), err);
	case BN_SAMPLE_ALL:
		break;
	}
	for (uint64_t i = 0; i < s->rows; i++)
		s->times[i] = 1;
	return 0;
}

/* Rows of the classes in the sample, and their weights. */
static void weigh(sampling *s, uint64_t *total)
{
	size_t present = 0;

	*total = 0;
	for (uint64_t i = 0; i < s->rows; i++) {
		*total += s->times[i];
		if (s->has_classes)
			s->after[s->class_of[i]] += s->times[i];
	}
	for (size_t c = 0; s->has_classes && c < s->classes.used; c++)
		present += s->after[c] > 0;
	for (size_t c = 0; s->has_classes && c < s->classes.used; c++)
		s->weight_of[c] = s->after[c] ? (double)*total / ((double)present * (double)s->after[c]) : NAN;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static int plan_schema(sampling *s, bn_err *err)
{
	int rc = bn_schema_copy(&s->schema, bn_table_schema(s->table), err);

	if (rc < 0 || !s->o->weights)
		return rc;
	return bn_schema_add(&s->schema, s->o->weights, BN_TYPE_FLOAT64, false, NULL, err);
}

/* The batch with the column of weights. */
static int add_weights(bn_batch *out, const sampling *s, const bn_batch *in, uint64_t first, double *weights,
	bn_column *columns)
{
	for (size_t r = 0; r < in->rows; r++)
		weights[r] = s->weight_of[s->class_of[first + r]];
	memcpy(columns, in->columns, in->column_count * sizeof *columns);
	columns[in->column_count] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = in->rows, .f64 = weights};
	*out = (bn_batch){.rows = in->rows,
		.columns = columns,
		.column_count = in->column_count + 1,
		.first_row = in->first_row};
	return 0;
}

static int write_batch(sampling *s, const bn_batch *in, uint64_t first, bn_table_writer *w, bn_err *err)
{
	size_t n = 0, most = 0;
	uint32_t *rows = NULL;
	double *weights = bn_alloc((in->rows + 1) * sizeof *weights);
	bn_column *columns = bn_alloc((in->column_count + 1) * sizeof *columns);
	bn_batch wide = *in;
	int rc = 0;

	for (size_t r = 0; r < in->rows; r++)
		most += s->times[first + r];
	if (!weights || !columns || !(rows = bn_alloc((most + 1) * sizeof *rows))) {
		rc = bn_err_nomem(err, "rows of a sample");
		goto out;
	}
	for (size_t r = 0; r < in->rows; r++)
		for (uint32_t k = 0; k < s->times[first + r]; k++)
			rows[n++] = (uint32_t)r;
	if (s->o->weights)
		add_weights(&wide, s, in, first, weights, columns);
	for (size_t at = 0; rc >= 0 && at < n; at += BN_BATCH_ROWS)
		rc = bn_table_write_rows(w, &wide, rows + at, n - at < BN_BATCH_ROWS ? n - at : BN_BATCH_ROWS, err);
out:
	bn_free(rows);
	bn_free(weights);
	bn_free(columns);
	return rc;
}

static int write_rows(sampling *s, bn_table_writer *w, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < bn_table_batches(s->table); i++) {
		uint64_t first = bn_table_batch_start(s->table, i);
		if ((rc = bn_progress_step(s->o->progress, "writing", first, s->rows, err)) < 0 ||
			(rc = bn_table_read(s->table, i, NULL, 0, &b, err)) < 0)
			break;
		rc = write_batch(s, &b, first, w, err);
		bn_table_forget(s->table, &b);
	}
	bn_batch_release(&b);
	return rc < 0 ? rc : bn_table_writer_finish(w, err);
}

static json_t *recipe_of(const bn_sample *o, uint64_t rows, const char *where)
{
	json_t *r = json_pack("{s:s, s:s, s:s?, s:I, s:I}", "do", "sample", "how", kind_names[o->kind], "column",
		o->column, "seed", (json_int_t)o->seed, "rows", (json_int_t)rows);

	if (r && o->weights)
		json_object_set_new(r, "weights", json_string(o->weights));
	if (r && where && where[0])
		json_object_set_new(r, "where", json_string(where));
	return r;
}

/* ---- the outcome ---------------------------------------------------------------------------------------- */

static int by_rows(const void *a, const void *b)
{
	const bn_sample_value *x = a, *y = b;

	if (x->before != y->before)
		return x->before > y->before ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int tell_classes(bn_sample_outcome *out, sampling *s, bn_err *err)
{
	size_t column = s->has_classes ? bn_schema_find(bn_table_schema(s->table), s->o->column) : 0;
	int rc;

	out->before = s->rows;
	if (!s->has_classes)
		return 0;
	if (!(out->values = bn_alloc_zeroed(s->classes.used + 1, sizeof *out->values)))
		return bn_err_nomem(err, "the classes of a sample");
	for (size_t c = 0; c < s->classes.used; c++) {
		bn_sample_value *v = &out->values[out->count++];
		v->before = s->before[c];
		v->after = s->after[c];
		v->weight = s->o->weights ? s->weight_of[c] : NAN;
		if (s->masked)
			snprintf(v->text, sizeof v->text, BN_HIDDEN_TEXT);
		else if ((rc = bn_split_value_text(v->text, sizeof v->text, s->table, column, s->first[c], err)) < 0)
			return rc;
	}
	qsort(out->values, out->count, sizeof *out->values, by_rows);
	return 0;
}

void bn_sample_outcome_release(bn_sample_outcome *o)
{
	bn_free(o->values);
	memset(o, 0, sizeof *o);
}

/* ---- all steps ------------------------------------------------------------------------------------------ */

static int sample_open(sampling *s, bn_buf *where, bn_workspace *ws, const bn_dataset_version *from, bn_err *err)
{
	const bn_sample *o = s->o;
	const bn_split_options rows = {.where = o->where, .progress = o->progress};
	int rc;

	if ((rc = bn_split_open(&s->table, where, ws, from, &rows, err)) < 0)
		return rc;
	s->rows = bn_table_rows(s->table);
	s->wanted = o->rows ? o->rows : (uint64_t)((double)s->rows * o->share + 0.5);
	s->wanted += takes_rows(o->kind) && !s->wanted;
	if (takes_rows(o->kind) && s->wanted > s->rows)
		return bn_err_set(err, BN_EINVAL, "%" PRIu64 " rows are wanted, and there are %" PRIu64, s->wanted, s->rows);
	if (!(s->times = bn_alloc_zeroed(s->rows + 1, sizeof *s->times)))
		return bn_err_nomem(err, "rows of a sample");
	if (o->column && o->kind != BN_SAMPLE_WEIGHTED && (rc = count_classes(s, err)) < 0)
		return rc;
	return plan_schema(s, err);
}

static void sampling_release(sampling *s)
{
	bn_free(s->times);
	bn_free(s->class_of);
	bn_free(s->before);
	bn_free(s->after);
	bn_free(s->first);
	bn_free(s->weight_of);
	bn_numbering_release(&s->classes);
	bn_schema_release(&s->schema);
	bn_table_reader_free(s->table);
}

int bn_dataset_sample(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const bn_dataset_version *from, const bn_sample *o, bn_sample_outcome *outcome, bn_err *err)
{
	sampling s = {.o = o, .schema = BN_SCHEMA_INIT};
	bn_table_builder *builder = NULL;
	bn_table_writer *w = NULL;
	bn_crew *crew = NULL;
	bn_buf where = BN_BUF_INIT;
	bn_built built;
	json_t *recipe = NULL;
	bool is_private;
	int rc;

	memset(outcome, 0, sizeof *outcome);
	if ((rc = check_options(o, err)) < 0 || (rc = bn_dataset_check_name(name, err)) < 0 ||
		(rc = bn_dataset_is_to_be_private(&is_private, ws, name, o->privacy, &from, 1, err)) < 0 ||
		(rc = bn_protect_hides(&s.masked, ws, from, o->column, err)) < 0 ||
		(rc = sample_open(&s, &where, ws, from, err)) < 0 || (rc = draw(&s, err)) < 0)
		goto out;
	weigh(&s, &outcome->after);
	if ((rc = tell_classes(outcome, &s, err)) < 0 || (rc = bn_crew_new_default(&crew, err)) < 0 ||
		(rc = bn_table_builder_new(&builder, ws, is_private, err)) < 0 ||
		(rc = bn_table_builder_begin(builder, &s.schema, crew, &w, err)) < 0 ||
		(rc = write_rows(&s, w, err)) < 0 || (rc = bn_table_builder_finish(builder, &built, err)) < 0)
		goto out;
	if (!(recipe = recipe_of(o, outcome->after, where.ptr))) {
		rc = bn_err_nomem(err, "a recipe");
		goto out;
	}
	const bn_dataset_draft draft = {.name = name,
		.built = &built,
		.checking = o->progress,
		.source_kind = "sample",
		.parents = &from,
		.parent_count = 1,
		.recipe = recipe};
	rc = bn_dataset_publish(out, added, ws, &draft, err);
out:
	json_decref(recipe);
	bn_table_builder_free(builder);
	bn_crew_free(crew);
	bn_buf_release(&where);
	sampling_release(&s);
	return rc;
}

/* transform.c - see transform.h. */
#include "core/data/transform.h"

#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/builder.h"
#include "core/data/pseudonym.h"
#include "core/table/derive.h"
#include "core/table/expr/eval.h"
#include "core/table/scan.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct made_column {
	char *name;
	bn_expr *expr;
	bn_expr_scratch *scratch;
} made_column;

typedef struct transforming {
	const bn_transform *o;
	bn_table_reader *table;
	bn_schema schema; /* of the result */
	size_t *from;     /* of each column: its index in the table; SIZE_MAX: */
	size_t *made;     /* its index below */
	made_column *columns;
	bn_buf where; /* its canonical text */
	bn_crew *crew;
	bn_pseudonyms had, asked; /* of the source; to be made now */
	bool *replaced;           /* of each column of the result: it is asked for */
} transforming;

/* ---- "name = expression" ---------------------------------------------------------------------- */

static int read_column(made_column *c, const char *text, const bn_schema *schema, bn_err *err)
{
	const char *name, *expression;
	size_t name_bytes, expression_bytes;
	char source[80];
	int rc = bn_derived_split(
		text, strlen(text), &name, &name_bytes, &expression, &expression_bytes, err);
	if (rc < 0) {
		bn_err_prefix(err, "--column");
		return rc;
	}
	if (!(c->name = bn_strndup(name, name_bytes)))
		return bn_err_nomem(err, "a name");
	snprintf(source, sizeof source, "--column %.60s", c->name);
	if ((rc = bn_expr_of_rows(&c->expr, expression, source, schema, BN_EXPR_TYPES, err)) < 0)
		return rc;
	return bn_expr_scratch_new(&c->scratch, c->expr, NULL, 0, err);
}

static int read_columns(transforming *d, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(d->table);
	int rc;
	if (!(d->columns = bn_alloc_zeroed(d->o->column_count + 1, sizeof *d->columns)))
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < d->o->column_count; i++)
		if ((rc = read_column(&d->columns[i], d->o->columns[i], schema, err)) < 0)
			return rc;
	return 0;
}

/* ---- result columns -------------------------------------------------------------------------- */

/* The last column computed under that name. */
static size_t made_by(const transforming *d, const char *name)
{
	for (size_t i = d->o->column_count; i-- > 0;)
		if (!strcmp(d->columns[i].name, name))
			return i;
	return SIZE_MAX;
}

static int add_made(transforming *d, size_t made, bn_err *err)
{
	const made_column *c = &d->columns[made];
	d->from[d->schema.count] = SIZE_MAX;
	d->made[d->schema.count] = made;
	return bn_schema_add(&d->schema, c->name, bn_expr_column_type(c->expr), true, NULL, err);
}

static int add_kept(transforming *d, size_t column, bn_err *err)
{
	const bn_field *f = &bn_table_schema(d->table)->fields[column];
	size_t made = made_by(d, f->name);
	if (made != SIZE_MAX)
		return add_made(d, made, err);
	d->from[d->schema.count] = column;
	return bn_schema_add_field(&d->schema, f, NULL, err);
}

static int plan_schema(transforming *d, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(d->table);
	size_t most = schema->count + d->o->keep_count + d->o->column_count + 1, column;
	int rc;
	d->from = bn_alloc_zeroed(most, sizeof *d->from);
	d->made = bn_alloc_zeroed(most, sizeof *d->made);
	if (!d->from || !d->made)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; !d->o->keep && i < schema->count; i++)
		if ((rc = add_kept(d, i, err)) < 0)
			return rc;
	for (size_t i = 0; d->o->keep && i < d->o->keep_count; i++)
		if ((rc = bn_schema_need(schema, d->o->keep[i], &column, err)) < 0 ||
			(rc = add_kept(d, column, err)) < 0)
			return rc;
	for (size_t i = 0; i < d->o->column_count; i++)
		if (bn_schema_find(&d->schema, d->columns[i].name) == BN_SCHEMA_NONE &&
			(rc = add_made(d, made_by(d, d->columns[i].name), err)) < 0)
			return rc;
	return bn_schema_copy_meta(&d->schema, schema, err);
}

/* Names of `had` that the result has as they were, in addition to those asked for. */
static int keep_pseudonyms(transforming *d, bn_err *err)
{
	for (size_t i = 0; i < d->had.count; i++) {
		const char *name = d->had.columns[i];
		size_t at = bn_schema_find(&d->schema, name);
		if (at == BN_SCHEMA_NONE || d->from[at] == SIZE_MAX)
			continue;
		if (d->replaced[at]) {
			bn_err_set(err, BN_EINVAL, "column '%s' has pseudonyms already", name);
			return BN_EINVAL;
		}
	}
	if (d->had.count && d->asked.count && strcmp(d->had.key, d->asked.key) != 0) {
		bn_err_set(err, BN_EREFUSED, "the pseudonyms of the source were made with another secret than yours");
		bn_err_hint(err, "who made them has it, in ~/.config/binnacle/pseudonyms");
		return BN_EREFUSED;
	}
	return 0;
}

static int plan_pseudonyms(transforming *d, bn_workspace *ws, const bn_dataset_version *from, bn_err *err)
{
	int rc;
	if ((rc = bn_pseudonyms_of(&d->had, ws, from, err)) < 0 ||
		(rc = bn_pseudonyms_plan(&d->asked, ws, d->o->pseudonymise, d->o->pseudonymise_count, NULL,
			 err)) < 0)
		return rc;
	if (!(d->replaced = bn_alloc_zeroed(d->schema.count + 1, sizeof *d->replaced)))
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < d->asked.count; i++) {
		size_t at;
		if ((rc = bn_schema_need(&d->schema, d->asked.columns[i], &at, err)) < 0)
			return rc;
		bn_field *f = &d->schema.fields[at];
		const bn_field text = {.type = bn_column_replaced_type(f->type)};
		if ((rc = bn_field_copy_type(f, &text, err)) < 0)
			return rc;
		d->replaced[at] = true;
	}
	return keep_pseudonyms(d, err);
}

static int record_pseudonyms(json_t *recipe, transforming *d, bn_err *err)
{
	bn_pseudonyms all = BN_PSEUDONYMS_INIT;
	size_t n = d->asked.count + d->had.count;
	int rc = 0;
	if (!n)
		return 0;
	if (!(all.columns = bn_alloc_zeroed(n, sizeof *all.columns)))
		return bn_err_nomem(err, "a recipe");
	memcpy(all.key, d->asked.count ? d->asked.key : d->had.key, sizeof all.key);
	for (size_t i = 0; i < d->asked.count; i++)
		all.columns[all.count++] = d->asked.columns[i];
	for (size_t i = 0; i < d->had.count; i++) {
		size_t at = bn_schema_find(&d->schema, d->had.columns[i]);
		if (at != BN_SCHEMA_NONE && d->from[at] != SIZE_MAX)
			all.columns[all.count++] = d->had.columns[i];
	}
	rc = bn_pseudonyms_record(recipe, &all, &d->schema, err);
	bn_free(all.columns);
	return rc;
}

static int write_batch(transforming *d, const bn_batch *in, bn_table_writer *w, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_batch out = {.rows = in->rows, .column_count = d->schema.count};
	int rc = 0;
	out.columns = bn_arena_alloc(&arena, (d->schema.count + 1) * sizeof *out.columns);
	if (!out.columns)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < d->schema.count; i++) {
		if (d->from[i] != SIZE_MAX)
			out.columns[i] = in->columns[d->from[i]];
		else if ((rc = bn_expr_eval(d->columns[d->made[i]].scratch, in, &out.columns[i],
				  &arena, err)) < 0)
			goto out;
		if (d->replaced[i]) {
			const bn_column value = out.columns[i];
			if ((rc = bn_column_replace(&out.columns[i], &value, bn_pseudonym_replace, &d->asked,
				     &arena, err)) < 0)
				goto out;
		}
	}
	rc = bn_table_write_batch(w, &out, err);
out:
	bn_arena_release(&arena);
	return rc;
}

static int write_rows(transforming *d, bn_table_writer *w, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;
	for (size_t i = 0; i < bn_table_batches(d->table); i++) {
		if ((rc = bn_progress_step(d->o->progress, "transforming",
			     bn_table_batch_start(d->table, i), bn_table_rows(d->table), err)) <
				0 ||
			(rc = bn_table_read(d->table, i, NULL, 0, &b, err)) < 0 ||
			(rc = write_batch(d, &b, w, err)) < 0)
			goto out;
		bn_table_forget(d->table, &b);
	}
	rc = bn_table_writer_finish(w, err);
out:
	bn_batch_release(&b);
	return rc;
}

/* ---- the recipe ------------------------------------------------------------------------------- */

static int put_text(json_t *o, const char *key, const bn_expr *e, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc;
	if ((rc = bn_expr_format(&text, e, err)) < 0)
		goto out;
	if (json_object_set_new(o, key, json_stringn(text.ptr, text.len)))
		rc = bn_err_nomem(err, "a recipe");
out:
	bn_buf_release(&text);
	return rc;
}

/* Appends the computed columns to the list. */
static int put_columns(json_t *list, const transforming *d, bn_err *err)
{
	for (size_t i = 0; i < d->o->column_count; i++) {
		json_t *one = json_pack("{s:s}", "name", d->columns[i].name);
		if (!one || json_array_append_new(list, one))
			return bn_err_nomem(err, "a recipe");
		int rc = put_text(one, "expr", d->columns[i].expr, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int recipe_of(json_t **out, const transforming *d, bn_err *err)
{
	json_t *columns = json_array(), *keep = json_array();
	json_t *o = json_pack("{s:s, s:O?}", "do", "transform", "columns", columns);
	int rc;
	if (!o || !columns || !keep) {
		rc = bn_err_nomem(err, "a recipe");
		goto out;
	}
	if ((rc = put_columns(columns, d, err)) < 0)
		goto out;
	for (size_t i = 0; i < d->o->keep_count; i++)
		json_array_append_new(keep, json_string(d->o->keep[i]));
	if (d->o->keep)
		json_object_set(o, "keep", keep);
	if (d->o->where)
		json_object_set_new(o, "where", json_stringn(d->where.ptr, d->where.len));
out:
	json_decref(columns);
	json_decref(keep);
	if (rc < 0) {
		json_decref(o);
		o = NULL;
	}
	*out = o;
	return rc;
}

int bn_dataset_where(bn_table_reader **table, const char *where, const char *source,
	const bn_progress *progress, bn_buf *canonical, bn_err *err)
{
	bn_expr *e = NULL;
	bn_crew *crew = NULL;
	int rc;
	if ((rc = bn_expr_of_rows(&e, where, source, bn_table_schema(*table), BN_EXPR_BOOL, err)) <
			0 ||
		(canonical && (rc = bn_expr_format(canonical, e, err)) < 0) ||
		(rc = bn_crew_new_default(&crew, err)) < 0)
		goto out;
	const bn_scan scan = {.where = e, .crew = crew, .progress = progress};
	rc = bn_table_scan_own(table, &scan, err);
out:
	bn_crew_free(crew);
	bn_expr_free(e);
	return rc;
}

/* ---- all steps ------------------------------------------------------------------------------- */

static int open_rows(transforming *d, bn_workspace *ws, const bn_dataset_version *from, bn_err *err)
{
	int rc;
	if ((rc = bn_dataset_open_held(&d->table, ws, from, d->o->progress, err)) < 0 ||
		(rc = read_columns(d, err)) < 0 || (rc = bn_crew_new_default(&d->crew, err)) < 0)
		return rc;
	if (!d->o->where)
		return 0;
	return bn_dataset_where(&d->table, d->o->where, "--where", d->o->progress, &d->where, err);
}

static void transforming_release(transforming *d)
{
	for (size_t i = 0; d->columns && i < d->o->column_count; i++) {
		bn_expr_scratch_free(d->columns[i].scratch);
		bn_expr_free(d->columns[i].expr);
		bn_free(d->columns[i].name);
	}
	bn_free(d->columns);
	bn_free(d->from);
	bn_free(d->made);
	bn_free(d->replaced);
	bn_pseudonyms_release(&d->had);
	bn_pseudonyms_release(&d->asked);
	bn_buf_release(&d->where);
	bn_schema_release(&d->schema);
	bn_crew_free(d->crew);
	bn_table_reader_free(d->table);
}

int bn_dataset_transform(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const bn_dataset_version *from, const bn_transform *o, bn_err *err)
{
	transforming d = {.o = o, .schema = BN_SCHEMA_INIT, .where = BN_BUF_INIT};
	bn_table_builder *builder = NULL;
	bn_table_writer *w = NULL;
	bn_built built;
	json_t *recipe = NULL;
	bool is_private;
	int rc;
	if ((rc = bn_dataset_check_name(name, err)) < 0 ||
		(rc = bn_dataset_is_to_be_private(
			 &is_private, ws, name, o->privacy, &from, 1, err)) < 0 ||
		(rc = open_rows(&d, ws, from, err)) < 0 || (rc = plan_schema(&d, err)) < 0 ||
		(rc = plan_pseudonyms(&d, ws, from, err)) < 0 ||
		(rc = bn_table_builder_new(&builder, ws, is_private, err)) < 0 ||
		(rc = bn_table_builder_begin(builder, &d.schema, d.crew, &w, err)) < 0 ||
		(rc = write_rows(&d, w, err)) < 0 ||
		(rc = bn_table_builder_finish(builder, &built, err)) < 0 ||
		(rc = recipe_of(&recipe, &d, err)) < 0 ||
		(rc = record_pseudonyms(recipe, &d, err)) < 0)
		goto out;
	const bn_dataset_draft draft = {.name = name,
		.built = &built,
		.checking = o->progress,
		.source_kind = "transform",
		.parents = &from,
		.parent_count = 1,
		.recipe = recipe};
	rc = bn_dataset_publish(out, added, ws, &draft, err);
out:
	json_decref(recipe);
	bn_table_builder_free(builder);
	transforming_release(&d);
	return rc;
}

/* columns.c - see columns.h. */
#include "core/learn/columns.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

/* ---- a frame -------------------------------------------------------------------------------- */

static int walk_frame(const void *self, size_t column, bn_piece_fn piece, void *ctx, bn_err *err)
{
	return piece(ctx, &((const bn_frame_view *)self)->columns[column], err);
}

bn_columns bn_columns_of_frame(const bn_frame_view *frame)
{
	return (bn_columns){frame, frame->columns, frame->column_count, frame->rows, walk_frame};
}

/* ---- a part of a table ---------------------------------------------------------------------- */

struct bn_part_columns {
	const bn_part *part;
	bn_column_view *heads;
	size_t *at; /* by head: its column of the table */
	size_t count;
	bn_arena arena; /* dictionaries, names */
};

/* Room for a batch's share of one column. */
typedef struct piece_room {
	double *numbers;
	int32_t *codes;
	size_t cap;
} piece_room;

static int make_room(piece_room *room, size_t rows, bn_err *err)
{
	if (rows <= room->cap)
		return 0;
	bn_free(room->numbers);
	bn_free(room->codes);
	room->numbers = bn_alloc(rows * sizeof *room->numbers);
	room->codes = bn_alloc(rows * sizeof *room->codes);
	room->cap = room->numbers && room->codes ? rows : 0;
	return room->cap ? 0 : bn_err_nomem(err, "a column");
}

/* out[0 .. c->rows - 1]: the element of every vector; NaN where there is none. */
static void take_elements(double *out, const bn_column *c, size_t element)
{
	size_t from = 0, n = 0;
	for (size_t r = 0; r < c->rows; r++)
		out[r] = bn_column_list(c, r, &from, &n) && element < n
				 ? bn_column_number(c->child, from + element)
				 : NAN;
}

/* The rows of a batch's column that belong to the part. */
static int take_piece(bn_column_view *out, piece_room *room, const bn_part *p, const bn_column *c,
	uint64_t first, bn_err *err)
{
	size_t n = 0;
	int rc = make_room(room, c->rows, err);
	if (rc == 0 && out->elements)
		take_elements(room->numbers, c, out->element);
	else if (rc == 0 && out->kind == BN_VIEW_NUMBER)
		rc = bn_column_numbers(c, 0, c->rows, room->numbers, err);
	if (rc < 0)
		return rc;
	for (size_t r = 0; r < c->rows; r++) {
		if (p->part_of && p->part_of[first + r] != p->which)
			continue;
		if (out->kind == BN_VIEW_NUMBER)
			room->numbers[n++] = room->numbers[r];
		else
			room->codes[n++] = bn_column_code(c, r);
	}
	out->rows = n;
	out->numbers = room->numbers;
	out->codes = room->codes;
	return 0;
}

static int walk_part(const void *self, size_t column, bn_piece_fn piece, void *ctx, bn_err *err)
{
	const bn_part_columns *c = self;
	const bn_part *p = c->part;
	bn_batch b = BN_BATCH_INIT;
	piece_room room = {NULL, NULL, 0};
	int rc = 0;
	for (size_t k = 0; k < bn_table_batches(p->table) && rc == 0; k++) {
		bn_column_view view = c->heads[column];
		rc = bn_table_read(p->table, k, &c->at[column], 1, &b, err);
		if (rc == 0)
			rc = take_piece(&view, &room, p, &b.columns[0], b.first_row, err);
		if (rc == 0)
			rc = piece(ctx, &view, err);
	}
	bn_batch_release(&b);
	bn_free(room.numbers);
	bn_free(room.codes);
	return rc;
}

/* A head for each value of a vector, "x[0]", "x[1]", ... */
static int add_vector(bn_part_columns *c, const bn_schema *s, size_t column, bn_err *err)
{
	const bn_field *f = &s->fields[column];
	for (size_t k = 0; k < f->fixed_size; k++) {
		char *name = bn_arena_strf(&c->arena, "%s[%zu]", f->name, k);
		if (!name)
			return bn_err_nomem(err, "columns");
		if (bn_schema_find(s, name) != BN_SCHEMA_NONE) {
			bn_err_set(err, BN_ECONFLICT,
				"column '%s' is called as value %zu of column '%s'", name, k,
				f->name);
			bn_err_hint(err, "leave one of them out");
			return BN_ECONFLICT;
		}
		c->at[c->count] = column;
		c->heads[c->count++] = (bn_column_view){.name = name,
			.kind = BN_VIEW_NUMBER,
			.type = f->child->type,
			.rows = (size_t)c->part->rows,
			.column = f->name,
			.element = k,
			.elements = f->fixed_size};
	}
	return 0;
}

static int add_head(bn_part_columns *c, const bn_schema *s, size_t column, bn_err *err)
{
	const bn_field *f = &s->fields[column];
	const bn_dict *dict = bn_table_dict(c->part->table, column);
	bn_column_view *head = &c->heads[c->count];
	if (bn_view_is_vector(f))
		return add_vector(c, s, column, err);
	c->at[c->count++] = column;
	*head = (bn_column_view){.name = f->name,
		.kind = bn_view_kind_of(f->type),
		.type = f->type,
		.rows = (size_t)c->part->rows};
	if (!dict)
		return 0;
	head->dictionary_size = dict->count;
	for (size_t k = 0; k < dict->count && !head->has_nul; k++) {
		bn_text t = bn_dict_get(dict, k);
		head->has_nul = t.len && memchr(t.ptr, '\0', t.len);
	}
	return bn_dict_strings(&head->dictionary, dict, &c->arena, err);
}

int bn_part_columns_open(bn_part_columns **out, const bn_part *part, bn_err *err)
{
	const bn_schema *s = bn_table_schema(part->table);
	size_t most = 1;
	int rc = 0;
	bn_part_columns *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < part->column_count; i++) {
		const bn_field *f = &s->fields[part->columns[i]];
		most += bn_view_is_vector(f) ? f->fixed_size : 1;
	}
	c->part = part;
	c->heads = bn_alloc_zeroed(most, sizeof *c->heads);
	c->at = bn_alloc_zeroed(most, sizeof *c->at);
	if (!c->heads || !c->at)
		rc = bn_err_nomem(err, "columns");
	for (size_t i = 0; i < part->column_count && rc == 0; i++)
		rc = add_head(c, s, part->columns[i], err);
	if (rc == 0)
		*out = c;
	else
		bn_part_columns_free(c);
	return rc;
}

void bn_part_columns_free(bn_part_columns *c)
{
	if (!c)
		return;
	bn_free(c->heads);
	bn_free(c->at);
	bn_arena_release(&c->arena);
	bn_free(c);
}

bn_columns bn_part_columns_view(const bn_part_columns *c)
{
	return (bn_columns){c, c->heads, c->count, (size_t)c->part->rows, walk_part};
}

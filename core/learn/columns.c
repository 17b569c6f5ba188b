/* columns.c - see columns.h. */
#include "core/learn/columns.h"

#include "core/base/mem.h"

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
	bn_arena arena; /* dictionaries */
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

/* The rows of a batch's column that belong to the part. */
static int take_piece(bn_column_view *out, piece_room *room, const bn_part *p, const bn_column *c,
	uint64_t first, bn_err *err)
{
	size_t n = 0;
	int rc = make_room(room, c->rows, err);
	if (rc == 0 && out->kind == BN_VIEW_NUMBER)
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
		rc = bn_table_read(p->table, k, &p->columns[column], 1, &b, err);
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

int bn_part_columns_open(bn_part_columns **out, const bn_part *part, bn_err *err)
{
	const bn_schema *s = bn_table_schema(part->table);
	bn_part_columns *c = bn_alloc_zeroed(1, sizeof *c);
	int rc = 0;
	if (c)
		c->heads = bn_alloc_zeroed(part->column_count + 1, sizeof *c->heads);
	if (!c || !c->heads) {
		bn_free(c);
		return bn_err_nomem(err, "columns");
	}
	c->part = part;
	for (size_t i = 0; i < part->column_count && rc == 0; i++) {
		const bn_field *f = &s->fields[part->columns[i]];
		const bn_dict *dict = bn_table_dict(part->table, part->columns[i]);
		c->heads[i] = (bn_column_view){.name = f->name,
			.kind = bn_view_kind_of(f->type),
			.type = f->type,
			.rows = (size_t)part->rows};
		if (!dict)
			continue;
		rc = bn_dict_strings(&c->heads[i].dictionary, dict, &c->arena, err);
		c->heads[i].dictionary_size = dict->count;
	}
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
	bn_arena_release(&c->arena);
	bn_free(c);
}

bn_columns bn_part_columns_view(const bn_part_columns *c)
{
	return (bn_columns){c, c->heads, c->part->column_count, (size_t)c->part->rows, walk_part};
}

/* arrow_dict.c - the dictionaries of an Arrow file or stream; see _arrow.h. */
#include "core/base/hash_key.h"
#include "core/table/_arrow.h"
#include "core/table/dict.h"
#include "core/table/take.h"

#include <string.h>

static const int32_t no_ends[1];

/* The slot of the dictionary with that number, or the free one for it. A wide table has a dictionary for each of
 * many columns. */
static size_t *slot_of(const bn_arrow_dicts *d, int64_t id)
{
	size_t at = bn_hash_slot(bn_hash_key_bytes(BN_HASH_KEY, &id, sizeof id), d->slot_count);

	while (d->slots[at] && d->items[d->slots[at] - 1].field->layout.dict_id != id)
		at = (at + 1) & (d->slot_count - 1);
	return &d->slots[at];
}

/* Sets the dictionary indexes of columns. */
static void place(const bn_arrow_dicts *d, bn_arrow_column *c)
{
	for (; c; c = c->child)
		if (c->coded)
			c->dict = *slot_of(d, c->dict_id) - 1;
}

/* Whether the values of two columns have the same layout in a dictionary. */
static bool same_layout(const bn_arrow_column *a, const bn_arrow_column *b)
{
	return a->phys == b->phys && a->scale == b->scale && a->width == b->width;
}

int bn_arrow_dicts_init(bn_arrow_dicts *d, bn_arrow_layout *l, size_t columns, bn_err *err)
{
	d->slot_count = 16;
	while (d->slot_count < 2 * l->dict_count)
		d->slot_count *= 2;
	d->items = bn_alloc_zeroed(l->dict_count + 1, sizeof *d->items);
	d->slots = bn_alloc_zeroed(d->slot_count, sizeof *d->slots);
	if (!d->items || !d->slots)
		return bn_err_nomem(err, "dictionaries");
	for (size_t i = 0; i < l->dict_count; i++) {
		const bn_arrow_dict_field *f = &l->dicts[i];
		size_t *slot = slot_of(d, f->layout.dict_id);
		const bn_arrow_dict *known = *slot ? &d->items[*slot - 1] : NULL;
		if (!known) {
			d->items[d->count++] =
				(bn_arrow_dict){.field = f, .dict = {0, no_ends, ""}};
			*slot = d->count;
		} else if (!same_layout(&known->field->layout, &f->layout) ||
			   !bn_field_same_type(&known->field->field, &f->field)) {
			return bn_err_set(err, BN_ECORRUPT,
				"two columns of different types share dictionary %lld",
				(long long)f->layout.dict_id);
		}
	}
	for (size_t i = 0; i < columns; i++)
		place(d, &l->columns[i]);
	return 0;
}

void bn_arrow_dicts_release(bn_arrow_dicts *d)
{
	for (size_t i = 0; i < d->count; i++) {
		for (size_t k = 0; k < d->items[i].count; k++)
			bn_free(d->items[i].generations[k].pieces);
		bn_free(d->items[i].generations);
	}
	bn_free(d->items);
	bn_free(d->slots);
	bn_arena_release(&d->arena);
	*d = (bn_arrow_dicts){0};
}

const bn_arrow_generation *bn_arrow_dict_at(const bn_arrow_dict *d, size_t batch)
{
	const bn_arrow_generation *found = NULL;
	size_t low = 0, high = d->count;

	while (low < high) { /* the last that begins at or before the batch */
		size_t mid = low + (high - low) / 2;
		if (d->generations[mid].first_batch <= batch) {
			found = &d->generations[mid];
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return found;
}

/* ---- one dictionary for all generations ----------------------------------------------------- */

static bool begins_with(const bn_column *text, const bn_dict *head)
{
	if (text->nulls || text->rows < head->count)
		return false;
	for (size_t i = 0; i < head->count; i++) {
		bn_text a = bn_dict_get(head, i), b = bn_column_text(text, i);
		if (a.len != b.len || (a.len && memcmp(a.ptr, b.ptr, a.len) != 0))
			return false;
	}
	return true;
}

static int map_text(bn_arrow_generation *g, bn_dict_builder *all, bn_arena *arena, bn_err *err)
{
	size_t n = g->values.rows;

	g->map = bn_arena_alloc(arena, (n + 1) * sizeof *g->map);
	if (!g->map)
		return bn_err_nomem(err, "a dictionary");
	for (size_t i = 0; i < n; i++) {
		bn_text t = bn_column_text(&g->values, i);
		g->map[i] = t.ptr ? bn_dict_builder_add(all, t.ptr, t.len) : -1;
		if (t.ptr && g->map[i] < 0)
			return bn_err_set(err, BN_ENOMEM, "no memory for a dictionary");
	}
	return 0;
}

/* Collects the distinct texts of all generations, and maps to them. */
static int unify(bn_arrow_dict *d, bn_arena *arena, bn_err *err)
{
	bn_dict_builder all = BN_DICT_BUILDER_INIT;
	int rc = 0;

	for (size_t i = 0; i < d->count; i++)
		if ((rc = map_text(&d->generations[i], &all, arena, err)) < 0)
			goto out;
	bn_dict made = bn_dict_builder_view(&all);
	int32_t *offsets = bn_arena_alloc(arena, (made.count + 1) * sizeof *offsets);
	char *bytes = bn_arena_alloc(arena, all.bytes.len + 1);
	if (!offsets || !bytes) {
		rc = bn_err_nomem(err, "a dictionary");
		goto out;
	}
	memcpy(offsets, made.offsets, (made.count + 1) * sizeof *offsets);
	memcpy(bytes, made.bytes, all.bytes.len);
	d->dict = (bn_dict){made.count, offsets, bytes};
out:
	bn_dict_builder_release(&all);
	return rc;
}

/* d->dict is for all generations: if each begins with the previous one and nothing is absent, it is the
 * last. */
static int settle(bn_arrow_dict *d, bn_arena *arena, bn_err *err)
{
	bool grows = true;

	for (size_t i = 0; i < d->count && grows; i++) {
		const bn_column *text = &d->generations[i].values;
		if (!(grows = begins_with(text, &d->dict)))
			break;
		d->dict = (bn_dict){text->rows, text->rows ? text->ends : no_ends, text->bytes};
	}
	return grows ? 0 : unify(d, arena, err);
}

int bn_arrow_dicts_finish(bn_arrow_dicts *dicts, bn_err *err)
{
	int rc;

	for (size_t i = 0; i < dicts->count; i++) {
		bn_arrow_dict *d = &dicts->items[i];
		for (size_t k = 0; k < d->count; k++) {
			bn_arrow_generation *g = &d->generations[k];
			g->values = g->pieces[0];
			if (g->piece_count > 1 && (rc = bn_column_join(&g->values, g->pieces,
							   g->piece_count, &dicts->arena, err)) < 0)
				return rc;
		}
		if (d->field->field.type == BN_TYPE_STRING &&
			(rc = settle(d, &dicts->arena, err)) < 0)
			return rc;
	}
	return 0;
}

/* ---- messages ------------------------------------------------------------------------------- */

static int read_values(bn_column *out, const bn_arrow_dict *d, const bn_arrow_message *m,
	bn_arena *arena, bn_err *err)
{
	const bn_arrow_column *layout = &d->field->layout;
	const bool view = layout->phys == PHYS_TEXT_VIEW;
	const bn_arrow_layout alone = {
		.nodes = 1, .buffers = bn_phys_buffers(layout->phys), .views = view};
	bn_arrow_body body;
	int rc = bn_arrow_body_open(&body, m, bn_fb_child(m->header, DICT_DATA), &alone, err);

	if (rc < 0)
		return rc;
	const bn_arrow_from from = {.body = &body, .check = true, .arena = arena};
	return bn_arrow_read_column(out, layout, &d->field->field, &from, body.rows, err);
}

int bn_arrow_dicts_read(
	bn_arrow_dicts *dicts, const bn_arrow_message *m, size_t batch, bool replace, bn_err *err)
{
	int64_t id = bn_fb_int(m->header, DICT_ID, 8, 0);
	bool delta = bn_fb_int(m->header, DICT_DELTA, 1, 0) != 0;
	const size_t *slot = slot_of(dicts, id);
	bn_arrow_dict *d = *slot ? &dicts->items[*slot - 1] : NULL;
	bn_column values;
	int rc;

	if (!d)
		return bn_err_set(err, BN_ECORRUPT, "no column has the number %lld", (long long)id);
	if (delta && !d->count)
		return bn_err_set(err, BN_ECORRUPT, "it extends a missing one");
	if (!delta && d->count && !replace)
		return bn_err_set(err, BN_ECORRUPT, "number %lld occurs twice", (long long)id);
	if ((rc = read_values(&values, d, m, &dicts->arena, err)) < 0)
		return rc;
	bn_arrow_generation *g = d->count ? &d->generations[d->count - 1] : NULL;
	if (!delta && g && g->first_batch == batch) {
		g->piece_count = 0; /* replaced before anything used it */
	} else if (!delta) {
		if (bn_grow(&d->generations, &d->cap, d->count + 1, sizeof *d->generations))
			return bn_err_nomem(err, "a dictionary");
		g = &d->generations[d->count++];
		*g = (bn_arrow_generation){.first_batch = replace ? batch : 0};
	}
	if (bn_grow(&g->pieces, &g->piece_cap, g->piece_count + 1, sizeof *g->pieces))
		return bn_err_nomem(err, "a dictionary");
	g->pieces[g->piece_count++] = values;
	return 0;
}

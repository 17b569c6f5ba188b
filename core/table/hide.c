/* hide.c - see hide.h. */
#include "core/table/hide.h"

#include "core/base/mem.h"
#include "core/table/_derived.h"

#include <string.h>

bn_type bn_column_replaced_type(bn_type type)
{
	return type == BN_TYPE_CATEGORY ? BN_TYPE_CATEGORY : BN_TYPE_STRING;
}

/* ---- one column ------------------------------------------------------------------------------ */

static int too_long(bn_err *err)
{
	return bn_err_set(err, BN_EUNSUPPORTED,
		"a replaced column with more than 2^31 - 1 bytes of text in a batch");
}

/* n texts in a row, as offsets and bytes. */
typedef struct texts {
	int32_t *ends;
	bn_buf bytes;
} texts;

/* Both to the arena. */
static int texts_keep(const texts *t, char **bytes, bn_arena *arena, bn_err *err)
{
	*bytes = bn_arena_alloc(arena, t->bytes.len + 1);
	if (!*bytes)
		return bn_err_nomem(err, "a column");
	if (t->bytes.len)
		memcpy(*bytes, t->bytes.ptr, t->bytes.len);
	return 0;
}

static int texts_end(texts *t, size_t at, bn_err *err)
{
	if (t->bytes.failed)
		return bn_err_nomem(err, "a column");
	if (t->bytes.len > INT32_MAX)
		return too_long(err);
	t->ends[at] = (int32_t)t->bytes.len;
	return 0;
}

/* A dictionary of one text for each code. */
static int replace_dict(bn_column *out, const bn_column *c, bn_text_replace *replace, void *ctx,
	bn_arena *arena, bn_err *err)
{
	bn_dict *d = bn_arena_alloc(arena, sizeof *d);
	texts t = {.ends = bn_arena_alloc(arena, (c->dict->count + 1) * sizeof *t.ends), .bytes = BN_BUF_INIT};
	char *bytes;
	int rc = 0;
	if (!d || !t.ends)
		return bn_err_nomem(err, "a column");
	t.ends[0] = 0;
	for (size_t i = 0; i < c->dict->count; i++) {
		bn_text text = bn_dict_get(c->dict, i);
		if ((rc = replace(ctx, text.ptr, text.len, &t.bytes, err)) < 0 ||
			(rc = texts_end(&t, i + 1, err)) < 0)
			goto out;
	}
	if ((rc = texts_keep(&t, &bytes, arena, err)) < 0)
		goto out;
	*d = (bn_dict){.count = c->dict->count, .offsets = t.ends, .bytes = bytes};
	*out = *c;
	out->dict = d;
out:
	bn_buf_release(&t.bytes);
	return rc;
}

/* NaN is absent too, and a string has no NaN. */
static int validity_of(bn_column *out, const bn_column *c, bn_arena *arena, bn_err *err)
{
	if (c->type != BN_TYPE_FLOAT64 && c->type != BN_TYPE_FLOAT32)
		return 0;
	uint8_t *bits = bn_arena_alloc(arena, c->rows / 8 + 1);
	if (!bits)
		return bn_err_nomem(err, "a column");
	memset(bits, 0, c->rows / 8 + 1);
	out->nulls = 0;
	for (size_t i = 0; i < c->rows; i++) {
		if (bn_column_is_absent(c, i))
			out->nulls++;
		else
			bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
	}
	out->validity = bits;
	return 0;
}

int bn_column_replace(bn_column *out, const bn_column *c, bn_text_replace *replace, void *ctx,
	bn_arena *arena, bn_err *err)
{
	if (c->type == BN_TYPE_CATEGORY)
		return replace_dict(out, c, replace, ctx, arena, err);
	texts t = {.ends = bn_arena_alloc(arena, (c->rows + 1) * sizeof *t.ends), .bytes = BN_BUF_INIT};
	bn_buf one = BN_BUF_INIT;
	char *bytes;
	bn_column made = {.type = BN_TYPE_STRING, .rows = c->rows, .nulls = c->nulls, .validity = c->validity};
	int rc;
	if (!t.ends)
		return bn_err_nomem(err, "a column");
	if ((rc = validity_of(&made, c, arena, err)) < 0)
		return rc;
	t.ends[0] = 0;
	for (size_t i = 0; i < c->rows; i++) {
		bn_buf_clear(&one);
		if (!bn_column_is_absent(c, i)) {
			bn_column_format(c, i, &one);
			if (one.failed) {
				rc = bn_err_nomem(err, "a column");
				goto out;
			}
			if ((rc = replace(ctx, one.len ? one.ptr : "", one.len, &t.bytes, err)) < 0)
				goto out;
		}
		if ((rc = texts_end(&t, i + 1, err)) < 0)
			goto out;
	}
	if ((rc = texts_keep(&t, &bytes, arena, err)) < 0)
		goto out;
	made.ends = t.ends;
	made.bytes = bytes;
	*out = made;
out:
	bn_buf_release(&one);
	bn_buf_release(&t.bytes);
	return rc;
}

/* ---- masked columns of a table --------------------------------------------------------------- */

/* Without looking at the values, only whether they are there. */
static int hide(bn_column *out, const bn_column *c, bn_arena *arena, bn_err *err)
{
	static const size_t n = sizeof BN_HIDDEN_TEXT - 1;
	if (c->rows > INT32_MAX / n)
		return too_long(err);
	bn_column made = {.type = BN_TYPE_STRING, .rows = c->rows, .nulls = c->nulls, .validity = c->validity};
	int32_t *ends = bn_arena_alloc(arena, (c->rows + 1) * sizeof *ends);
	char *bytes = bn_arena_alloc(arena, c->rows * n + 1);
	if (!ends || !bytes)
		return bn_err_nomem(err, "a column");
	for (size_t i = 0; i < c->rows; i++) {
		ends[i] = (int32_t)(i * n);
		memcpy(bytes + i * n, BN_HIDDEN_TEXT, n);
	}
	ends[c->rows] = (int32_t)(c->rows * n);
	made.ends = ends;
	made.bytes = bytes;
	*out = made;
	return validity_of(out, c, arena, err);
}

int bn_hidden_read(bn_derived *d, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err)
{
	bn_batch in = BN_BATCH_INIT;
	bn_column *all;
	int rc;
	n = columns ? n : d->schema.count;
	bn_batch_release(out);
	*out = in;
	if ((rc = bn_table_read(d->base, batch, columns, n, &in, err)) < 0)
		return rc;
	all = bn_alloc_zeroed(n + 1, sizeof *all);
	if (!all || (!in.owned && !(in.owned = bn_alloc_zeroed(1, sizeof *in.owned)))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		all[i] = in.columns[i];
		if (d->hidden[columns ? columns[i] : i] &&
			(rc = hide(&all[i], &in.columns[i], in.owned, err)) < 0)
			goto out;
	}
	bn_free(in.columns);
	in.columns = all;
	in.column_count = n;
	all = NULL;
out:
	bn_free(all);
	if (rc < 0)
		bn_batch_release(&in);
	else
		*out = in;
	return rc;
}

static int plan(bn_derived *d, const bn_schema *schema, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < schema->count && rc >= 0; i++)
		rc = d->hidden[i] ? bn_schema_add(&d->schema, schema->fields[i].name, BN_TYPE_STRING,
					    true, NULL, err)
				  : bn_schema_add_field(&d->schema, &schema->fields[i], NULL, err);
	return rc < 0 ? rc : bn_schema_copy_meta(&d->schema, schema, err);
}

int bn_table_hide(bn_table_reader **table, const size_t *columns, size_t n, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(*table);
	bn_table_reader *made = NULL;
	bn_derived *d;
	int rc;
	if (!n)
		return 0;
	if (!(d = bn_alloc_zeroed(1, sizeof *d)) ||
		!(d->hidden = bn_alloc_zeroed(schema->count + 1, sizeof *d->hidden))) {
		bn_free(d);
		return bn_err_nomem(err, "columns");
	}
	for (size_t i = 0; i < n; i++)
		d->hidden[columns[i]] = true;
	if ((rc = plan(d, schema, err)) < 0)
		goto out;
	d->base = *table;
	if ((rc = bn_table_reader_of_derived(&made, d, err)) < 0) {
		d->base = NULL;
		goto out;
	}
	*table = made;
	d = NULL;
out:
	bn_derived_free(d);
	return rc;
}

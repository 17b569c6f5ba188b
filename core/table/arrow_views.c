/* arrow_views.c - see _arrow_views.h. */
#include "core/table/_arrow_views.h"
#include "core/table/take.h"

#include <string.h>

#define INLINE_BYTES 12
/* Limit of values that views may repeat. A small file must not demand gigabytes. */
#define REPEATED_MAX ((uint64_t)1 << 24)

/* ---- text ----------------------------------------------------------------------------------- */

/* Up to 12 bytes are in the view itself; longer ones are in a buffer, with the first 4 repeated in the
 * view. */
typedef struct text_view {
	int32_t length;
	union {
		char here[INLINE_BYTES];
		struct {
			char prefix[4];
			int32_t buffer, offset;
		};
	};
} text_view;
_Static_assert(sizeof(text_view) == 16, "as Arrow has it");

static int read_buffers(bn_arrow_buffer **out, size_t *count, const bn_arrow_column *layout,
	const bn_arrow_from *from, bn_err *err)
{
	bn_arrow_buffer *list;
	int rc = bn_arrow_body_views(count, from->body, &layout->place, err);

	if (rc < 0)
		return rc;
	list = bn_arena_alloc(from->arena, (*count + 1) * sizeof *list);
	if (!list)
		return bn_err_nomem(err, "the buffers of a view");
	for (size_t i = 0; i < *count; i++)
		if ((rc = bn_arrow_body_buffer(
			     &list[i], from->body, &layout->place, 2 + i, from->arena, err)) < 0)
			return rc;
	*out = list;
	return 0;
}

/* The bytes of a view; NULL if not inside its buffer. */
static const char *view_bytes(const text_view *v, const bn_arrow_buffer *buffers, size_t count)
{
	if (v->length < 0)
		return NULL;
	if (v->length <= INLINE_BYTES)
		return v->here;
	if (v->buffer < 0 || (size_t)v->buffer >= count || v->offset < 0 ||
		(uint64_t)v->offset + (uint64_t)v->length > buffers[v->buffer].bytes)
		return NULL;
	return (const char *)buffers[v->buffer].data + v->offset;
}

int bn_arrow_read_text_views(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	bn_arrow_buffer views, *buffers = NULL;
	size_t count = 0;
	int64_t total = 0;
	int rc;

	if ((rc = bn_arrow_body_buffer(&views, from->body, &layout->place, 1, from->arena, err)) <
			0 ||
		(rc = read_buffers(&buffers, &count, layout, from, err)) < 0)
		return rc;
	if (views.bytes / sizeof(text_view) < out->rows)
		return bn_err_set(err, BN_ECORRUPT, "its buffer holds %zu bytes, not %zu * 16",
			views.bytes, out->rows);
	const text_view *view = (const text_view *)(const void *)views.data;
	int32_t *ends = bn_arena_alloc(from->arena, (out->rows + 1) * sizeof *ends);
	if (!ends)
		return bn_err_nomem(err, "offsets");
	for (size_t r = 0; r < out->rows; r++) {
		if (!bn_column_is_null(out, r)) {
			if (!view_bytes(&view[r], buffers, count))
				return bn_err_set(err, BN_ECORRUPT,
					"row %zu: its view is outside of its buffer", r + 1);
			total += view[r].length;
		}
		if (total > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"more than 2^31 - 1 bytes of text in one record batch");
		ends[r + 1] = (int32_t)total;
	}
	char *bytes = bn_arena_alloc(from->arena, (size_t)total + 1);
	if (!bytes)
		return bn_err_nomem(err, "a column of text");
	for (size_t r = 0; r < out->rows; r++)
		if (ends[r + 1] > ends[r])
			memcpy(bytes + ends[r], view_bytes(&view[r], buffers, count),
				(size_t)(ends[r + 1] - ends[r]));
	out->ends = ends;
	out->bytes = bytes;
	return 0;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static int64_t load(bn_arrow_buffer b, bool large, size_t i)
{
	return large ? ((const int64_t *)(const void *)b.data)[i]
		     : ((const int32_t *)(const void *)b.data)[i];
}

static int gather(bn_column *out, const uint32_t *starts, const bn_column *child,
	const bn_arrow_from *from, bn_err *err)
{
	size_t n = (size_t)out->ends[out->rows], at = 0;
	uint32_t *rows = bn_alloc((n + 1) * sizeof *rows);
	bn_column *gathered = bn_arena_alloc(from->arena, sizeof *gathered);
	int rc;

	if (!rows || !gathered) {
		bn_free(rows);
		return bn_err_nomem(err, "a column of lists");
	}
	for (size_t r = 0; r < out->rows; r++)
		for (int32_t i = out->ends[r]; i < out->ends[r + 1]; i++)
			rows[at++] = starts[r] + (uint32_t)(i - out->ends[r]);
	rc = bn_column_take(gathered, child, rows, n, from->arena, err);
	out->child = gathered;
	bn_free(rows);
	return rc;
}

int bn_arrow_read_list_views(bn_column *out, const bn_arrow_column *layout,
	const bn_arrow_from *from, bn_column *child, bn_err *err)
{
	bool large = layout->phys == PHYS_LARGE_LIST_VIEW;
	size_t width = large ? 8 : 4;
	bn_arrow_buffer offsets, sizes;
	uint64_t total = 0;
	int rc;

	if ((rc = bn_arrow_body_buffer(&offsets, from->body, &layout->place, 1, from->arena, err)) <
			0 ||
		(rc = bn_arrow_body_buffer(
			 &sizes, from->body, &layout->place, 2, from->arena, err)) < 0)
		return rc;
	if (offsets.bytes / width < out->rows || sizes.bytes / width < out->rows)
		return bn_err_set(
			err, BN_ECORRUPT, "its buffers are too short for %zu lists", out->rows);
	int32_t *ends = bn_arena_alloc(from->arena, (out->rows + 1) * sizeof *ends);
	uint32_t *starts = bn_arena_alloc(from->arena, (out->rows + 1) * sizeof *starts);
	if (!ends || !starts)
		return bn_err_nomem(err, "a column of lists");
	for (size_t r = 0; r < out->rows; r++) {
		int64_t start = load(offsets, large, r), n = load(sizes, large, r);
		if (bn_column_is_null(out, r))
			n = start = 0;
		if (start < 0 || n < 0 || (uint64_t)start + (uint64_t)n > child->rows)
			return bn_err_set(err, BN_ECORRUPT,
				"row %zu: its list is outside of its values", r + 1);
		total += (uint64_t)n;
		if (total > child->rows + REPEATED_MAX || total > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"lists that repeat %zu values more than %llu times", child->rows,
				(unsigned long long)REPEATED_MAX);
		starts[r] = (uint32_t)start;
		ends[r + 1] = (int32_t)total;
	}
	out->ends = ends;
	return gather(out, starts, child, from, err);
}

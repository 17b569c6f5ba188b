/* styles.c - see styles.h. */
#include "core/track/styles.h"

#include "core/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int bn_style_colour(int style)
{
	return style % BN_STYLE_COLOURS;
}

int bn_style_shape(int style)
{
	return (style + style / BN_STYLE_COLOURS) % BN_STYLE_SHAPES;
}

/* FNV-1a, folded: ids are hex digits, and all of them count. */
static unsigned id_hash(const char *id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (const char *s = id; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return (unsigned)((h ^ h >> 32) % BN_RUN_STYLES);
}

typedef struct taken {
	int both[BN_RUN_STYLES], colour[BN_STYLE_COLOURS], shape[BN_STYLE_SHAPES];
} taken;

/* The first free style from `from` on; apart: neither its colour nor its shape is used by another run. */
static int style_free(const taken *t, int from, bool apart)
{
	for (int i = 0; i < BN_RUN_STYLES; i++) {
		int s = (from + i) % BN_RUN_STYLES;
		if (apart ? !t->colour[bn_style_colour(s)] && !t->shape[bn_style_shape(s)]
			  : !t->both[s])
			return s;
	}
	return -1;
}

static int id_cmp(const void *a, const void *b)
{
	return strcmp(**(const char *const *const *)a, **(const char *const *const *)b);
}

int bn_run_styles(int *styles, const char *const *ids, size_t count, bn_err *err)
{
	taken t = {{0}, {0}, {0}};
	const char *const **order = bn_alloc((count + 1) * sizeof *order);
	if (!order)
		return bn_err_nomem(err, "the styles of runs");
	for (size_t i = 0; i < count; i++)
		order[i] = &ids[i];
	qsort(order, count, sizeof *order, id_cmp);
	for (size_t i = 0; i < count; i++) {
		int own = (int)id_hash(*order[i]), s = -1;
		if (count <= BN_STYLE_COLOURS)
			s = style_free(&t, own, true);
		if (s < 0)
			s = style_free(&t, own, false);
		if (s < 0) /* more runs than styles */
			s = own;
		t.both[s]++;
		t.colour[bn_style_colour(s)]++;
		t.shape[bn_style_shape(s)]++;
		styles[order[i] - ids] = s;
	}
	bn_free(order);
	return 0;
}

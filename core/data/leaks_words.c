/* leaks_words.c - findings of leaks.h in words. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_leaks.h"

#include <inttypes.h>
#include <string.h>

static char *example_of(const bn_leaks *l, const bn_leak *x)
{
	return bn_strf("row %" PRIu64 " of %s and row %" PRIu64 " of %s", x->row_a + 1, l->part_names[x->a], x->row_b + 1,
		l->part_names[x->b]);
}

static const char *s_of(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static char *pair_text(const bn_leaks *l, const bn_leak *x)
{
	char *example = example_of(l, x), *text = NULL;
	const char *b = l->part_names[x->b], *a = l->part_names[x->a];
	bool of_all = l->part_count > 4 || (x->kind == BN_LEAK_NEAR && l->part_count > 2);

	if (!example)
		return NULL;
	if (x->kind == BN_LEAK_DUPLICATE)
		text = of_all ? bn_strf("%" PRIu64 " row%s of %" PRIu64 " equal a row of another part, such as %s",
				       x->rows, s_of(x->rows), x->of, example)
			      : bn_strf("%" PRIu64 " of %" PRIu64 " rows of %s equal a row of %s, such as %s", x->rows,
					x->of, b, a, example);
	else if (x->kind == BN_LEAK_NEAR)
		text = of_all ? bn_strf("%s%" PRIu64 " row%s of %" PRIu64
					" nearly equal a row of another part, such as %s",
				       x->is_estimate ? "about " : "", x->rows, s_of(x->rows), x->of, example)
			      : bn_strf("%s%" PRIu64 " of %" PRIu64
					" rows of %s nearly equal a row of %s (numbers differ a little), such as %s",
				       x->is_estimate ? "about " : "", x->rows, x->of, b, a, example);
	else
		text = bn_strf("%" PRIu64 " value%s of '%s' %s in %s, with %" PRIu64 " of %" PRIu64 " rows%s%s: %s",
			x->values, s_of(x->values), x->column, x->values == 1 ? "is" : "are",
			of_all ? "several parts" : "both parts", x->rows, x->of, of_all ? "" : " of ",
			of_all ? "" : b, example);
	bn_free(example);
	return text;
}

static char *time_text(const bn_leaks *l, const bn_leak *x)
{
	const char *a = l->part_names[x->a], *b = l->part_names[x->b];

	return bn_strf("%" PRIu64 " of %" PRIu64 " rows of %s are within the span of time of %s ('%s'%s%s%s), such as row "
		       "%" PRIu64,
		x->rows, x->of, a, b, x->column, x->other ? " to '" : "", x->other ? x->other : "",
		x->other ? "'" : "", x->row_a + 1);
}

static char *target_text(const bn_leak *x)
{
	if (!strcmp(x->how, "equal"))
		return bn_strf("'%s' is the target '%s' itself", x->column, x->other);
	if (!strcmp(x->how, "monotone"))
		return bn_strf("'%s' orders the rows as the target '%s' does (rank correlation %.4f)", x->column, x->other,
			x->strength);
	if (!strcmp(x->how, "determines"))
		return bn_strf("the values of '%s' give the class of '%s' (in %.1f %% of the rows outside the largest "
			       "class)",
			x->column, x->other, x->strength * 100);
	if (!strcmp(x->how, "indicator"))
		return bn_strf("'%s' follows from the class of '%s', as an indicator of one does", x->column, x->other);
	if (!strcmp(x->how, "range"))
		return bn_strf("each class of '%s' has a small range of '%s' of its own (%.2f %% of the variance is "
			       "between them)",
			x->other, x->column, x->strength * 100);
	return bn_strf("rows with equal '%s' have equal '%s' (%.2f %% of the variance)", x->column, x->other,
		x->strength * 100);
}

static char *after_text(const bn_leaks *l, const bn_leak *x)
{
	bool own = !strcmp(x->column, x->other);

	return bn_strf("'%s' is known only after the event in %" PRIu64 " of %" PRIu64
		       " rows%s%s%s, such as row %" PRIu64 " of %s",
		x->column, x->rows, x->of, own ? "" : " (by '", own ? "" : x->other, own ? "" : "')", x->row_a + 1,
		l->part_names[x->a]);
}

static char *advice_of(const bn_leak *x)
{
	switch (x->kind) {
	case BN_LEAK_DUPLICATE:
		return bn_strdup("remove the repetitions before the split, or keep them together: --how group by what "
				 "identifies them");
	case BN_LEAK_NEAR:
		return bn_strdup("if they are copies or repeated measurements, keep them in one part: --how group by "
				 "what identifies them");
	case BN_LEAK_GROUP:
		return bn_strf("split with --how group --by %s", x->column);
	case BN_LEAK_TIME:
		return bn_strf("split with --how temporal --by %s, with --end or --horizon if labels take time", x->column);
	case BN_LEAK_TARGET:
	case BN_LEAK_AFTER:
		return bn_strf("leave '%s' out of the features, or use its value at the time of the event", x->column);
	case BN_LEAK_KINDS:
		break;
	}
	return NULL;
}

int bn_leaks_words(bn_leaks *l, bn_err *err)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_leak *x = &l->items[i];
		if (x->kind == BN_LEAK_TIME)
			x->text = time_text(l, x);
		else if (x->kind == BN_LEAK_AFTER)
			x->text = after_text(l, x);
		else if (x->kind == BN_LEAK_TARGET && !x->text)
			x->text = target_text(x);
		else if (x->kind <= BN_LEAK_GROUP)
			x->text = pair_text(l, x);
		x->advice = advice_of(x);
		if (!x->text || !x->advice)
			return bn_err_nomem(err, "findings");
	}
	return 0;
}

/* like.c - see like.h. */
#include "core/table/expr/like.h"

static char folded(char c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Backtracks only to the last '%'. */
bool bn_text_like(bn_expr_text t, bn_expr_text p, bool fold)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
	while (i < t.len) {
		if (k < p.len && p.ptr[k] == '%') {
			star = ++k;
			from = i;
		} else if (k < p.len && p.ptr[k] == '_') {
			i += bn_char_bytes(t.ptr + i, t.len - i);
			k++;
		} else if (k < p.len && folded(p.ptr[k], fold) == folded(t.ptr[i], fold)) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			from += bn_char_bytes(t.ptr + from, t.len - from);
			i = from;
			k = star;
		} else {
			return false;
		}
	}
	while (k < p.len && p.ptr[k] == '%')
		k++;
	return k == p.len;
}

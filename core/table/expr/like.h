/* like.h - SQL's LIKE: % is any text, _ any character. */
#ifndef BN_TABLE_EXPR_LIKE_H
#define BN_TABLE_EXPR_LIKE_H
#include "core/table/expr/expr.h"

#include <stdbool.h>

/* fold: ASCII case is ignored. A character is a sequence of UTF-8. */
bool bn_text_like(bn_expr_text text, bn_expr_text pattern, bool fold);

/* The bytes of the character at s, of n bytes. */
static inline size_t bn_char_bytes(const char *s, size_t n)
{
	size_t k = 1;
	while (k < n && ((unsigned char)s[k] & 0xc0) == 0x80)
		k++;
	return k;
}

#endif

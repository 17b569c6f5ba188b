/* _derived.h - a computed column (derive.c), or columns with other texts (hide.c): used by table_read.c instead of
 * parts. Internal. */
#ifndef BN_TABLE__DERIVED_H
#define BN_TABLE__DERIVED_H
#include "core/table/table.h"

typedef struct bn_derived {
	bn_table_reader *base;
	bn_schema schema; /* of the base, and the column after it */
	struct bn_expr *expr;
	size_t *needs, need_count; /* columns of the base that it reads */
	bool *hidden; /* hide.c: a flag for each column of the base, and no column after them; else NULL */
} bn_derived;

void bn_derived_free(bn_derived *d); /* and its base; NULL is fine */
bn_table_reader *bn_derived_base(const bn_derived *d);
const bn_schema *bn_derived_schema(const bn_derived *d);
int bn_derived_read(
	bn_derived *d, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err);

/* hide.c */
int bn_hidden_read(bn_derived *d, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err);

/* table_read.c: a reader with that column, which takes ownership on success; and freeing the
 * readers above `base`, but not base itself. */
int bn_table_reader_of_derived(bn_table_reader **out, bn_derived *d, bn_err *err);
void bn_table_reader_forget_base(bn_table_reader *top, bn_table_reader *base);
void bn_derived_release_base(bn_derived *d); /* owned by another reader */

#endif

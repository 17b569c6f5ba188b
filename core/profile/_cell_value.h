/* _cell_value.h - equality of two cells of a column, as in frequencies. Internal. */
#ifndef BN_PROFILE__CELL_VALUE_H
#define BN_PROFILE__CELL_VALUE_H
#include "core/table/table.h"

/* Whether at most 64 bits identify a value of the type. */
bool bn_cell_has_bits(bn_type type);
/* These bits, for a value that is not null. */
uint64_t bn_cell_bits(const bn_column *c, size_t row);
/* Its text, in the column or in scratch; -0 as 0. False: it is null. */
bool bn_cell_text(const bn_column *c, size_t row, bn_buf *scratch, bn_text *out);

#endif

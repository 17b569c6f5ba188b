/* _cell_value.h - when two cells of a column have the same value: as frequencies count them. Not for other modules. */
#ifndef BN_PROFILE__CELL_VALUE_H
#define BN_PROFILE__CELL_VALUE_H
#include "core/table/table.h"

/* Whether values of the type are told apart by at most 64 bits, which are as good as how they are written. */
bool bn_cell_has_bits(bn_type type);
/* Those bits, of a value that is not null. */
uint64_t bn_cell_bits(const bn_column *c, size_t row);
/* How it is written, in the column or in scratch; -0 as 0. False: it is null. */
bool bn_cell_text(const bn_column *c, size_t row, bn_buf *scratch, bn_text *out);

#endif

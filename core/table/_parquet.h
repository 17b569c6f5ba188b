/* _parquet.h - the types of a Parquet file, and the values of a column in it: shared by parquet_write.c (the file) and
 * parquet_column.c (the values). Not for other modules. */
#ifndef BN_TABLE__PARQUET_H
#define BN_TABLE__PARQUET_H
#include "core/table/table.h"

typedef enum bn_parquet_type {
	BN_PARQUET_BOOLEAN = 0,
	BN_PARQUET_INT32 = 1,
	BN_PARQUET_INT64 = 2,
	BN_PARQUET_FLOAT = 4,
	BN_PARQUET_DOUBLE = 5,
	BN_PARQUET_BYTE_ARRAY = 6,
	BN_PARQUET_FIXED = 7, /* 16 bytes: a decimal */
} bn_parquet_type;

bn_parquet_type bn_parquet_type_of(bn_type type);

/* What a column chunk's statistics say. */
typedef struct bn_parquet_range {
	bool known;      /* there is a minimum and a maximum */
	bn_buf min, max; /* as PLAIN values; texts without their length */
} bn_parquet_range;

/* Appends the values that are not null, PLAIN encoded, and fills the range (initialised). BN_EUNSUPPORTED when they are
 * more than a page holds. */
int bn_parquet_values(
	bn_buf *out, bn_parquet_range *range, const bn_column *c, const char *name, bn_err *err);

#endif

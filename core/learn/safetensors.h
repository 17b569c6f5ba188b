/*
 * safetensors.h - reads and writes named tensors in the safetensors format.
 *
 * The format (huggingface/safetensors, README "Format"): 8 bytes little-endian length N, N bytes of
 * JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {string:
 * string}}, then the bytes. A file is rejected if: N exceeds 100 000 000 or the file; the JSON is
 * not an object starting with '{', has duplicate keys, or other than the three members; offsets do
 * not cover the buffer exactly, without holes or overlap, in some order; a size does not equal the
 * product of the shape times the width of the dtype; a product overflows.
 *
 * Written files are deterministic: tensors sorted by decreasing dtype width and then by name (so
 * every tensor is aligned to its width), header padded with spaces to a multiple of 8.
 */
#ifndef BN_LEARN_SAFETENSORS_H
#define BN_LEARN_SAFETENSORS_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdint.h>

typedef enum bn_dtype {
	BN_DTYPE_BOOL = 0,
	BN_DTYPE_F4,
	BN_DTYPE_F6_E2M3,
	BN_DTYPE_F6_E3M2,
	BN_DTYPE_U8,
	BN_DTYPE_I8,
	BN_DTYPE_F8_E5M2,
	BN_DTYPE_F8_E4M3,
	BN_DTYPE_F8_E8M0,
	BN_DTYPE_F8_E4M3FNUZ,
	BN_DTYPE_F8_E5M2FNUZ,
	BN_DTYPE_I16,
	BN_DTYPE_U16,
	BN_DTYPE_F16,
	BN_DTYPE_BF16,
	BN_DTYPE_I32,
	BN_DTYPE_U32,
	BN_DTYPE_F32,
	BN_DTYPE_C64,
	BN_DTYPE_F64,
	BN_DTYPE_I64,
	BN_DTYPE_U64,
	BN_DTYPE_COUNT
} bn_dtype;

const char *bn_dtype_name(bn_dtype dtype); /* "F32" */
unsigned bn_dtype_bits(bn_dtype dtype);

#define BN_TENSOR_MAX_RANK 16

typedef struct bn_tensor {
	const char *name;
	bn_dtype dtype;
	size_t rank;
	uint64_t shape[BN_TENSOR_MAX_RANK];
	const void *data; /* aligned like the file; bytes long */
	uint64_t bytes;
} bn_tensor;

typedef struct bn_tensors bn_tensors;

int bn_tensors_new(bn_tensors **out, bn_err *err);
void bn_tensors_free(bn_tensors *t);
/* Copies name, shape and data. BN_ECONFLICT if the name exists, BN_EINVAL on "__metadata__", an
 * empty name, or a shape that does not match bytes. */
int bn_tensors_add(bn_tensors *t, const char *name, bn_dtype dtype, size_t rank,
	const uint64_t *shape, const void *data, uint64_t bytes, bn_err *err);
int bn_tensors_set_metadata(bn_tensors *t, const char *key, const char *value, bn_err *err);
size_t bn_tensors_count(const bn_tensors *t);
const bn_tensor *bn_tensors_get(const bn_tensors *t, size_t i); /* in the file's (writer's) order */
const bn_tensor *bn_tensors_find(const bn_tensors *t, const char *name); /* NULL if absent */
const char *bn_tensors_metadata(const bn_tensors *t, const char *key);   /* NULL if absent */

/* Appends the whole file to out. */
int bn_safetensors_write(bn_buf *out, const bn_tensors *t, bn_err *err);
/* Reads a whole file from memory; the data is copied, so bytes may be freed. name is for
 * messages. */
int bn_safetensors_parse(
	bn_tensors **out, const void *bytes, size_t len, const char *name, bn_err *err);

#endif

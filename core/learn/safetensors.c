/* safetensors.c - see safetensors.h. */
#include "core/learn/safetensors.h"

#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, MAX_HEADER = 100000000 };

#define METADATA "__metadata__"

static const struct {
	const char *name;
	unsigned bits;
} dtypes[BN_DTYPE_COUNT] = {
	[BN_DTYPE_BOOL] = {"BOOL", 8},
	[BN_DTYPE_F4] = {"F4", 4},
	[BN_DTYPE_F6_E2M3] = {"F6_E2M3", 6},
	[BN_DTYPE_F6_E3M2] = {"F6_E3M2", 6},
	[BN_DTYPE_U8] = {"U8", 8},
	[BN_DTYPE_I8] = {"I8", 8},
	[BN_DTYPE_F8_E5M2] = {"F8_E5M2", 8},
	[BN_DTYPE_F8_E4M3] = {"F8_E4M3", 8},
	[BN_DTYPE_F8_E8M0] = {"F8_E8M0", 8},
	[BN_DTYPE_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8},
	[BN_DTYPE_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8},
	[BN_DTYPE_I16] = {"I16", 16},
	[BN_DTYPE_U16] = {"U16", 16},
	[BN_DTYPE_F16] = {"F16", 16},
	[BN_DTYPE_BF16] = {"BF16", 16},
	[BN_DTYPE_I32] = {"I32", 32},
	[BN_DTYPE_U32] = {"U32", 32},
	[BN_DTYPE_F32] = {"F32", 32},
	[BN_DTYPE_C64] = {"C64", 64},
	[BN_DTYPE_F64] = {"F64", 64},
	[BN_DTYPE_I64] = {"I64", 64},
	[BN_DTYPE_U64] = {"U64", 64},
};

const char *bn_dtype_name(bn_dtype dtype)
{
	return (unsigned)dtype < BN_DTYPE_COUNT ? dtypes[dtype].name : "unknown";
}

unsigned bn_dtype_bits(bn_dtype dtype)
{
	return (unsigned)dtype < BN_DTYPE_COUNT ? dtypes[dtype].bits : 0;
}

static bool dtype_parse(bn_dtype *out, const char *name)
{
	for (unsigned i = 0; i < BN_DTYPE_COUNT; i++) {
		if (strcmp(dtypes[i].name, name) == 0) {
			*out = (bn_dtype)i;
			return true;
		}
	}
	return false;
}

/* Bytes of a tensor; false if the product overflows or is not an integer number of bytes. */
static bool tensor_bytes(uint64_t *out, bn_dtype dtype, size_t rank, const uint64_t *shape)
{
	uint64_t n = bn_dtype_bits(dtype);
	for (size_t i = 0; i < rank; i++)
		if (__builtin_mul_overflow(n, shape[i], &n))
			return false;
	*out = n / 8;
	return n % 8 == 0;
}

/* ---- the set -------------------------------------------------------------------------------- */

struct bn_tensors {
	bn_arena arena; /* names and data */
	bn_tensor *items;
	size_t count, cap;
	json_t *metadata; /* object of strings */
};

int bn_tensors_new(bn_tensors **out, bn_err *err)
{
	bn_tensors *t = bn_alloc_zeroed(1, sizeof *t);
	json_t *metadata = json_object();
	if (!t || !metadata) {
		bn_free(t);
		json_decref(metadata);
		return bn_err_nomem(err, "tensors");
	}
	t->metadata = metadata;
	*out = t;
	return 0;
}

void bn_tensors_free(bn_tensors *t)
{
	if (!t)
		return;
	json_decref(t->metadata);
	bn_arena_release(&t->arena);
	bn_free(t->items);
	bn_free(t);
}

size_t bn_tensors_count(const bn_tensors *t)
{
	return t->count;
}

const bn_tensor *bn_tensors_get(const bn_tensors *t, size_t i)
{
	return i < t->count ? &t->items[i] : NULL;
}

const bn_tensor *bn_tensors_find(const bn_tensors *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->items[i].name, name) == 0)
			return &t->items[i];
	return NULL;
}

const char *bn_tensors_metadata(const bn_tensors *t, const char *key)
{
	return json_string_value(json_object_get(t->metadata, key));
}

int bn_tensors_set_metadata(bn_tensors *t, const char *key, const char *value, bn_err *err)
{
	if (json_object_set_new(t->metadata, key, json_string(value)) != 0)
		return bn_err_nomem(err, "tensor metadata");
	return 0;
}

/* The writer's order: widest first, so that everything stays aligned, then by name. */
static int compare(const bn_tensor *a, const bn_tensor *b)
{
	unsigned wa = bn_dtype_bits(a->dtype), wb = bn_dtype_bits(b->dtype);
	if (wa != wb)
		return wa > wb ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Copies name and data of t to its index in the order. Its name must be new. */
static int insert(bn_tensors *set, const bn_tensor *t, bn_err *err)
{
	bn_tensor own = *t;
	own.name = bn_arena_strdup(&set->arena, t->name);
	void *data = bn_arena_alloc(&set->arena, (size_t)t->bytes + 1);
	if (!own.name || !data || bn_grow(&set->items, &set->cap, set->count + 1, sizeof own) != 0)
		return bn_err_nomem(err, "tensor");
	if (t->bytes)
		memcpy(data, t->data, (size_t)t->bytes);
	own.data = data;
	size_t at = set->count;
	while (at > 0 && compare(&own, &set->items[at - 1]) < 0)
		at--;
	memmove(set->items + at + 1, set->items + at, (set->count - at) * sizeof own);
	set->items[at] = own;
	set->count++;
	return 0;
}

int bn_tensors_add(bn_tensors *t, const char *name, bn_dtype dtype, size_t rank,
	const uint64_t *shape, const void *data, uint64_t bytes, bn_err *err)
{
	uint64_t need = 0;
	bn_tensor own = {.name = name, .dtype = dtype, .rank = rank, .data = data, .bytes = bytes};
	if (!*name || strcmp(name, METADATA) == 0)
		return bn_err_set(err, BN_EINVAL, "'%s' is not a valid name of a tensor", name);
	if (rank > BN_TENSOR_MAX_RANK)
		return bn_err_set(err, BN_EINVAL, "tensor '%s' has %zu dimensions, the limit is %d",
			name, rank, BN_TENSOR_MAX_RANK);
	if (!tensor_bytes(&need, dtype, rank, shape) || need != bytes || bytes > SIZE_MAX / 2)
		return bn_err_set(err, BN_EINVAL, "tensor '%s': its shape does not give %llu bytes",
			name, (unsigned long long)bytes);
	if (bn_tensors_find(t, name))
		return bn_err_set(err, BN_ECONFLICT, "tensor '%s' twice", name);
	for (size_t i = 0; i < rank; i++)
		own.shape[i] = shape[i];
	return insert(t, &own, err);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void write_header(bn_buf *out, const bn_tensors *t, bn_err *err)
{
	uint64_t at = 0;
	bool first = true;
	bn_buf_addch(out, '{');
	if (json_object_size(t->metadata)) {
		bn_buf_adds(out, "\"" METADATA "\":");
		bn_json_canonical(t->metadata, out, err);
		first = false;
	}
	for (size_t i = 0; i < t->count; i++) {
		const bn_tensor *x = &t->items[i];
		if (!first)
			bn_buf_addch(out, ',');
		first = false;
		bn_buf_add_json_string(out, x->name, strlen(x->name));
		bn_buf_addf(out, ":{\"dtype\":\"%s\",\"shape\":[", bn_dtype_name(x->dtype));
		for (size_t d = 0; d < x->rank; d++)
			bn_buf_addf(out, d ? ",%llu" : "%llu", (unsigned long long)x->shape[d]);
		bn_buf_addf(out, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
			(unsigned long long)(at + x->bytes));
		at += x->bytes;
	}
	bn_buf_addch(out, '}');
}

int bn_safetensors_write(bn_buf *out, const bn_tensors *t, bn_err *err)
{
	size_t start = out->len;
	unsigned char length[LENGTH_BYTES] = {0};
	bn_buf_add(out, length, sizeof length);
	write_header(out, t, err);
	while (!out->failed && (out->len - start) % LENGTH_BYTES)
		bn_buf_addch(out, ' ');
	uint64_t n = out->len - start - LENGTH_BYTES;
	for (int i = 0; i < LENGTH_BYTES && !out->failed; i++)
		out->ptr[start + (size_t)i] = (char)(n >> (8 * i) & 0xff);
	for (size_t i = 0; i < t->count; i++)
		bn_buf_add(out, t->items[i].data, (size_t)t->items[i].bytes);
	if (!out->failed && n > MAX_HEADER)
		return bn_err_set(err, BN_EINVAL,
			"safetensors header of %llu bytes, the limit is %d", (unsigned long long)n,
			MAX_HEADER);
	return bn_buf_check(out, err, "safetensors");
}

/* ---- reading -------------------------------------------------------------------------------- */

/* A tensor as in the header: the position of its bytes. */
typedef struct span {
	bn_tensor tensor;
	uint64_t begin, end;
} span;

static int by_begin(const void *a, const void *b)
{
	const span *x = a, *y = b;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* A JSON integer >= 0. */
static bool read_size(uint64_t *out, const json_t *v)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static int read_span(span *s, const char *key, const json_t *o, const char *file, bn_err *err)
{
	const char *const keys[] = {"dtype", "shape", "data_offsets", NULL};
	const char *dtype = NULL;
	json_t *shape = NULL, *offsets = NULL;
	uint64_t bytes = 0;
	bn_tensor *t = &s->tensor;
	int rc = bn_json_only_keys(o, keys, key, err);
	if (rc || (rc = bn_json_need_str(o, "dtype", &dtype, key, err)) != 0 ||
		(rc = bn_json_need_array(o, "shape", &shape, key, err)) != 0 ||
		(rc = bn_json_need_array(o, "data_offsets", &offsets, key, err)) != 0)
		return rc;
	t->name = key;
	t->rank = json_array_size(shape);
	if (!dtype_parse(&t->dtype, dtype))
		return bn_err_set(err, BN_EUNSUPPORTED, "%s: tensor '%.80s': no dtype '%.20s'",
			file, key, dtype);
	if (t->rank > BN_TENSOR_MAX_RANK)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"%s: tensor '%.80s' has %zu dimensions, the limit is %d", file, key,
			t->rank, BN_TENSOR_MAX_RANK);
	for (size_t i = 0; i < t->rank; i++)
		if (!read_size(&t->shape[i], json_array_get(shape, i)))
			return bn_err_set(
				err, BN_EINVAL, "%s: tensor '%.80s': bad shape", file, key);
	if (json_array_size(offsets) != 2 || !read_size(&s->begin, json_array_get(offsets, 0)) ||
		!read_size(&s->end, json_array_get(offsets, 1)) || s->end < s->begin)
		return bn_err_set(
			err, BN_EINVAL, "%s: tensor '%.80s': bad data_offsets", file, key);
	if (!tensor_bytes(&bytes, t->dtype, t->rank, t->shape) || bytes != s->end - s->begin)
		return bn_err_set(err, BN_EINVAL,
			"%s: tensor '%.80s': %llu bytes do not fit its shape", file, key,
			(unsigned long long)(s->end - s->begin));
	t->bytes = bytes;
	return 0;
}

static int read_metadata(bn_tensors *t, const json_t *o, const char *file, bn_err *err)
{
	const char *key;
	json_t *value;
	if (!json_is_object(o))
		return bn_err_set(err, BN_EINVAL, "%s: __metadata__ is not an object", file);
	json_object_foreach((json_t *)o, key, value)
	{
		if (!json_is_string(value))
			return bn_err_set(err, BN_EINVAL,
				"%s: __metadata__ '%.80s' is not a string", file, key);
		int rc = bn_tensors_set_metadata(t, key, json_string_value(value), err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Spans sorted by position must cover exactly size bytes. */
static int check_cover(const span *spans, size_t n, uint64_t size, const char *file, bn_err *err)
{
	uint64_t at = 0;
	for (size_t i = 0; i < n; i++) {
		if (spans[i].begin != at)
			return bn_err_set(err, BN_EINVAL,
				"%s: tensor '%.80s' begins at byte %llu, expected %llu (holes and "
				"overlap are not allowed)",
				file, spans[i].tensor.name, (unsigned long long)spans[i].begin,
				(unsigned long long)at);
		at = spans[i].end;
	}
	if (at != size)
		return bn_err_set(err, BN_EINVAL,
			"%s: tensors end at byte %llu of %llu bytes of data", file,
			(unsigned long long)at, (unsigned long long)size);
	return 0;
}

static int read_tensors(bn_tensors *t, const json_t *header, const unsigned char *data,
	uint64_t size, const char *file, bn_err *err)
{
	const char *key;
	json_t *value;
	size_t n = 0;
	int rc = 0;
	span *spans = bn_alloc_zeroed(json_object_size(header) + 1, sizeof *spans);
	if (!spans)
		return bn_err_nomem(err, "tensors");
	json_object_foreach((json_t *)header, key, value)
	{
		if (strcmp(key, METADATA) == 0)
			rc = read_metadata(t, value, file, err);
		else if (!*key)
			rc = bn_err_set(err, BN_EINVAL, "%s: a tensor without a name", file);
		else if (!json_is_object(value))
			rc = bn_err_set(
				err, BN_EINVAL, "%s: tensor '%.80s' is not an object", file, key);
		else
			rc = read_span(&spans[n++], key, value, file, err);
		if (rc)
			goto out;
	}
	qsort(spans, n, sizeof *spans, by_begin);
	rc = check_cover(spans, n, size, file, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		spans[i].tensor.data = data + spans[i].begin;
		rc = insert(t, &spans[i].tensor, err);
	}
out:
	bn_free(spans);
	return rc;
}

int bn_safetensors_parse(
	bn_tensors **out, const void *bytes, size_t len, const char *name, bn_err *err)
{
	const unsigned char *p = bytes;
	uint64_t n = 0;
	json_t *header = NULL;
	bn_tensors *t = NULL;
	if (len < LENGTH_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "%s: %zu bytes are not a safetensors file", name, len);
	for (int i = 0; i < LENGTH_BYTES; i++)
		n |= (uint64_t)p[i] << (8 * i);
	if (n > MAX_HEADER || n > len - LENGTH_BYTES)
		return bn_err_set(err, BN_EINVAL,
			"%s: a header of %llu bytes in a file of %zu (the limit is %d)", name,
			(unsigned long long)n, len, MAX_HEADER);
	if (n == 0 || p[LENGTH_BYTES] != '{')
		return bn_err_set(err, BN_EINVAL, "%s: the header does not start with '{'", name);
	int rc = bn_json_parse(&header, (const char *)p + LENGTH_BYTES, (size_t)n, name, err);
	if (rc == 0)
		rc = bn_tensors_new(&t, err);
	if (rc == 0)
		rc = read_tensors(
			t, header, p + LENGTH_BYTES + n, len - LENGTH_BYTES - n, name, err);
	json_decref(header);
	if (rc)
		bn_tensors_free(t);
	else
		*out = t;
	return rc;
}

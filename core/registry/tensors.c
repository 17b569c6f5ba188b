/*
 * tensors.c - see _tensors.h. Reads 8 bytes and the header of a safetensors file, regardless of its size.
 * Anything else is an ordinary file without tensors in the manifest.
 */
#include "core/registry/_tensors.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 100000000 }; /* the format's own limit */

/* Bytes from .. from + n - 1 of the object. 1 if it is shorter. */
static int read_range(
	bn_buf *out, bn_object_store *s, const char *hash, uint64_t from, uint64_t n, bn_err *err)
{
	bn_object_reader *r = NULL;
	size_t got = 1;
	int rc = bn_object_reader_new(&r, s, hash, from, n, err);
	if (rc < 0)
		return rc;
	if (bn_object_reader_bytes(r) < n)
		rc = 1;
	else if (bn_buf_reserve(out, (size_t)n + 1))
		rc = bn_err_nomem(err, "a header");
	while (rc == 0 && out->len < n && got) {
		rc = bn_object_read(r, out->ptr + out->len, (size_t)n - out->len, &got, err);
		out->len += got;
	}
	bn_object_reader_free(r);
	return rc;
}

static int by_position(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	int64_t p = bn_json_int(*x, "at", 0), q = bn_json_int(*y, "at", 0);
	if (p != q)
		return p < q ? -1 : 1;
	return strcmp(bn_json_str(*x, "name", ""), bn_json_str(*y, "name", ""));
}

/* One tensor of the header; NULL if malformed. */
static json_t *tensor_json(const char *name, const json_t *o, uint64_t data, uint64_t size)
{
	const char *type = bn_json_str(o, "dtype", "");
	const json_t *offsets = json_object_get(o, "data_offsets");
	json_int_t begin = json_integer_value(json_array_get(offsets, 0));
	json_int_t end = json_integer_value(json_array_get(offsets, 1));
	json_t *shape = json_object_get(o, "shape");
	if (json_array_size(offsets) != 2 || begin < 0 || end < begin || !json_is_array(shape) ||
		(uint64_t)end > size - data || !*type || strlen(type) > 16 || !*name ||
		strlen(name) > BN_MANIFEST_PATH_MAX)
		return NULL;
	for (size_t i = 0; i < json_array_size(shape); i++)
		if (!json_is_integer(json_array_get(shape, i)) ||
			json_integer_value(json_array_get(shape, i)) < 0)
			return NULL;
	return json_pack("{s:s, s:s, s:O, s:I, s:I}", "name", name, "type", type, "shape", shape,
		"at", (json_int_t)data + begin, "bytes", end - begin);
}

/* *out stays NULL if one of them is malformed. */
static int list_sorted(
	json_t **out, const json_t *header, uint64_t data, uint64_t size, bn_err *err)
{
	size_t n = 0;
	const char *name;
	json_t *o, *list = NULL,
		   **items = bn_alloc((json_object_size(header) + 1) * sizeof(json_t *));
	if (!items)
		return bn_err_nomem(err, "a list of tensors");
	json_object_foreach((json_t *)(uintptr_t)header, name, o)
	{
		if (!strcmp(name, "__metadata__"))
			continue;
		if (!(items[n] = tensor_json(name, o, data, size)))
			goto out;
		n++;
	}
	qsort(items, n, sizeof *items, by_position);
	list = json_array();
	for (size_t i = 0; list && i < n; i++)
		json_array_append(list, items[i]);
	*out = list;
out:
	for (size_t i = 0; i < n; i++)
		json_decref(items[i]);
	bn_free(items);
	return 0;
}

int bn_tensors_list(json_t **out, bn_workspace *ws, const char *hash, uint64_t size, bn_err *err)
{
	bn_object_store *s = NULL;
	bn_buf b = BN_BUF_INIT;
	json_t *header = NULL;
	uint64_t n = 0;
	*out = NULL;
	int rc = bn_workspace_objects(&s, ws, err);
	if (rc < 0 || (rc = read_range(&b, s, hash, 0, 8, err)) != 0)
		goto out;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | (unsigned char)b.ptr[i];
	bn_buf_clear(&b);
	if (n < 2 || n > HEADER_MAX || n > size - 8 ||
		(rc = read_range(&b, s, hash, 8, n, err)) != 0)
		goto out;
	if (bn_json_parse(&header, b.ptr, b.len, "header", NULL) < 0 || !json_is_object(header))
		goto out;
	rc = list_sorted(out, header, 8 + n, size, err);
out:
	json_decref(header);
	bn_buf_release(&b);
	return rc < 0 ? rc : 0;
}

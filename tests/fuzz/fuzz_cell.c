/*
 * The first byte selects a type, the rest is the text of a cell: a value that is read is written as text that reads back
 * equal. The whole input is also the name of a type, which is refused or written back unchanged.
 */
#include "core/source/cell.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const bn_field fields[] = {{.type = BN_TYPE_UINT64}, {.type = BN_TYPE_UINT32},
	{.type = BN_TYPE_UINT16}, {.type = BN_TYPE_UINT8}, {.type = BN_TYPE_INT16},
	{.type = BN_TYPE_DATE}, {.type = BN_TYPE_TIME}, {.type = BN_TYPE_DURATION},
	{.type = BN_TYPE_DECIMAL, .precision = 38, .scale = 12},
	{.type = BN_TYPE_DECIMAL, .precision = 5, .scale = 5}};

static void round_trip(const bn_field *f, const char *text, size_t n)
{
	union {
		bn_cell cell;
		char bytes[sizeof(bn_cell)];
	} value = {.cell = {.d = {0, 0}}};
	bn_cell cell = {.d = {0, 0}}, again = {.d = {0, 0}};
	bn_buf out = BN_BUF_INIT;
	bn_column c = bn_column_of(f);

	if (!bn_cell_parse(&cell, f, text, n))
		return;
	bn_cell_store(value.bytes, f->type, 0, &cell);
	c.rows = 1;
	c.any = value.bytes;
	if (!bn_column_format(&c, 0, &out) || !bn_cell_parse(&again, f, out.ptr, out.len) ||
		memcmp(&cell, &again, f->type == BN_TYPE_DECIMAL ? sizeof cell.d : sizeof cell.i) !=
			0)
		abort();
	bn_buf_release(&out);
}

static void type_name(const char *text)
{
	bn_field f = {0}, again = {0};
	bn_buf out = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;

	if (bn_field_parse_type(&f, text, &err) < 0) {
		if (!err.msg[0] || f.child)
			abort();
		return;
	}
	bn_field_format_type(&f, &out);
	if (bn_field_parse_type(&again, out.ptr, NULL) < 0 || !bn_field_same_type(&f, &again))
		abort();
	bn_field_release(&f);
	bn_field_release(&again);
	bn_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	/* Copies of exactly that size, so that a read beyond the end is detected. */
	char *text = malloc(size > 1 ? size - 1 : 1), *name = calloc(size + 1, 1);
	memcpy(text, data + 1, size - 1);
	memcpy(name, data, size);
	round_trip(&fields[data[0] % (sizeof fields / sizeof *fields)], text, size - 1);
	type_name(name);
	free(text);
	free(name);
	return 0;
}

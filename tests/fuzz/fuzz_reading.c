/*
 * The first line is how a column is read, as a table's metadata or a server may say it; the rest is a cell. What is
 * accepted is written in a form that reads back equal, and a cell stays within its room.
 */
#include "core/source/cell_form.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const bn_type types[] = {BN_TYPE_FLOAT64, BN_TYPE_INT8, BN_TYPE_TIMESTAMP, BN_TYPE_DATE,
	BN_TYPE_CATEGORY, BN_TYPE_BOOL};

/* Whether it was accepted. */
static bool round_trip(const char *text)
{
	bn_reading r = BN_READING_INIT;
	bn_err err = BN_ERR_INIT;
	bool is = bn_reading_parse(&r, text, &err) == 0;

	if (!is && !err.msg[0])
		abort();
	for (size_t i = 0; is && i < sizeof types / sizeof *types; i++) {
		char *once = NULL, *twice = NULL;
		if (bn_reading_for_table(&once, text, types[i], NULL) < 0 ||
			bn_reading_for_table(&twice, once, types[i], NULL) < 0)
			abort();
		if ((once != NULL) != (twice != NULL) || (once && strcmp(once, twice) != 0))
			abort();
		bn_free(once);
		bn_free(twice);
	}
	bn_reading_release(&r);
	return is;
}

static void read_cell(const char *read, const char *cell, size_t n)
{
	char plain[BN_CELL_PLAIN];
	bn_cell_form *f = NULL;

	if (bn_cell_form_new(&f, read, NULL) < 0)
		abort();
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t bytes = n;
		const char *at = bn_cell_form_plain(f, types[i], cell, &bytes, plain);
		if (at && bytes > n + 8) /* a year of two digits gets four, days and months two */
			abort();
		bn_cell_form_is_absent(f, bn_type_is_text(types[i]), cell, n);
	}
	bn_cell_form_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t n = line ? (size_t)(line - data) : size, rest = line ? size - n - 1 : 0;
	char *read = bn_strndup((const char *)data, n);
	char *cell = bn_alloc(rest + !rest);

	if (!read || !cell)
		abort();
	if (rest)
		memcpy(cell, line + 1, rest);
	if (round_trip(read))
		read_cell(read, cell, rest);
	bn_free(read);
	bn_free(cell);
	return 0;
}

/*
 * same_table.h - random tables with columns of every type, and their cells in the format of each
 * interface to a model.
 *
 * The values are edge cases: limits of the integers, numbers that no double holds, -0, NaN,
 * infinities, instants before 1970, texts that look like numbers, bools or nothing, quotes, commas
 * and line ends; likewise names of columns. Half of the columns have a reading (core/source/reading.h):
 * the training table has it, and text is written in its form.
 */
#ifndef BN_TEST_SAME_TABLE_H
#define BN_TEST_SAME_TABLE_H
#include "core/base/buf.h"
#include "core/source/cell.h"
#include "core/source/reading.h"
#include "core/table/table.h"

enum { SAME_COLUMNS = 40, SAME_LIST = 4 };

typedef struct same_column {
	char name[24];
	bn_field field;          /* its type and reading; name is NULL */
	char decimal, thousands; /* of the reading: 0, or a character */
	bn_date_order order;
	const char *null; /* NULL: only the usual spellings of a missing value; */
	bool only;        /* or only this one */
	bool input;     /* a model can learn from it */
	bool bare;      /* training has no value of it */
	size_t first_word, word_count;
} same_column;

typedef struct same_cell {
	bool absent;
	bn_cell v;        /* as in the column's array; for a bool: i */
	const char *text; /* CATEGORY, STRING, BINARY */
	double list[SAME_LIST];
	size_t list_count;
} same_cell;

typedef struct same_table {
	uint64_t seed;
	bool plain; /* names without special characters, no lists: what rows_quick.c reads itself */
	same_column columns[SAME_COLUMNS];
	size_t column_count;
	size_t row; /* of training, whose cells are made next */
} same_table;

typedef same_cell same_row[SAME_COLUMNS];

/* Plain if the seed is odd. */
void same_table_init(same_table *t, uint64_t seed);
void same_table_release(same_table *t);
size_t same_below(same_table *t, size_t n); /* 0 .. n - 1 */
/* A value of column i. trained: one that training may have; otherwise also unseen texts. */
same_cell same_cell_random(same_table *t, size_t i, bool trained);
/* Whether it is missing for a model: absent, or a float that is not finite. */
bool same_is_missing(const same_column *c, const same_cell *v);

/* The format in which a table is written. */
typedef struct same_form {
	bool shuffled; /* columns in another order */
	bool retyped;  /* columns converted to other types that hold the same values */
	bool texts;    /* with retyped: also as text */
	bool targets;  /* columns "number" and "class", for training and the test part */
	bool readings; /* the table says how its text was read */
} same_form;

/* rows[which[0 .. n-1]] as an Arrow file. */
void same_write_arrow(same_table *t, const char *path, const same_row *rows, const size_t *which,
	size_t n, const same_form *form);
/* The same as CSV, in a random notation. */
void same_add_csv(same_table *t, bn_buf *out, const same_row *rows, const size_t *which, size_t n);
/* A cell as JSON. tensor: as an element of a tensor, which has no strings for times. */
void same_add_json(
	same_table *t, bn_buf *out, const same_column *c, const same_cell *v, bool tensor);
/* The Open Inference Protocol's name of a tensor's type; NULL: there is none. */
const char *same_datatype(const same_column *c);

#endif

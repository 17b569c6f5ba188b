/* random_arrow.c - see random_arrow.h. */
#include "tests/support/random_arrow.h"

#include "tests/support/same_table.h"

void random_arrow_write(const char *path, uint64_t seed, size_t rows)
{
	static same_row cells[RANDOM_ARROW_ROWS];
	static const same_form as_it_is = {.shuffled = false};
	size_t which[RANDOM_ARROW_ROWS];
	same_table t;
	same_table_init(&t, seed);
	for (size_t r = 0; r < rows; r++) {
		which[r] = same_below(&t, 3) ? r : same_below(&t, r + 1);
		for (size_t c = 0; c < t.column_count; c++)
			cells[r][c] = same_cell_random(&t, c, true);
	}
	same_write_arrow(&t, path, cells, which, rows, &as_it_is);
	same_table_release(&t);
}

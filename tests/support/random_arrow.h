/*
 * random_arrow.h - a random table with columns of every type (same_table.h) as an Arrow file; some
 * rows are duplicates.
 */
#ifndef BN_TEST_RANDOM_ARROW_H
#define BN_TEST_RANDOM_ARROW_H
#include <stddef.h>
#include <stdint.h>

#define RANDOM_ARROW_ROWS 90

/* The same seed and rows (1 .. RANDOM_ARROW_ROWS) give the same file. */
void random_arrow_write(const char *path, uint64_t seed, size_t rows);

#endif

/*
 * attack_table.h - reads tests/attacks/table.txt for the tests of its rows: the claims of a row are
 * read from it and checked, so the table cannot be wrong.
 *
 * A row: number | what is done | what every reader sees | readers | trace | test.
 *
 * readers, for rows that tests/support/attacked.h runs (others: "-", their test checks itself):
 * 	stays, falls     whether power/1 is the approved champion, for every reader: with an index that existed before
 * 	                 the attack and folded it, the same one reopened, and a new one; equal rows in all of them
 * 	not served       nobody can prove it any more (default: served)
 * 	known: WORD      what a reader with a memory from before is allowed: all (default), reading, trust
 * 	new: WORD        one without: reading (default), trust
 * 	invited: WORD    one with the invitation from before, and no memory: default as known
 *
 * trace: what `audit verify` and `model verify` report, by record and rule; "-": not checked here;
 * "none": nothing. Otherwise items separated by "; ": "fault: PATTERN" and "note: PATTERN" for a
 * finding of audit verify (it fails if there is a fault, and only then), "model: PATTERN" for a
 * line of model verify. A pattern is a part of the finding's text, with * for anything.
 */
#ifndef BN_TEST_ATTACK_TABLE_H
#define BN_TEST_ATTACK_TABLE_H
#include "core/store/workspace.h"

#include <stdbool.h>

typedef struct attack_row {
	int number; /* 0: not of that test */
	char readers[200], trace[600];
} attack_row;

/* The row of the test with that __func__; fails the test if there is none. If several rows have the
 * test: the first. */
void attack_row_find(attack_row *out, const char *function);
/* Whether the readers' column has that word. */
bool attack_row_says(const attack_row *row, const char *word);
bool attack_row_has_fault(const attack_row *row);
/* Checks that audit verify, and model verify of spec (NULL: none), report what the trace column
 * says. */
void attack_expect_trace(const attack_row *row, bn_workspace *ws, const char *spec);

/* For tests with their own team: the trace of this test's row. */
#define ATTACK_TRACE(ws, spec) \
	do { \
		attack_row row_; \
		attack_row_find(&row_, __func__); \
		attack_expect_trace(&row_, ws, spec); \
	} while (0)

#endif

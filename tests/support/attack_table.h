/*
 * attack_table.h - tests/attacks/table.txt, for the tests of its rows: what the row promises is read from it and
 * looked for, so the table cannot say what is not so.
 *
 * A row: number | what is done | what every reader sees | readers | trace | test.
 *
 * readers, for rows that tests/support/attacked.h runs (others: "-", their test asks by itself):
 *	stays, falls     whether power/1 is the approved champion, for every reader: the index that was there before
 *	                 the attack and saw it come, the same opened anew, and a new one; equal rows in all of them
 *	not served       nobody proves it any more (served unless said)
 *	known: WORD      what a reader with a memory from before is allowed: all (unless said), reading, trust
 *	new: WORD        one without: reading (unless said), trust
 *	invited: WORD    one with the invitation from before, and no memory: as known unless said
 *
 * trace: what `audit verify` and `model verify` say of it, by record and rule; "-": not asked here; "none": nothing.
 * Else pieces with "; " between: "fault: PATTERN" and "note: PATTERN" for a finding of audit verify (with at least one
 * fault it fails, with none it does not), "model: PATTERN" for a line of model verify. A pattern is a part of the
 * finding's text, with * for anything.
 */
#ifndef BN_TEST_ATTACK_TABLE_H
#define BN_TEST_ATTACK_TABLE_H
#include "core/store/workspace.h"

#include <stdbool.h>

typedef struct attack_row {
	int number; /* 0: none of that test */
	char readers[200], trace[600];
} attack_row;

/* The row of the test whose __func__ that is; fails the test when there is none. Several rows of one test: the
 * first. */
void attack_row_find(attack_row *out, const char *function);
/* Whether the readers' column has that word. */
bool attack_row_says(const attack_row *row, const char *word);
bool attack_row_has_fault(const attack_row *row);
/* Asks audit verify, and model verify of spec (NULL: of none), what the trace column promises. */
void attack_expect_trace(const attack_row *row, bn_workspace *ws, const char *spec);

/* For tests with a town of their own: the trace of this test's row. */
#define ATTACK_TRACE(ws, spec) \
	do { \
		attack_row row_; \
		attack_row_find(&row_, __func__); \
		attack_expect_trace(&row_, ws, spec); \
	} while (0)

#endif

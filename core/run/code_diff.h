/*
 * code_diff.h - the differences between the code of two runs: their commits, and the uncommitted
 * changes at their start.
 *
 * Both states of the code are built in memory, from the repository's objects and the patches, and
 * compared: nothing is checked out, and nothing is written to the repository. If the repository
 * lacks a commit, or a patch does not apply to its commit, the reason is given and the result is
 * both patches, one after the other. Untracked files are not stored, so they are not compared.
 */
#ifndef BN_RUN_CODE_DIFF_H
#define BN_RUN_CODE_DIFF_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/progress.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_CODE_DIFF_BYTES (8u << 20) /* bytes of a patch; what is omitted is counted */

typedef struct bn_code_state {
	const char *path;   /* path of the repository; NULL: unknown */
	const char *commit; /* hex; NULL: none */
	const char *patch;  /* uncommitted changes; NULL: none */
} bn_code_state;

typedef struct bn_code_file {
	char *path;     /* path in b, or in a if removed; owned by the diff */
	char status;    /* 'A' added, 'D' removed, 'M' modified, 'R' renamed, 'T' of another type */
	bool is_binary; /* lines are not counted */
	size_t added, removed; /* lines */
} bn_code_file;

typedef struct bn_code_diff {
	bn_code_file *files; /* by path */
	size_t count;
	bn_buf patch;    /* unified, as git diff prints it; empty if nothing differs */
	size_t left_out; /* files whose changes did not fit into the patch */
	char *apart; /* why the states could not be built: `patch` then has the uncommitted changes of
		       * each, and there are no files; NULL: they were */
} bn_code_diff;

/* From a to b. Uses the repository of b's path, else that of a's. watch: may be NULL. BN_ENOMEM, BN_EINTR. */
int bn_code_diff_make(bn_code_diff *out, const bn_code_state *a, const bn_code_state *b,
	const bn_progress *watch, bn_err *err);
/* Appends the files, one per line, and the patch, as text for people. */
void bn_code_diff_text(bn_buf *out, const bn_code_diff *d);
void bn_code_diff_release(bn_code_diff *d);

#endif

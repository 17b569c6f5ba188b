/*
 * forget.h - erases the rows of a person: from dataset versions, what was derived from them, logged predictions, and
 * everything that was computed from those and shows values.
 *
 * In two steps. bn_forget_find searches, changes nothing, and says what would be done, for the user to agree to;
 * bn_forget_do does it.
 *
 * What is searched: all versions of the dataset, live and removed; all versions made from them, of whatever dataset; and
 * every other version that shares bytes with one in which something was found. A version holds the rows if the
 * expression is true for some, and also if only a dictionary of its categories has a text that no other row of all these
 * versions has: parts of a split keep the dictionary of the whole table. A version without the columns of the expression
 * cannot be searched; it is named, and with `derived` it is forgotten as a whole.
 *
 * What is done, in this order, so that it can be killed anywhere and done again:
 *  1. Each live version gets a stand-in, a new version of the same dataset with the other rows; its parent is the forgotten
 *     one. Parts (objects) without such rows stay as they are, and are shared, up to the first that has some.
 *  2. The event forget.rows (core/data/forgotten.h) names versions, stand-ins and objects. From here on they are forgotten.
 *     Then each version is removed (dataset.removed), so that lists do not show it.
 *  3. gc removes the objects, from trash/ too, and leftovers in tmp/ that nobody wrote to for ten minutes; this user's cache is emptied.
 * Objects: parts that hold such rows, manifests (their statistics hold texts), profiles, results of checks, drift reports
 * that were compared with a forgotten version or with forgotten predictions.
 *
 * What is only named, since it must be decided by people: models trained on the versions, runs, suites, files in directories
 * of runs and records of the log in which a text of the expression occurs, remotes that were seen to have the bytes, and
 * versions that could not be searched. docs/governance.md says what stays out of reach.
 *
 * Order of modules: after monitor, registry and share, whose tables and files it reads.
 */
#ifndef BN_FORGET_FORGET_H
#define BN_FORGET_FORGET_H
#include "core/base/progress.h"
#include "core/data/eraser.h"
#include "core/data/forgotten.h"

typedef struct bn_forget_options {
	const char *name; /* of the dataset */
	/* One of: an expression for rows (core/table/expr/expr.h); or a column, and values of which it has one. */
	const char *where;
	const char *column;
	const char *const *values;
	size_t value_count;
	const char *reason; /* goes into the log: BN_EINVAL if it has one of the values in it. NULL: none */
	bool derived;       /* versions that cannot be searched are forgotten as a whole */
	bool drop_older;    /* no stand-ins for versions that are not their dataset's newest */
	const bn_progress *progress;
} bn_forget_options;

typedef enum bn_forget_fate {
	BN_FORGET_REPLACED, /* gets a stand-in */
	BN_FORGET_DROPPED,  /* none: it is removed already, no row would be left, or it is not wanted */
	BN_FORGET_LEFT,     /* stays: `why` */
} bn_forget_fate;
const char *bn_forget_fate_name(bn_forget_fate f); /* "replaced", "dropped", "left" */

typedef struct bn_forget_version {
	bn_dataset_version *v;
	uint64_t rows;    /* that match; of all of them, if it is forgotten as a whole without a search */
	bool is_searched;
	bn_forget_fate fate;
	char why[200];    /* of BN_FORGET_LEFT and BN_FORGET_DROPPED */
	int64_t stand_in; /* after bn_forget_do; 0: none */
} bn_forget_version;

/* Logged predictions. */
typedef struct bn_forget_batch {
	char hash[65], instead[65]; /* instead: "" if no row is left */
	char *model;                /* "power/3" */
	uint64_t rows, kept;        /* that match; the others */
	bool searched;
} bn_forget_batch;

/* Something that has to go (kind "report") or is only named (all others). */
typedef struct bn_forget_note {
	const char *kind; /* "report", "model", "run", "suite", "log", "file", "remote" */
	char *name;       /* "power/3", "runs/7f3a...: log.txt" */
	char *detail;     /* or NULL */
} bn_forget_note;

typedef struct bn_forget_object {
	char hash[65], name[129]; /* name: "" if it belongs to no version */
	int64_t version;
	uint64_t bytes; /* 0: it is not here */
} bn_forget_object;

typedef struct bn_forget_plan {
	bn_workspace *ws;
	const bn_forget_options *o; /* borrowed */
	bn_forget_version *versions; /* by dataset and number */
	size_t version_count, version_cap;
	bn_forget_batch *batches;
	size_t batch_count, batch_cap;
	bn_forget_note *notes;
	size_t note_count, note_cap;
	bn_forget_object *objects;
	size_t object_count, object_cap;
	uint64_t rows;       /* of versions that are not left, each counted for each version */
	uint64_t failed;     /* after bn_forget_do: objects that this user may not remove */
	char mark[33];
	bn_erase_what what;
	bn_eraser *eraser;
} bn_forget_plan;

/* BN_ENOTFOUND: no such dataset or column. BN_EINVAL: the expression; or, without drop_older, a newest version that has no
 * such rows while older ones do: their stand-ins would become the newest. BN_EREFUSED without the right to remove. *out is
 * to be released also after an error, and must not outlive ws and o. */
int bn_forget_find(bn_forget_plan *out, bn_workspace *ws, const bn_forget_options *o, bn_err *err);
bool bn_forget_is_empty(const bn_forget_plan *p); /* nothing has to go */
int bn_forget_do(bn_forget_plan *p, bn_err *err);
/* What acts that were interrupted have left: versions that are not removed yet, objects and leftovers. bn_forget_do calls
 * it. *failed (may be NULL): objects that belong to other users, whose gc removes them. */
int bn_forget_finish(bn_workspace *ws, uint64_t *failed, bn_err *err);
void bn_forget_plan_release(bn_forget_plan *p);

#endif

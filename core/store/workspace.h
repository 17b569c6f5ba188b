/*
 * workspace.h - a .binnacle directory: its log (the truth), objects, claims and index.
 *
 * Layout (architecture.md section 3):
 *	workspace.json   {"id": UUID, "format": 1}
 *	log/<writer>/    sealed segments and at most one open.seg, owned by the user who writes
 *	objects/ab/cd..  immutable blobs named by their SHA-256, mode 0444
 *	claims/          names that must be unique across hosts, taken with link(2)
 *	runs/<run_id>/   working directory of a run
 *	trash/ tmp/
 *	index.db         here only when this file system is local and ours to write; otherwise
 *	                 $XDG_STATE_HOME/binnacle/<workspace id>/index.db; BINNACLE_INDEX=DIR
 *	                 puts it into that directory
 *
 * A bn_workspace belongs to one thread. Any number of processes may have the same workspace open;
 * none waits for another to write. The env must outlive it.
 */
#ifndef BN_STORE_WORKSPACE_H
#define BN_STORE_WORKSPACE_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bn_workspace bn_workspace;
struct bn_fold_class; /* core/store/index/fold.h */

/* Makes DIR/.binnacle. BN_ECONFLICT when there is one already. */
int bn_workspace_init(const bn_env *env, const char *dir, bn_err *err);
/* start: a directory inside the workspace, or NULL for BINNACLE_HOME, else the working directory;
 * found by walking up, like .git. BN_ENOTFOUND with a hint to run `binnacle init`. classes: what
 * the rooms fold (bn_rooms of core/pipeline/rooms.h); NULL for a writer that never reads. */
int bn_workspace_open(bn_workspace **out, const bn_env *env,
	const struct bn_fold_class *const *classes, const char *start, bn_err *err);
void bn_workspace_close(bn_workspace *ws); /* commits and seals what is buffered; NULL is fine */

const bn_env *bn_workspace_env(const bn_workspace *ws);
const char *bn_workspace_id(const bn_workspace *ws);
const char *bn_workspace_dir(const bn_workspace *ws);  /* the directory that holds .binnacle */
const char *bn_workspace_root(const bn_workspace *ws); /* .../.binnacle */
char *bn_workspace_path(const bn_workspace *ws, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* under root; yours (bn_free) */

/* ---- writing: one event at a time ---------------------------------------------------------- */

/*
 * kind: dotted lower case ("run.created"). entity: "<class>/<name>", the thing whose history this
 * is ("run/7f3a...", "model/power", "dataset/jobs", "policy"). payload: a JSON object (borrowed),
 * or with the _raw form, bytes in a format that the kind's room defines (metric chunks).
 *
 * Appending only buffers. bn_workspace_commit makes everything appended so far durable (written,
 * fsynced; what the caller may then acknowledge). bn_workspace_seal also closes the segment so
 * that readers on other hosts see it. The first append opens this process's writer directory.
 */
typedef struct json_t json_t;
int bn_workspace_append(
	bn_workspace *ws, const char *kind, const char *entity, const json_t *payload, bn_err *err);
int bn_workspace_append_raw(bn_workspace *ws, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err);
int bn_workspace_commit(bn_workspace *ws, bn_err *err);
int bn_workspace_seal(bn_workspace *ws, bn_err *err);
/* Seals when a segment has been open for long (1 s while someone may watch, backing off to 30 s)
 * or is large. Long-lived writers call it from their loop; cheap when there is nothing to do. */
int bn_workspace_tick(bn_workspace *ws, bn_err *err);

/* ---- reading: the index -------------------------------------------------------------------- */

/* Folds everything new in the log into the index and returns its handle, borrowed until close.
 * *changed (may be NULL) tells whether anything new was folded. Readers use it for SELECT only. */
int bn_workspace_refresh(bn_workspace *ws, bool *changed, bn_err *err);
/* The same, with the handle: what a reader begins with. */
int bn_workspace_read(sqlite3 **out, bn_workspace *ws, bn_err *err);
sqlite3 *bn_workspace_index(
	bn_workspace *ws); /* opens (and folds once) at first use; NULL if that fails */
/* Commit and refresh in one: what a verb calls after it has written, to see its own effect. */
int bn_workspace_sync(bn_workspace *ws, bn_err *err);

/* ---- claims -------------------------------------------------------------------------------- */

/* Takes a name for ever ("model/power/3", "dataset/jobs/2"), across hosts, with link(2); value is
 * stored in the claim. BN_ECONFLICT when somebody has it. */
int bn_claim_take(bn_workspace *ws, const char *name, const char *value, bn_err *err);
/* Takes the lowest free prefix/N, N >= 1 and above every claimed one. */
int bn_claim_next(bn_workspace *ws, const char *prefix, const char *value, int64_t *n, bn_err *err);

#endif

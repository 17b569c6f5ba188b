/*
 * workspace.h - a .binnacle directory: its log (the truth), objects, claims and index.
 *
 * Layout (architecture.md section 3):
 *	workspace.json   {"id": UUID, "format": 2, "chain": true, "access": "owner"}; see "Formats" below.
 *	                 chain: there is a chain of authority, so users with a key sign what they write. access:
 *	                 "owner", "private" or "group" (access.h)
 *	log/<writer>/    sealed segments and at most one open.seg, owned by the user who writes
 *	objects/ab/cd..  immutable blobs named by their SHA-256, mode 0444
 *	claims/          names that must be unique across hosts, taken with link(2)
 *	runs/<run_id>/   working directory of a run
 *	trash/ tmp/
 *
 * The index is elsewhere, private and on a local disk: core/store/index/place.h.
 *
 * Formats: "format" in workspace.json is a hint about who should write. The first version of Binnacle
 * refuses anything but 1. A workspace of format 1 can be read and written; before the first event
 * that the first version would not understand (a class version above 1, a signature) it becomes
 * format 2. New workspaces have format 2. A workspace of a higher format is read but not written.
 *
 * Invariants. Each is cited by its number in the code that maintains it and has a test that kills the
 * process, fails a call or simulates power loss at every change of the disk
 * (tests/core/store/test_crash.c).
 *	S1  an object is complete and hashes to its name, or does not exist
 *	S2  a sealed segment is complete and is never changed; it may be replaced by a wider one
 *	S3  what was acknowledged (commit, claim, object put) survives kill -9 and power loss
 *	S4  nothing is visible in the index before the objects that it names are durable
 *	S5  the index is a function of the set of events: folding twice, in another order of arrival or
 *	    from nothing gives the same rows
 *	S6  gc never removes what a live row names, and keeps a retention
 *	S7  a record that the first version cannot read comes after format 2 in workspace.json
 * and of the log:
 *	L1  one writer writes to a directory at a time; bytes that a commit covered are never cut
 *	L2  a file is synced, with its trailer, before it gets a sealed segment's name
 *	L3  clocks rise strictly within a writer, across its segments too
 *	L4  the chain covers every record, in order, whatever its type
 *	L5  merging keeps every record's bytes, including those of unknown types
 *	L6  a file with a record that only a newer binnacle can read past is not truncated, merged or
 *	continued
 *	L7  a slot is a directory owned by the user who writes there; a segment is a regular file; links
 *	    are never followed below .binnacle
 *	L8  a claim's file appears complete under its name, once
 *	L9  a slot with a damaged or missing sealed segment gets no new segment
 *
 * A bn_workspace is used by one thread. Any number of processes may have the same workspace open;
 * none waits for another to write. The env must outlive it.
 */
#ifndef BN_STORE_WORKSPACE_H
#define BN_STORE_WORKSPACE_H
#include "core/base/dir.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/store/access.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct bn_workspace bn_workspace;
typedef struct sqlite3 sqlite3; /* sqlite3.h, which a writer does not need */
struct bn_fold_class;           /* core/store/index/fold.h */
struct bn_signer;               /* core/store/log/sign.h */
struct bn_founder;              /* core/store/founding.h */

/* Creates DIR/.binnacle with BN_ACCESS_OWNER. BN_ECONFLICT if it exists. */
int bn_workspace_init(const bn_env *env, const char *dir, bn_err *err);
/* The same with options. */
typedef struct bn_workspace_making {
	const struct bn_founder
		*founder; /* a signed founding record (core/store/founding.h); NULL: an
					   * unsigned one */
	bn_access access;
	gid_t group; /* of BN_ACCESS_GROUP */
} bn_workspace_making;
int bn_workspace_make(
	const bn_env *env, const char *dir, const bn_workspace_making *how, bn_err *err);
/* start: a directory inside the workspace, or NULL for BINNACLE_HOME, else the working directory;
 * found by walking up, like .git. BN_ENOTFOUND with a hint to run `binnacle init`. classes:
 * bn_fold_classes of core/pipeline/fold_classes.h; NULL for a writer that never reads. */
int bn_workspace_open(bn_workspace **out, const bn_env *env,
	const struct bn_fold_class *const *classes, const char *start, bn_err *err);
/* For a forked child that does not need its parent's workspace: bn_writer_abandon. */
void bn_workspace_abandon(bn_workspace *ws);
void bn_workspace_close(bn_workspace *ws); /* commits and seals what is buffered; NULL is fine */

const bn_env *bn_workspace_env(const bn_workspace *ws);
const char *bn_workspace_id(const bn_workspace *ws);
const char *bn_workspace_dir(const bn_workspace *ws);  /* the directory that holds .binnacle */
const char *bn_workspace_root(const bn_workspace *ws); /* .../.binnacle */
/* The handle of .binnacle, through which everything below it is accessed (core/base/dir.h).
 * Borrowed. */
const bn_dir *bn_workspace_at(const bn_workspace *ws);
/* From workspace.json or, in an older workspace, from the mode of .binnacle. */
bn_access bn_workspace_access(const bn_workspace *ws);
char *bn_workspace_path(const bn_workspace *ws, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* below root; caller frees (bn_free) */

/* ---- writing: one event at a time ---------------------------------------------------------- */

/*
 * kind: dotted lower case ("run.created"). entity: "<class>/<name>", the thing whose history this
 * is ("run/7f3a...", "model/power", "dataset/jobs", "policy"). payload: a JSON object (borrowed),
 * or with the _raw form, bytes in a format defined by the kind's module (metric chunks).
 *
 * Appending only buffers. bn_workspace_commit makes everything appended so far durable (written and synced), so
 * that the caller may acknowledge it. bn_workspace_seal also closes the segment so that readers on other hosts
 * see it; a commit also does so when the segment is large. If that fails the commit has still succeeded: the
 * next tick or seal reports it, unless it succeeds. The first append opens this process's writer directory.
 *
 * Appending may write earlier, when much is buffered. If that fails, everything appended since the
 * last commit is lost, and every append fails until a commit or seal has returned the failure, even
 * to a caller that ignored the result of an append: a commit returns 0 only if every successful
 * append is durable. A caller that gives up after a failed append and continues with other events
 * later must still commit.
 */
typedef struct json_t json_t;
int bn_workspace_append(
	bn_workspace *ws, const char *kind, const char *entity, const json_t *payload, bn_err *err);
/* The same with a class version: the first Binnacle does not know events of version 2 and above. */
int bn_workspace_append_version(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, bn_err *err);
int bn_workspace_append_raw(bn_workspace *ws, const char *kind, const char *entity,
	const void *payload, size_t n, bn_err *err);
/* What is appended until group_end belongs together, as the events of one request do: a process that dies has written
 * all of it or nothing (log/writer.h), and group_drop takes back what no commit has made durable, and only that. Both
 * results tell whether there was any. Groups do not nest; a commit inside one is fine. */
void bn_workspace_group_begin(bn_workspace *ws);
bool bn_workspace_group_end(bn_workspace *ws);
bool bn_workspace_group_drop(bn_workspace *ws);
int bn_workspace_commit(bn_workspace *ws, bn_err *err);
int bn_workspace_seal(bn_workspace *ws, bn_err *err);
/* Seals if a segment has been open for long (1 s at first, backing off to 30 s) and everything in it
 * is committed. Long-lived writers call it from their loop; it is cheap when there is nothing to do.
 * A failure loses no event, except for BN_ECORRUPT: data on disk is damaged. */
int bn_workspace_tick(bn_workspace *ws, bn_err *err);
/* Whether ticks have nothing to do until something is appended. */
bool bn_workspace_is_sealed(const bn_workspace *ws);

/*
 * Clocks of hosts differ. A process that folds the log writes after what it has folded; a process
 * without an index (a supervisor, `binnacle log`) instead gets, through a file, the clock of the
 * process whose records it must come after.
 */
/* The highest clock folded, given or written here; 0 if there is none. */
uint64_t bn_workspace_clock(const bn_workspace *ws);
/* Events appended from now on get a higher clock, unless this one is more than a day ahead. */
void bn_workspace_see_clock(bn_workspace *ws, uint64_t clock);

/* From now on this process's segments are signed (sign.h). signer is copied; the workspace takes its ctx
 * if the call succeeds and the signer has a release, else ctx is borrowed until close. */
int bn_workspace_set_signer(bn_workspace *ws, const struct bn_signer *signer, bn_err *err);
/* Provides the user's key for the segments of a process that signs nothing else: called once, before the first
 * record, in a workspace marked as having a chain ("chain": true in workspace.json: a hint, like "format").
 * out->sign stays NULL if the user has none. */
typedef void bn_signer_source(struct bn_signer *out, const bn_env *env);
void bn_workspace_set_signer_source(bn_workspace *ws, bn_signer_source *source);
/* From now on JSON events are signed under that epoch; NULL: no longer. BN_EREFUSED without a signer. */
int bn_workspace_set_epoch(bn_workspace *ws, const uint8_t *epoch, bn_err *err);
bool bn_workspace_signs(const bn_workspace *ws);
const uint8_t *bn_workspace_key(const bn_workspace *ws); /* 32 bytes of the signer; borrowed */
/* A signed event. epoch: 32 bytes, or NULL. BN_EREFUSED without a signer. */
int bn_workspace_append_signed(bn_workspace *ws, unsigned version, const char *kind,
	const char *entity, const json_t *payload, const uint8_t *epoch, bn_err *err);
/* BN_EUNSUPPORTED, with a message, in a workspace whose format this version can only read. */
int bn_workspace_need_writable(const bn_workspace *ws, bn_err *err);

/* ---- reading: the index -------------------------------------------------------------------- */

/* Folds everything new in the log into the index. *changed (may be NULL) tells whether anything
 * new was folded. */
int bn_workspace_refresh(bn_workspace *ws, bool *changed, bn_err *err);
/* The same, and returns the handle, borrowed until close; use it for SELECT only. */
int bn_workspace_read(sqlite3 **out, bn_workspace *ws, bn_err *err);
/* The number of writers with records that the last refresh could not reach because a segment is
 * damaged, missing or unreadable. `binnacle index status` names them. */
size_t bn_workspace_left_out(const bn_workspace *ws);
/* From now on all reads see one state of the index, until the snapshot ends: a page that asks thousands of questions
 * costs one look at the files of the index, not one for each. Refreshing in between does nothing. They do not nest:
 * BN_ECONFLICT. */
int bn_workspace_snapshot_begin(bn_workspace *ws, bn_err *err);
void bn_workspace_snapshot_end(bn_workspace *ws); /* fine without one */
/* A finding that holds while the snapshot does, for those who ask again in it (core/govern/rights.c: who I am, which is in
 * files). One at a time; n bytes are copied; without a snapshot nothing is kept. */
void bn_workspace_snapshot_keep(bn_workspace *ws, const void *finding, size_t n);
/* NULL: none. Borrowed until the snapshot ends. */
const void *bn_workspace_snapshot_kept(const bn_workspace *ws);
sqlite3 *bn_workspace_index(
	bn_workspace *ws); /* opened (and folded once) at first use; NULL if that fails */
/* Commit and refresh: a command calls it after writing, to see its own effect. */
int bn_workspace_sync(bn_workspace *ws, bn_err *err);

/* ---- claims -------------------------------------------------------------------------------- */

/* Takes a name permanently ("model/power/3", "dataset/jobs/2"), across hosts, with link(2); value
 * is stored in the claim. BN_ECONFLICT if it is taken. */
int bn_claim_take(bn_workspace *ws, const char *name, const char *value, bn_err *err);
/* Takes the lowest free prefix/N, N >= 1 and above every claimed one. */
int bn_claim_next(bn_workspace *ws, const char *prefix, const char *value, int64_t *n, bn_err *err);

#endif

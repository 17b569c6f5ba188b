/*
 * mirror.h - what is known on this host of a store elsewhere: a private workspace that follows an MLflow server.
 *
 * A store is an address as in client.h. Its mirror is a directory of this user on this host, whose workspace has an
 * event for everything that the server says of experiments and runs, written by the same functions as for runs of
 * one's own. So lists, filters, groups, charts and comparisons work on it as on any workspace, at the same speed, and
 * what was known is there at once after the next start, with its age. It holds no credentials, may be removed at any
 * time, and is evidence for nothing.
 *
 * What is read. Lists of a server have the last point of each metric; all points come with bn_mirror_pull_run. MLflow
 * has no way to ask for what changed, so all runs are walked through again and again, a page at a time, the newest and
 * the live ones more often. A run is compared by a hash with what was known of it, and only differences are written.
 *
 * What is changed. bn_mirror_tag and the like send one request and then read the object again: the mirror shows what
 * the server answered, never what was hoped for. A server that cannot be reached changes nothing.
 *
 * Location: stores/<hash of the address>-<host> below the directories of core/store/index/place.h (bn_index_place_files);
 * in it the workspace and `known.db` (SQLite: hashes, names, documents of models). A mirror belongs to one host, since
 * SQLite on a network file system is not safe between hosts. Processes take turns by a transaction in known.db.
 *
 * Ids. A run keeps its id if that is 32 hex digits; dashes of a UUID (GitLab) are left out, other ids are replaced by
 * the first 32 digits of their SHA-256, and the server's own id is kept beside.
 *
 * Invariants
 *  1. The hash of a run is stored after its events are durable, so an interrupted pull is repeated and adds nothing
 *     twice: points that the mirror has are not added again.
 *  2. The workspace is folded with bn_fold_classes_mirror, where a run may have an id that names another writer.
 *  3. Texts of a server that do not fit (a key that is none, a value above BN_RUN_VALUE_MAX) are cut or left out, and
 *     counted (bn_mirror_state.left_out), never passed on.
 *
 * A bn_mirror is used by one thread; another thread opens its own.
 */
#ifndef BN_MLFLOW_MIRROR_H
#define BN_MLFLOW_MIRROR_H
#include "core/base/progress.h"
#include "core/mlflow/client.h"
#include "core/registry/model.h"
#include "core/store/workspace.h"

typedef struct bn_mirror bn_mirror;

/* classes: bn_fold_classes_mirror. access is borrowed until the mirror is closed; NULL: none. Sends nothing, so it
 * works without a server. Errors as bn_mlflow_open; BN_EIO without a private directory. */
int bn_mirror_open(bn_mirror **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, const struct bn_fold_class *const *classes, bn_err *err);
void bn_mirror_close(bn_mirror *m); /* NULL is fine */

bn_workspace *bn_mirror_workspace(const bn_mirror *m); /* borrowed */
const char *bn_mirror_address(const bn_mirror *m);     /* borrowed */

typedef struct bn_mirror_state {
	int64_t seen_ms;   /* when the server last answered; -1: never */
	int64_t walked_ms; /* when all runs were last seen; -1: not all of them yet */
	int64_t runs;      /* known, those in the trash included */
	int64_t left_out;  /* texts that did not fit */
} bn_mirror_state;
int bn_mirror_state_read(bn_mirror_state *out, bn_mirror *m, bn_err *err);

/* The id in the mirror of a run that has this id on the server. */
void bn_mirror_id(char out[33], const char *id);

/* A number that grows whenever something else is known. Read it before what it stands for. */
int64_t bn_mirror_turn(bn_mirror *m);

/* ---- reading from the server ---------------------------------------------------------------- */

/* The newest runs and the live ones. */
int bn_mirror_pull_new(bn_mirror *m, bn_err *err);
/* The next page of all runs; the walk goes on with the next call. *done: it was the last one. Runs that the server
 * no longer has are then moved to the trash of the mirror. */
int bn_mirror_pull_page(bn_mirror *m, bool *done, bn_err *err);
/* A whole walk. */
int bn_mirror_pull_all(bn_mirror *m, const bn_progress *progress, bn_err *err);
/* Runs that match a filter in MLflow's own language, at most `most`. */
int bn_mirror_pull_matching(bn_mirror *m, const char *filter, size_t most, bn_err *err);
/* One run, with all points of its metrics if points is true and the run has changed since they were read. id: of the
 * mirror or of the server. BN_ENOTFOUND if the server has no such run. */
int bn_mirror_pull_run(bn_mirror *m, const char *id, bool points, bn_err *err);
/* Whether all points of a run are here, as it was last described. */
bool bn_mirror_has_points(bn_mirror *m, const char *run);
/* All registered models and versions. */
int bn_mirror_pull_models(bn_mirror *m, bn_err *err);

/* ---- models, as last pulled ----------------------------------------------------------------- */

/* As in core/registry/registry.h and model.h: what a server does not say is absent, and versions are "registered".
 * Models by name, those without versions and prompts too; release *out also after an error. Versions newest first; name
 * NULL: of all models but prompts. */
int bn_mirror_models(bn_registered_models *out, bn_mirror *m, bn_err *err);
int bn_mirror_versions(bn_version_page **out, bn_mirror *m, const char *name, bn_err *err);
/* spec: "NAME/3", "NAME@alias", "NAME@latest", "NAME" (its champion, else the newest). BN_ENOTFOUND. */
int bn_mirror_version(bn_version **out, bn_mirror *m, const char *spec, bn_err *err);

/* ---- acts: one request each, then what the server has now is read --------------------------- */

/* value NULL removes the tag. */
int bn_mirror_tag(bn_mirror *m, const char *run, const char *key, const char *value, bn_err *err);
int bn_mirror_note(bn_mirror *m, const char *run, const char *text, bn_err *err); /* "" removes it */
int bn_mirror_rename(bn_mirror *m, const char *run, const char *name, bn_err *err);
int bn_mirror_remove(bn_mirror *m, const char *run, bool removed, bn_err *err); /* false: restores */
/* Creates the model if there is none, and a version of it. path: of the model among the run's artifacts; NULL: the
 * model that the run logged, BN_ENOTFOUND if there is none, BN_EINVAL if there are several. */
int bn_mirror_register(int64_t *version, bn_mirror *m, const char *name, const char *run,
	const char *path, bn_err *err);
/* version 0 removes the alias. */
int bn_mirror_alias(
	bn_mirror *m, const char *name, int64_t version, const char *alias, bn_err *err);
/* A tag of a version; value NULL removes it. */
int bn_mirror_version_tag(bn_mirror *m, const char *name, int64_t version, const char *key,
	const char *value, bn_err *err);
int bn_mirror_version_remove(bn_mirror *m, const char *name, int64_t version, bn_err *err);

/* ---- artifacts ------------------------------------------------------------------------------ */

typedef struct bn_mirror_file {
	char *path;   /* below the run's artifacts; of its logged models below their names */
	char *target; /* where the server hands it out, below its address */
	int64_t size_bytes; /* -1 unknown */
} bn_mirror_file;
typedef struct bn_mirror_files {
	bn_mirror_file *items; /* by path */
	size_t count, cap;
} bn_mirror_files;
#define BN_MIRROR_FILES_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_mirror_files_release(bn_mirror_files *f);
/* The files at or below path (NULL or "": all). BN_EUNSUPPORTED if the server does not serve the run's artifacts,
 * with the place where they are. BN_EREFUSED for more than 100 000. */
int bn_mirror_artifacts(
	bn_mirror_files *out, bn_mirror *m, const char *run, const char *path, bn_err *err);
/* Copies them to the new directory dir, which appears as a whole or not at all. *bytes (may be NULL): their size. */
int bn_mirror_download(uint64_t *bytes, bn_mirror *m, const char *run, const char *path,
	const char *dir, const bn_progress *progress, bn_err *err);
/* The same for the files of a model version. BN_EUNSUPPORTED if the server does not serve them, with the place. */
int bn_mirror_version_download(uint64_t *bytes, bn_mirror *m, const bn_version *v, const char *dir,
	const bn_progress *progress, bn_err *err);

#endif

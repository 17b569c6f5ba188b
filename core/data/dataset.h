/*
 * dataset.h - the catalogue of datasets: names, immutable versions, their provenance.
 *
 * A version is a manifest (core/store/object/manifest.h) in objects/, whose parts are Arrow IPC
 * files, with its metadata: schema, profile, source, parents, recipe. It never changes. Every
 * change is logged as an event of class "dataset" (entity "dataset/NAME") and folded into tables of
 * share/sql/0010_data.sql:
 *
 * 	dataset.version   {version, manifest, content, part, parts, size, rows, columns, schema_hash,
 * 	                   profile, source {kind, path, size, sha256, rejected},
 * 	                   parents [{name, version, hash}], recipe, private}
 * 	                  class version 2. part: hash of the Arrow file if it is the only one; profile:
 * 	                  hash of the profile's JSON object. private: true if only the event's user
 * 	                  can read the objects; else absent. Class version 1 has `hash`, the Arrow
 * 	                  file, instead of manifest, content, part and parts (a manifest of format 0),
 * 	                  and `schema`, the columns, which are read from the file.
 * 	dataset.checked   {version, suite, suite_name, result, success, evaluated, failed}
 * 	                  suite, result: hashes of JSON objects; success: no critical check failed
 * 	dataset.tag       {version, key, value}     value null removes the tag
 * 	dataset.removed   {version, upto}   version 0: the dataset, with its versions up to number
 * 	                  upto; without upto, those older than the record
 * 	dataset.restored  {version}
 *
 * Invariants:
 *  1. Objects are durable before the event that names them is written.
 *  2. (name, version) is claimed across hosts before its event; numbers may have gaps and are never
 *     reused.
 *  3. Adding bytes that the dataset already has (the same content) returns that version, whatever
 *     its format, and writes no event.
 *  4. Removing hides and can be undone until gc frees the bytes: after its retention, unless
 *     something live names them. A removed version still resolves by number or hash with
 *     BN_DATASET_REMOVED_TOO, even if its bytes are gone.
 *  5. Tagging, removing and restoring need permission by the policy (acts tag and remove), checked
 *     when requested and again in every fold; every writer may add versions and checks.
 *  6. A private version's objects, and those of its checks, are in its user's private part of the
 *     store. What is made from its rows (parts of a split, a drift report) is private as well.
 *
 * A query returns an owned, immutable copy: it may be passed between threads, and the index may
 * change.
 */
#ifndef BN_DATA_DATASET_H
#define BN_DATA_DATASET_H
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bn_fold_class;
extern const struct bn_fold_class bn_dataset_class; /* for core/pipeline/fold_classes.c */

typedef struct bn_table_reader bn_table_reader; /* core/table/table.h */
typedef struct bn_profile bn_profile;           /* core/profile/profile.h */

/* ---- one version --------------------------------------------------------------------------- */

typedef struct bn_dataset_parent {
	char *name;
	int64_t version; /* 0 if it is a file and not a dataset version */
	char hash[65];
} bn_dataset_parent;

typedef struct bn_dataset_version {
	char *name;
	int64_t version;
	char hash[65];    /* names the version: hash of its manifest; of the Arrow file in the first
		       * format */
	char content[65]; /* what "the same bytes" means (core/store/object/manifest.h) */
	char part[65];    /* the Arrow file of a version with one part; otherwise empty */
	int64_t parts;
	uint64_t size_bytes;
	int64_t rows, columns;
	char schema_hash[65];
	char profile_hash[65]; /* object with the profile's JSON; empty if there is none */
	int64_t created_ms;
	char *user;
	uid_t uid;       /* of the user */
	bool unmasked;   /* bn_protect_unmask: its masked columns are read as they are */
	bool is_private; /* only that user can read its rows, its profile and its checks' results */
	bool removed;
	bool bytes_gone; /* removed, and gc has freed its bytes: it cannot be restored */
	char *forgotten; /* "was forgotten on 2026-12-01 by ann: use jobs@v7" (forgotten.h); NULL: it was not */

	char *source_kind; /* "csv", "arrow", "proc", "generate", "split", "sql" */
	char *source_path; /* as given by the user; NULL if there is none */
	uint64_t source_size;
	char source_sha256[65]; /* empty if the source was not a file */
	int64_t rejected;       /* rows left out by --on-error reject */
	char *recipe;           /* canonical JSON of what was done, or NULL */

	bn_dataset_parent *parents;
	size_t parent_count;

	char **tag_keys, **tag_values;
	size_t tag_count;

	/* The worst of the newest checks of this version, with each attached suite and with others; checked_ms is 0 if there
	 * is none. */
	int64_t checked_ms;
	bool check_success;
	int64_t check_evaluated, check_failed;
	char check_suite[65], check_result[65];
} bn_dataset_version;

void bn_dataset_version_free(bn_dataset_version *v);
/* "power@v3": for titles and messages. Returns buf. */
const char *bn_dataset_version_name(const bn_dataset_version *v, char *buf, size_t size);

/* ---- names --------------------------------------------------------------------------------- */

typedef enum bn_dataset_which {
	BN_DATASET_LIVE = 0,
	BN_DATASET_REMOVED_TOO = 1,
} bn_dataset_which;

/*
 * ref: "power" and "power@latest" (the newest version that is not removed; under a chain of
 * authority the newest one added by a member or the reader, if there is one:
 * core/govern/members.h), "power@v3", "power@sha256:ab12..." (at least 4 hex digits, unique among
 * the dataset's versions; looked up among their hashes, then among those of their only parts).
 * BN_EINVAL for a malformed ref, BN_ENOTFOUND with the nearest name, BN_ECONFLICT for an ambiguous
 * hash prefix, BN_EREFUSED (with the verb that restores it) for a removed version. Refreshes the
 * index. *out is yours.
 */
int bn_dataset_resolve(bn_dataset_version **out, bn_workspace *ws, const char *ref,
	bn_dataset_which which, bn_err *err);

/* ---- lists --------------------------------------------------------------------------------- */

/* One row of the dataset list: a dataset with its newest live version. */
typedef struct bn_dataset_row {
	char *name;
	int64_t versions;           /* live ones */
	bn_dataset_version *latest; /* NULL if every version is removed */
	bool removed;
} bn_dataset_row;

typedef struct bn_dataset_list {
	bn_dataset_row *rows;
	size_t count;
} bn_dataset_list;

/* By name. */
int bn_dataset_list_load(
	bn_dataset_list **out, bn_workspace *ws, bn_dataset_which which, bn_err *err);
void bn_dataset_list_free(bn_dataset_list *list);

typedef struct bn_dataset_versions {
	bn_dataset_version **items;
	size_t count;
} bn_dataset_versions;

/* Newest first. name NULL: of every dataset, by time. BN_ENOTFOUND if there is no such dataset. */
int bn_dataset_versions_load(bn_dataset_versions **out, bn_workspace *ws, const char *name,
	bn_dataset_which which, bn_err *err);
/* Versions made from this one (its children in the lineage), newest first. */
int bn_dataset_children_load(bn_dataset_versions **out, bn_workspace *ws, const char *name,
	int64_t version, bn_err *err);
void bn_dataset_versions_free(bn_dataset_versions *v);

/* ---- content ------------------------------------------------------------------------------- */

/*
 * Every reader uses one of these functions. A part's bytes are hashed when this user first uses it
 * on this host after it was written (core/store/object/verify_once.h): BN_ECORRUPT names dataset,
 * part and both digests.
 */
/* BN_EREFUSED, naming the owner, if the version is private to another user, or if it was forgotten (forgotten.h). All
 * functions below check this first. */
int bn_dataset_need_rows(bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* Whether manifest, profile and all parts are here; no byte is read. */
bool bn_dataset_is_whole(bn_workspace *ws, const bn_dataset_version *v);
/* Opens the table of a version (memory-mapped) to show values: columns that are marked as personal are masked, unless
 * v->unmasked (protect.h). *out is yours. */
int bn_dataset_open_table(
	bn_table_reader **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for tables that may be large: hashing reports progress and can be cancelled. */
int bn_dataset_open_table_watched(bn_table_reader **out, bn_workspace *ws,
	const bn_dataset_version *v, const bn_progress *progress, bn_err *err);
/* The same without masks, to compute with; what it shows of values must be masked (bn_protect_check ...). */
int bn_dataset_open_whole(bn_table_reader **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_progress *progress, bn_err *err);
/* The same without masks for training, evaluation and signing: once hashed, no other member can change a byte
 * that the reader returns (core/store/object/held.h). Copies parts that are owned by another
 * user. */
int bn_dataset_open_held(bn_table_reader **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_progress *progress, bn_err *err);
/* *table becomes a reader of the rows for which the expression is true; its canonical text is
 * appended to `canonical`, which may be NULL. source: its name in messages. */
int bn_dataset_where(bn_table_reader **table, const char *where, const char *source,
	const bn_progress *progress, bn_buf *canonical, bn_err *err);
/* The files of a version's parts relative to bn_workspace_at, in order, by the hash that names the
 * version: of a manifest, or (format 0) of the only part. *paths and the strings are yours
 * (bn_dataset_paths_free). */
int bn_dataset_paths(char ***paths, size_t *n, bn_workspace *ws, const char *hash,
	const bn_progress *progress, bn_err *err);
void bn_dataset_paths_free(char **paths, size_t n);
/* Call it before recording something as made from a version that was read: checks that its bytes
 * are still those that were verified. Cheap if the files were not touched. */
int bn_dataset_verify(
	bn_workspace *ws, const bn_dataset_version *v, const bn_progress *progress, bn_err *err);
/* BN_ENOTFOUND if the version has no profile. Masked as the table is. *out is yours. */
int bn_dataset_load_profile(
	bn_profile **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* Opens the dataset version that ref names: a bn_expect_progress's open_other, whose tables is a
 * bn_workspace. Errors: those of bn_dataset_resolve. */
int bn_dataset_open_other(void *workspace, const char *ref, bn_table_reader **out, bn_err *err);
/* A JSON object of the version by its hash (check result, suite). *out is yours. */
int bn_dataset_load_json(
	json_t **out, bn_workspace *ws, const bn_dataset_version *v, const char *hash, bn_err *err);

/* ---- change -------------------------------------------------------------------------------- */

/* Who can read a new version. */
typedef enum bn_dataset_privacy {
	BN_DATASET_AS_BEFORE, /* as the newest version of that name; private if a parent is;
			       * otherwise everybody */
	BN_DATASET_PRIVATE,   /* only its user */
	BN_DATASET_SHARED,    /* everybody with access to the workspace */
} bn_dataset_privacy;

/* The resulting privacy. */
int bn_dataset_is_to_be_private(bool *out, bn_workspace *ws, const char *name,
	bn_dataset_privacy wish, const bn_dataset_version *const *parents, size_t parent_count,
	bn_err *err);

/* What to publish. All pointers are borrowed. */
typedef struct bn_dataset_draft {
	const char *name;
	bn_dataset_privacy privacy;   /* of a version without `built`, which is private or not
				       * already */
	const struct bn_built *built; /* the table, stored and profiled (builder.h); or NULL */
	const struct bn_manifest_part *base; /* unchanged parts that precede the built ones; or
					      * NULL */
	size_t base_count;
	/* Of `base` alone: its manifest and profile, objects that are here and stay as they are; or NULL. */
	const char *manifest_hash, *profile_hash;
	int64_t number; /* the only acceptable number: no version came in between; 0: the next one */
	/* Without `built`: */
	const bn_dir *table_at; /* NULL: the user named table_path; else it is relative to that
				 * directory */
	const char *table_path; /* a complete Arrow file */
	bool take;              /* move it into objects/ */
	const bn_profile *profile;                  /* NULL: computed by reading the table once */
	const struct bn_profile_progress *progress; /* of that pass; NULL: none */
	const bn_progress *checking; /* of the attached suites (suite_gate.h); NULL: none */
	bool ungated; /* the attached suites do not run: rows that must go, go */
	const char *source_kind;
	const char *source_path;   /* or NULL */
	uint64_t source_size;      /* if source_sha256 is given */
	const char *source_sha256; /* or NULL */
	int64_t rejected;
	const bn_dataset_version *const *parents;
	size_t parent_count;
	const json_t *recipe; /* or NULL */
} bn_dataset_draft;

/* BN_EINVAL if this is not a valid dataset name; call it before long work. */
int bn_dataset_check_name(const char *name, bn_err *err);
/* Stores table and profile, runs the attached suites, claims the number, writes dataset.version,
 * commits, records what the suites found, refreshes. BN_EFAILED or BN_EINCONCLUSIVE if a required
 * suite keeps the rows out (suite_gate.h): then no version is made. *added
 * (may be NULL) is false if the dataset already has a live version with exactly these bytes; *out
 * is then that one. A removed version with these bytes is restored. A private version only matches
 * if it is the user's own and private is requested. BN_ECONFLICT if private is requested but
 * everybody can read these bytes in another version, or if `number` was taken meanwhile. *out is
 * yours. */
int bn_dataset_publish(bn_dataset_version **out, bool *added, bn_workspace *ws,
	const bn_dataset_draft *draft, bn_err *err);

/* Writes dataset.checked. suite and result are stored as objects (canonical JSON). */
int bn_dataset_record_check(bn_workspace *ws, const bn_dataset_version *v, const json_t *suite,
	const json_t *result, bn_err *err);

/* value NULL removes the tag (BN_ENOTFOUND if there is none). key: a valid name. */
int bn_dataset_tag(bn_workspace *ws, const bn_dataset_version *v, const char *key,
	const char *value, bn_err *err);

/* version 0: the whole dataset. BN_ENOTFOUND; BN_ECONFLICT if it already is in that state;
 * BN_EREFUSED to restore what gc has freed. */
int bn_dataset_remove(bn_workspace *ws, const char *name, int64_t version, bn_err *err);
int bn_dataset_restore(bn_workspace *ws, const char *name, int64_t version, bn_err *err);

#endif

/* _dataset.h - a dataset version as a manifest; see dataset.h. */
#ifndef BN_DATA__DATASET_H
#define BN_DATA__DATASET_H
#include "core/profile/profile.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/table/stats.h"

/* A part's statistics: [[min, max, missing], ...] of the first BN_MANIFEST_STATS columns, as in
 * manifest.h. New reference, NULL if out of memory. */
json_t *bn_dataset_stats(const bn_profile *p);

/* The same from what a builder recorded of a part; NULL if out of memory. */
json_t *bn_dataset_part_stats(const bn_part_stats *s, const bn_schema *schema);
/* A part that was stored just now. This process hashed its bytes when it put them; a part that existed before is
 * checked as for any reader. */
int bn_dataset_part_settle(bn_workspace *ws, const char *part, bn_err *err);
/* What the manifest records of the parts of an open table, so that scans can skip them. */
void bn_dataset_attach_stats(bn_table_reader *table, const bn_manifest *m);

/* The parts of a version, by the hash that names it: those of a manifest, or (format 0) the only
 * part. Release it also after an error. */
int bn_dataset_parts(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err);
/* Opens the table of the parts, each hashed at its first use, with their known statistics. */
int bn_dataset_open_parts(bn_table_reader **out, bn_workspace *ws, const char *hash,
	const bn_progress *progress, bn_err *err);
/* Path of the part, relative to the workspace. Returns buf. */
const char *bn_dataset_part_file(bn_workspace *ws, const char *hash, char buf[BN_OBJECT_NAME]);
/* Moves why, an error of one part, to err; for damage it adds the part and a remedy. */
int bn_dataset_part_failed(
	bn_err *err, bn_workspace *ws, const bn_manifest *m, size_t part, bn_err *why);

/* The version with this content that was added by a member or the reader, live or removed; versions
 * of the same bytes added by others do not count. If is_private, the reader's own; else one that
 * everybody can read. *number is 0 if there is none. Refreshes the index. */
int bn_dataset_with_content(int64_t *number, bn_workspace *ws, const char *name,
	const char *content, bool is_private, bn_err *err);

/* bn_dataset_record_check of a result that is masked already. */
struct bn_dataset_version;
int bn_dataset_keep_check(bn_workspace *ws, const struct bn_dataset_version *v, const json_t *suite,
	const json_t *result, bn_err *err);

/* BN_EREFUSED, with the version to use, if it was forgotten. */
int bn_dataset_need_rows_kept(const struct bn_dataset_version *v, bn_err *err);

/* BN_ENOTFOUND for an unknown dataset name, with the nearest one. */
int bn_dataset_none(sqlite3 *db, const char *name, bn_err *err);

/* Appends an event about the dataset and makes it visible. needs_right: it needs a right
 * (core/govern/rights.h). version: of the class. payload NULL: allocating it failed. */
int bn_dataset_event(bn_workspace *ws, bool needs_right, unsigned version, const char *kind,
	const char *name, const json_t *payload, bn_err *err);
/* Appends an event about the dataset that needs a right (core/govern/rights.h), of class version 1,
 * and makes it visible. payload NULL: allocating it failed. */
int bn_dataset_act(
	bn_workspace *ws, const char *kind, const char *name, const json_t *payload, bn_err *err);

#endif

/* _dataset.h - a dataset version as a manifest; see dataset.h. */
#ifndef BN_DATA__DATASET_H
#define BN_DATA__DATASET_H
#include "core/profile/profile.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/table/stats.h"

/* A part's statistics: [[min, max, missing], ...] of the first BN_MANIFEST_STATS columns, as
 * manifest.h says. New reference, NULL without memory. */
json_t *bn_dataset_stats(const bn_profile *p);

/* The same of what a builder found out of a part; NULL without memory. */
json_t *bn_dataset_part_stats(const bn_part_stats *s, const bn_schema *schema);
/* What the manifest knows of the parts of a table that is open, so that scans can pass over them. */
void bn_dataset_attach_stats(bn_table_reader *table, const bn_manifest *m);

/* The parts of a version, by the hash that names it: of a manifest, or (format 0) of the only part. Released in any
 * case. */
int bn_dataset_parts(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err);
/* Opens the table of them, each hashed at its first use, with what is known of them. */
int bn_dataset_open_parts(bn_table_reader **out, bn_workspace *ws, const char *hash,
	const bn_progress *progress, bn_err *err);
/* Where the part lies, below the workspace. Returns buf. */
const char *bn_dataset_part_file(bn_workspace *ws, const char *hash, char buf[BN_OBJECT_NAME]);
/* Moves why, of the part that could not be used, to err; of damage it names the part and what helps. */
int bn_dataset_part_failed(
	bn_err *err, bn_workspace *ws, const bn_manifest *m, size_t part, bn_err *why);

/* The version with this content that a member or the reader has added, live or removed: what others have said of the
 * same bytes is not taken. Of private ones (is_private) the reader's own; else of those that everybody reads. *number is
 * 0 when there is none. Refreshes the index. */
int bn_dataset_with_content(int64_t *number, bn_workspace *ws, const char *name,
	const char *content, bool is_private, bn_err *err);

/* BN_ENOTFOUND for a name that no dataset has, with the nearest. */
int bn_dataset_none(sqlite3 *db, const char *name, bn_err *err);

/* Appends an event about the dataset that needs a right (core/govern/rights.h), of class version 1, and makes it visible.
 * payload NULL: there was no memory for it. */
int bn_dataset_act(
	bn_workspace *ws, const char *kind, const char *name, const json_t *payload, bn_err *err);

#endif

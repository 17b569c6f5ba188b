/*
 * manifest.h - the list of the parts that something large is made of: a dataset version, a model,
 * what a run stored. One JSON object in canonical form (sorted keys, no spaces), itself an object
 * of the store; its SHA-256 names the version.
 *
 *	{"bytes":n, "content":H, "format":1, "kind":"table", "rows":n, "schema":[...],
 *	 "parts":[{"bytes":n, "hash":H, "rows":n, "stats":[[min,max,missing],...], "values":{}}]}
 *	{"bytes":n, "content":H, "format":1, "kind":"model" or "artifacts",
 *	 "parts":[{"bytes":n, "hash":H, "path":"model.safetensors",
 *	           "tensors":[{"at":n, "bytes":n, "name":"w", "shape":[2,3], "type":"F32"}]}]}
 *
 * parts     in their order: rows of a table follow each other from part to part, files are sorted by
 *           path. hash is the name of an object, bytes its size.
 * at        (files) where the part's bytes begin in the file of that path; absent: the part is the
 *           whole file. Parts of one file follow each other without a gap, so that a file may be
 *           stored tensor by tensor and two models share what they share.
 * tensors   those that lie in the part: at and bytes say where in the part.
 * values    what is the same in all rows of the part (partition columns), by column.
 * stats     of the first 256 columns, in the schema's order: [min, max, missing]. Numbers are JSON
 *           numbers (bool 0 and 1), but int64, timestamps (ns) and what is not finite are text; a
 *           minimum of text is cut to 32 bytes, a maximum is cut and rounded up, at a character.
 *           null is unknown and never prunes.
 * content   what "the same bytes" means; statistics may be added without changing it.
 *           table: SHA-256 of "bn-table 1\n", the schema's hash, "\n", and each part's hash and "\n";
 *           model, artifacts: SHA-256 of the lines "<hash>  <path>\n", which for a model is its
 *           digest (core/learn/model.h), as it has been since the first version.
 * groups    instead of parts when there are more than 1024 of them: [{"bytes","manifest","parts",
 *           "rows"}], each naming a manifest of the same kind with up to 1024 parts, without schema
 *           and content. Appending rewrites the last group and the top alone. Groups do not nest.
 *
 * Format 0 is what the first version wrote: a model's {"files":[{"path","sha256","size"}]}, read
 * and written as it is; and a dataset version without a manifest: one part, which names the version
 * (bn_manifest_of_part).
 *
 * Fields that are not known are kept, at every level but inside stats and tensors' shapes: reading
 * and writing a manifest gives the same bytes.
 *
 * A bn_manifest owns everything in it. It belongs to one thread.
 */
#ifndef BN_STORE_MANIFEST_H
#define BN_STORE_MANIFEST_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_MANIFEST_PARTS 1024       /* of one object; more make groups */
#define BN_MANIFEST_GROUPS 1024      /* of a manifest: 1 048 576 parts in all */
#define BN_MANIFEST_STATS 256        /* columns with statistics */
#define BN_MANIFEST_STAT_TEXT 32     /* bytes of a text minimum or maximum */
#define BN_MANIFEST_PATH_MAX 4096    /* bytes of a path, or of a tensor's name */
#define BN_MANIFEST_BYTES (64 << 20) /* of one object's text */

typedef enum bn_manifest_kind {
	BN_MANIFEST_TABLE,
	BN_MANIFEST_MODEL,
	BN_MANIFEST_ARTIFACTS,
	BN_MANIFEST_KINDS
} bn_manifest_kind;

const char *bn_manifest_kind_name(bn_manifest_kind kind); /* "table" */

typedef struct bn_manifest_part {
	char hash[65];
	uint64_t bytes;
	uint64_t rows;   /* table */
	char *path;      /* files; NULL for a table */
	uint64_t at;     /* files: see above */
	bool whole;      /* files: no `at`, the part is the file */
	json_t *values;  /* table: an object, or NULL */
	json_t *stats;   /* table: an array as above, or NULL */
	json_t *tensors; /* files: an array as above, or NULL */
	json_t *more;    /* fields that are not known: an object, or NULL */
} bn_manifest_part;

/* A group as it was read, so that it is written again as it is. */
typedef struct bn_manifest_group {
	size_t parts;
	json_t *more;  /* fields of the group's object that are not known, or NULL */
	json_t *entry; /* those of its entry in the top */
} bn_manifest_group;

typedef struct bn_manifest {
	bn_manifest_kind kind;
	int format; /* 0 or 1 */
	char content[65];
	json_t *schema; /* table: bn_schema_json's array; else NULL */
	uint64_t rows, bytes;
	bn_manifest_part *parts;
	size_t count, cap;
	bn_manifest_group *groups; /* of a loaded manifest with groups */
	size_t group_count, group_cap;
	json_t *more;
} bn_manifest;

/* Empty, of format 1. */
void bn_manifest_init(bn_manifest *m, bn_manifest_kind kind);
void bn_manifest_release(bn_manifest *m); /* leaves an empty table; after failures too */

/* One part more. Its strings and arrays are copied, references shared. BN_EINVAL names the field:
 * a path that is not relative and inside, parts out of order, statistics of the wrong form. */
int bn_manifest_add(bn_manifest *m, const bn_manifest_part *part, bn_err *err);
/* A whole file. */
int bn_manifest_add_file(
	bn_manifest *m, const char *path, const char *hash, uint64_t bytes, bn_err *err);
/* Computes content, rows and bytes. BN_EINVAL when a model has no files. Parsed and loaded ones are
 * sealed. */
int bn_manifest_seal(bn_manifest *m, bn_err *err);
/* Format 0 of a dataset version: its content by the same rule, from what its event says. */
int bn_manifest_of_part(const char *schema_hash, const char *part, char content[65], bn_err *err);

const bn_manifest_part *bn_manifest_find(const bn_manifest *m, const char *path); /* or NULL */

/* The text of one object; of a sealed manifest with at most BN_MANIFEST_PARTS parts. */
int bn_manifest_format(bn_buf *out, const bn_manifest *m, bn_err *err);
/* name: what messages call it. BN_EINVAL names the field. A manifest with groups is BN_EUNSUPPORTED
 * here: bn_manifest_load follows them. *out is initialised by this. */
int bn_manifest_parse(bn_manifest *out, const char *text, size_t n, const char *name, bn_err *err);

/* ---- in the store -------------------------------------------------------------------------- */

typedef struct bn_workspace bn_workspace;
typedef struct bn_object_store bn_object_store;

/* Stores it (groups first) and gives its name. The parts have to be stored already (I4: what names
 * an object comes after it). */
int bn_manifest_store(bn_workspace *ws, const bn_manifest *m, char hash[65], bn_err *err);
/* The same into a store of it (object.h). */
int bn_manifest_store_in(bn_object_store *s, const bn_manifest *m, char hash[65], bn_err *err);
/* Reads it with its groups; the bytes are checked against the hash. BN_ENOTFOUND; BN_ECORRUPT also
 * for what is no manifest. *out is initialised by this. */
int bn_manifest_load(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err);

/* ---- texts in statistics ------------------------------------------------------------------- */

/* A lower bound of the text, at most BN_MANIFEST_STAT_TEXT bytes, cut at a character: a new
 * reference. */
json_t *bn_manifest_text_min(const char *text, size_t n);
/* An upper bound by bytes: cut, and the last character raised; null when there is none. */
json_t *bn_manifest_text_max(const char *text, size_t n);

#endif

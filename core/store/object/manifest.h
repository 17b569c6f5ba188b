/*
 * manifest.h - the list of the parts of something large: a dataset version, a model, the
 * artifacts of a run. One JSON object in canonical form (sorted keys, no spaces), itself an
 * object of the store; its SHA-256 names the version.
 *
 *	{"bytes":n, "content":H, "format":1, "kind":"table", "rows":n, "schema":[...],
 *	 "parts":[{"bytes":n, "hash":H, "rows":n, "stats":[[min,max,missing],...], "values":{}}]}
 *	{"bytes":n, "content":H, "format":1, "kind":"model" or "artifacts",
 *	 "parts":[{"bytes":n, "hash":H, "path":"model.safetensors",
 *	           "tensors":[{"at":n, "bytes":n, "name":"w", "shape":[2,3], "type":"F32"}]}]}
 *
 * parts     in their order: rows of a table follow each other from part to part, files are sorted by
 *           path. hash is the name of an object, bytes its size.
 * at        (files) the offset of the part in the file of that path; absent: the part is the whole
 *           file. Parts of one file follow each other without a gap, so that a file may be stored
 *           tensor by tensor and models share equal tensors.
 * tensors those contained in the part: at and bytes locate them in the part.
 * values    what is the same in all rows of the part (partition columns), by column.
 * stats     of the first 256 columns, in the schema's order: [min, max, missing]. Numbers are JSON
 *           numbers (bool 0 and 1), but int64, timestamps (ns) and non-finite values are text; a
 *           text minimum is truncated to 32 bytes, a maximum is truncated and rounded up, at a
 *           character. null is unknown and never prunes.
 * content identifies the same content; statistics may be added without changing it.
 *           table: SHA-256 of "bn-table 1\n", the schema's hash, "\n", and each part's hash and "\n";
 *           model, artifacts: SHA-256 of the lines "<hash>  <path>\n", which for a model is its
 *           digest (core/learn/model.h), as it has been since the first version.
 * groups    instead of parts when there are more than 1024 of them: [{"bytes","manifest","parts",
 *           "rows"}], each naming a manifest of the same kind with up to 1024 parts, without schema
 *           and content. Appending rewrites only the last group and the top. Groups do not nest.
 *
 * Format 0 is what the first version wrote: a model's {"files":[{"path","sha256","size"}]}, read
 * and written as it is; and a dataset version without a manifest: one part, which names the version
 * (bn_manifest_of_part).
 *
 * Unknown fields are kept at every level except inside stats and tensors' shapes: reading and
 * writing a manifest gives the same bytes.
 *
 * A bn_manifest owns everything in it. It is used by one thread.
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
	json_t *more;    /* unknown fields: an object, or NULL */
} bn_manifest_part;

/* A group as it was read, so that it is written back unchanged. */
typedef struct bn_manifest_group {
	size_t parts;
	json_t *more;  /* unknown fields of the group's object, or NULL */
	json_t *entry; /* unknown fields of its entry in the top */
} bn_manifest_group;

typedef struct bn_manifest {
	bn_manifest_kind kind;
	int format; /* 0 or 1 */
	char content[65];
	char *schema; /* table: bn_schema_json's text; else NULL */
	uint64_t rows, bytes;
	bn_manifest_part *parts;
	size_t count, cap;
	bn_manifest_group *groups; /* of a loaded manifest with groups */
	size_t group_count, group_cap;
	json_t *more;
} bn_manifest;

/* Empty, of format 1. */
void bn_manifest_init(bn_manifest *m, bn_manifest_kind kind);
void bn_manifest_release(bn_manifest *m); /* leaves an empty manifest; also after failures */

/* Adds a part. Its strings and arrays are copied, references shared. BN_EINVAL names the field: a
 * path that is not relative and inside, parts out of order, malformed statistics. */
int bn_manifest_add(bn_manifest *m, const bn_manifest_part *part, bn_err *err);
/* A whole file. */
int bn_manifest_add_file(
	bn_manifest *m, const char *path, const char *hash, uint64_t bytes, bn_err *err);
/* Computes content, rows and bytes. BN_EINVAL if a model has no files. Parsed and loaded manifests
 * are sealed. */
int bn_manifest_seal(bn_manifest *m, bn_err *err);
/* Format 0 of a dataset version: its content by the same rule, from the fields of its event. */
int bn_manifest_of_part(const char *schema_hash, const char *part, char content[65], bn_err *err);

const bn_manifest_part *bn_manifest_find(const bn_manifest *m, const char *path); /* or NULL */

/* The text of a sealed manifest with at most BN_MANIFEST_PARTS parts. */
int bn_manifest_format(bn_buf *out, const bn_manifest *m, bn_err *err);
/* name: used in messages. BN_EINVAL names the field. A manifest with groups is BN_EUNSUPPORTED
 * here: bn_manifest_load follows them. *out is initialised by this. */
int bn_manifest_parse(bn_manifest *out, const char *text, size_t n, const char *name, bn_err *err);

/* ---- in the store -------------------------------------------------------------------------- */

typedef struct bn_workspace bn_workspace;
typedef struct bn_object_store bn_object_store;

/* Stores it (groups first) and returns its name. The parts must already be stored (I4: an object
 * precedes what names it). */
int bn_manifest_store(bn_workspace *ws, const bn_manifest *m, char hash[65], bn_err *err);
/* The same into one of the workspace's stores (object.h). */
int bn_manifest_store_in(bn_object_store *s, const bn_manifest *m, char hash[65], bn_err *err);
/* Reads it with its groups; the bytes are checked against the hash. BN_ENOTFOUND; BN_ECORRUPT also
 * for an object that is not a manifest. *out is initialised by this. */
int bn_manifest_load(bn_manifest *out, bn_workspace *ws, const char *hash, bn_err *err);
/* *yes: the object is a manifest. A dataset version of the first format names its Arrow file instead. BN_ENOTFOUND. */
int bn_manifest_is_named(bool *yes, bn_workspace *ws, const char *hash, bn_err *err);

/* ---- texts in statistics ------------------------------------------------------------------- */

/* A lower bound of the text, at most BN_MANIFEST_STAT_TEXT bytes, truncated at a character: a
 * new reference. */
json_t *bn_manifest_text_min(const char *text, size_t n);
/* An upper bound in byte order: truncated, and the last character incremented; null if there is
 * none. */
json_t *bn_manifest_text_max(const char *text, size_t n);

#endif

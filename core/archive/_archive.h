/*
 * _archive.h - shared by the files of this module: list.c (entries and the manifest's text), leave.c (what may leave),
 * gather.c and gather_log.c (what an archive holds), export.c, read.c (an archive as it comes), import.c. See archive.h.
 */
#ifndef BN_ARCHIVE__ARCHIVE_H
#define BN_ARCHIVE__ARCHIVE_H
#include "core/archive/archive.h"
#include "core/base/file_out.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/package/tar.h"
#include "core/registry/registry.h"
#include "core/store/copy.h"
#include "core/store/object/live.h"

#define BN_ARCHIVE_MANIFEST "MANIFEST"
#define BN_ARCHIVE_MAGIC "binnacle-archive"
#define BN_ARCHIVE_FORMAT 1
#define BN_ARCHIVE_LEFT_OUT "left-out"

enum {
	BN_ARCHIVE_PATH_MAX = 1024,
	BN_ARCHIVE_HEADER_MAX = 1 << 20,
	BN_ARCHIVE_LINE_MAX = BN_SHA256_HEX + 24 + BN_ARCHIVE_PATH_MAX,
	BN_ARCHIVE_WORDS_MAX = 1000, /* of left_out */
	BN_ARCHIVE_PIECE = 1 << 20,  /* read and written at once */
	BN_ARCHIVE_ENTRIES_MAX = 50000000,
};

/* What a path of an archive is. */
typedef enum bn_archive_kind {
	BN_ARCHIVE_BAD, /* none that an archive may have */
	BN_ARCHIVE_CLAIM,
	BN_ARCHIVE_LEFT,
	BN_ARCHIVE_SEGMENT,
	BN_ARCHIVE_OBJECT,
	BN_ARCHIVE_PRIVATE_OBJECT,
	BN_ARCHIVE_RUN,
	BN_ARCHIVE_PRIVATE_RUN,
} bn_archive_kind;

bn_archive_kind bn_archive_kind_of(const char *path);
/* Of an object, private or not; false for others. */
bool bn_archive_path_hash(const char *path, char hash[BN_SHA256_HEX + 1]);

/* ---- entries -------------------------------------------------------------------------------- */

typedef enum bn_archive_from { BN_FROM_FILE, BN_FROM_OBJECT, BN_FROM_SPOOL } bn_archive_from;

typedef struct bn_archive_entry {
	const char *path; /* in the archive; of the list's arena */
	const char *file; /* FROM_FILE: below .binnacle */
	uint64_t at;      /* FROM_SPOOL: offset there */
	uint64_t bytes;
	uint8_t sha256[BN_SHA256_BYTES];
	bn_archive_from from;
} bn_archive_entry;

typedef struct bn_archive_list {
	bn_archive_entry *items;
	size_t count, cap;
	bn_arena arena;
	bn_file_out *spool; /* what may change or go while the archive is written */
	uint64_t spooled;
} bn_archive_list;

int bn_archive_list_init(bn_archive_list *l, const bn_env *env, bn_err *err);
void bn_archive_list_release(bn_archive_list *l);
/* Adds an entry; its bytes and hash are the caller's to set. BN_EINVAL for a path that no archive may have. */
int bn_archive_list_add(bn_archive_entry **out, bn_archive_list *l, const char *path,
	bn_archive_from from, bn_err *err);
/* Adds bytes that are kept in the spool. */
int bn_archive_list_keep(
	bn_archive_list *l, const char *path, const void *bytes, size_t n, bn_err *err);
/* In the order of the archive. BN_BUG if two have one path. */
void bn_archive_list_sort(bn_archive_list *l);
/* The text of the manifest, in pieces; header: canonical JSON. give's ctx is `ctx`. *bytes: its length. */
int bn_archive_manifest_write(uint64_t *bytes, const bn_archive_list *l, const char *header,
	int (*give)(void *ctx, const void *bytes, size_t n, bn_err *err), void *ctx, bn_err *err);

/* ---- what goes ------------------------------------------------------------------------------ */

typedef struct bn_gather {
	bn_workspace *ws;
	const bn_archive_options *o;
	bn_archive_report *report;
	bn_archive_list list;
	bn_version *model; /* NULL: the whole workspace */
	bn_live *live;     /* objects of the archive; NULL: all that are here */
	bn_live *held;     /* and of these the ones that may not leave; NULL: none */
	bn_names held_roots; /* hashes that name them */
	bn_names roots;      /* closure: hashes that name what goes */
	bool is_personal;
	json_t *uids;
} bn_gather;

/* Words about what stays behind. */
int bn_gather_leave_out(bn_gather *g, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Decides which versions of datasets go; BN_EREFUSED. Sets roots, held_roots, is_personal. */
int bn_gather_datasets(bn_gather *g, bn_err *err);
/* The log as it is now. */
int bn_gather_log(bn_gather *g, bn_err *err);
int bn_gather_claims(bn_gather *g, bn_err *err);
int bn_gather_runs(bn_gather *g, bn_err *err);
int bn_gather_objects(bn_gather *g, bn_err *err);

/* ---- an archive as it comes ------------------------------------------------------------------ */

typedef struct bn_archive_reader bn_archive_reader;

/* Bytes in their order. *got 0 at the end. */
typedef struct bn_archive_stream {
	int (*read)(void *ctx, void *bytes, size_t n, size_t *got, bn_err *err);
	void *ctx;
	const char *name; /* for messages; borrowed */
} bn_archive_stream;

/* Reads and checks the manifest. The caller owns *out. */
int bn_archive_reader_new(bn_archive_reader **out, const bn_env *env, bn_archive_stream from, bn_err *err);
void bn_archive_reader_free(bn_archive_reader *r);
const json_t *bn_archive_reader_header(const bn_archive_reader *r); /* borrowed */
/* 1: the next entry, which is the listed one; 0: all were read and nothing is missing. e is valid until the next call. */
int bn_archive_reader_next(const bn_archive_entry **e, bn_archive_reader *r, bn_err *err);
/* The entry's bytes. With its last ones (*got 0) its hash was checked. */
int bn_archive_reader_read(bn_archive_reader *r, void *bytes, size_t n, size_t *got, bn_err *err);

#endif

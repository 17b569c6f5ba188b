/*
 * tar.h - tar files: written so that the same content gives the same bytes, and read with suspicion.
 *
 * Written: POSIX ustar, owner 0:0, time 0, the given modes, sorted by path; a path above 100 bytes or a size from
 * 8 GiB gets a pax header. No compression, so the SHA-256 of a layer does not depend on a version of zlib.
 *
 * Read: ustar, pax (path, linkpath, size; records of other keys are ignored) and GNU's long names and large
 * sizes. A path is relative and has no "..", an entry ends within the archive, checksums are right; what is
 * neither file, directory nor link (devices, sparse files) is refused. Nothing is trusted to be sorted or
 * unique.
 */
#ifndef BN_PACKAGE_TAR_H
#define BN_PACKAGE_TAR_H
#include "core/base/dir.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- writing -------------------------------------------------------------------------------- */

/* Where the bytes go. */
typedef struct bn_tar_sink {
	int (*add)(void *ctx, const void *bytes, size_t n, bn_err *err);
	void *ctx;
} bn_tar_sink;

typedef struct bn_tar_writer {
	bn_tar_sink sink;
	char *last;   /* path of the last entry */
	uint64_t due; /* bytes of its content that are missing */
	uint64_t padding;
} bn_tar_writer;

void bn_tar_init(bn_tar_writer *w, bn_tar_sink sink);
void bn_tar_release(bn_tar_writer *w);
/* Paths are relative ("etc/passwd") and ascend in byte order, a directory before what is in it. */
int bn_tar_put_dir(bn_tar_writer *w, const char *path, mode_t mode, bn_err *err);
int bn_tar_put_file(
	bn_tar_writer *w, const char *path, mode_t mode, const void *bytes, size_t n, bn_err *err);
/* The header of a file of that size; its content follows with bn_tar_add, exactly as many bytes. */
int bn_tar_begin_file(bn_tar_writer *w, const char *path, mode_t mode, uint64_t size, bn_err *err);
int bn_tar_add(bn_tar_writer *w, const void *bytes, size_t n, bn_err *err);
int bn_tar_finish(bn_tar_writer *w, bn_err *err);

/* ---- reading -------------------------------------------------------------------------------- */

typedef enum bn_tar_kind { BN_TAR_FILE, BN_TAR_DIR, BN_TAR_SYMLINK, BN_TAR_HARDLINK } bn_tar_kind;

#define BN_TAR_PATH_MAX 4095

typedef struct bn_tar_entry {
	char path[BN_TAR_PATH_MAX + 1]; /* without "./" and trailing '/'; "": the root directory */
	char target[BN_TAR_PATH_MAX + 1]; /* of a link, as it is written: not checked */
	bn_tar_kind kind;
	mode_t mode;
	uint64_t size; /* bytes of a file */
	uint64_t from; /* offset of its first byte in the archive */
} bn_tar_entry;

/* An archive as bytes that can be read anywhere. bn_tar_next reads headers in their order, so a source that only goes forward
 * does too, as long as an entry's content is read before the next one; its size may then be a bound. */
typedef struct bn_tar_source {
	/* As bn_fs_read_at: *got < n only at the end. */
	int (*read)(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err);
	void *ctx;
	uint64_t size;
	const char *name; /* for messages; borrowed */
} bn_tar_source;

typedef struct bn_tar_reader {
	bn_tar_source source;
	uint64_t at;
	uint64_t entries;
	uint64_t most; /* entries above which an archive is refused */
} bn_tar_reader;

void bn_tar_reader_init(bn_tar_reader *r, bn_tar_source source);
/* The next entry: 1; 0 at the end of the archive. BN_EINVAL with the offset for a faulty one. */
int bn_tar_next(bn_tar_entry *e, bn_tar_reader *r, bn_err *err);

/* Writes the entries below `at`, a directory that is this user's alone while it is written. Only files and
 * directories: BN_EREFUSED for a link, or an entry that is another one again. A file gets its permissions
 * without set-uid, set-gid and sticky bits; a directory's sticky bit is kept, and the user can always write to it. */
int bn_tar_extract(const bn_dir *at, bn_tar_source source, bn_err *err);

#endif

/* _layout.h - shared by layout.c and layout_write.c. */
#ifndef BN_PACKAGE__LAYOUT_H
#define BN_PACKAGE__LAYOUT_H
#include "core/base/dir.h"
#include "core/base/dir_out.h"
#include "core/package/layout.h"

#define BN_LAYOUT_BLOBS "blobs/sha256"
#define BN_LAYOUT_INDEX "index.json"
#define BN_LAYOUT_MARK "oci-layout"

/* layout_archive.c */
typedef struct bn_layout_archive bn_layout_archive;
/* path is borrowed. BN_EINVAL if it is no tar file, or has a file twice. */
int bn_layout_archive_open(
	bn_layout_archive **out, const bn_env *env, const char *path, bn_err *err);
/* A file of it, to be closed as a blob; BN_ENOTFOUND. */
int bn_layout_archive_file(
	bn_layout_blob *out, const bn_layout_archive *a, const char *name, bn_err *err);
void bn_layout_archive_close(bn_layout_archive *a); /* NULL is fine */

struct bn_layout {
	const bn_env *env;
	char *path;       /* as the user named it, for messages */
	bn_dir_out *made; /* being written; NULL: only read */
	bool resumes;
	bn_dir *opened;             /* a directory that is read; NULL otherwise */
	bn_layout_archive *archive; /* a tar file that is read; NULL otherwise */
};

/* The directory of a layout that has one. */
const bn_dir *bn_layout_at(const bn_layout *l);
/* "blobs/sha256/<hex>"; the digest must be valid. */
#define BN_LAYOUT_NAME_TEXT 128
const char *bn_layout_blob_name(char name[BN_LAYOUT_NAME_TEXT], const char *digest);

#endif

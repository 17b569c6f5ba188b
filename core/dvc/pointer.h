/*
 * pointer.h - what DVC tracks: .dvc files, and the outputs in dvc.lock.
 *
 * A .dvc file names outputs by hash:
 *
 *	outs:
 *	- md5: a304afb96060aad90176268345e10355      "<md5>.dir" for a directory (listing.h)
 *	  size: 14445097
 *	  nfiles: 2                                  of a directory
 *	  isexec: true                               of an executable file
 *	  hash: md5                                  DVC 3; absent: "md5-dos2unix" of DVC 2 (md5.h)
 *	  path: data.xml                             relative to wdir, by default the file's directory
 *
 * (fields in the order of DVC 3, dvc/output.py, Output.dumpd). Other fields are kept. A path is refused if it is
 * absolute, leads out of the repository, or into .git, .hg or .dvc. Refused by name: outputs in cloud storage that
 * keeps versions (files, version_id), and other hashes than MD5.
 */
#ifndef BN_DVC_POINTER_H
#define BN_DVC_POINTER_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/dvc/md5.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_DVC_SUFFIX ".dvc"

typedef struct bn_dvc_out {
	char *file;               /* "data/jobs.csv.dvc", "dvc.lock": relative to the repository */
	char *stage;              /* in dvc.lock; else NULL */
	char *path;               /* "data/jobs.csv": relative to the repository, normalised */
	size_t number;            /* in the file's list of outputs */
	char md5[BN_MD5_HEX + 1]; /* without ".dir"; empty: the file has none yet */
	bool is_dir, is_exec;
	bool is_legacy;       /* hashed and stored as by DVC 2 */
	bool uncached;        /* cache: false */
	bool no_push;         /* push: false */
	bool imported;        /* of another repository: its remote has the bytes */
	bool has_deps;        /* the file also says what it is made from */
	int64_t size, nfiles; /* -1: not said */
	char *remote;         /* the only one it goes to, or NULL */
} bn_dvc_out;

typedef struct bn_dvc_outs {
	bn_dvc_out *items;
	size_t count, cap;
} bn_dvc_outs;

#define BN_DVC_OUTS_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_dvc_outs_release(bn_dvc_outs *outs);
/* Forgets all but the first `count`. */
void bn_dvc_outs_back_to(bn_dvc_outs *outs, size_t count);

/* Adds the outputs of a .dvc file. file: its path in the repository. BN_EINVAL with file and line; BN_EUNSUPPORTED. */
int bn_dvc_pointer_parse(
	bn_dvc_outs *outs, const char *text, size_t n, const char *file, bn_err *err);
/* Adds those in a dvc.lock of the stages in yaml, the dvc.yaml beside it, which says where a stage works and which
 * outputs are not in the cache. */
int bn_dvc_lock_parse(bn_dvc_outs *outs, const char *text, size_t n, const char *file,
	const json_t *yaml, bn_err *err);

/* The text of a .dvc file for one output, whose path is `name` in that file. */
int bn_dvc_pointer_write(bn_buf *text, const bn_dvc_out *out, const char *name, bn_err *err);
/* The text of such a file with new values of md5, size, nfiles, isexec and hash for its output out->number: other
 * fields, their order and comments stay. (If the file is not in block style, comments are lost.) */
int bn_dvc_pointer_rewrite(
	bn_buf *text, const char *old, size_t n, const bn_dvc_out *out, bn_err *err);

/* Joins the directory of `file` with wdir (may be NULL) and path, without "." and "..". BN_EINVAL if that is not
 * below the repository; name: for the message. *out is yours. */
int bn_dvc_path_below(char **out, const char *file, const char *wdir, const char *path,
	const char *name, bn_err *err);

#endif

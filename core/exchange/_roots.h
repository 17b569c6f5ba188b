/*
 * _roots.h - directories that a source's artifacts may be read from: its own, and those that the user named
 * (bn_import_options.artifact_roots). An artifact URI in a source may be anything, such as the path of a private key,
 * so it selects a directory below a root, and never more.
 */
#ifndef BN_EXCHANGE_ROOTS_H
#define BN_EXCHANGE_ROOTS_H
#include "core/exchange/_source.h"

typedef struct bn_src_roots {
	bn_dir **dirs;
	size_t count;
} bn_src_roots;

/* Takes own, which may be NULL; also in a failure. BN_ENOTFOUND for a root that does not exist. */
int bn_src_roots_open(bn_src_roots *out, const bn_env *env, bn_dir *own,
	const bn_import_options *options, bn_err *err);
void bn_src_roots_close(bn_src_roots *r);

/* Where the directory of a "file:", "mlflow-artifacts:" URI or plain path is: the longest suffix of its path that is a
 * directory below a root, so that the whole may have been moved. must: a component that has to be in it, such as a run's
 * id; NULL: it has two components at least. "N:PATH", yours; NULL: nowhere. */
char *bn_src_roots_find(const bn_src_roots *r, const char *uri, const char *must);
/* Notes why a run's artifacts, of that URI, are not read, unless there are none. */
void bn_src_roots_note(
	const bn_src_roots *r, const bn_src *s, const char *uri, const char *what, const char *id);

/* Of "N:PATH". */
int bn_src_roots_files(const bn_src_roots *r, const bn_src *s, const char *files,
	bn_src_each_file *each, void *user, bn_err *err);
int bn_src_roots_read(const bn_src_roots *r, const char *files, const char *path,
	bn_src_write *write, void *user, bn_err *err);

#endif

/* _one_file.h - a file system in memory with a single file to read, which contains the fuzzer's bytes. */
#ifndef BN_FUZZ__ONE_FILE_H
#define BN_FUZZ__ONE_FILE_H
#include "core/base/fs.h"

#include <string.h>

#define ONE_FILE_FD 7

static const uint8_t *one_file;
static size_t one_file_size;

static inline ssize_t one_file_copy(void *bytes, size_t n, off_t at, const void *all, size_t size)
{
	size_t left = (size_t)at < size ? size - (size_t)at : 0;
	n = n < left ? n : left;
	if (n)
		memcpy(bytes, (const char *)all + at, n);
	return (ssize_t)n;
}

static inline int one_file_open(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	(void)env, (void)at, (void)path, (void)flags, (void)mode;
	return ONE_FILE_FD;
}

static inline int one_file_close(const bn_env *env, int fd)
{
	(void)env, (void)fd;
	return 0;
}

static inline ssize_t one_file_pread(const bn_env *env, int fd, void *bytes, size_t n, off_t at)
{
	(void)env, (void)fd;
	return one_file_copy(bytes, n, at, one_file, one_file_size);
}

static inline int one_file_fstat(const bn_env *env, int fd, struct stat *st)
{
	(void)env, (void)fd;
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFREG;
	st->st_size = (off_t)one_file_size;
	return 0;
}

static inline int one_file_stat(
	const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	(void)at, (void)path;
	return one_file_fstat(env, ONE_FILE_FD, st);
}

#endif

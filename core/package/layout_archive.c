/* layout_archive.c - see layout.h: a layout in a tar file (an oci-archive), as files of known places in it. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_layout.h"
#include "core/package/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
	char *name;
	uint64_t from, size;
} place;

struct bn_layout_archive {
	const bn_env *env;
	const char *path; /* borrowed from the layout */
	int fd;
	place *items; /* by name */
	size_t count, cap;
};

static int read_archive(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	const bn_layout_archive *a = ctx;
	return bn_fs_read_at(a->env, a->fd, bytes, n, (off_t)at, got, a->path, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const place *)a)->name, ((const place *)b)->name);
}

static bool is_of_a_layout(const char *path)
{
	return !strcmp(path, BN_LAYOUT_MARK) || !strcmp(path, BN_LAYOUT_INDEX) ||
	       bn_str_starts(path, BN_LAYOUT_BLOBS "/");
}

static int add_place(bn_layout_archive *a, const bn_tar_entry *e, bn_err *err)
{
	if (e->kind == BN_TAR_DIR || !is_of_a_layout(e->path))
		return 0;
	if (e->kind != BN_TAR_FILE)
		return bn_err_set(err, BN_EREFUSED,
			"'%s': '%.200s' is a link, which is not followed", a->path, e->path);
	if (bn_grow(&a->items, &a->cap, a->count + 1, sizeof *a->items))
		return bn_err_nomem(err, "an archive");
	place *p = &a->items[a->count];
	*p = (place){bn_strdup(e->path), e->from, e->size};
	if (!p->name)
		return bn_err_nomem(err, "an archive");
	a->count++;
	return 0;
}

static int read_places(bn_layout_archive *a, uint64_t size, bn_err *err)
{
	bn_tar_reader r;
	int rc;
	bn_tar_entry *e = bn_alloc(sizeof *e);
	if (!e)
		return bn_err_nomem(err, "an archive");
	bn_tar_reader_init(
		&r, (bn_tar_source){.read = read_archive, .ctx = a, .size = size, .name = a->path});
	while ((rc = bn_tar_next(e, &r, err)) == 1)
		if ((rc = add_place(a, e, err)) < 0)
			goto out;
	if (rc < 0)
		goto out;
	if (a->count)
		qsort(a->items, a->count, sizeof *a->items, by_name);
	for (size_t i = 1; i < a->count; i++)
		if (!strcmp(a->items[i - 1].name, a->items[i].name)) {
			rc = bn_err_set(err, BN_EINVAL, "'%s' has '%.200s' twice", a->path,
				a->items[i].name);
			goto out;
		}
out:
	bn_free(e);
	return rc;
}

int bn_layout_archive_open(
	bn_layout_archive **out, const bn_env *env, const char *path, bn_err *err)
{
	struct stat st;
	int rc = 0;
	bn_layout_archive *a = bn_alloc_zeroed(1, sizeof *a);
	if (!a)
		return bn_err_nomem(err, "an archive");
	a->env = env;
	a->path = path;
	a->fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK, 0);
	if (a->fd < 0) {
		rc = bn_err_sys(err, BN_EIO, -a->fd, "cannot open '%s'", path);
		goto out;
	}
	if (env->fs->fstat(env, a->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = bn_err_set(err, BN_EINVAL, "'%s' is neither a directory nor a file", path);
		goto out;
	}
	if ((rc = read_places(a, (uint64_t)st.st_size, err)) < 0)
		goto out;
	*out = a;
	a = NULL;
out:
	bn_layout_archive_close(a);
	return rc;
}

int bn_layout_archive_file(
	bn_layout_blob *out, const bn_layout_archive *a, const char *name, bn_err *err)
{
	const place key = {.name = (char *)(uintptr_t)name};
	const place *p =
		a->count ? bsearch(&key, a->items, a->count, sizeof *a->items, by_name) : NULL;
	if (!p)
		return bn_err_set(err, BN_ENOTFOUND, "'%s' has no '%s'", a->path, name);
	int fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot open '%s' again", a->path);
	*out = (bn_layout_blob){.fd = fd, .from = (off_t)p->from, .size = p->size};
	return 0;
}

void bn_layout_archive_close(bn_layout_archive *a)
{
	if (!a)
		return;
	if (a->fd >= 0)
		a->env->fs->close(a->env, a->fd);
	for (size_t i = 0; i < a->count; i++)
		bn_free(a->items[i].name);
	bn_free(a->items);
	bn_free(a);
}

/* files.c - the files of a source, below a handle and without following a link: see _source.h. */
#include "core/exchange/_source.h"

#include "core/base/fs.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <string.h>

#define DEPTH_MAX 64
#define BLOCK 262144

static int walk(const bn_dir *at, const char *dir, const char *below, int depth,
	bn_exchange_report *report, bn_src_each_file *each, void *user, bn_err *err);

/* One entry; path is below the handle, name below the root. */
static int walk_one(const bn_dir *at, const char *path, const char *name, int depth,
	bn_exchange_report *report, bn_src_each_file *each, void *user, bn_err *err)
{
	struct stat st;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dir_stat(at, path, &st, &why);
	if (rc < 0) {
		bn_exchange_unreadable(report, "file", &why, "%s/%s", at->path, path);
		return bn_exchange_ends(rc) ? rc : 0;
	}
	if (S_ISDIR(st.st_mode))
		return walk(at, path, name, depth + 1, report, each, user, err);
	if (S_ISLNK(st.st_mode)) {
		bn_exchange_leave_out(report, "file", "it is a link, and links are not followed",
			"%s/%s", at->path, path);
		return 0;
	}
	if (!S_ISREG(st.st_mode)) {
		bn_exchange_leave_out(report, "file", "it is neither a file nor a directory",
			"%s/%s", at->path, path);
		return 0;
	}
	const bn_src_file f = {.path = name,
		.bytes = (uint64_t)st.st_size,
		.modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000};
	return each(user, &f, err);
}

static int walk(const bn_dir *at, const char *dir, const char *below, int depth,
	bn_exchange_report *report, bn_src_each_file *each, void *user, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (depth > DEPTH_MAX) {
		bn_exchange_leave_out(
			report, "file", "directories are nested too deep", "%s/%s", at->path, dir);
		return 0;
	}
	if ((rc = bn_dir_list(at, dir, &names, &why)) < 0) {
		if (rc != BN_ENOTFOUND || depth)
			bn_exchange_unreadable(report, "directory", &why, "%s/%s", at->path, dir);
		rc = bn_exchange_ends(rc) ? bn_err_nomem(err, "a directory") : 0;
	}
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char *path = bn_strf("%s/%s", dir, names.items[i]);
		char *name = *below ? bn_strf("%s/%s", below, names.items[i])
				    : bn_strdup(names.items[i]);
		rc = path && name ? walk_one(at, path, name, depth, report, each, user, err)
				  : bn_err_nomem(err, "a path");
		bn_free(path);
		bn_free(name);
	}
	bn_names_release(&names);
	return rc;
}

int bn_src_walk(const bn_dir *at, const char *root, bn_exchange_report *report,
	bn_src_each_file *each, void *user, bn_err *err)
{
	return walk(at, root, "", 0, report, each, user, err);
}

int bn_src_copy(const bn_dir *at, const char *name, bn_src_write *write, void *user, bn_err *err)
{
	int fd = -1, rc = bn_dir_open_file(&fd, at, name, O_RDONLY, 0, err);
	off_t from = 0;
	size_t got = 0;
	char *block = NULL;
	if (rc < 0)
		return rc;
	if (!(block = bn_alloc(BLOCK))) {
		rc = bn_err_nomem(err, "a file");
		goto out;
	}
	do {
		if ((rc = bn_dir_read_at(at->env, at, name, fd, block, BLOCK, from, &got, err)) <
				0 ||
			(rc = write(user, block, got, err)) < 0)
			goto out;
		from += (off_t)got;
	} while (got == BLOCK);
out:
	bn_free(block);
	at->env->fs->close(at->env, fd);
	return rc;
}

int bn_src_read_text(bn_buf *out, const bn_dir *at, const char *name, size_t limit, bn_err *err)
{
	struct stat st;
	int rc = bn_dir_stat(at, name, &st, err);
	if (rc < 0)
		return rc;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
		return bn_err_set(err, BN_EINVAL, "'%s/%s' has %lld bytes, at most %zu are read",
			at->path, name, (long long)st.st_size, limit);
	return bn_dir_read_file(at, name, out, err);
}

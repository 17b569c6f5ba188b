/* table_file.c - see _table_file.h. */
#include "core/table/_table_file.h"

#include "core/base/dir.h"
#include "core/base/file_out.h"

#include <fcntl.h>

struct bn_table_file {
	const bn_env *env;
	const bn_dir *at;  /* NULL: the user named path, and it appears when it is complete */
	bn_file_out *file; /* there */
	char *path;
	int fd; /* below at; -1: never created, or closed */
	bool finished;
};

static int file_write(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_table_file *f = ctx;

	return f->file ? bn_file_out_add(f->file, bytes, n, err)
		       : bn_dir_write_all(f->env, f->at, f->path, f->fd, bytes, n, err);
}

int bn_table_file_open(bn_table_file **out, bn_table_out *to, const bn_env *env, const bn_dir *at,
	const char *path, bn_err *err)
{
	bn_table_file *f = bn_alloc_zeroed(1, sizeof *f);
	int rc = 0;

	if (!f)
		return bn_err_nomem(err, "a table writer");
	*f = (bn_table_file){.env = env, .at = at, .fd = -1, .path = bn_strdup(path)};
	if (!f->path)
		rc = bn_err_nomem(err, "a table writer");
	else if (at)
		rc = bn_dir_open_file(&f->fd, at, path, O_WRONLY | O_CREAT | O_EXCL, 0600, err);
	else
		rc = bn_file_out_open(&f->file, env, path, 0644, err);
	if (rc < 0) {
		f->finished = true; /* no file of ours exists */
		f->fd = -1;
		bn_table_file_free(f);
		return rc;
	}
	*to = (bn_table_out){.write = file_write, .ctx = f};
	*out = f;
	return 0;
}

int bn_table_file_finish(bn_table_file *f, bn_err *err)
{
	int rc = f->file ? bn_file_out_finish(f->file, err)
			 : bn_dir_sync_file(f->env, f->at, f->path, f->fd, err);
	if (rc < 0 || f->file)
		return rc;
	int closed = f->env->fs->close(f->env, f->fd);
	f->fd = -1;
	if (closed < 0)
		return bn_dir_error(err, -closed, "cannot close", f->at, f->path);
	f->finished = true;
	return 0;
}

void bn_table_file_free(bn_table_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		f->env->fs->close(f->env, f->fd);
	bn_file_out_free(f->file);
	if (f->at && !f->finished)
		f->env->fs->unlink(f->env, f->at, f->path);
	bn_free(f->path);
	bn_free(f);
}

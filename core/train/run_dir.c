/* run_dir.c - see run_dir.h. */
#include "core/train/run_dir.h"

#include "core/base/id.h"

#include <fcntl.h>
#include <stdio.h>

typedef struct run_dir_name {
	char text[64];
} run_dir_name;

static run_dir_name run_dir(const char *id)
{
	run_dir_name n;
	snprintf(n.text, sizeof n.text, "runs/%.*s", BN_RUN_ID_TEXT - 1, id);
	return n;
}

int bn_run_dir_open(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err)
{
	return bn_dir_open_below(out, bn_workspace_at(ws), run_dir(id).text, err);
}

int bn_run_dir_make(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err)
{
	int rc = bn_dir_make(bn_workspace_at(ws), run_dir(id).text, 0755, err);
	return rc < 0 ? rc : bn_run_dir_open(out, ws, id, err);
}

int bn_run_log_open(int *fd, const bn_workspace *ws, const char *id, bn_err *err)
{
	bn_dir *dir = NULL;
	int rc = bn_run_dir_open(&dir, ws, id, err);
	if (rc < 0)
		goto out;
	rc = bn_dir_open_file(fd, dir, BN_RUN_LOG_FILE, O_RDONLY, 0, err);
out:
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "the log of a run stays on the file system it ran on");
	bn_dir_close(dir);
	return rc;
}

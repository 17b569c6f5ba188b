/* ignore_files.c - rules from the files of a repository: see ignore.h. */
#include "core/base/mem.h"
#include "core/dvc/ignore.h"

#include <string.h>

int bn_dvc_ignore_load(bn_dvc_ignore *ig, const bn_dir *at, size_t base, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dir_read_file(at, BN_DVC_IGNORE_FILE, &text, &why);
	if (rc < 0)
		rc = rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
	else
		rc = bn_dvc_ignore_add(ig, base, text.ptr, text.len, err);
	bn_buf_release(&text);
	return rc;
}

int bn_dvc_ignore_load_above(bn_dvc_ignore *ig, bool *ignored, const bn_dir *root, const char *path,
	bool is_dir, bn_err *err)
{
	char *part = bn_strdup(path);
	bn_dir *at = NULL;
	int rc = 0;
	*ignored = false;
	if (!part)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_dvc_ignore_load(ig, root, 0, err)) < 0)
		goto out;
	for (char *slash = strchr(part, '/'); slash && !*ignored; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		*ignored = bn_dvc_ignore_has(ig, part, true);
		bn_dir_close(at);
		at = NULL;
		if ((rc = bn_dir_open_below(&at, root, part, err)) < 0 ||
			(rc = bn_dvc_ignore_load(ig, at, (size_t)(slash - part) + 1, err)) < 0)
			goto out;
		*slash = '/';
	}
	*ignored |= bn_dvc_ignore_has(ig, path, is_dir);
out:
	bn_dir_close(at);
	bn_free(part);
	return rc;
}

/* kept.c - see kept.h. */
#include "tui/ui/kept.h"

#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/hash_key.h"
#include "core/base/mem.h"

char *bn_kept_path(const char *workspace, const char *what, bool make)
{
	char *state = NULL, *path = NULL, *dir = NULL;
	if (bn_env_state_dir(&state, bn_env_real(), NULL) < 0)
		return NULL;
	dir = bn_strf("%s/%s", state, what);
	if (dir && make)
		bn_fs_make_dirs(bn_env_real(), dir, 0700, NULL);
	if (dir)
		path = bn_strf("%s/%016llx", dir, (unsigned long long)bn_hash_key(workspace));
	bn_free(state);
	bn_free(dir);
	return path;
}

char *bn_kept_recall(const char *workspace, const char *what)
{
	char *path = bn_kept_path(workspace, what, false), *text = NULL;
	bn_buf all = BN_BUF_INIT;
	if (path && bn_fs_read_file(bn_env_real(), path, &all, NULL) == 0 && all.len)
		text = bn_strndup(all.ptr, all.len);
	bn_buf_release(&all);
	bn_free(path);
	return text;
}

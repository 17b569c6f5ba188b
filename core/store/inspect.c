/* inspect.c - see inspect.h. */
#include "core/store/inspect.h"

#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"

int bn_index_status_get(bn_index_status *out, bn_workspace *ws, bn_err *err)
{
	*out = (bn_index_status){0};
	int rc = bn_workspace_refresh(ws, NULL, err);
	return rc < 0 ? rc : bn_index_describe(out, ws->index, err);
}

int bn_index_rebuild(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_need_index(ws, err);
	return rc < 0 ? rc : bn_index_rebuild_all(ws->index, err);
}

int bn_index_dump(bn_workspace *ws, bn_dump_write write, void *ctx, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	return db ? bn_index_print(db, write, ctx, err) : bn_workspace_refresh(ws, NULL, err);
}

static int hash_line(void *ctx, const char *text, size_t n)
{
	bn_hasher_add(ctx, text, n);
	return 0;
}

int bn_index_dump_hash(bn_workspace *ws, char hash[65], bn_err *err)
{
	bn_hasher *h = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_index_dump(ws, hash_line, h, err)) < 0)
		goto out;
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, hash);
out:
	bn_hasher_free(h);
	return rc;
}

static bool has_several_owners(const bn_dir *root, const char *name)
{
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	uid_t owner = 0;
	bool several = false, seen = false;
	if (bn_dir_list(root, name, &names, NULL) < 0)
		goto out;
	for (size_t i = 0; i < names.count && !several; i++) {
		char *path = bn_path_join(name, names.items[i]);
		bool is = path && bn_dir_stat(root, path, &st, NULL) == 0;
		bn_free(path);
		if (!is)
			continue;
		several = seen && st.st_uid != owner;
		owner = st.st_uid;
		seen = true;
	}
out:
	bn_names_release(&names);
	return several;
}

int bn_workspace_unsticky(bn_names *out, const bn_workspace *ws, bn_err *err)
{
	static const char *const places[] = {"log", "claims", "runs", "trash", "tmp", "queue"};
	const bn_dir *root = bn_workspace_at(ws);
	struct stat st;
	int e = root->env->fs->fstat(root->env, root->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", root->path);
	if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX) && bn_names_add(out, "") < 0)
		return bn_err_nomem(err, "names of directories");
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (bn_dir_stat(root, places[i], &st, NULL) < 0 || !(st.st_mode & 022) ||
			(st.st_mode & S_ISVTX) || !has_several_owners(root, places[i]))
			continue;
		if (bn_names_add(out, places[i]) < 0)
			return bn_err_nomem(err, "names of directories");
	}
	return 0;
}

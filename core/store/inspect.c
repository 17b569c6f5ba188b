/* inspect.c - see inspect.h. */
#include "core/store/inspect.h"

#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"

#include <string.h>

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

static bool is_loose(const struct stat *st)
{
	return (st->st_mode & 022) && !(st->st_mode & S_ISVTX);
}

/* Whether something is wrong. entries: the directory whose entries tell whether several users share it. */
static bool part_fault(bn_part_fault *out, const bn_dir *root, const char *entries,
	const struct stat *st, uid_t founder)
{
	out->owner = st->st_uid;
	if (!S_ISDIR(st->st_mode))
		out->state = BN_PART_NONE;
	else if (founder != (uid_t)-1 && st->st_uid != founder && st->st_uid != 0)
		out->state = BN_PART_FOREIGN;
	else if (is_loose(st))
		out->state = has_several_owners(root, entries) ? BN_PART_SHARED : BN_PART_LOOSE;
	else
		return false;
	return true;
}

int bn_workspace_check_parts(
	bn_part_fault out[BN_PART_FAULTS], const bn_workspace *ws, uid_t founder, bn_err *err)
{
	static const char *const names[] = {"log", "claims", "runs", "trash", "tmp", "queue"};
	const bn_dir *root = bn_workspace_at(ws);
	struct stat st;
	int n = 0, e = root->env->fs->fstat(root->env, root->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", root->path);
	out[n].name = "";
	n += part_fault(&out[n], root, "log", &st, founder);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bool any = strcmp(names[i], "queue") == 0;
		if (root->env->fs->stat(root->env, root, names[i], &st) < 0)
			continue; /* made when it is needed */
		out[n].name = names[i];
		bool is = part_fault(&out[n], root, names[i], &st, any ? (uid_t)-1 : founder);
		/* In a directory that one user fills nobody loses anything. */
		n += is && out[n].state != BN_PART_LOOSE;
	}
	return n;
}

/* state.c - see state.h. */
#include "core/store/log/state.h"

#include "core/base/fs.h"
#include "core/base/mem.h"

#include <string.h>

static int64_t ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* An entry of log/, or of a writer's directory below it. *is_dir may be NULL. */
static int entry_add(bn_log_state *s, bn_hasher *h, bool *is_dir, const bn_dir *at,
	const char *path, bn_err *err)
{
	struct stat st;
	int rc = bn_dir_stat(at, path, &st, err);
	if (rc < 0)
		return rc;
	const int64_t facts[] = {(int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_mode,
		(int64_t)st.st_uid, (int64_t)st.st_size, ns_of(&st.st_mtim), ns_of(&st.st_ctim)};
	bn_hasher_add(h, path, strlen(path) + 1);
	bn_hasher_add(h, facts, sizeof facts);
	if (facts[6] > s->changed_ns)
		s->changed_ns = facts[6];
	if (is_dir)
		*is_dir = S_ISDIR(st.st_mode);
	return 0;
}

static int list_add(
	bn_log_state *s, bn_hasher *h, const bn_dir *at, const char *dir, bool deeper, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(at, dir, &names, err);
	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		bool is_dir = false;
		char *path = bn_path_join(dir, names.items[i]);
		rc = path ? entry_add(s, h, &is_dir, at, path, err)
			  : bn_err_nomem(err, "a file name");
		if (rc >= 0 && is_dir && deeper)
			rc = list_add(s, h, at, path, false, err);
		bn_free(path);
	}
	bn_names_release(&names);
	return rc;
}

int bn_log_state_read(bn_log_state *out, const bn_dir *at, bn_err *err)
{
	bn_hasher *h = NULL;
	*out = (bn_log_state){0};
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	if ((rc = list_add(out, h, at, "log", true, err)) >= 0)
		bn_hasher_finish(h, out->hash);
	bn_hasher_free(h);
	return rc;
}

/* listing.c - see listing.h. */
#include "core/store/log/listing.h"

#include "core/base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRUST_AFTER_S = 4, RELIST_AFTER_S = 30, LOOK_AT_ALL = 32, LOOK_AT_SOME = 8 };

static void writer_release(bn_log_writer *w)
{
	bn_free(w->name);
	bn_free(w->dir);
	bn_free(w->sealed);
}

void bn_log_release(bn_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		writer_release(&log->items[i]);
	bn_free(log->items);
	bn_dir_close(log->dir);
	*log = (bn_log){0};
}

/* Index of name, or where to insert it. */
static size_t log_place(const bn_log *log, const char *name)
{
	size_t low = 0, high = log->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(log->items[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bn_log_writer *bn_log_find(bn_log *log, const char *name)
{
	size_t at = log_place(log, name);
	return at < log->count && !strcmp(log->items[at].name, name) ? &log->items[at] : NULL;
}

static int log_add(bn_log_writer **out, bn_log *log, const char *name, bn_err *err)
{
	size_t at = log_place(log, name);
	bn_log_writer w = {.name = bn_strdup(name), .dir = bn_path_join("log", name), .of = log};
	if (!w.name || !w.dir || bn_grow(&log->items, &log->cap, log->count + 1, sizeof w)) {
		writer_release(&w);
		return bn_err_nomem(err, "a list of writers");
	}
	memmove(&log->items[at + 1], &log->items[at], (log->count - at) * sizeof w);
	log->items[at] = w;
	log->count++;
	*out = &log->items[at];
	return 0;
}

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* ---- identities of segments ----------------------------------------------------------------- */

static void look_at_file(bn_log_range *r, const bn_dir *dir)
{
	struct stat st;
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, r->first, r->last);
	if (bn_dir_stat(dir, name, &st, NULL) == 0) {
		r->inode = (uint64_t)st.st_ino;
		r->changed_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	}
}

static bool is_same_range(const bn_log_range *a, const bn_log_range *b)
{
	return a->first == b->first && a->last == b->last;
}

/* The earlier identities, by the listing before or by an earlier process. before: that listing, in the same order. */
static void take_known(bn_log_writer *w, const bn_log_range *before, size_t count)
{
	const bn_log *log = w->of;
	for (size_t i = 0, k = 0; i < w->sealed_count; i++) {
		bn_log_range *r = &w->sealed[i];
		while (k < count && before[k].first < r->first)
			k++;
		size_t at = k;
		while (at < count && before[at].first == r->first && before[at].last != r->last)
			at++;
		if (at < count && is_same_range(&before[at], r))
			*r = before[at];
		else if (log && log->known)
			log->known(log->known_ctx, w->name, r);
	}
}

/* Whether the directory changed without a change of its names: a file may have been replaced. */
static bool is_suspect(
	const bn_log_writer *w, const bn_log_range *before, size_t count, const bn_dir *dir)
{
	struct stat st;
	size_t same = 0;
	if (dir->env->fs->fstat(dir->env, dir->fd, &st) == 0 && mtime_ns(&st) == w->mtime_ns)
		return false;
	while (same < count && same < w->sealed_count &&
		is_same_range(&before[same], &w->sealed[same]))
		same++;
	return count > 0 && same == count && count == w->sealed_count;
}

/* Identifies the files of the sealed segments. */
static int look_at_files(
	bn_log_writer *w, const bn_log_range *before, size_t count, const bn_dir *at, bn_err *err)
{
	bn_dir *dir = NULL;
	int rc;
	if (w->sealed_count == 0)
		return 0;
	if ((rc = bn_dir_open_below(&dir, at, w->dir, err)) < 0)
		return rc;
	bool some = w->sealed_count > LOOK_AT_ALL && !is_suspect(w, before, count, dir);
	if (some)
		take_known(w, before, count);
	if (some && !w->listed_ns) /* so that another process begins elsewhere */
		w->turn = (size_t)(bn_env_now_ns(at->env) / 1000000) % w->sealed_count;
	for (size_t i = 0; i < w->sealed_count; i++) {
		size_t after = (i + w->sealed_count - w->turn % w->sealed_count) % w->sealed_count;
		if (!some || after < LOOK_AT_SOME || i + LOOK_AT_SOME >= w->sealed_count ||
			!w->sealed[i].inode)
			look_at_file(&w->sealed[i], dir);
	}
	w->turn = (w->turn + LOOK_AT_SOME) % w->sealed_count;
	bn_dir_close(dir);
	return 0;
}

int bn_log_relist(bn_log_writer *w, const bn_dir *at, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_log_range *before = w->sealed;
	size_t count = w->sealed_count;
	int rc;
	w->sealed = NULL;
	w->sealed_count = w->sealed_cap = 0;
	if ((rc = bn_segment_list(at, w->dir, &names, &w->has_open, err)) < 0)
		goto out;
	if (bn_grow(&w->sealed, &w->sealed_cap, names.count, sizeof *w->sealed)) {
		rc = bn_err_nomem(err, "a list of segments");
		goto out;
	}
	for (size_t i = 0; i < names.count; i++) {
		bn_log_range *r = &w->sealed[w->sealed_count++];
		*r = (bn_log_range){0};
		bn_segment_parse_name(names.items[i], &r->first, &r->last);
	}
	rc = look_at_files(w, before, count, at, err);
out:
	bn_free(before);
	bn_names_release(&names);
	w->stuck = false;
	w->listed_ns = bn_env_now_ns(at->env);
	return rc;
}

/* Size and age of open.seg, without opening it. */
static int look_at_open(bn_log_writer *w, const bn_log *log, bn_err *err)
{
	struct stat st;
	char *path = bn_path_join(w->name, BN_SEGMENT_OPEN);
	if (!path)
		return bn_err_nomem(err, "a file name");
	if (bn_dir_stat(log->dir, path, &st, NULL) == 0) {
		w->open_size = (uint64_t)st.st_size;
		w->open_inode = (uint64_t)st.st_ino;
		w->open_mtime_ns = mtime_ns(&st);
	}
	bn_free(path);
	return 0;
}

/* Whether a directory still has the names of its last listing. */
static bool is_as_listed(int64_t listed_ns, bool settled, int64_t mtime, int64_t changed, int64_t now)
{
	return listed_ns && settled && changed == mtime &&
	       now - listed_ns < RELIST_AFTER_S * (int64_t)1000000000;
}

static bool is_settled(int64_t now, int64_t changed)
{
	return now - changed > TRUST_AFTER_S * (int64_t)1000000000;
}

static int writer_look(bn_log_writer *w, const bn_log *log, const bn_dir *at,
	const struct stat *dir, bn_err *err)
{
	int rc = 0;
	int64_t now = bn_env_now_ns(at->env), changed = mtime_ns(dir);
	bool fresh = is_as_listed(w->listed_ns, w->settled, w->mtime_ns, changed, now);
	w->uid = dir->st_uid;
	w->open_size = w->open_inode = 0;
	if (!fresh) {
		size_t before = w->sealed_count;
		bool stuck = w->stuck && changed == w->mtime_ns;
		rc = bn_log_relist(w, at, err);
		w->stuck = stuck && before == w->sealed_count;
		w->settled = is_settled(now, changed);
		w->mtime_ns = changed;
	}
	if (rc < 0 || !w->has_open)
		return rc;
	return look_at_open(w, log, err);
}

/* Examines log/<name>, if it is a writer's directory. */
static int scan_writer(bn_log *log, const bn_dir *at, const char *name, bn_err *err)
{
	struct stat st;
	bn_err why = BN_ERR_INIT;
	if (name[0] == '.' || strlen(name) > BN_WRITER_NAME_MAX)
		return 0;
	int rc = bn_dir_stat(log->dir, name, &st, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc == BN_ENOTFOUND || (rc == 0 && !S_ISDIR(st.st_mode))) /* L7 */
		return 0;
	bn_log_writer *w = bn_log_find(log, name);
	if (!w) {
		int added = log_add(&w, log, name, err);
		if (added < 0)
			return added;
	}
	w->seen = true; /* an entry that cannot be examined exists and must not count as removed */
	if (rc < 0 || (rc = writer_look(w, log, at, &st, &why)) < 0) {
		if (rc == BN_ENOMEM)
			return bn_err_move(err, &why);
		/* An unreadable log of one user must not stop those of others. */
		w->stuck = true;
		w->damaged = false;
		w->listed_ns = w->mtime_ns = 0; /* examined again next time */
		snprintf(w->fault, sizeof w->fault, "%.159s", why.msg);
	}
	return 0;
}

/* Forgets writers that no longer exist. */
static void drop_unseen(bn_log *log)
{
	size_t kept = 0;
	for (size_t i = 0; i < log->count; i++) {
		if (log->items[i].seen) {
			log->items[kept++] = log->items[i];
		} else {
			log->lost = log->lost || log->items[i].seq > 0;
			writer_release(&log->items[i]);
		}
	}
	log->count = kept;
}

static bool is_same_dir(const bn_log *log, const struct stat *st)
{
	return log->dir && log->inode == (uint64_t)st->st_ino &&
	       log->device == (uint64_t)st->st_dev;
}

/* Opens log/ unless the handle is of it. st: what it is; of the handle, if it was opened here. */
static int hold_dir(bn_log *log, struct stat *st, const bn_dir *at, bn_err *err)
{
	bn_dir *dir = NULL;
	if (is_same_dir(log, st))
		return 0;
	int rc = bn_dir_open_below(&dir, at, "log", err);
	if (rc < 0)
		return rc;
	int e = at->env->fs->fstat(at->env, dir->fd, st);
	if (e < 0) {
		bn_dir_close(dir);
		return bn_dir_error(err, -e, "cannot stat", at, "log");
	}
	bn_dir_close(log->dir);
	log->dir = dir;
	log->inode = (uint64_t)st->st_ino;
	log->device = (uint64_t)st->st_dev;
	return 0;
}

/* Lists log/. Its time is from before: a later change makes another one. */
static int list_writers(
	bn_names *names, bn_log *log, struct stat *st, const bn_dir *at, bn_err *err)
{
	int64_t now = bn_env_now_ns(at->env);
	int rc;
	log->listed_ns = 0;
	if ((rc = hold_dir(log, st, at, err)) < 0 ||
		(rc = bn_dir_list(log->dir, NULL, names, err)) < 0)
		return rc;
	log->mtime_ns = mtime_ns(st);
	log->settled = is_settled(now, log->mtime_ns);
	log->listed_ns = now;
	return 0;
}

/* Looks at the writers that the last listing named. */
static int look_again(bn_log *log, const bn_dir *at, bn_err *err)
{
	for (size_t i = 0; i < log->count; i++) {
		int rc = scan_writer(log, at, log->items[i].name, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_log_scan(bn_log *log, const bn_dir *at, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	struct stat st = {0};
	int rc = log->dir ? bn_dir_stat(at, "log", &st, err) : 0;
	if (rc < 0)
		return rc;
	bool is_same = is_same_dir(log, &st) &&
		       is_as_listed(log->listed_ns, log->settled, log->mtime_ns, mtime_ns(&st),
			       bn_env_now_ns(at->env));
	if (!is_same && (rc = list_writers(&names, log, &st, at, err)) < 0)
		goto out;
	for (size_t i = 0; i < log->count; i++)
		log->items[i].seen = false;
	if (is_same && (rc = look_again(log, at, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if ((rc = scan_writer(log, at, names.items[i], err)) < 0)
			goto out;
	drop_unseen(log);
out:
	if (rc < 0)
		log->listed_ns = 0; /* some names may not have been looked at */
	bn_names_release(&names);
	return rc;
}

const bn_log_range *bn_log_cover(const bn_log_writer *w, uint64_t seq)
{
	const bn_log_range *best = NULL;
	for (size_t i = 0; i < w->sealed_count && w->sealed[i].first <= seq; i++)
		if (w->sealed[i].last >= seq && (!best || w->sealed[i].last > best->last))
			best = &w->sealed[i];
	return best;
}

uint64_t bn_log_names_digest(const bn_log_writer *w, uint64_t upto)
{
	uint8_t hash[BN_SHA256_BYTES];
	uint64_t digest;
	size_t n = 0;
	while (n < w->sealed_count && w->sealed[n].first <= upto)
		n++;
	if (n == 0)
		return 0;
	bn_sha256(w->sealed, n * sizeof *w->sealed, hash);
	memcpy(&digest, hash, sizeof digest);
	return digest & INT64_MAX; /* stored in SQLite */
}

uint64_t bn_log_sealed_end(const bn_log_writer *w)
{
	uint64_t end = 0;
	for (size_t i = 0; i < w->sealed_count; i++)
		if (w->sealed[i].last > end)
			end = w->sealed[i].last;
	return end;
}

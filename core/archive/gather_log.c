/*
 * gather_log.c - see _archive.h: the log as it is at one moment.
 *
 * A sealed segment never changes, but its owner may replace it by a wider one, or seal what was open, at any time. So what
 * is small enough to be merged, and every open segment, is copied into the spool. That is tried until nothing of the log
 * changed meanwhile: then no record names another one that came later. On a log that is written to without a pause the
 * last try is taken: what is missing then was written in those milliseconds.
 */
#include "core/archive/_archive.h"
#include "core/store/log/segment.h"
#include "core/store/log/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 20, PAUSE_NS = 50000000, MERGED_BYTES = 32 << 20 /* half of what merge.c makes: it is merged no more */ };

/* The size of what is whole in an open segment; 0: nothing. */
static int whole_bytes(uint64_t *bytes, const bn_dir *at, const char *path, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_err why = BN_ERR_INIT;
	int rc = bn_segment_open(&s, at, path, false, &why);
	*bytes = 0;
	if (rc == BN_ENOTFOUND || rc == BN_ECORRUPT) /* sealed meanwhile; no record in it yet */
		return rc == BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	while ((rc = bn_segment_next(&s, &r, err)) == 1)
		;
	/* One that only a newer binnacle can read past ends before that record; what follows stays. */
	if (rc >= 0 && s.last_seq >= s.header.first_seq)
		*bytes = s.at;
	bn_segment_close(&s);
	return rc;
}

static int copy_piecewise(bn_gather *g, bn_archive_entry *e, const char *path, int fd, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	bn_hasher *hasher = NULL;
	uint8_t *piece = bn_alloc(BN_ARCHIVE_PIECE);
	uint64_t done = 0;
	int rc = piece ? bn_hasher_new(&hasher, err) : bn_err_nomem(err, "an archive");
	while (rc >= 0 && done < e->bytes) {
		size_t got = 0, n = e->bytes - done < BN_ARCHIVE_PIECE ? (size_t)(e->bytes - done)
								      : BN_ARCHIVE_PIECE;
		if ((rc = bn_dir_read_at(at->env, at, path, fd, piece, n, (off_t)done, &got, err)) < 0)
			break;
		if (got < n) {
			rc = bn_err_set(err, BN_ECONFLICT, "'%s/%s' became shorter", at->path, path);
			break;
		}
		bn_hasher_add(hasher, piece, n);
		rc = bn_file_out_add(g->list.spool, piece, n, err);
		done += n;
	}
	if (rc >= 0) {
		bn_hasher_finish(hasher, e->sha256);
		e->at = g->list.spooled;
		g->list.spooled += e->bytes;
	}
	bn_hasher_free(hasher);
	bn_free(piece);
	return rc;
}

static int note_owner(bn_gather *g, uid_t uid, bn_err *err)
{
	for (size_t i = 0; i < json_array_size(g->uids); i++)
		if (json_integer_value(json_array_get(g->uids, i)) == (json_int_t)uid)
			return 0;
	return json_array_append_new(g->uids, json_integer((json_int_t)uid)) < 0
		       ? bn_err_nomem(err, "owners")
		       : 0;
}

/* bytes UINT64_MAX: all of the file. */
static int add_segment(bn_gather *g, const char *path, uint64_t bytes, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	bn_archive_entry *e;
	struct stat st;
	int fd = -1, rc;
	if ((rc = bn_dir_open_file(&fd, at, path, O_RDONLY, 0, err)) < 0)
		return rc;
	int failed = at->env->fs->fstat(at->env, fd, &st);
	if (failed < 0) {
		rc = bn_dir_error(err, -failed, "cannot stat", at, path);
		goto out;
	}
	bool is_open = bytes != UINT64_MAX, stays = !is_open && st.st_size >= MERGED_BYTES;
	if ((rc = note_owner(g, st.st_uid, err)) < 0 ||
		(rc = bn_archive_list_add(
			 &e, &g->list, path, stays ? BN_FROM_FILE : BN_FROM_SPOOL, err)) < 0)
		goto out;
	e->file = e->path;
	e->bytes = is_open ? bytes : (uint64_t)st.st_size;
	if (!stays)
		rc = copy_piecewise(g, e, path, fd, err);
out:
	at->env->fs->close(at->env, fd);
	return rc;
}

static int add_writer(bn_gather *g, const char *name, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	bn_names names = BN_NAMES_INIT;
	char *dir = bn_path_join("log", name), *path = NULL;
	bool has_open = false;
	uint64_t bytes = 0;
	int rc = dir ? bn_segment_list(at, dir, &names, &has_open, err)
		     : bn_err_nomem(err, "a file name");
	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		path = bn_path_join(dir, names.items[i]);
		rc = path ? add_segment(g, path, UINT64_MAX, err) : bn_err_nomem(err, "a file name");
		bn_free(path);
		path = NULL;
	}
	if (rc < 0 || !has_open)
		goto out;
	if (!(path = bn_path_join(dir, BN_SEGMENT_OPEN))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if ((rc = whole_bytes(&bytes, at, path, err)) >= 0 && bytes)
		rc = add_segment(g, path, bytes, err);
out:
	bn_names_release(&names);
	bn_free(path);
	bn_free(dir);
	return rc;
}

/* Writers whose directory this user may not read are left out by name, as index status names them. */
static int add_writers(bn_gather *g, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	bn_names writers = BN_NAMES_INIT;
	int rc = bn_dir_list(at, "log", &writers, err);
	for (size_t i = 0; i < writers.count && rc >= 0; i++) {
		bn_err why = BN_ERR_INIT;
		struct stat st;
		char *dir = bn_path_join("log", writers.items[i]);
		bool is_dir = dir && bn_dir_stat(at, dir, &st, NULL) >= 0 && S_ISDIR(st.st_mode);
		bn_free(dir);
		if (!is_dir)
			continue;
		rc = add_writer(g, writers.items[i], &why);
		if (rc < 0 && bn_err_exit_status(&why) == bn_code_exit_status(BN_EREFUSED))
			rc = bn_gather_leave_out(
				g, err, "log of %s: %s", writers.items[i], why.msg);
		else if (rc < 0)
			bn_err_move(err, &why);
	}
	bn_names_release(&writers);
	return rc;
}

/* Forgets a try. */
static int start_over(bn_gather *g, bn_err *err)
{
	g->list.count = 0;
	g->list.spooled = 0;
	json_array_clear(g->uids);
	return bn_file_out_restart(g->list.spool, err);
}

int bn_gather_log(bn_gather *g, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(g->ws);
	const size_t words = g->report->left_out.count;
	bool is_still = false;
	int rc = 0;
	for (int i = 0; i < TRIES && !is_still; i++) {
		bn_log_state before, after;
		bn_err why = BN_ERR_INIT;
		bool last = i == TRIES - 1;
		while (g->report->left_out.count > words)
			bn_free(g->report->left_out.items[--g->report->left_out.count]);
		if ((rc = start_over(g, err)) < 0 ||
			(rc = bn_progress_step(g->o->progress, "reading the log", 0, 0, err)) < 0)
			return rc;
		bool known = bn_log_state_read(&before, at, NULL) >= 0;
		rc = add_writers(g, &why);
		known = known && bn_log_state_read(&after, at, NULL) >= 0;
		is_still = rc >= 0 && known && !memcmp(before.hash, after.hash, sizeof before.hash);
		if (rc < 0 && (last || (rc != BN_ENOTFOUND && rc != BN_ECONFLICT)))
			return bn_err_move(err, &why);
		bn_err_clear(&why);
		if (!is_still && !last)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
	for (size_t i = 0; i < g->list.count; i++) {
		g->report->segments++;
		g->report->log_bytes += g->list.items[i].bytes;
	}
	return 0;
}

/* run_log.c - see run_log.h. */
#include "core/run/run_log.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/run_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---------------------------------------------------------------------------------- */

/* Whether name is one of the log's files; *from: its start. */
static bool read_name(const char *name, uint64_t *from)
{
	const size_t n = strlen(BN_RUN_LOG_TAIL);
	int64_t value;
	*from = 0;
	if (!strcmp(name, BN_RUN_LOG_FILE))
		return true;
	if (strncmp(name, BN_RUN_LOG_TAIL, n) != 0 || strlen(name + n) > 19 || name[n] == '-' ||
		name[n] == '+' || !bn_parse_i64(name + n, strlen(name + n), &value))
		return false;
	*from = (uint64_t)value;
	return true;
}

/* In order of content. If there are too many (manual changes) the earliest tails are left out. */
static void insert(bn_run_log_part *parts, size_t most, size_t *count, const bn_run_log_part *p)
{
	size_t at = *count;
	while (at > 0 && parts[at - 1].from > p->from)
		at--;
	if (*count == most) {
		if (at < 2) /* before all kept tails */
			return;
		memmove(&parts[1], &parts[2], (at - 2) * sizeof *parts);
		parts[at - 1] = *p;
		return;
	}
	memmove(&parts[at + 1], &parts[at], (*count - at) * sizeof *parts);
	parts[at] = *p;
	++*count;
}

int bn_run_log_list(
	bn_run_log_part *parts, size_t most, size_t *count, const bn_dir *run_dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(run_dir, NULL, &names, err);
	*count = 0;
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		bn_run_log_part p = {.fd = -1};
		struct stat st;
		if (!read_name(names.items[i], &p.from) ||
			bn_dir_stat(run_dir, names.items[i], &st, NULL) < 0 || !S_ISREG(st.st_mode))
			continue;
		snprintf(p.name, sizeof p.name, "%s", names.items[i]);
		p.size = (uint64_t)st.st_size;
		insert(parts, most, count, &p);
	}
	bn_names_release(&names);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The open file must belong to that user, or to root. */
static int check_owner(const bn_dir *dir, int fd, uid_t owner, bn_err *err)
{
	struct stat st;
	int e = dir->env->fs->fstat(dir->env, fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", dir->path);
	if (st.st_uid == owner || st.st_uid == 0)
		return 0;
	bn_err_set(err, BN_EREFUSED, "a file in '%s' has another owner than the run", dir->path);
	bn_err_hint(err, "the run has printed something else, or nothing");
	return BN_EREFUSED;
}

/* A tail may have been dropped since it was listed. */
static int open_parts(bn_run_log *l, const bn_dir *dir, uid_t owner, bn_err *err)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++) {
		bn_run_log_part *p = &l->parts[i];
		bn_err why = BN_ERR_INIT;
		int rc = bn_dir_open_file(&p->fd, dir, p->name, O_RDONLY, 0, &why);
		if (rc == BN_ENOTFOUND)
			continue;
		if (rc < 0)
			return bn_err_move(err, &why);
		l->parts[kept++] = *p;
		if ((rc = check_owner(dir, l->parts[kept - 1].fd, owner, err)) < 0) {
			l->count = kept;
			return rc;
		}
	}
	l->count = kept;
	return 0;
}

int bn_run_log_open(
	bn_run_log *out, const bn_workspace *ws, const char *id, uid_t owner, bn_err *err)
{
	bn_run_log l = {.env = bn_workspace_env(ws)};
	bn_dir *dir = NULL;
	int rc = bn_run_dir_open(&dir, ws, id, err);
	if (rc < 0)
		goto out;
	if ((rc = check_owner(dir, dir->fd, owner, err)) < 0)
		goto out;
	if (!(l.path = bn_strdup(dir->path))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_run_log_list(l.parts, BN_RUN_LOG_TAILS + 2, &l.count, dir, err)) < 0 ||
		(rc = open_parts(&l, dir, owner, err)) < 0)
		goto out;
	if (l.count == 0)
		rc = bn_err_set(
			err, BN_ENOTFOUND, "'%s/" BN_RUN_LOG_FILE "' is not there", dir->path);
	for (size_t i = 0; i < l.count; i++) {
		l.kept += l.parts[i].size;
		l.printed = l.parts[i].from + l.parts[i].size;
	}
out:
	if (rc == BN_ENOTFOUND)
		bn_err_hint(err, "the log of a run stays on the file system it ran on");
	bn_dir_close(dir);
	if (rc < 0)
		bn_run_log_close(&l);
	else
		*out = l;
	return rc;
}

void bn_run_log_close(bn_run_log *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->parts[i].fd >= 0)
			l->env->fs->close(l->env, l->parts[i].fd);
	bn_free(l->path);
	*l = (bn_run_log){.env = NULL};
}

int bn_run_log_read(bn_run_log *l, uint64_t *at, void *bytes, size_t n, size_t *got,
	uint64_t *left_out, bn_err *err)
{
	*got = 0;
	*left_out = 0;
	for (size_t i = 0; i < l->count; i++) {
		const bn_run_log_part *p = &l->parts[i];
		/* What is after the next file's start belongs to the next file, even if this one has grown
		 * since. */
		uint64_t end = i + 1 < l->count ? l->parts[i + 1].from : UINT64_MAX;
		if (*at >= p->from + p->size || *at >= end)
			continue;
		if (*at < p->from) {
			*left_out += p->from - *at;
			*at = p->from;
		}
		int rc =
			bn_fs_read_at(l->env, p->fd, bytes, end - *at < n ? (size_t)(end - *at) : n,
				(off_t)(*at - p->from), got, l->path, err);
		if (rc < 0)
			return rc;
		if (*got == 0)
			continue;
		*at += *got;
		return 0;
	}
	return 0;
}

void bn_run_log_gap_words(char text[120], uint64_t left_out)
{
	char count[BN_FMT];
	snprintf(text, 120,
		"\nbinnacle: %s bytes are left out here: the log has a limit, or its disk was "
		"full\n",
		bn_fmt_count(left_out, count));
}

int bn_run_log_append(int *fd, const bn_dir *run_dir, bn_err *err)
{
	return bn_dir_open_file(
		fd, run_dir, BN_RUN_LOG_FILE, O_WRONLY | O_CREAT | O_APPEND, 0644, err);
}

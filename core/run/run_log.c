/* run_log.c - see run_log.h. */
#include "core/run/run_log.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/run_dir.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LIST_TRIES = 4 };

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

/* The next of the parts that a packed file's name lists. NULL: the name is another's. */
static const char *read_pair(const char *at, bn_run_log_part *p)
{
	int64_t value[2];
	for (int i = 0; i < 2; i++) {
		size_t n = strspn(at, "0123456789");
		if (n == 0 || n > 19 || !bn_parse_i64(at, n, &value[i]))
			return NULL;
		at += n;
		if (i == 0 && *at++ != '-')
			return NULL;
	}
	p->from = (uint64_t)value[0];
	p->size = (uint64_t)value[1];
	if (*at == '.')
		return at + 1;
	return *at == '\0' ? at : NULL;
}

/* The parts of a packed file of that many bytes; 0: it is none, or not whole. */
static size_t read_packed(bn_run_log_part parts[BN_RUN_LOG_PARTS], const char *name, uint64_t bytes)
{
	const char *at = name + strlen(BN_RUN_LOG_PACKED);
	uint64_t used = 0;
	size_t count = 0;
	if (!bn_str_starts(name, BN_RUN_LOG_PACKED) || strlen(name) >= BN_RUN_LOG_NAME)
		return 0;
	while (at && *at) {
		bn_run_log_part p = {.packed = true, .at = used, .fd = -1};
		at = read_pair(at, &p);
		if (!at || count == BN_RUN_LOG_PARTS || p.size > bytes - used ||
			(count && p.from < parts[count - 1].from + parts[count - 1].size))
			return 0;
		snprintf(p.name, sizeof p.name, "%s", name);
		used += p.size;
		parts[count++] = p;
	}
	return at ? count : 0;
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
		bn_run_log_part p = {.fd = -1}, packed[BN_RUN_LOG_PARTS];
		struct stat st;
		bool is_packed = bn_str_starts(names.items[i], BN_RUN_LOG_PACKED);
		if ((!is_packed && !read_name(names.items[i], &p.from)) ||
			bn_dir_stat(run_dir, names.items[i], &st, NULL) < 0 || !S_ISREG(st.st_mode))
			continue;
		size_t held =
			is_packed ? read_packed(packed, names.items[i], (uint64_t)st.st_size) : 0;
		if (held > 0 && held <= most) {
			*count = held;
			memcpy(parts, packed, held * sizeof *packed);
			break;
		}
		if (is_packed)
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

/* A tail may have been dropped since it was listed, or all of them packed: *missed. */
static int open_parts(bn_run_log *l, bool *missed, const bn_dir *dir, uid_t owner, bn_err *err)
{
	size_t kept = 0;
	*missed = false;
	for (size_t i = 0; i < l->count; i++) {
		bn_run_log_part *p = &l->parts[i];
		bn_err why = BN_ERR_INIT;
		int rc = bn_dir_open_file(&p->fd, dir, p->name, O_RDONLY, 0, &why);
		if (rc == BN_ENOTFOUND) {
			*missed = true;
			continue;
		}
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

static void close_parts(bn_run_log *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->parts[i].fd >= 0)
			l->env->fs->close(l->env, l->parts[i].fd);
	l->count = 0;
}

static int open_all(bn_run_log *l, const bn_dir *dir, uid_t owner, bn_err *err)
{
	bool missed = true;
	int rc = 0;
	for (int i = 0; i < LIST_TRIES && missed && rc >= 0; i++) {
		close_parts(l);
		if ((rc = bn_run_log_list(l->parts, BN_RUN_LOG_PARTS, &l->count, dir, err)) >= 0)
			rc = open_parts(l, &missed, dir, owner, err);
	}
	return rc;
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
	if ((rc = open_all(&l, dir, owner, err)) < 0)
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
	close_parts(l);
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
		end = p->packed ? p->from + p->size : end;
		if (*at >= p->from + p->size || *at >= end)
			continue;
		if (*at < p->from) {
			*left_out += p->from - *at;
			*at = p->from;
		}
		int rc =
			bn_fs_read_at(l->env, p->fd, bytes, end - *at < n ? (size_t)(end - *at) : n,
				(off_t)(p->at + (*at - p->from)), got, l->path, err);
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

/* ---- packing -------------------------------------------------------------------------------- */

bool bn_run_log_is_loose(const char *name)
{
	return bn_str_starts(name, BN_RUN_LOG_TAIL) || !strcmp(name, BN_RUN_LOG_PACKING);
}

/* What the packed file of these is called, and how much of each it takes: parts may overlap where a file has grown
 * over the start of the next. */
static void name_packed(char name[BN_RUN_LOG_NAME], bn_run_log_part *parts, size_t count)
{
	int n = snprintf(name, BN_RUN_LOG_NAME, "%s", BN_RUN_LOG_PACKED);
	for (size_t i = 0; i < count; i++) {
		bn_run_log_part *p = &parts[i];
		if (i + 1 < count && p->from + p->size > parts[i + 1].from)
			p->size = parts[i + 1].from - p->from;
		n += snprintf(name + n, BN_RUN_LOG_NAME - (size_t)n, "%s%" PRIu64 "-%" PRIu64,
			i ? "." : "", p->from, p->size);
	}
}

static int copy_part(int to, const bn_dir *dir, const bn_run_log_part *p, bn_err *err)
{
	enum { PIECE = 1 << 16 };
	int from = -1, rc = bn_dir_open_file(&from, dir, p->name, O_RDONLY, 0, err);
	char *bytes = rc < 0 ? NULL : bn_alloc(PIECE);
	if (rc >= 0 && !bytes)
		rc = bn_err_nomem(err, "the output of a run");
	for (uint64_t at = 0; rc >= 0 && at < p->size;) {
		size_t n = p->size - at < PIECE ? (size_t)(p->size - at) : PIECE, got;
		if ((rc = bn_dir_read_at(
			     dir->env, dir, p->name, from, bytes, n, (off_t)at, &got, err)) < 0)
			break;
		if (got == 0)
			rc = bn_err_set(
				err, BN_ECORRUPT, "'%s/%s' has become shorter", dir->path, p->name);
		else
			rc = bn_dir_write_all(
				dir->env, dir, BN_RUN_LOG_PACKING, to, bytes, got, err);
		at += got;
	}
	if (from >= 0)
		dir->env->fs->close(dir->env, from);
	bn_free(bytes);
	return rc;
}

static int write_packed(const bn_dir *dir, const char *name, const bn_run_log_part *parts,
	size_t count, bn_err *err)
{
	int fd = -1, e;
	int rc = bn_dir_open_file(
		&fd, dir, BN_RUN_LOG_PACKING, O_WRONLY | O_CREAT | O_TRUNC, 0644, err);
	for (size_t i = 0; rc >= 0 && i < count; i++)
		rc = copy_part(fd, dir, &parts[i], err);
	if (rc >= 0)
		rc = bn_dir_sync_file(dir->env, dir, BN_RUN_LOG_PACKING, fd, err);
	if (fd >= 0 && (e = dir->env->fs->close(dir->env, fd)) < 0 && rc >= 0)
		rc = bn_dir_error(err, -e, "cannot write", dir, BN_RUN_LOG_PACKING);
	if (rc < 0 || (rc = bn_dir_rename(dir, BN_RUN_LOG_PACKING, dir, name, err)) < 0) {
		bn_dir_unlink(dir, BN_RUN_LOG_PACKING, NULL);
		return rc;
	}
	return bn_dir_sync(dir, NULL, err);
}

/* Of a packed log, log.txt too. */
static int remove_loose(const bn_dir *dir, bool text_too, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(dir, NULL, &names, err);
	for (size_t i = 0; rc >= 0 && i < names.count; i++)
		if (bn_run_log_is_loose(names.items[i]) ||
			(text_too && !strcmp(names.items[i], BN_RUN_LOG_FILE)))
			rc = bn_dir_unlink(dir, names.items[i], err);
	bn_names_release(&names);
	return rc < 0 ? rc : 0;
}

int bn_run_log_pack(const bn_dir *run_dir, bn_err *err)
{
	bn_run_log_part parts[BN_RUN_LOG_PARTS];
	char name[BN_RUN_LOG_NAME];
	size_t count;
	int rc = bn_run_log_list(parts, BN_RUN_LOG_PARTS, &count, run_dir, err);
	if (rc < 0)
		return rc;
	bool packed = count > 0 && parts[0].packed;
	if (!packed && (count == 0 || !strcmp(parts[count - 1].name, BN_RUN_LOG_FILE)))
		return remove_loose(run_dir, false, err);
	if (!packed) {
		name_packed(name, parts, count);
		if ((rc = write_packed(run_dir, name, parts, count, err)) < 0)
			return rc;
	}
	return remove_loose(run_dir, true, err);
}

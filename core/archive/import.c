/* import.c - see archive.h: a workspace made of an archive. */
#include "core/archive/_archive.h"
#include "core/base/dir_out.h"
#include "core/base/json.h"
#include "core/store/log/verify.h"
#include "core/store/modes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct importer {
	const bn_env *env;
	const bn_archive_target *to;
	bn_archive_report *report;
	bn_workspace_making how;
	bn_archive_reader *reader;
	bn_dir_out *out;
	const bn_dir *root; /* what will be .binnacle */
	int fd;
	uint8_t *piece;
	char private_dir[32];
	char made[BN_ARCHIVE_PATH_MAX + 64]; /* the directory of the last file */
	bn_names dirs;                       /* that were made */
	uint64_t done, total;
} importer;

/* ---- the file that is read ------------------------------------------------------------------- */

typedef struct source {
	int fd;
	const char *name;
} source;

static int source_read(void *ctx, void *bytes, size_t n, size_t *got, bn_err *err)
{
	const source *s = ctx;
	ssize_t have;
	do
		have = read(s->fd, bytes, n);
	while (have < 0 && errno == EINTR);
	if (have < 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot read %s", s->name);
	*got = (size_t)have;
	return 0;
}

static int source_open(source *s, const bn_env *env, const char *path, bn_err *err)
{
	struct stat st;
	*s = (source){0, "standard input"};
	if (!strcmp(path, "-"))
		return 0;
	s->name = path;
	s->fd = env->fs->open(env, NULL, path, O_RDONLY, 0);
	if (s->fd < 0)
		return bn_err_sys(err, s->fd == -ENOENT ? BN_ENOTFOUND : BN_EIO, -s->fd, "cannot open '%s'", path);
	if (env->fs->fstat(env, s->fd, &st) >= 0 && S_ISDIR(st.st_mode)) {
		env->fs->close(env, s->fd);
		s->fd = -1;
		return bn_err_set(err, BN_EINVAL, "'%s' is a directory, not an archive", path);
	}
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Where an entry goes, and the modes of the file and of its directory. */
typedef struct place {
	char path[BN_ARCHIVE_PATH_MAX + 64];
	mode_t file, dir;
} place;

static void find_place(place *p, const importer *m, const char *path)
{
	char hash[BN_SHA256_HEX + 1];
	mode_t shared = bn_access_dir_mode(m->how.access), own = bn_copy_own_dir_mode(m->how.access);
	*p = (place){.file = 0444, .dir = shared};
	snprintf(p->path, sizeof p->path, "%s", path);
	switch (bn_archive_kind_of(path)) {
	case BN_ARCHIVE_SEGMENT:
		p->file = 0644;
		p->dir = own;
		break;
	case BN_ARCHIVE_RUN:
		p->file = 0644;
		p->dir = own;
		break;
	case BN_ARCHIVE_PRIVATE_RUN:
		snprintf(p->path, sizeof p->path, "%s", path + strlen("private/"));
		p->file = 0600;
		p->dir = 0700;
		break;
	case BN_ARCHIVE_PRIVATE_OBJECT:
		bn_archive_path_hash(path, hash);
		snprintf(p->path, sizeof p->path, "%s/%s", m->private_dir, hash);
		p->file = 0400;
		p->dir = 0700;
		break;
	case BN_ARCHIVE_LEFT:
		p->file = 0644;
		break;
	case BN_ARCHIVE_CLAIM:
	case BN_ARCHIVE_OBJECT:
	case BN_ARCHIVE_BAD:
		break;
	}
}

/* Entries come in the order of their paths, so those of one directory come together. */
static int make_parent(importer *m, const place *p, bn_err *err)
{
	char dir[sizeof m->made];
	const char *slash = strrchr(p->path, '/');
	if (!slash)
		return 0;
	snprintf(dir, sizeof dir, "%.*s", (int)(slash - p->path), p->path);
	if (!strcmp(dir, m->made))
		return 0;
	snprintf(m->made, sizeof m->made, "%s", dir);
	if (bn_names_add(&m->dirs, dir))
		return bn_err_nomem(err, "a list of directories");
	return bn_dir_make(m->root, dir, p->dir, err);
}

static int take_file(importer *m, const bn_archive_entry *e, bn_err *err)
{
	place p;
	int fd = -1, rc;
	size_t got = 1;
	find_place(&p, m, e->path);
	if ((rc = make_parent(m, &p, err)) < 0 ||
		(rc = bn_dir_open_file(&fd, m->root, p.path, O_WRONLY | O_CREAT | O_EXCL, p.file, err)) < 0)
		return rc;
	while (got) {
		if ((rc = bn_archive_reader_read(m->reader, m->piece, BN_ARCHIVE_PIECE, &got, err)) < 0 ||
			(got && (rc = bn_dir_write_all(m->env, m->root, p.path, fd, m->piece, got, err)) < 0))
			goto out;
		m->done += got;
		if ((rc = bn_progress_step(m->to->progress, "importing", m->done, m->total, err)) < 0)
			goto out;
	}
	if (m->env->fs->will_sync)
		m->env->fs->will_sync(m->env, fd, 0, (off_t)e->bytes);
out:
	m->env->fs->close(m->env, fd);
	return rc;
}

/* Files are synced together at the end: their bytes are on the way to the disk since they were written. */
static int sync_dir(importer *m, const char *dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(m->root, *dir ? dir : NULL, &names, err);
	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		struct stat st;
		int fd = -1;
		char *file = bn_path_join(dir, names.items[i]);
		if (!file) {
			rc = bn_err_nomem(err, "a file name");
			break;
		}
		if ((rc = bn_dir_stat(m->root, *dir ? file : names.items[i], &st, err)) >= 0 &&
			S_ISREG(st.st_mode) &&
			(rc = bn_dir_open_file(&fd, m->root, *dir ? file : names.items[i], O_RDONLY, 0,
				 err)) >= 0) {
			rc = bn_dir_sync_file(m->env, m->root, file, fd, err);
			m->env->fs->close(m->env, fd);
		}
		bn_free(file);
		if (rc >= 0)
			rc = bn_progress_step(m->to->progress, "writing to disk", m->done, m->total, err);
	}
	bn_names_release(&names);
	return rc < 0 ? rc : bn_dir_sync(m->root, *dir ? dir : NULL, err);
}

static void count(bn_archive_report *r, const bn_archive_entry *e)
{
	r->entries++;
	r->bytes += e->bytes;
	switch (bn_archive_kind_of(e->path)) {
	case BN_ARCHIVE_OBJECT:
	case BN_ARCHIVE_PRIVATE_OBJECT:
		r->objects++;
		r->object_bytes += e->bytes;
		break;
	case BN_ARCHIVE_SEGMENT:
		r->segments++;
		r->log_bytes += e->bytes;
		break;
	case BN_ARCHIVE_LEFT:
		r->objects_left = e->bytes / (BN_SHA256_HEX + 1);
		break;
	default:
		break;
	}
}

static int take_files(importer *m, bn_err *err)
{
	const bn_archive_entry *e;
	char run[BN_RUN_ID_TEXT] = "";
	int rc;
	while ((rc = bn_archive_reader_next(&e, m->reader, err)) == 1) {
		bn_archive_kind kind = bn_archive_kind_of(e->path);
		if ((rc = take_file(m, e, err)) < 0)
			return rc;
		count(m->report, e);
		const char *id = e->path + (kind == BN_ARCHIVE_PRIVATE_RUN ? strlen("private/") : 0) + 5;
		if ((kind == BN_ARCHIVE_RUN || kind == BN_ARCHIVE_PRIVATE_RUN) &&
			strncmp(run, id, sizeof run - 1) != 0) {
			snprintf(run, sizeof run, "%.32s", id);
			m->report->runs++;
		}
	}
	for (size_t i = 0; rc >= 0 && i < m->dirs.count; i++)
		rc = sync_dir(m, m->dirs.items[i], err);
	return rc < 0 ? rc : sync_dir(m, "", err);
}

/* ---- the workspace --------------------------------------------------------------------------- */

static int read_report(importer *m, bn_err *err)
{
	const json_t *h = bn_archive_reader_header(m->reader);
	const json_t *words = json_object_get(h, "left_out");
	const char *closure = bn_json_str(h, "closure", NULL);
	bn_archive_report *r = m->report;
	snprintf(r->id, sizeof r->id, "%.36s", bn_json_str(json_object_get(h, "workspace"), "id", ""));
	r->created_ms = bn_json_int(h, "created_ms", 0);
	m->total = (uint64_t)bn_json_int(h, "bytes", 0);
	if (closure && !(r->closure = bn_strdup(closure)))
		return bn_err_nomem(err, "a report");
	for (size_t i = 0; i < json_array_size(words) && i <= BN_ARCHIVE_WORDS_MAX; i++) {
		const char *word = json_string_value(json_array_get(words, i));
		if (word && bn_names_add(&r->left_out, word))
			return bn_err_nomem(err, "a report");
	}
	return 0;
}

/* Without signatures, records count as those of who owns their file, and all of them are of one user from now on. */
static int check_owners(importer *m, bn_err *err)
{
	const json_t *h = bn_archive_reader_header(m->reader), *uids = json_object_get(h, "uids");
	const json_t *w = json_object_get(h, "workspace");
	if (json_array_size(uids) < 2)
		return 0;
	if (json_object_get(w, "founding"))
		return bn_names_add(&m->report->left_out,
			       "owners of files: what others wrote before the upgrade counts only where their "
			       "keys vouch for it (audit verify)") ? bn_err_nomem(err, "a report") : 0;
	if (json_is_true(json_object_get(w, "chain")))
		return 0;
	bn_err_set(err, BN_EREFUSED,
		"this workspace has no chain of authority, so who wrote a record is known by the owner of its file: "
		"the records of %zu users would all count as yours",
		json_array_size(uids));
	bn_err_hint(err, "upgrade it where it is (binnacle upgrade), then export it again");
	return BN_EREFUSED;
}

static int check_room(const importer *m, bn_err *err)
{
	uint64_t room;
	if (!bn_dir_free_bytes(m->root, &room) || room >= m->total)
		return 0;
	return bn_err_set(err, BN_EIO, "'%s' has room for %llu bytes, and the archive holds %llu",
		m->to->dir, (unsigned long long)room, (unsigned long long)m->total);
}

/* The log as it will be read: a fault that it had is no fault of the archive, and is reported. */
static int look_at_log(importer *m, bn_err *err)
{
	bn_log_report log = {0};
	int rc = bn_log_verify(&log, m->root, m->report->id, m->to->progress, err);
	m->report->log_faults = log.fault_count;
	bn_log_report_release(&log);
	return rc;
}

static int make_workspace(importer *m, bn_err *err)
{
	const json_t *h = bn_archive_reader_header(m->reader);
	int rc;
	if ((rc = read_report(m, err)) < 0 || (rc = check_owners(m, err)) < 0 ||
		(rc = check_room(m, err)) < 0 || (rc = bn_copy_begin(m->root, &m->how, err)) < 0 ||
		(rc = take_files(m, err)) < 0 ||
		(rc = bn_copy_finish(m->root, &m->how, json_object_get(h, "workspace"), err)) < 0 ||
		(rc = look_at_log(m, err)) < 0)
		return rc;
	return bn_dir_out_finish(m->out, err);
}

/* *made: the directory is new, and empty if nothing comes of it. */
static int make_dir(bool *made, const importer *m, bn_err *err)
{
	*made = !bn_fs_is_dir(m->env, m->to->dir);
	return *made ? bn_fs_make_dirs(m->env, m->to->dir,
			       m->to->access == BN_ACCESS_PRIVATE ? 0700 : 0755, err)
		     : 0;
}

int bn_archive_import(bn_archive_report *out, const bn_env *env, const char *path,
	const bn_archive_target *to, bn_err *err)
{
	importer m = {.env = env, .to = to, .report = out,
		.how = {.access = to->access, .group = to->group}};
	const bn_dir_out_how how = {.what = "a workspace"};
	source s = {.fd = -1};
	bool made = false;
	char *path_in = bn_path_join(to->dir, ".binnacle");
	int rc = 0;
	*out = (bn_archive_report){.left_out = BN_NAMES_INIT};
	snprintf(m.private_dir, sizeof m.private_dir, "objects/" BN_PRIVATE_PREFIX "%lu",
		(unsigned long)env->uid(env));
	if (!path_in || !(m.piece = bn_alloc(BN_ARCHIVE_PIECE))) {
		rc = bn_err_nomem(err, "an archive");
		goto out;
	}
	if (bn_fs_exists(env, path_in)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is there already", path_in);
		bn_err_hint(err, "an archive becomes a new workspace: name another directory");
		goto out;
	}
	if ((rc = source_open(&s, env, path, err)) < 0 ||
		(rc = bn_archive_reader_new(&m.reader, env,
			 (bn_archive_stream){source_read, &s, s.name}, err)) < 0 ||
		(rc = make_dir(&made, &m, err)) < 0 ||
		(rc = bn_dir_out_open(&m.out, env, path_in, &how, err)) < 0)
		goto out;
	m.root = bn_dir_out_at(m.out);
	rc = make_workspace(&m, err);
out:
	bn_archive_reader_free(m.reader);
	bn_dir_out_free(m.out);
	if (rc < 0 && made)
		env->fs->rmdir(env, NULL, to->dir);
	if (s.fd > 0)
		env->fs->close(env, s.fd);
	bn_names_release(&m.dirs);
	bn_free(m.piece);
	bn_free(path_in);
	return rc;
}

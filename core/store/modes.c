/* modes.c - see modes.h. */
#include "core/store/modes.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"

#include <fcntl.h>
#include <string.h>

enum { DEPTH_MAX = 16 }; /* depth of directories of claims */

/* ---- findings ------------------------------------------------------------------------------- */

typedef struct look {
	bn_mode_findings *out;
	const bn_workspace *ws;
	const bn_dir *root;
	uid_t founder;
	dev_t device;
	size_t seen;                      /* entries */
	size_t faults[BN_MODE_ABOVE + 1]; /* number found of each kind */
	int failed;                       /* BN_ENOMEM; when protecting: any error */
	bool protects; /* repair loose directories of ours instead of reporting faults */
	bn_err *err;   /* of that */
} look;

/* path: below .binnacle ("" is itself), or absolute. */
static bn_mode_finding *found(
	look *l, bn_mode_fault fault, const char *path, const struct stat *st, mode_t want)
{
	bn_mode_findings *out = l->out;
	if (l->protects) /* no other fault is looked for */
		return NULL;
	if (++l->faults[fault] > BN_MODE_FINDINGS) {
		out->left_out++;
		return NULL;
	}
	char *whole = path[0] ? bn_path_join(l->root->path, path) : bn_strdup(l->root->path);
	if (!whole || bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
		bn_free(whole);
		l->failed = BN_ENOMEM;
		return NULL;
	}
	bn_mode_finding *f = &out->items[out->count++];
	*f = (bn_mode_finding){.fault = fault,
		.path = whole,
		.owner = st->st_uid,
		.is = st->st_mode & 07777,
		.want = want};
	return f;
}

void bn_modes_release(bn_mode_findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		bn_free(f->items[i].path);
	bn_free(f->items);
	*f = (bn_mode_findings){0};
}

static bool may_go_on(look *l)
{
	if (l->seen++ < BN_MODE_ENTRIES)
		return l->failed == 0;
	if (!l->protects)
		l->out->stopped = true;
	return false;
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

/* ---- the tree below .binnacle
 * ------------------------------------------------------------------ */

/* For what this user owns. */
static void set_mode(look *l, const char *path, const struct stat *st, mode_t mode)
{
	const bn_env *env = l->ws->env;
	bn_dir *d = NULL;
	int file = -1, rc = 0;
	if (st->st_uid != env->uid(env))
		return;
	if (!S_ISDIR(st->st_mode))
		rc = bn_dir_open_file(&file, l->root, path, O_RDONLY, 0, l->err);
	else if (path[0])
		rc = bn_dir_open_below(&d, l->root, path, l->err);
	if (rc < 0)
		goto out;
	const int fd = d ? d->fd : file;
	int e = env->fs->fchmod(env, fd < 0 ? l->root->fd : fd, mode);
	if (e < 0)
		rc = bn_dir_error(l->err, -e, "cannot set the mode of", l->root, path);
out:
	if (file >= 0)
		env->fs->close(env, file);
	bn_dir_close(d);
	if (rc < 0 && !l->failed)
		l->failed = rc;
}

/* A directory to which all writers of the workspace add. */
static void judge_shared(look *l, const char *path, const char *entries, const struct stat *st)
{
	bn_access access = l->ws->access;
	mode_t is = st->st_mode & 07777, want = bn_access_dir_mode(access);
	bn_mode_finding *f;
	if (l->protects) {
		if ((is & 022) && !(is & S_ISVTX))
			set_mode(l, path, st, is | S_ISVTX);
		return;
	}
	if (access != BN_ACCESS_GROUP) {
		if (is & 022)
			found(l, BN_MODE_OPEN, path, st, want);
		else if (access == BN_ACCESS_PRIVATE && (is & 055))
			found(l, BN_MODE_SHOWN, path, st, want);
		return;
	}
	if ((is & 022) && !(is & S_ISVTX) && (f = found(l, BN_MODE_LOOSE, path, st, is | S_ISVTX)))
		f->holds_others = has_several_owners(l->root, entries);
	if (l->ws->is_access_said && (is & 070) != 070)
		found(l, BN_MODE_SHUT, path, st, want);
	else if (l->ws->is_access_said && (is & 07))
		found(l, BN_MODE_SHOWN, path, st, want);
}

/* Created by one user and only read by others. */
static void judge_own(look *l, const char *path, const struct stat *st, mode_t want)
{
	mode_t is = st->st_mode & 07777, need = l->ws->access == BN_ACCESS_GROUP ? want & 050 : 0;
	if (l->protects && (is & 022))
		set_mode(l, path, st, is & ~(mode_t)022);
	else if (is & 022)
		found(l, BN_MODE_OPEN, path, st, is & ~(mode_t)022);
	else if (l->ws->is_access_said && (is & need) != need)
		found(l, BN_MODE_SHUT, path, st, want);
}

/* Private to one user. */
static void judge_hidden(look *l, const char *path, const struct stat *st)
{
	if (st->st_mode & 022)
		found(l, BN_MODE_OPEN, path, st, 0700);
	else if (st->st_mode & 077)
		found(l, BN_MODE_SHOWN, path, st, 0700);
}

typedef void visitor(look *l, const char *path, const struct stat *st, int depth);

/* Visits each entry of a directory; links are reported and not followed. */
static void each(look *l, const char *dir, int depth, visitor *visit)
{
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	if (bn_dir_list(l->root, dir, &names, NULL) < 0)
		goto out; /* not accessible to this user, or gone */
	for (size_t i = 0; i < names.count && may_go_on(l); i++) {
		char *path = bn_path_join(dir, names.items[i]);
		if (!path)
			l->failed = BN_ENOMEM;
		else if (bn_dir_stat(l->root, path, &st, NULL) == 0)
			visit(l, path, &st, depth);
		bn_free(path);
	}
out:
	bn_names_release(&names);
}

static bool is_dir_here(look *l, const char *path, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode))
		found(l, BN_MODE_KIND, path, st, 0);
	else if (st->st_dev != l->device)
		found(l, BN_MODE_DEVICE, path, st, 0);
	else
		return true;
	return false;
}

static void visit_file(look *l, const char *path, const struct stat *st, int depth)
{
	(void)depth;
	if (S_ISREG(st->st_mode))
		judge_own(l, path, st, 0444);
}

static void visit_private(look *l, const char *path, const struct stat *st, int depth)
{
	(void)depth;
	if (S_ISREG(st->st_mode) && (st->st_mode & 077))
		found(l, st->st_mode & 022 ? BN_MODE_OPEN : BN_MODE_SHOWN, path, st, 0400);
}

/* Private objects of the user whose number the name ends with. */
static void judge_private(look *l, const char *path, const char *uid, const struct stat *st)
{
	int64_t number;
	if (!bn_parse_i64(uid, strlen(uid), &number) || (int64_t)st->st_uid != number) {
		found(l, BN_MODE_FOREIGN, path, st, 0);
		return;
	}
	judge_hidden(l, path, st);
	each(l, path, 0, visit_private);
}

static void visit_fan(look *l, const char *path, const struct stat *st, int depth)
{
	static const char own[] = "objects/" BN_PRIVATE_PREFIX;
	if (!is_dir_here(l, path, st))
		return;
	if (bn_str_starts(path, own)) {
		judge_private(l, path, path + sizeof own - 1, st);
		return;
	}
	judge_shared(l, path, path, st);
	each(l, path, depth + 1, visit_file);
}

static void visit_claim(look *l, const char *path, const struct stat *st, int depth)
{
	if (!S_ISDIR(st->st_mode)) {
		visit_file(l, path, st, depth);
		return;
	}
	judge_shared(l, path, path, st);
	if (depth < DEPTH_MAX)
		each(l, path, depth + 1, visit_claim);
}

static void visit_segment(look *l, const char *path, const struct stat *st, int depth)
{
	(void)depth;
	const char *end = strrchr(path, '.');
	if (S_ISREG(st->st_mode) && end && !strcmp(end, ".seg"))
		judge_own(l, path, st, 0644);
}

static void visit_writer(look *l, const char *path, const struct stat *st, int depth)
{
	if (!is_dir_here(l, path, st))
		return;
	judge_own(l, path, st, 0750);
	each(l, path, depth + 1, visit_segment);
}

/* A run may be private. */
static void visit_run(look *l, const char *path, const struct stat *st, int depth)
{
	(void)depth;
	if (is_dir_here(l, path, st))
		judge_own(l, path, st, 0);
}

static void visit_hidden(look *l, const char *path, const struct stat *st, int depth)
{
	(void)depth;
	if (S_ISDIR(st->st_mode))
		judge_hidden(l, path, st);
}

static void look_at_part(look *l, const char *name, uid_t founder, visitor *visit)
{
	struct stat st;
	if (l->root->env->fs->stat(l->root->env, l->root, name, &st) < 0)
		return; /* made when it is needed */
	if (!is_dir_here(l, name, &st))
		return;
	if (founder != (uid_t)-1 && st.st_uid != founder && st.st_uid != 0)
		found(l, BN_MODE_FOREIGN, name, &st, 0);
	else
		judge_shared(l, name, name, &st);
	if (visit)
		each(l, name, 0, visit);
}

/* ---- above ------------------------------------------------------------------------------------ */

/* A directory on the path to .binnacle: checks who may write to it, and whether it is sticky. */
static void look_above(look *l, const char *path)
{
	const bn_env *env = l->ws->env;
	struct stat st;
	if (env->fs->stat(env, NULL, path, &st) < 0)
		return;
	mode_t is = st.st_mode & 07777;
	bool ours = st.st_uid == 0 || st.st_uid == env->uid(env) || st.st_uid == l->founder;
	if (!ours)
		found(l, BN_MODE_ABOVE, path, &st, is);
	else if ((is & 022) && !(is & S_ISVTX))
		found(l, BN_MODE_ABOVE, path, &st, is | S_ISVTX);
}

static int look_up(look *l, bn_err *err)
{
	char *path = NULL;
	int rc = bn_path_real(&path, l->ws->dir, err);
	if (rc < 0)
		return rc;
	for (;;) {
		char *slash = strrchr(path, '/');
		look_above(l, path);
		if (!slash || !path[1])
			break;
		slash[slash == path] = '\0';
	}
	bn_free(path);
	return 0;
}

/* .binnacle and everything below it. */
static int walk(look *l, bn_err *err)
{
	static const struct {
		const char *name;
		visitor *visit;
		bool is_anybodys; /* its entries are checked one by one, regardless of its owner */
	} parts[] = {{"log", visit_writer, false}, {"objects", visit_fan, false},
		{"claims", visit_claim, false}, {"runs", visit_run, false},
		{"trash", visit_hidden, false}, {"tmp", NULL, false},
		{"queue", visit_hidden, true}};
	const bn_dir *root = l->root;
	struct stat st;
	int e = root->env->fs->fstat(root->env, root->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", root->path);
	l->device = st.st_dev;
	if (l->founder != (uid_t)-1 && st.st_uid != l->founder && st.st_uid != 0)
		found(l, BN_MODE_FOREIGN, "", &st, 0);
	else
		judge_shared(l, "", "log", &st);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		look_at_part(l, parts[i].name, parts[i].is_anybodys ? (uid_t)-1 : l->founder,
			parts[i].visit);
	return 0;
}

int bn_modes_look(bn_mode_findings *out, const bn_workspace *ws, uid_t founder, bn_err *err)
{
	look l = {.out = out, .ws = ws, .root = bn_workspace_at(ws), .founder = founder};
	*out = (bn_mode_findings){0};
	int rc = walk(&l, err);
	if (rc < 0 || (rc = look_up(&l, err)) < 0)
		return rc;
	return l.failed ? bn_err_nomem(err, "what doctor found") : 0;
}

int bn_modes_protect(const bn_workspace *ws, bn_err *err)
{
	look l = {.ws = ws,
		.root = bn_workspace_at(ws),
		.founder = (uid_t)-1,
		.protects = true,
		.err = err};
	int rc = walk(&l, err);
	return rc < 0 ? rc : l.failed;
}

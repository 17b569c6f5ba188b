/* place.c - see place.h. */
#include "core/store/index/place.h"

#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/settings.h"

#include <stdio.h>
#include <string.h>

enum place_step { STEP_CHOSEN = 1, STEP_SET, STEP_STATE, STEP_RUNTIME, STEP_TMP, STEP_MEMORY };

void bn_index_place_release(bn_index_place *p)
{
	bn_free(p->dir);
	*p = (bn_index_place){0};
}

void bn_index_place_failed(bn_index_place *p, const char *why)
{
	size_t n = strlen(p->why);
	snprintf(p->why + n, sizeof p->why - n, "%s%s", n ? "; " : "", why);
}

/* ---- checking a path -------------------------------------------------------------------------- */

/* Shortens path to its nearest existing ancestor. */
static void cut_to_existing(const bn_env *env, char *path)
{
	while (strcmp(path, "/") && !bn_fs_exists(env, path)) {
		char *slash = strrchr(path, '/');
		if (!slash)
			return;
		slash[slash == path] = '\0';
	}
}

/* Whether a path, which exists, is root or below it. */
static bool is_within(const bn_env *env, const char *path, const char *root)
{
	struct stat a, b;
	char *at = root ? bn_strdup(path) : NULL;
	bool within = false;
	if (!at || env->fs->stat(env, NULL, root, &b) < 0) {
		bn_free(at);
		return false;
	}
	for (;;) {
		if (env->fs->stat(env, NULL, at, &a) == 0 && a.st_dev == b.st_dev &&
			a.st_ino == b.st_ino) {
			within = true;
			break;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !at[1])
			break;
		slash[slash == at] = '\0';
	}
	bn_free(at);
	return within;
}

/* "" if an index may be there, else why not. */
static void look(char *why, size_t size, const bn_env *env, const char *path, const char *root)
{
	char type[24];
	char *at = bn_strdup(path);
	why[0] = '\0';
	if (!at)
		return;
	cut_to_existing(env, at);
	if (is_within(env, at, root))
		snprintf(why, size, "%.150s is in the workspace", path);
	else if (bn_fs_is_network(at))
		snprintf(why, size, "%.150s is on a network file system (%s)", at,
			bn_fs_type(at, type));
	bn_free(at);
}

/* ---- candidates -------------------------------------------------------------------------------- */

/* A directory of this user in one that many use. */
static char *below(const bn_env *env, const char *dir)
{
	return bn_strf("%s/binnacle-%lu", dir, (unsigned long)env->uid(env));
}

/* What is set, in settings.h's sense: *base stays NULL where nothing is. What is not understood is no place, and said. */
static int set_base(char **base, bn_index_place *p, const bn_env *env, bn_err *err)
{
	bn_settings *s = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_settings_load(&s, env, NULL, &why);
	if (rc < 0) {
		if (rc != BN_ENOMEM)
			bn_index_place_failed(p, why.msg);
		else
			bn_err_move(err, &why);
		return rc == BN_ENOMEM ? rc : 0;
	}
	const bn_setting *index = bn_settings_get(s, BN_SETTING_INDEX);
	p->enforced = index->enforced;
	if (index->is_set && !(*base = below(env, index->text)))
		rc = bn_err_nomem(err, "a file name");
	bn_settings_free(s);
	return rc;
}

/* Whether a place that the user chose may be taken. */
static int check_chosen(const bn_env *env, const char *chosen, bn_err *err)
{
	bn_settings *s = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_settings_load(&s, env, NULL, &why);
	if (rc == BN_ENOMEM)
		bn_err_move(err, &why);
	if (rc < 0)
		return rc == BN_ENOMEM ? rc : 0;
	rc = bn_settings_check_text(s, BN_SETTING_INDEX, chosen, "BINNACLE_INDEX", err);
	bn_settings_free(s);
	return rc;
}

/* *out NULL: there is no such place. id may be NULL. */
static int candidate(char **out, bn_index_place *p, const bn_env *env, const char *id, bn_err *err)
{
	const int step = p->step;
	const char *chosen = bn_env_get(env, "BINNACLE_INDEX");
	const char *runtime = bn_env_get(env, "XDG_RUNTIME_DIR");
	char *base = NULL;
	int rc;
	*out = NULL;
	if (step == STEP_CHOSEN && chosen && *chosen)
		return (rc = check_chosen(env, chosen, err)) < 0
			       ? rc
			       : bn_path_absolute(out, chosen, err);
	if (step == STEP_SET && (rc = set_base(&base, p, env, err)) < 0)
		return rc;
	if (step == STEP_STATE && bn_env_state_dir(&base, env, err) == BN_ENOMEM)
		return BN_ENOMEM;
	if (step == STEP_RUNTIME && runtime && runtime[0] == '/' &&
		!(base = bn_path_join(runtime, "binnacle")))
		return bn_err_nomem(err, "a file name");
	if (step == STEP_TMP && !(base = below(env, "/var/tmp")))
		return bn_err_nomem(err, "a file name");
	if (!base)
		return 0;
	*out = id ? bn_path_join(base, id) : bn_strdup(base);
	bn_free(base);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

int bn_index_place_next(
	bn_index_place *p, const bn_env *env, const char *root, const char *id, bn_err *err)
{
	char why[256];
	if (p->step == STEP_CHOSEN)
		return bn_err_set(err, BN_EIO, "no index in BINNACLE_INDEX: %s", p->why);
	for (;;) {
		bn_free(p->dir);
		p->dir = NULL;
		if (++p->step >= STEP_MEMORY || (p->enforced && p->step > STEP_SET))
			return 0;
		int rc = candidate(&p->dir, p, env, id, err);
		if (rc < 0)
			return rc;
		if (!p->dir)
			continue;
		look(why, sizeof why, env, p->dir, root);
		if (!why[0])
			return 0;
		if (p->step == STEP_CHOSEN) {
			bn_err_set(err, BN_EREFUSED, "BINNACLE_INDEX: %s", why);
			bn_err_hint(
				err, "the index needs a directory that you own on a local disk");
			return BN_EREFUSED;
		}
		bn_index_place_failed(p, why);
	}
}

/* ---- making it --------------------------------------------------------------------------------- */

/* A directory that the user named: links in it are followed. A directory that this process did not create
 * keeps its mode: it may be a home directory. */
static int open_named(bn_dir **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_dir *d = NULL;
	int rc = bn_dir_open(&d, env, path, NULL);
	if (rc < 0 && ((rc = bn_fs_make_dirs(env, path, 0700, err)) < 0 ||
			      (rc = bn_dir_open(&d, env, path, err)) < 0))
		return rc;
	if ((rc = bn_dir_check_private(d, err)) < 0) {
		bn_dir_close(d);
		return rc;
	}
	*out = d;
	return 0;
}

/* Where others may also create names: each of the last two components must be ours, and not a
 * link. */
static int open_steps(bn_dir **out, const bn_env *env, const char *path, bn_err *err)
{
	int rc = 0;
	bn_dir *top = NULL, *middle = NULL, *d = NULL;
	const char *id = bn_path_base(path);
	char *above = NULL, *own = bn_strndup(path, (size_t)(id - path) - 1);
	const char *name = own ? bn_path_base(own) : NULL;
	if (!own || !(above = bn_strndup(own, (size_t)(name - own)))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if ((rc = bn_fs_make_dirs(env, above, 0700, err)) < 0 ||
		(rc = bn_dir_open(&top, env, above, err)) < 0 ||
		(rc = bn_dir_make(top, name, 0700, err)) < 0 ||
		(rc = bn_dir_open_below(&middle, top, name, err)) < 0 ||
		(rc = bn_dir_check_private(middle, err)) < 0 ||
		(rc = bn_dir_make(middle, id, 0700, err)) < 0 ||
		(rc = bn_dir_open_below(&d, middle, id, err)) < 0 ||
		(rc = bn_dir_check_private(d, err)) < 0)
		goto out;
	*out = d;
	d = NULL;
out:
	bn_dir_close(d);
	bn_dir_close(middle);
	bn_dir_close(top);
	bn_free(above);
	bn_free(own);
	return rc;
}

int bn_index_place_open(bn_dir **out, const bn_index_place *p, const bn_env *env, bn_err *err)
{
	return p->step == STEP_CHOSEN ? open_named(out, env, p->dir, err)
				      : open_steps(out, env, p->dir, err);
}

/* ---- other files -------------------------------------------------------------------------------- */

/* Creates path and tests whether it is writable: a file system may be mounted read-only. */
static int make_usable(const bn_env *env, const char *path, bn_err *err)
{
	char uuid[BN_UUID_TEXT];
	int rc = bn_uuid_new(env, uuid, err);
	if (rc < 0 || (rc = bn_fs_make_dirs(env, path, 0700, err)) < 0)
		return rc;
	char *probe = bn_strf("%s/.%s", path, uuid);
	if (!probe)
		return bn_err_nomem(err, "a file name");
	int e = env->fs->mkdir(env, NULL, probe, 0700);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot make a directory in '%s'", path);
	else
		bn_fs_remove_tree(env, probe, NULL);
	bn_free(probe);
	return rc;
}

static int files_elsewhere(char **out, const bn_env *env, const char *root, const char *id,
	const char *sub, bn_err *err)
{
	bn_index_place p = {0};
	int rc;
	while ((rc = bn_index_place_next(&p, env, root, id, err)) >= 0 && p.dir) {
		bn_err why = BN_ERR_INIT;
		bn_dir *d = NULL;
		char *path = bn_path_join(p.dir, sub);
		if (!path) {
			rc = bn_err_nomem(err, "a file name");
			break;
		}
		if (bn_index_place_open(&d, &p, env, &why) == 0 &&
			make_usable(env, path, &why) == 0) {
			bn_dir_close(d);
			*out = path;
			break;
		}
		bn_dir_close(d);
		bn_free(path);
		bn_index_place_failed(&p, why.msg);
		bn_err_clear(&why);
	}
	if (rc >= 0 && !*out) {
		rc = bn_err_set(err, BN_EIO, "no private directory for files: %s", p.why);
		bn_err_hint(
			err, "set XDG_STATE_HOME or BINNACLE_INDEX to a directory that you own");
	}
	bn_index_place_release(&p);
	return rc;
}

int bn_index_place_files(char **out, const bn_env *env, const char *root, const char *id,
	const char *sub, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char *state = NULL, *path = NULL;
	*out = NULL;
	int rc = bn_env_state_dir(&state, env, &why);
	if (rc < 0)
		goto out;
	if (!(path = bn_strf("%s/%s/%s", state, id, sub))) {
		rc = bn_err_nomem(&why, "a file name");
		goto out;
	}
	if ((rc = make_usable(env, path, &why)) < 0)
		goto out;
	*out = path;
	path = NULL;
out:
	bn_free(state);
	bn_free(path);
	if (rc < 0 && rc != BN_ENOMEM)
		rc = files_elsewhere(out, env, root, id, sub, err);
	else if (rc < 0)
		bn_err_move(err, &why);
	bn_err_clear(&why);
	return rc;
}

/* settings.c - see settings.h. */
#include "core/base/settings.h"

#include "core/base/_fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define SITE_DIR "/etc/binnacle"
#define NUMBER_MOST 100000

typedef enum kind { TEXT, NUMBER, LIST } kind;
typedef enum strict { SAME, LOWER, HIGHER, BOTH } strict; /* what is stricter than the site's */

static const struct {
	const char *name;
	kind kind;
	strict strict;
	int levels; /* bits of bn_setting_level */
} keys[BN_SETTING_KEYS] = {
	[BN_SETTING_EXECUTOR] = {"executor", TEXT, SAME, 7},
	[BN_SETTING_PARTITION] = {"partition", TEXT, SAME, 7},
	[BN_SETTING_ACCOUNT] = {"account", TEXT, SAME, 7},
	[BN_SETTING_INDEX] = {"index", TEXT, SAME, 3},
	[BN_SETTING_LOGIN_HOSTS] = {"login_hosts", LIST, SAME, 1},
	[BN_SETTING_LOGIN_CORES] = {"login_cores", NUMBER, LOWER, 3},
	[BN_SETTING_LOGIN_MINUTES] = {"login_minutes", NUMBER, LOWER, 3},
	[BN_SETTING_REMOTES] = {"remotes", LIST, BOTH, 3},
	[BN_SETTING_RETENTION_DAYS] = {"retention_days", NUMBER, HIGHER, 7},
};

struct bn_settings {
	json_t *files[BN_SET_LEVELS]; /* NULL: absent */
	char *paths[BN_SET_LEVELS];
	bn_setting values[BN_SETTING_KEYS];
};

void bn_settings_free(bn_settings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < BN_SET_LEVELS; i++) {
		json_decref(s->files[i]);
		bn_free(s->paths[i]);
	}
	for (size_t i = 0; i < BN_SETTING_KEYS; i++)
		bn_names_release(&s->values[i].list);
	bn_free(s);
}

const char *bn_setting_name(bn_setting_key key)
{
	return keys[key].name;
}

const bn_setting *bn_settings_get(const bn_settings *s, bn_setting_key key)
{
	return &s->values[key];
}

int64_t bn_settings_number(const bn_settings *s, bn_setting_key key, int64_t otherwise)
{
	return s->values[key].is_set ? s->values[key].number : otherwise;
}

/* ---- one file ------------------------------------------------------------------------------- */

static int distrusted(const char *path, const char *why, bool is_site, bn_err *err)
{
	bn_err_set(err, BN_EREFUSED, "%s is not believed: %s", path, why);
	bn_err_hint(err,
		is_site ? "as root: chown root '%s' '%s' && chmod go-w '%s' '%s'"
			: "chmod go-w '%s', or remove it",
		path, SITE_DIR, path, SITE_DIR);
	return BN_EREFUSED;
}

static int check_site_dir(const bn_env *env, bn_err *err)
{
	struct stat st;
	if (env->fs->stat(env, NULL, SITE_DIR, &st) < 0 || (st.st_uid == 0 && !(st.st_mode & 022)))
		return 0;
	return distrusted(BN_SITE_FILE,
		st.st_uid ? "its directory does not belong to root"
			  : "group or others may write to its directory",
		true, err);
}

/* Of an open file; *out stays NULL when that fails. */
static int parse_file(json_t **out, const bn_env *env, int fd, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	size_t got = 0;
	int rc = 0;
	if (bn_buf_reserve(&text, BN_FS_TRUSTED_BYTES) < 0) {
		rc = bn_err_nomem(err, path);
		goto out;
	}
	if ((rc = bn_fs_read_at(env, fd, text.ptr, BN_FS_TRUSTED_BYTES, 0, &got, path, err)) < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, got, path, err);
out:
	bn_buf_release(&text);
	return rc;
}

static int load_named(
	bn_settings *s, const bn_env *env, bn_setting_level level, const char *path, bn_err *err)
{
	bool is_site = level == BN_SET_BY_SITE;
	const char *why;
	int rc, fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot read '%s'", path);
	if ((why = bn_fs_distrust(env, fd, is_site)))
		rc = distrusted(path, why, is_site, err);
	else if (!is_site || (rc = check_site_dir(env, err)) >= 0)
		rc = parse_file(&s->files[level], env, fd, path, err);
	env->fs->close(env, fd);
	return rc;
}

/* Where others may write: no link is followed, and it is of who founded the workspace, root or this user. */
static int load_below(bn_settings *s, const bn_dir *root, const char *path, bn_err *err)
{
	const bn_env *env = root->env;
	struct stat top;
	const char *why;
	int fd = -1, rc;
	bn_err unopened = BN_ERR_INIT;
	rc = bn_dir_open_file(&fd, root, BN_SETTINGS_FILE, O_RDONLY, 0, &unopened);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &unopened);
	if (env->fs->fstat(env, root->fd, &top) < 0) {
		rc = bn_err_set(err, BN_EIO, "cannot look at '%s'", path);
		goto out;
	}
	const uid_t owners[] = {env->uid(env), top.st_uid};
	if ((why = bn_fs_distrust_owners(env, fd, owners, 2)))
		rc = distrusted(path, why, false, err);
	else
		rc = parse_file(&s->files[BN_SET_BY_WORKSPACE], env, fd, path, err);
out:
	env->fs->close(env, fd);
	return rc;
}

/* ---- what it says --------------------------------------------------------------------------- */

static int wrong(const char *path, const char *field, const char *what, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%s: field '%s' must be %s", path, field, what);
}

static bool is_list_of_texts(const json_t *v)
{
	size_t i;
	json_t *item;
	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		if (!json_is_string(item) || !json_string_length(item))
			return false;
	}
	return true;
}

static int check_value(const char *path, bn_setting_key key, const json_t *v, bn_err *err)
{
	const char *name = keys[key].name, *text = json_string_value(v);
	if (keys[key].kind == TEXT && (!text || !*text))
		return wrong(path, name, "a text that is not empty", err);
	if (keys[key].kind == NUMBER && (!json_is_integer(v) || json_integer_value(v) < 1 ||
						json_integer_value(v) > NUMBER_MOST))
		return wrong(path, name, "a whole number from 1 to 100000", err);
	if (keys[key].kind == LIST && !is_list_of_texts(v))
		return wrong(path, name, "a list of texts that are not empty", err);
	if (key == BN_SETTING_INDEX && text[0] != '/')
		return wrong(path, name, "an absolute path", err);
	if (key == BN_SETTING_EXECUTOR && strcmp(text, "local") && strcmp(text, "queue"))
		return wrong(path, name, "\"local\" or \"queue\"", err);
	return 0;
}

static int check_enforce(const json_t *file, const char *path, bn_err *err)
{
	const json_t *list = json_object_get(file, "enforce");
	size_t i;
	json_t *item;
	if (list && !is_list_of_texts(list))
		return wrong(path, "enforce", "a list of fields of this file", err);
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		const char *name = json_string_value(item);
		if (strcmp(name, "enforce") != 0 && json_object_get(file, name))
			continue;
		return bn_err_set(err, BN_EINVAL,
			"%s: field 'enforce' names '%s', which this file does not set", path, name);
	}
	return 0;
}

static int check_file(const bn_settings *s, bn_setting_level level, bn_err *err)
{
	const char *known[BN_SETTING_KEYS + 2];
	const json_t *file = s->files[level];
	const char *path = s->paths[level];
	size_t n = 0;
	int rc;
	if (!file)
		return 0;
	for (size_t i = 0; i < BN_SETTING_KEYS; i++) {
		if (keys[i].levels >> level & 1)
			known[n++] = keys[i].name;
		else if (json_object_get(file, keys[i].name))
			return bn_err_set(err, BN_EINVAL, "%s: field '%s' is for %s", path,
				keys[i].name,
				keys[i].levels == 1 ? BN_SITE_FILE " alone"
						    : BN_SITE_FILE " and a user's own file");
	}
	if (level == BN_SET_BY_SITE)
		known[n++] = "enforce";
	known[n] = NULL;
	if ((rc = bn_json_only_keys(file, known, path, err)) < 0)
		return rc;
	for (size_t i = 0; i < BN_SETTING_KEYS; i++) {
		const json_t *v = json_object_get(file, keys[i].name);
		if (v && (rc = check_value(path, (bn_setting_key)i, v, err)) < 0)
			return rc;
	}
	return level == BN_SET_BY_SITE ? check_enforce(file, path, err) : 0;
}

/* ---- which decides -------------------------------------------------------------------------- */

static bool is_enforced(const json_t *site, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(site, "enforce"), i, item)
	{
		if (!strcmp(json_string_value(item), name))
			return true;
	}
	return false;
}

/* Whether what is given is no looser than what is set. A list of remotes is asked for each server: both hold. */
static bool holds(const bn_setting *set, bn_setting_key key, const char *text, int64_t number)
{
	switch (keys[key].strict) {
	case SAME:
		return text && set->text && !strcmp(text, set->text);
	case LOWER:
		return number <= set->number;
	case HIGHER:
		return number >= set->number;
	default:
		return true;
	}
}

static int take(bn_setting *set, const json_t *v, const char *path, bn_err *err)
{
	size_t i;
	json_t *item;
	set->is_set = true;
	set->path = path;
	set->text = json_string_value(v);
	set->number = json_is_integer(v) ? json_integer_value(v) : -1;
	bn_names_release(&set->list);
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		if (bn_names_add(&set->list, json_string_value(item)) < 0)
			return bn_err_nomem(err, "settings");
	}
	return 0;
}

static int decide(bn_settings *s, bn_setting_key key, bn_err *err)
{
	bn_setting *set = &s->values[key];
	int rc;
	for (int level = 0; level < BN_SET_LEVELS; level++) {
		const json_t *v = json_object_get(s->files[level], keys[key].name);
		int64_t number = json_is_integer(v) ? json_integer_value(v) : -1;
		if (!v)
			continue;
		if (set->enforced && !holds(set, key, json_string_value(v), number)) {
			set->overruled = s->paths[level];
			continue;
		}
		if ((rc = take(set, v, s->paths[level], err)) < 0)
			return rc;
		set->enforced |=
			level == BN_SET_BY_SITE && is_enforced(s->files[level], keys[key].name);
	}
	return 0;
}

/* *path NULL: a user without a home. */
static int user_path(char **path, const bn_env *env, bn_err *err)
{
	char *dir = NULL;
	int rc = bn_env_config_dir(&dir, env, NULL);
	if (rc == BN_ENOMEM || (dir && !(*path = bn_path_join(dir, BN_SETTINGS_FILE))))
		rc = bn_err_nomem(err, "a file name");
	else
		rc = 0;
	bn_free(dir);
	return rc;
}

static int read_all(bn_settings *s, const bn_env *env, const bn_dir *workspace, bn_err *err)
{
	int rc;
	if (!(s->paths[BN_SET_BY_SITE] = bn_strdup(BN_SITE_FILE)) ||
		(workspace && !(s->paths[BN_SET_BY_WORKSPACE] =
					      bn_dir_join(workspace, BN_SETTINGS_FILE))))
		return bn_err_nomem(err, "settings");
	if ((rc = user_path(&s->paths[BN_SET_BY_USER], env, err)) < 0)
		return rc;
	for (int level = 0; level < BN_SET_LEVELS; level++) {
		const char *path = s->paths[level];
		if (!path)
			continue;
		rc = level == BN_SET_BY_WORKSPACE
			     ? load_below(s, workspace, path, err)
			     : load_named(s, env, (bn_setting_level)level, path, err);
		if (rc < 0 || (rc = check_file(s, (bn_setting_level)level, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_settings_load(bn_settings **out, const bn_env *env, const bn_dir *workspace, bn_err *err)
{
	bn_settings *s = bn_alloc_zeroed(1, sizeof *s);
	int rc;
	if (!s)
		return bn_err_nomem(err, "settings");
	for (size_t i = 0; i < BN_SETTING_KEYS; i++)
		s->values[i].number = -1;
	if ((rc = read_all(s, env, workspace, err)) < 0)
		goto out;
	for (int key = 0; key < BN_SETTING_KEYS; key++)
		if ((rc = decide(s, (bn_setting_key)key, err)) < 0)
			goto out;
	*out = s;
	s = NULL;
out:
	bn_settings_free(s);
	return rc;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static int beyond(const bn_setting *set, bn_setting_key key, const char *what, bn_err *err)
{
	static const char *const words[] = {
		[SAME] = "", [LOWER] = "at most ", [HIGHER] = "at least ", [BOTH] = ""};
	char number[32];
	snprintf(number, sizeof number, "%lld", (long long)set->number);
	return bn_err_set(err, BN_EREFUSED, "%s: %s enforces %s: %s%s", what, BN_SITE_FILE,
		keys[key].name, words[keys[key].strict], set->text ? set->text : number);
}

/* What the site enforces, which a user's own stricter value does not replace for this question. */
static bn_setting enforced_of(const bn_settings *s, bn_setting_key key)
{
	const json_t *v = json_object_get(s->files[BN_SET_BY_SITE], keys[key].name);
	bn_setting set = {.enforced = s->values[key].enforced, .number = -1};
	set.text = json_string_value(v);
	if (json_is_integer(v))
		set.number = json_integer_value(v);
	return set;
}

int bn_settings_check_text(
	const bn_settings *s, bn_setting_key key, const char *given, const char *what, bn_err *err)
{
	bn_setting set = enforced_of(s, key);
	return !set.enforced || holds(&set, key, given, -1) ? 0 : beyond(&set, key, what, err);
}

int bn_settings_check_number(
	const bn_settings *s, bn_setting_key key, int64_t given, const char *what, bn_err *err)
{
	bn_setting set = enforced_of(s, key);
	return !set.enforced || holds(&set, key, NULL, given) ? 0 : beyond(&set, key, what, err);
}

bool bn_settings_on_login_host(const bn_settings *s, const bn_env *env)
{
	const bn_names *hosts = &s->values[BN_SETTING_LOGIN_HOSTS].list;
	for (size_t i = 0; i < hosts->count; i++)
		if (fnmatch(hosts->items[i], env->host(env), 0) == 0)
			return true;
	return false;
}

void bn_settings_limit_process(const bn_env *env)
{
	bn_settings *s = NULL;
	if (bn_settings_load(&s, env, NULL, NULL) < 0)
		return;
	const bn_setting *cores = &s->values[BN_SETTING_LOGIN_CORES];
	if (cores->is_set && cores->enforced && bn_settings_on_login_host(s, env))
		bn_process_limit_cpus((int)cores->number);
	bn_settings_free(s);
}

/* ---- remotes -------------------------------------------------------------------------------- */

/* "https://node7:8420" of an address, in lower case. False when it is longer, or names a user. */
static bool origin_of(char out[256], const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : strlen(url);
	if (n >= 256 || memchr(url, '@', n) || memchr(url, '\\', n))
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(url[i] >= 'A' && url[i] <= 'Z' ? url[i] - 'A' + 'a' : url[i]);
	out[n] = '\0';
	return true;
}

static bool is_own_server(const char *origin)
{
	static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = strstr(origin, "://");
	if (bn_str_starts(origin, "unix:"))
		return true;
	for (size_t i = 0; host && i < sizeof own / sizeof *own; i++) {
		size_t n = strlen(own[i]);
		if (!strncmp(host + 3, own[i], n) && (!host[3 + n] || host[3 + n] == ':'))
			return true;
	}
	return false;
}

static bool list_allows(const json_t *list, const char *origin)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		if (fnmatch(json_string_value(item), origin, 0) == 0)
			return true;
	}
	return false;
}

int bn_settings_check_remote(const bn_settings *s, const char *url, bn_err *err)
{
	const bn_setting *set = &s->values[BN_SETTING_REMOTES];
	char origin[256];
	bool known = origin_of(origin, url);
	if (!set->is_set || (known && is_own_server(origin)))
		return 0;
	for (int level = BN_SET_LEVELS - 1; level >= 0; level--) {
		const json_t *list =
			json_object_get(s->files[level], keys[BN_SETTING_REMOTES].name);
		if (!list)
			continue;
		if (!known || !list_allows(list, origin)) {
			bn_err_set(err, BN_EREFUSED,
				"'%s' is none of the servers that 'remotes' in %s allows", url,
				s->paths[level]);
			bn_err_hint(err, "binnacle doctor shows which; the port is a part of it");
			return BN_EREFUSED;
		}
		if (!set->enforced)
			break;
	}
	return 0;
}

/* config.c - see config.h. */
#include "core/dvc/config.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/ini.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	bn_free(text);
}

void bn_dvc_config_release(bn_dvc_config *c)
{
	for (size_t i = 0; i < c->count; i++) {
		bn_free(c->items[i].section);
		bn_free(c->items[i].key);
		wipe(c->items[i].value);
	}
	bn_free(c->items);
	for (size_t i = 0; i <= BN_DVC_LOCAL; i++)
		bn_free(c->dirs[i]);
	*c = (bn_dvc_config){.items = NULL};
}

const char *bn_dvc_level_name(bn_dvc_level level)
{
	static const char *const names[] = {"the system's configuration of DVC",
		"~/.config/dvc/config", ".dvc/config", ".dvc/config.local"};
	return names[level];
}

/* ---- loading ---------------------------------------------------------------------------------- */

typedef struct loading {
	bn_dvc_config *c;
	bn_dvc_level level;
} loading;

/* remote"x" and remote  "x" are the section remote "x". */
static char *normal_section(const char *section)
{
	const char *open = strchr(section, '"'), *close = strrchr(section, '"');
	size_t word = strcspn(section, " \t\"");
	if (!open || close == open)
		return bn_strdup(section);
	return bn_strf("%.*s \"%.*s\"", (int)word, section, (int)(close - open - 1), open + 1);
}

static int take_option(void *user, const bn_ini_option *option, bn_err *err)
{
	loading *l = user;
	bn_dvc_option o = {.level = l->level};
	o.section = normal_section(option->section);
	o.key = bn_strdup(option->key);
	o.value = bn_strdup(option->value);
	if (!o.section || !o.key || !o.value ||
		bn_grow(&l->c->items, &l->c->cap, l->c->count + 1, sizeof o) < 0) {
		bn_free(o.section);
		bn_free(o.key);
		wipe(o.value);
		return bn_err_nomem(err, "the configuration of DVC");
	}
	l->c->items[l->c->count++] = o;
	return 0;
}

static int take_text(
	bn_dvc_config *c, bn_dvc_level level, const bn_buf *text, const char *name, bn_err *err)
{
	loading l = {.c = c, .level = level};
	return bn_ini_parse(text->ptr, text->len, name, take_option, &l, err);
}

/* A file outside of the repository, in directory dir, which is taken. What this user cannot read is not there. */
static int load_outside(
	bn_dvc_config *c, bn_dvc_level level, const bn_env *env, char *dir, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *path = dir ? bn_strf("%s/config", dir) : NULL;
	int rc = 0;
	c->dirs[level] = dir;
	if (!path)
		return bn_err_nomem(err, "a path");
	if (bn_fs_exists(env, path) && (rc = bn_fs_read_file(env, path, &text, err)) == 0)
		rc = take_text(c, level, &text, path, err);
	bn_free(path);
	bn_buf_wipe(&text);
	return rc;
}

static int load_system(bn_dvc_config *c, const bn_env *env, bn_err *err)
{
	const char *dirs = bn_env_get(env, "XDG_CONFIG_DIRS"),
		   *given = bn_env_get(env, "DVC_SYSTEM_CONFIG_DIR");
	size_t n = dirs ? strcspn(dirs, ":") : 0;
	if (given && *given == '/')
		return load_outside(c, BN_DVC_SYSTEM, env, bn_strdup(given), err);
	if (n && *dirs == '/')
		return load_outside(c, BN_DVC_SYSTEM, env, bn_strf("%.*s/dvc", (int)n, dirs), err);
	return load_outside(c, BN_DVC_SYSTEM, env, bn_strdup("/etc/xdg/dvc"), err);
}

static int load_global(bn_dvc_config *c, const bn_env *env, bn_err *err)
{
	const char *given = bn_env_get(env, "DVC_GLOBAL_CONFIG_DIR");
	char *ours = NULL;
	if (given && *given == '/')
		return load_outside(c, BN_DVC_GLOBAL, env, bn_strdup(given), err);
	if (bn_env_config_dir(&ours, env, NULL) < 0)
		return 0; /* a user without a home */
	char *slash = strrchr(ours, '/');
	char *dir = slash ? bn_strf("%.*s/dvc", (int)(slash - ours), ours) : NULL;
	bn_free(ours);
	return load_outside(c, BN_DVC_GLOBAL, env, dir, err);
}

static int load_inside(
	bn_dvc_config *c, bn_dvc_level level, const bn_dir *root, const char *name, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (!(c->dirs[level] = bn_dir_join(root, ".dvc")))
		return bn_err_nomem(err, "a path");
	if ((rc = bn_dir_read_file(root, name, &text, &why)) < 0)
		rc = rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
	else
		rc = take_text(c, level, &text, name, err);
	bn_buf_wipe(&text);
	return rc;
}

int bn_dvc_config_load(bn_dvc_config *c, const bn_dir *root, bn_err *err)
{
	int rc;
	if ((rc = load_system(c, root->env, err)) < 0 ||
		(rc = load_global(c, root->env, err)) < 0 ||
		(rc = load_inside(c, BN_DVC_REPO, root, ".dvc/config", err)) < 0)
		return rc;
	return load_inside(c, BN_DVC_LOCAL, root, ".dvc/config.local", err);
}

/* ---- values ----------------------------------------------------------------------------------- */

const bn_dvc_option *bn_dvc_config_find(
	const bn_dvc_config *c, const char *section, const char *key)
{
	for (size_t i = c->count; i-- > 0;)
		if (!strcmp(c->items[i].section, section) && !strcmp(c->items[i].key, key))
			return &c->items[i];
	return NULL;
}

const char *bn_dvc_config_get(const bn_dvc_config *c, const char *section, const char *key)
{
	const bn_dvc_option *o = bn_dvc_config_find(c, section, key);
	return o ? o->value : NULL;
}

int bn_dvc_config_bool(
	bool *out, const bn_dvc_config *c, const char *section, const char *key, bn_err *err)
{
	const bn_dvc_option *o = bn_dvc_config_find(c, section, key);
	if (!o)
		return 0;
	*out = !strcasecmp(o->value, "true");
	return *out || !strcasecmp(o->value, "false")
		       ? 0
		       : bn_err_set(err, BN_EINVAL,
				 "%s: option '%s' of section '%s' is true or false",
				 bn_dvc_level_name(o->level), key, section);
}

/* Whether the text begins with a scheme: letters, digits or '_', then "://". */
static bool is_url(const char *text)
{
	size_t n = 0;
	while (isalnum((unsigned char)text[n]) || strchr("_+", text[n] ? text[n] : ' '))
		n++;
	return n && bn_str_starts(text + n, "://");
}

/* The user's home, and what follows "~" or "~/" in it. */
static char *below_home(const bn_env *env, const char *rest)
{
	char home[4096];
	const char *given = bn_env_get(env, "HOME");
	if (given && *given == '/')
		return bn_strf("%s%s", given, rest);
	return env->user_home(env, env->uid(env), home, sizeof home) == 0
		       ? bn_strf("%s%s", home, rest)
		       : NULL;
}

int bn_dvc_config_path(
	char **out, const bn_dvc_config *c, const bn_dvc_option *o, const bn_env *env, bn_err *err)
{
	const char *v = o->value;
	if (!*v)
		return bn_err_set(err, BN_EINVAL, "%s: option '%s' of section '%s' is empty",
			bn_dvc_level_name(o->level), o->key, o->section);
	if (*v == '/' || is_url(v))
		*out = bn_strdup(v);
	else if (*v == '~' && (!v[1] || v[1] == '/'))
		*out = below_home(env, v + 1);
	else
		*out = bn_strf("%s/%s", c->dirs[o->level], v);
	return *out ? 0 : bn_err_nomem(err, "a path");
}

/* remote.c - see remote.h. */
#include "core/dvc/remote.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

enum { VARIABLES = 8, HOPS = 8 };

typedef struct variable {
	const char *name; /* "AWS_PROFILE" */
	char *value;
} variable;

/* The environment with some variables set. The first member: a bn_env * of it is one of this. */
typedef struct bn_dvc_remote_env {
	bn_env env;
	const bn_env *outer;
	variable set[VARIABLES];
	size_t count;
} bn_dvc_remote_env;

static const char *get_variable(const bn_env *env, const char *name)
{
	const bn_dvc_remote_env *e = (const bn_dvc_remote_env *)env;
	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->set[i].name, name))
			return e->set[i].value;
	return e->outer->get(e->outer, name);
}

static int set_variable(bn_dvc_remote_env *e, const char *name, char *value, bn_err *err)
{
	if (!value)
		return bn_err_nomem(err, "an option of a remote");
	e->set[e->count++] = (variable){name, value};
	return 0;
}

void bn_dvc_remote_close(bn_dvc_remote *remote)
{
	bn_remote_store_close(remote->store);
	for (size_t i = 0; remote->env && i < remote->env->count; i++) {
		explicit_bzero(remote->env->set[i].value, strlen(remote->env->set[i].value));
		bn_free(remote->env->set[i].value);
	}
	bn_free(remote->env);
	bn_free(remote->name);
	*remote = (bn_dvc_remote){.name = NULL};
}

/* ---- options ------------------------------------------------------------------------------------ */

typedef struct opening {
	const bn_dvc_repo *r;
	const char *name;
	char *section; /* remote "name" */
	bn_dvc_remote_env *env;
	bn_remote_options options;
	char *ca_file;
	bn_err *err;
} opening;

static const char *option(const opening *o, const char *key)
{
	return bn_dvc_config_get(&o->r->config, o->section, key);
}

static int unsupported(const opening *o, const char *key, const char *why)
{
	return bn_err_set(
		o->err, BN_EUNSUPPORTED, "remote '%s': option '%s' %s", o->name, key, why);
}

static int refuse_on(const opening *o, const char *key)
{
	bool on = false;
	int rc = bn_dvc_config_bool(&on, &o->r->config, o->section, key, o->err);
	return rc == 0 && on ? unsupported(o, key, "is not supported") : rc;
}

/* ssl_verify: true, or a file of authorities. */
static int read_verify(opening *o)
{
	const bn_dvc_option *v = bn_dvc_config_find(&o->r->config, o->section, "ssl_verify");
	if (!v || !strcasecmp(v->value, "true"))
		return 0;
	if (!strcasecmp(v->value, "false")) {
		unsupported(o, "ssl_verify", "is false: certificates are always verified");
		bn_err_hint(o->err,
			"name the site's authorities instead: ssl_verify = /etc/ssl/site.pem");
		return BN_EUNSUPPORTED;
	}
	int rc = bn_dvc_config_path(&o->ca_file, &o->r->config, v, o->r->env, o->err);
	o->options.ca_file = o->ca_file;
	return rc;
}

static int read_s3(opening *o)
{
	static const struct {
		const char *key, *variable;
		bool is_path;
	} passed[] = {{"access_key_id", "AWS_ACCESS_KEY_ID", false},
		{"secret_access_key", "AWS_SECRET_ACCESS_KEY", false},
		{"session_token", "AWS_SESSION_TOKEN", false},
		{"credentialpath", "AWS_SHARED_CREDENTIALS_FILE", true},
		{"configpath", "AWS_CONFIG_FILE", true}};
	bool ssl = true;
	int rc;
	if ((rc = bn_dvc_config_bool(&ssl, &o->r->config, o->section, "use_ssl", o->err)) < 0 ||
		(rc = bn_dvc_config_bool(&o->options.anonymous, &o->r->config, o->section,
			 "allow_anonymous_login", o->err)) < 0)
		return rc;
	o->options.region = option(o, "region");
	o->options.profile = option(o, "profile");
	o->options.endpoint = option(o, "endpointurl");
	o->options.allow_http = !ssl;
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
		const bn_dvc_option *v =
			bn_dvc_config_find(&o->r->config, o->section, passed[i].key);
		char *value = NULL;
		if (!v)
			continue;
		if (passed[i].is_path) {
			if ((rc = bn_dvc_config_path(&value, &o->r->config, v, o->r->env, o->err)) <
				0)
				return rc;
		} else {
			value = bn_strdup(v->value);
		}
		if ((rc = set_variable(o->env, passed[i].variable, value, o->err)) < 0)
			return rc;
	}
	/* A token of the environment does not belong to keys of the configuration. */
	if (option(o, "access_key_id") && !option(o, "session_token"))
		return set_variable(o->env, "AWS_SESSION_TOKEN", bn_strdup(""), o->err);
	return 0;
}

static int read_http(opening *o)
{
	static const char *const keys[] = {"auth", "custom_auth_header", "user", "password", NULL};
	for (const char *const *key = keys; *key; key++)
		if (option(o, *key))
			return unsupported(
				o, *key, "is not supported: files are read without a password");
	return 0;
}

/* The URL of a remote, also if it is given as remote://OTHER/PATH. */
static int find_url(char **url, const opening *o)
{
	const bn_dvc_config *c = &o->r->config;
	bn_buf tail = BN_BUF_INIT;
	char *section = bn_strdup(o->section);
	int rc = 0;
	for (int hop = 0; section; hop++) {
		const bn_dvc_option *v = bn_dvc_config_find(c, section, "url");
		bn_free(section);
		section = NULL;
		if (!v) {
			rc = bn_err_set(o->err, BN_ENOTFOUND, "remote '%s' has no url", o->name);
		} else if (hop == HOPS) {
			rc = bn_err_set(o->err, BN_EINVAL, "remote '%s': its url leads in a circle",
				o->name);
		} else if (bn_str_starts(v->value, "remote://")) {
			const char *other = v->value + 9;
			size_t n = strcspn(other, "/");
			char *above = bn_strf("%s%s", other + n, tail.ptr);
			bn_buf_clear(&tail);
			bn_buf_adds(&tail, above ? above : "");
			bn_free(above);
			section = bn_strf("remote \"%.*s\"", (int)n, other);
		} else {
			rc = bn_dvc_config_path(url, c, v, o->r->env, o->err);
		}
	}
	if (*url && tail.len) {
		char *whole = bn_strf("%s%s", *url, tail.ptr);
		bn_free(*url);
		*url = whole;
	}
	bn_buf_release(&tail);
	return rc < 0 || *url ? rc : bn_err_nomem(o->err, "a URL");
}

static int open_store(bn_dvc_remote *out, opening *o, bool to_write)
{
	char *url = NULL;
	int rc = find_url(&url, o);
	if (rc < 0)
		goto out;
	bool is_s3 = bn_str_starts(url, "s3://"), is_dir = url[0] == '/';
	bool is_http = bn_str_starts(url, "http://") || bn_str_starts(url, "https://");
	if (!is_s3 && !is_dir && !is_http) {
		rc = bn_err_set(o->err, BN_EUNSUPPORTED,
			"remote '%s': '%.*s' is not supported; there are directories, s3:// and, "
			"for reading, http(s)://",
			o->name, (int)(strcspn(url, ":") + 3), url);
		bn_err_hint(o->err,
			"a directory of another host can be mounted (sshfs) and named by its path");
		goto out;
	}
	if ((rc = refuse_on(o, "version_aware")) < 0 || (rc = refuse_on(o, "worktree")) < 0 ||
		(!is_dir && (rc = read_verify(o)) < 0) || (is_s3 && (rc = read_s3(o)) < 0) ||
		(is_http && (rc = read_http(o)) < 0))
		goto out;
	if (is_dir && to_write && !bn_fs_exists(o->r->env, url) &&
		(rc = bn_fs_make_dirs(o->r->env, url, 0777, o->err)) < 0)
		goto out;
	rc = bn_remote_store_open(&out->store, &o->env->env, url, &o->options, o->err);
	if (rc < 0)
		bn_err_prefix(o->err, "remote '%s'", o->name);
out:
	bn_free(url);
	return rc;
}

int bn_dvc_remote_open(
	bn_dvc_remote *out, const bn_dvc_repo *r, const char *name, bool to_write, bn_err *err)
{
	const bn_dvc_config *c = &r->config;
	opening o = {.r = r, .err = err};
	int rc;
	*out = (bn_dvc_remote){.name = NULL};
	if (!name && !(name = bn_dvc_config_get(c, "core", "remote"))) {
		bn_err_set(err, BN_ENOTFOUND, "no remote is set in '%s'", r->root->path);
		bn_err_hint(err, "name one with --remote, or set it: dvc remote default NAME");
		return BN_ENOTFOUND;
	}
	if (!(out->name = bn_strdup(name)) || !(out->env = bn_alloc_zeroed(1, sizeof *out->env)) ||
		!(o.section = bn_strf("remote \"%s\"", name)))
		return bn_err_nomem(err, "a remote");
	out->env->env = *r->env;
	out->env->env.get = get_variable;
	out->env->outer = r->env;
	o.env = out->env;
	o.name = out->name;
	if (!bn_dvc_config_find(c, o.section, "url")) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no remote '%s' in '%s'", name, r->root->path);
		bn_err_hint(
			err, "dvc remote list shows them; dvc remote add %s URL adds one", name);
	} else {
		rc = open_store(out, &o, to_write);
	}
	bn_free(o.section);
	bn_free(o.ca_file);
	return rc;
}

/* aws_profile.c - see aws_profile.h. */
#include "core/remote/aws_profile.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

/* What a profile says in one or both files. */
typedef struct profile {
	const bn_env *env;
	const char *name;
	bool found;
	bn_aws_profile said;
	const char *other; /* a setting that would need more than reading: "credential_process" */
} profile;

static void wipe(char **text)
{
	bn_secret_free(*text);
	*text = NULL;
}

void bn_aws_profile_release(bn_aws_profile *p)
{
	wipe(&p->key_id);
	wipe(&p->secret);
	wipe(&p->token);
	wipe(&p->region);
	wipe(&p->endpoint);
	wipe(&p->style);
	wipe(&p->source);
}

/* ---- the files ------------------------------------------------------------------------------ */

static int set(char **field, const char *value, bn_err *err)
{
	if (*field) /* the credentials file comes first */
		return 0;
	*field = bn_strdup(value);
	return *field ? 0 : bn_err_nomem(err, "a profile");
}

static int take_setting(profile *p, const char *key, const char *value, bool nested, bn_err *err)
{
	static const char *const more[] = {"credential_process", "role_arn", "sso_session",
		"sso_start_url", "web_identity_token_file"};
	const struct {
		const char *key;
		char **field;
		bool nested;
	} known[] = {{"aws_access_key_id", &p->said.key_id, false},
		{"aws_secret_access_key", &p->said.secret, false},
		{"aws_session_token", &p->said.token, false}, {"region", &p->said.region, false},
		{"endpoint_url", &p->said.endpoint, false}, {"endpoint_url", &p->said.endpoint, true},
		{"addressing_style", &p->said.style, true}};
	if (!*value)
		return 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].nested == nested && !strcmp(known[i].key, key))
			return set(known[i].field, value, err);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		if (!nested && !strcmp(more[i], key) && !p->other)
			p->other = more[i];
	return 0;
}

static char *trimmed(char *s)
{
	s += strspn(s, " \t");
	size_t n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* Whether "[NAME]" or "[profile NAME]" is this profile; prefix: as in the config file. */
static bool is_section(char *line, const char *name, bool prefixed)
{
	char *end = strchr(line, ']');
	if (!end)
		return false;
	*end = '\0';
	char *text = trimmed(line + 1);
	if (prefixed && strcmp(text, "default")) {
		if (!bn_str_starts(text, "profile") || !strchr(" \t", text[7]))
			return false;
		text = trimmed(text + 7);
	}
	size_t n = strlen(text);
	if (n > 1 && text[0] == '"' && text[n - 1] == '"') {
		text[n - 1] = '\0';
		text++;
	}
	return !strcmp(text, name);
}

/* text is changed. prefixed: the config file's form. */
static int read_text(profile *p, char *text, const char *path, bool prefixed, bn_err *err)
{
	bool ours = false, in_s3 = false, begun = false;
	size_t number = 0;
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		bool nested = *line == ' ' || *line == '\t';
		char *bare = trimmed(line);
		if (!*bare || *bare == '#' || *bare == ';')
			continue;
		if (*bare == '[') {
			begun = true;
			in_s3 = false;
			ours = is_section(bare, p->name, prefixed);
			p->found |= ours;
			continue;
		}
		char *eq = strchr(bare, '=');
		if (!eq || !begun) {
			bn_err_set(err, BN_EINVAL, "%s:%zu: %s", path, number,
				eq ? "a setting before the first [profile]"
				   : "neither [profile] nor NAME = VALUE");
			return BN_EINVAL;
		}
		*eq = '\0';
		char *key = trimmed(bare), *value = trimmed(eq + 1);
		if (!nested)
			in_s3 = !strcmp(key, "s3") && !*value;
		if (!ours || (nested && !in_s3))
			continue;
		int rc = take_setting(p, key, value, nested, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static char *file_of(const bn_env *env, const char *variable, const char *name)
{
	const char *said = bn_env_get(env, variable), *home = bn_env_get(env, "HOME");
	char from_users[512];
	if (said && *said)
		return bn_strdup(said);
	if (!home || home[0] != '/') {
		if (env->user_home(env, env->uid(env), from_users, sizeof from_users) < 0)
			return bn_strdup("");
		home = from_users;
	}
	return bn_strf("%s/.aws/%s", home, name);
}

static int read_file(profile *p, const char *variable, const char *name, bool prefixed, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	char *text = NULL, *path = file_of(p->env, variable, name);
	bool had = p->said.secret != NULL;
	int rc = path ? 0 : bn_err_nomem(err, "a file name");
	if (rc < 0 || !bn_fs_exists(p->env, path))
		goto out;
	if (prefixed) { /* which need not hold a secret */
		bn_buf_reserve(&b, 65536);
		if ((rc = bn_fs_read_file(p->env, path, &b, &why)) < 0)
			goto out;
		if (strlen(b.ptr) != b.len) {
			rc = bn_err_set(&why, BN_EINVAL, "'%s' holds a byte 0", path);
			goto out;
		}
	} else if ((rc = bn_secret_file_read(&text, p->env, path, "S3 keys", &why)) < 0) {
		goto out;
	}
	if ((rc = read_text(p, prefixed ? b.ptr : text, path, prefixed, &why)) < 0 || had ||
		!p->said.secret)
		goto out;
	if (prefixed) { /* it holds one: checks who may read the file */
		bn_secret_free(text);
		text = NULL;
		if ((rc = bn_secret_file_read(&text, p->env, path, "S3 keys", &why)) < 0)
			goto out;
	}
	if (!(p->said.source = bn_strf("profile %s of %s", p->name, path)))
		rc = bn_err_nomem(&why, "a profile");
out:
	if (why.code)
		bn_err_move(err, &why);
	bn_buf_wipe(&b);
	bn_secret_free(text);
	bn_free(path);
	return rc;
}

/* ---- which one ------------------------------------------------------------------------------ */

static int take_env(bn_aws_profile *out, const bn_env *env, bool *found, bn_err *err)
{
	const char *id = bn_env_get(env, "AWS_ACCESS_KEY_ID");
	const char *secret = bn_env_get(env, "AWS_SECRET_ACCESS_KEY");
	const char *token = bn_env_get(env, "AWS_SESSION_TOKEN");
	bool has_id = id && *id, has_secret = secret && *secret;
	*found = has_id && has_secret;
	if (has_id != has_secret)
		return bn_err_set(err, BN_EINVAL, "%s is set without %s",
			has_id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			has_id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (!*found)
		return 0;
	out->key_id = bn_strdup(id);
	out->secret = bn_strdup(secret);
	out->token = token && *token ? bn_strdup(token) : NULL;
	out->source = bn_strdup("the environment");
	if (!out->key_id || !out->secret || !out->source || (token && *token && !out->token))
		return bn_err_nomem(err, "S3 keys");
	return 0;
}

static int need_one(const profile *p, bool named, bn_err *err)
{
	if (p->said.key_id || p->said.secret)
		return bn_err_set(err, BN_EINVAL, "the profile %s has %s without %s", p->name,
			p->said.key_id ? "aws_access_key_id" : "aws_secret_access_key",
			p->said.key_id ? "aws_secret_access_key" : "aws_access_key_id");
	if (p->other) {
		bn_err_set(err, BN_EREFUSED,
			"the profile %s gets its keys by %s, which is not done here", p->name,
			p->other);
		bn_err_hint(err,
			"export AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN "
			"(aws configure export-credentials)");
		return BN_EREFUSED;
	}
	bn_err_set(err, BN_EREFUSED, "there are no keys for S3%s%s",
		named ? " in the profile " : "", named ? p->name : "");
	bn_err_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to "
			 "~/.aws/credentials (chmod 600)");
	return BN_EREFUSED;
}

static void move(char **to, char **from)
{
	if (*to)
		return;
	*to = *from;
	*from = NULL;
}

static int take_env_text(
	char **out, const bn_env *env, const char *first, const char *second, bn_err *err)
{
	const char *v = bn_env_get(env, first);
	if (!v || !*v)
		v = bn_env_get(env, second);
	if (!v || !*v)
		return 0;
	return (*out = bn_strdup(v)) ? 0 : bn_err_nomem(err, "S3 settings");
}

int bn_aws_profile_find(
	bn_aws_profile *out, const bn_env *env, const char *name, bool need_keys, bn_err *err)
{
	const char *said = name ? name : bn_env_get(env, "AWS_PROFILE");
	profile p = {.env = env, .name = said && *said ? said : "default"};
	bool by_env = false;
	int rc = 0;
	*out = (bn_aws_profile){0};
	if ((rc = take_env_text(&out->region, env, "AWS_REGION", "AWS_DEFAULT_REGION", err)) < 0 ||
		(rc = take_env_text(
			 &out->endpoint, env, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", err)) < 0)
		goto out;
	if (need_keys && !name && (rc = take_env(out, env, &by_env, err)) < 0)
		goto out;
	/* Keys of the environment are enough: files that cannot be read then stop nobody. */
	if ((rc = read_file(&p, "AWS_SHARED_CREDENTIALS_FILE", "credentials", false,
		     by_env || !need_keys ? NULL : err)) < 0 &&
		!by_env && need_keys)
		goto out;
	if ((rc = read_file(&p, "AWS_CONFIG_FILE", "config", true,
		     by_env || !need_keys ? NULL : err)) < 0 &&
		!by_env && need_keys)
		goto out;
	rc = 0;
	if (said && *said && !p.found && !by_env) {
		rc = bn_err_set(err, BN_ENOTFOUND,
			"there is no profile '%s' in ~/.aws/credentials or ~/.aws/config", p.name);
		goto out;
	}
	move(&out->region, &p.said.region);
	move(&out->endpoint, &p.said.endpoint);
	move(&out->style, &p.said.style);
	if (by_env || !need_keys)
		goto out;
	if (!p.said.key_id || !p.said.secret) {
		rc = need_one(&p, name != NULL, err);
		goto out;
	}
	move(&out->key_id, &p.said.key_id);
	move(&out->secret, &p.said.secret);
	move(&out->token, &p.said.token);
	move(&out->source, &p.said.source);
out:
	bn_aws_profile_release(&p.said);
	return rc;
}

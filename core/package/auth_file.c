/* auth_file.c - a file of credentials, and the helper programs that it names: see credentials.h. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/package/_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#define FILE_MOST (1u << 20) /* bytes */
#define HELPER_MS 60000      /* a helper may ask the user's keyring to be unlocked */
#define ANSWER_MOST (1u << 20)
#define HUB_SERVER \
	"https://index.docker.io/v1/" /* what Docker calls its hub in files and to helpers */

typedef struct search {
	const bn_env *env;
	const char *path;
	const bn_reference *ref;
	const bn_credentials_options *options;
	const char *distrust; /* why helpers of this file are not run, or NULL */
	bn_err *err;
} search;

/* Takes text. */
static void warn(const search *s, char *text)
{
	if (text && s->options->warn)
		s->options->warn(s->options->user, text);
	bn_free(text);
}

/* Overwrites the strings of a tree, and gives up its reference. */
static void forget_json(json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_string(v))
		explicit_bzero((char *)(uintptr_t)json_string_value(v), json_string_length(v));
	json_object_foreach(v, key, item) forget_json(json_incref(item));
	json_array_foreach(v, i, item) forget_json(json_incref(item));
	json_decref(v);
}

/* jansson's messages quote the text, which may be a secret: only the place is passed on. */
static int parse(json_t **out, const bn_buf *text, const char *source, bn_err *err)
{
	json_error_t at;
	json_t *doc = json_loadb(text->ptr, text->len, JSON_REJECT_DUPLICATES, &at);
	if (doc && json_is_object(doc)) {
		*out = doc;
		return 0;
	}
	int line = doc ? 1 : at.line, column = doc ? 1 : at.column;
	if (doc)
		forget_json(doc);
	return bn_err_set(err, BN_EINVAL, "%s:%d:%d: not a JSON object (or a key twice)", source,
		line > 0 ? line : 1, column > 0 ? column : 1);
}

/* ---- helpers -------------------------------------------------------------------------------- */

static bool is_helper_name(const char *s)
{
	return *s && *s != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       strlen(s);
}

static int read_answer(bn_credentials **out, const bn_buf *text, const char *program, bn_err *err)
{
	json_t *doc = NULL;
	int rc = parse(&doc, text, program, err);
	if (rc < 0)
		return rc;
	const char *user = bn_json_str(doc, "Username", NULL);
	const char *secret = bn_json_str(doc, "Secret", NULL);
	if (!user || !secret || !*secret) {
		rc = bn_err_set(err, BN_EIO, "%s answered without Username and Secret", program);
		goto out;
	}
	bool is_token = !strcmp(user, "<token>");
	*out = bn_credentials_new(is_token ? NULL : user, is_token ? NULL : secret,
		is_token ? secret : NULL, program);
	if (!*out)
		rc = bn_err_nomem(err, "credentials");
out:
	forget_json(doc);
	return rc;
}

static int check_helper(const search *s, const char *name, const char *field)
{
	if (!is_helper_name(name))
		return bn_err_set(s->err, BN_EINVAL,
			"%s: %s: '%.100s' is not the name of a credential helper", s->path, field,
			name);
	if (!s->distrust)
		return 0;
	bn_err_set(s->err, BN_EREFUSED,
		"%s names a credential helper, a program to run, and is not trusted: %s", s->path,
		s->distrust);
	bn_err_hint(s->err, "name another file with --auth-file");
	return BN_EREFUSED;
}

/* A helper for everything (credsStore) that is not installed is a warning: the file may come from another machine. */
static int run_helper(bn_credentials **out, const search *s, const char *name, const char *field)
{
	bool hub = !strcmp(s->ref->registry, "docker.io");
	const char *server = hub ? HUB_SERVER : s->ref->registry;
	bn_buf answer = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int status = 0, rc = check_helper(s, name, field);
	if (rc < 0)
		return rc;
	char *program = bn_strf("docker-credential-%s", name);
	const char *const argv[] = {program, "get", NULL};
	if (!program || bn_buf_reserve(&answer, 1u << 16) < 0) {
		rc = bn_err_nomem(s->err, "credentials");
		goto out;
	}
	rc = bn_process_capture_answer(
		argv, server, HELPER_MS, ANSWER_MOST, &answer, &status, &why);
	if (rc < 0 && status == 127 && !strcmp(field, "credsStore")) {
		warn(s, bn_strf("%s: %s is not installed; continuing without credentials", s->path,
				program));
		rc = 0;
	} else if (rc < 0) {
		rc = bn_err_move(s->err, &why);
	} else if (status && !strstr(answer.ptr, "credentials not found")) {
		rc = bn_err_set(
			s->err, BN_EIO, "%s: %s failed with status %d", s->path, program, status);
		bn_err_hint(s->err, "try: echo %.80s | %.80s get", server, program);
	} else if (!status) {
		rc = read_answer(out, &answer, program, s->err);
	}
out:
	bn_buf_wipe(&answer);
	bn_free(program);
	return rc;
}

/* ---- auths ---------------------------------------------------------------------------------- */

static int bad_entry(const search *s, const char *key, const char *what)
{
	return bn_err_set(s->err, BN_EINVAL, "%s: auths: '%.120s': %s", s->path, key, what);
}

static int from_auth(bn_credentials **out, const search *s, const char *key, const char *auth)
{
	char *text = NULL;
	int rc = bn_base64_read(&text, auth);
	if (rc == BN_ENOMEM)
		return bn_err_nomem(s->err, "credentials");
	if (rc < 0)
		return bad_entry(s, key, "'auth' is not base64");
	char *colon = strchr(text, ':');
	size_t n = strlen(text);
	if (!colon) {
		rc = bad_entry(s, key, "'auth' is not base64 of USER:PASSWORD");
		goto out;
	}
	*colon = '\0';
	if (!(*out = bn_credentials_new(text, colon + 1, NULL, s->path)))
		rc = bn_err_nomem(s->err, "credentials");
out:
	explicit_bzero(text, n);
	bn_free(text);
	return rc;
}

/* *out stays NULL for an empty entry: the secret is in a store. */
static int read_entry(bn_credentials **out, const search *s, const char *key, const json_t *entry)
{
	const char *auth = bn_json_str(entry, "auth", ""),
		   *user = bn_json_str(entry, "username", "");
	const char *identity = bn_json_str(entry, "identitytoken", "");
	const char *token = bn_json_str(entry, "registrytoken", "");
	int rc = 0;
	if (!json_is_object(entry))
		return bad_entry(s, key, "not an object");
	if (*identity)
		*out = bn_credentials_new(NULL, NULL, identity, s->path);
	else if (*token)
		*out = bn_credentials_new(NULL, NULL, token, s->path);
	else if (*auth)
		return from_auth(out, s, key, auth);
	else if (*user)
		*out = bn_credentials_new(user, bn_json_str(entry, "password", ""), NULL, s->path);
	else
		return 0;
	if (!*out)
		return bn_err_nomem(s->err, "credentials");
	if (!*identity && *token) {
		(*out)->registry_token = (*out)->identity_token;
		(*out)->identity_token = NULL;
	}
	return rc;
}

static bool is_hub(const char *host, size_t n)
{
	static const char *const names[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == n && !strncasecmp(host, names[i], n))
			return true;
	return false;
}

/* How well a key fits: the length of what it names, 0 if something else. */
static size_t fit(const char *key, const bn_reference *ref)
{
	const char *scheme = strstr(key, "://"), *host = scheme ? scheme + 3 : key;
	size_t n = strcspn(host, "/"), own = strlen(ref->registry);
	bool same = n == own && !strncasecmp(host, ref->registry, n);
	if (!same && !(is_hub(host, n) && is_hub(ref->registry, own)))
		return 0;
	const char *path = host + n + (host[n] == '/');
	size_t length = strlen(path);
	while (length && path[length - 1] == '/')
		length--;
	if (!length)
		return 2 * own + !scheme; /* exact keys before those with a scheme */
	if (scheme)                       /* "https://host/v1/" means the host */
		return 2 * own;
	if (strncmp(path, ref->name, length) != 0 ||
		(ref->name[length] && ref->name[length] != '/'))
		return 0;
	return 2 * (own + 1 + length);
}

static int from_auths(bn_credentials **out, const search *s, const json_t *doc)
{
	json_t *auths = json_object_get(doc, "auths"), *entry, *best = NULL;
	const char *key, *best_key = NULL;
	size_t most = 0;
	if (auths && !json_is_object(auths))
		return bn_err_set(s->err, BN_EINVAL, "%s: 'auths' is not an object", s->path);
	json_object_foreach(auths, key, entry)
	{
		size_t n = fit(key, s->ref);
		if (n <= most)
			continue;
		most = n;
		best = entry;
		best_key = key;
	}
	return best ? read_entry(out, s, best_key, best) : 0;
}

static const char *helper_of(const json_t *helpers, const bn_reference *ref)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)helpers, key,
		value) if (!strchr(key, '/') && fit(key, ref) &&
			   json_is_string(value)) return json_string_value(value);
	return NULL;
}

static int from_document(bn_credentials **out, const search *s, const json_t *doc)
{
	const char *helper = helper_of(json_object_get(doc, "credHelpers"), s->ref);
	const char *store = bn_json_str(doc, "credsStore", "");
	int rc;
	if (helper && *helper)
		return run_helper(out, s, helper, "credHelpers");
	if ((rc = from_auths(out, s, doc)) < 0 || *out || !*store)
		return rc;
	return run_helper(out, s, store, "credsStore");
}

/* ---- the file ------------------------------------------------------------------------------- */

static int read_whole(bn_buf *text, const search *s, int fd, const struct stat *st)
{
	size_t got = 0;
	int rc;
	if (!S_ISREG(st->st_mode))
		return bn_err_set(s->err, BN_EINVAL, "'%s' is not a regular file", s->path);
	if (st->st_size > FILE_MOST)
		return bn_err_set(s->err, BN_EINVAL, "'%s' is larger than 1 MiB", s->path);
	if (bn_buf_reserve(text, (size_t)st->st_size + 1) < 0)
		return bn_err_nomem(s->err, s->path);
	if ((rc = bn_fs_read_at(
		     s->env, fd, text->ptr, (size_t)st->st_size, 0, &got, s->path, s->err)) < 0)
		return rc;
	text->len = got;
	text->ptr[got] = '\0';
	return 0;
}

int bn_auth_file_find(bn_credentials **out, const bn_env *env, const char *path,
	const bn_reference *ref, const bn_credentials_options *options, bn_err *err)
{
	search s = {env, path, ref, options, NULL, err};
	bn_buf text = BN_BUF_INIT;
	json_t *doc = NULL;
	struct stat st;
	int e, rc = 0;
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return bn_err_sys(err, fd == -ENOENT || fd == -ENOTDIR ? BN_ENOTFOUND : BN_EIO, -fd,
			"cannot open '%s'", path);
	if ((e = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", path);
		goto out;
	}
	if ((rc = read_whole(&text, &s, fd, &st)) < 0)
		goto out;
	s.distrust = bn_fs_distrust(env, fd, false);
	if (text.len == 0) /* as `podman logout` may leave it */
		goto out;
	if ((rc = parse(&doc, &text, path, err)) < 0)
		goto out;
	if ((rc = from_document(out, &s, doc)) < 0)
		goto out;
	if (*out && (st.st_mode & 044))
		warn(&s, bn_strf("others may read %s, which holds passwords: chmod 600 %s", path,
				 path));
out:
	if (doc)
		forget_json(doc);
	bn_buf_wipe(&text);
	env->fs->close(env, fd);
	return rc;
}

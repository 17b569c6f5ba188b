/* forge_place.c - which forge, project, request and commit: see forge.h. */
#include "core/ci/_forge_facts.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *bn_forge_kind_name(bn_forge_kind kind)
{
	return kind == BN_FORGE_GITHUB ? "GitHub" : "GitLab";
}

void bn_forge_place_release(bn_forge_place *p)
{
	bn_free(p->api);
	bn_free(p->project);
	bn_free(p->request_project);
	bn_free(p->request_page);
	bn_free(p->commit);
	bn_free(p->target_branch);
	bn_free(p->pipeline);
	bn_free(p->pipeline_page);
	*p = (bn_forge_place){0};
}

static int replace(char **out, const char *value, bn_err *err)
{
	char *copy = bn_strdup(value);
	if (!copy)
		return bn_err_nomem(err, "a place");
	bn_free(*out);
	*out = copy;
	return 0;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* The host and port of an http or https URL; *n their length. */
static const char *host_of(const char *url, size_t *n)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	*n = strcspn(host, "/");
	return host;
}

static bool host_is(const char *url, const char *name)
{
	size_t n;
	const char *host = host_of(url, &n);
	return n == strlen(name) && !strncasecmp(host, name, n);
}

static bool host_has(const char *url, const char *word)
{
	size_t n, k = strlen(word);
	const char *host = host_of(url, &n);
	for (size_t i = 0; i + k <= n; i++)
		if (!strncasecmp(host + i, word, k))
			return true;
	return false;
}

static bool same_host(const char *a, const char *b)
{
	size_t n, m;
	const char *x = host_of(a, &n), *y = host_of(b, &m);
	return n == m && !strncasecmp(x, y, n);
}

static int check_address(const char *url, bn_err *err)
{
	size_t n;
	const char *host = host_of(url, &n), *at = strchr(host, '@');
	bool good = n && (bn_str_starts(url, "https://") || bn_str_starts(url, "http://"));
	for (const char *p = url; *p; p++)
		good = good && (unsigned char)*p > ' ' && *p != 0x7f && !strchr("?#@", *p);
	if (good)
		return 0;
	/* what is before an @ may be a token */
	bn_err_set(err, BN_EINVAL, "'%.100s' is not the address of a forge", at ? at + 1 : url);
	bn_err_hint(err, "--url https://HOST[/PREFIX], without a user name or a token");
	return BN_EINVAL;
}

/* 0: the address does not say. */
static bn_forge_kind kind_of_address(const char *url)
{
	if (bn_str_ends(url, "/api/v4") || host_has(url, "gitlab"))
		return BN_FORGE_GITLAB;
	if (bn_str_ends(url, "/api/v3") || host_has(url, "github"))
		return BN_FORGE_GITHUB;
	return 0;
}

/* The API's URL from the forge's, or from itself. */
static int api_of_address(char **out, bn_forge_kind kind, const char *url, bn_err *err)
{
	const char *tail = kind == BN_FORGE_GITLAB ? "/api/v4" : "/api/v3";
	size_t n = strlen(url);
	int rc = check_address(url, err);
	if (rc < 0)
		return rc;
	while (n && url[n - 1] == '/')
		n--;
	if (kind == BN_FORGE_GITHUB &&
		(host_is(url, "github.com") || host_is(url, "www.github.com") ||
			host_is(url, "api.github.com")))
		*out = bn_strdup("https://api.github.com");
	else if (n >= strlen(tail) && !strncmp(url + n - strlen(tail), tail, strlen(tail)))
		*out = bn_strndup(url, n);
	else
		*out = bn_strf("%.*s%s", (int)n, url, tail);
	return *out ? 0 : bn_err_nomem(err, "a URL");
}

static int check_http(const char *api, bool plain_http, bn_err *err)
{
	char host[256];
	size_t n;
	const char *at = host_of(api, &n);
	if (plain_http || !bn_str_starts(api, "http://"))
		return 0;
	snprintf(host, sizeof host, "%.*s", (int)(n < 255 ? n : 255), at);
	if (bn_http_is_loopback_name(host))
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s is not https: the token could be read on the way", api);
	bn_err_hint(err, "--plain-http sends it nevertheless");
	return BN_EREFUSED;
}

/* ---- putting it together ------------------------------------------------------------------------- */

typedef struct sources {
	const bn_forge_wish *wish;
	const char *url; /* of the wish or of BINNACLE_FORGE_URL */
	bn_forge_place job;
	char *job_path; /* of the job's project */
	bn_forge_repository repo;
	char *server, *path; /* of the repository's remote */
} sources;

static int kind_of_word(bn_forge_kind *out, const char *word, bn_err *err)
{
	*out = 0;
	if (!word)
		return 0;
	if (!strcmp(word, "gitlab"))
		*out = BN_FORGE_GITLAB;
	else if (!strcmp(word, "github"))
		*out = BN_FORGE_GITHUB;
	else
		return bn_err_set(err, BN_EINVAL, "--forge '%s': gitlab or github", word);
	return 0;
}

/* Reads the repository, once, if there is one. */
static int need_repository(sources *s, bn_err *err)
{
	int rc;
	if (!s->wish->dir || s->repo.remote || s->repo.commit)
		return 0;
	if ((rc = bn_forge_read_repository(&s->repo, s->wish->dir, err)) < 0)
		return rc;
	if (s->repo.remote)
		return bn_forge_parse_remote(&s->server, &s->path, s->repo.remote, err);
	return 0;
}

static int no_forge(bn_err *err)
{
	bn_err_set(err, BN_EINVAL,
		"nothing says which forge this is: no option, no variable of GitLab CI or GitHub "
		"Actions, no git remote");
	bn_err_hint(err, "--url https://gitlab.example.org --project GROUP/PROJECT");
	return BN_EINVAL;
}

/* A host that only the remote names gets no token, except the two that everybody knows. */
static int api_of_remote(bn_forge_place *out, sources *s, bn_err *err)
{
	int rc = need_repository(s, err);
	if (rc < 0)
		return rc;
	if (!s->server)
		return no_forge(err);
	bool is_github = host_is(s->server, "github.com"),
	     is_gitlab = host_is(s->server, "gitlab.com");
	if (!is_github && !is_gitlab) {
		bn_err_set(err, BN_EREFUSED,
			"only the git remote names %s, and a token is not sent to a host for that "
			"alone",
			s->server);
		bn_err_hint(err, "if it is the right one: --url %.150s", s->server);
		return BN_EREFUSED;
	}
	if (!out->kind)
		out->kind = is_github ? BN_FORGE_GITHUB : BN_FORGE_GITLAB;
	return api_of_address(
		&out->api, out->kind, is_github ? "https://github.com" : "https://gitlab.com", err);
}

static int find_api(bn_forge_place *out, sources *s, bn_err *err)
{
	int rc;
	if (s->url) {
		if ((rc = check_address(s->url, err)) < 0)
			return rc;
		if (!out->kind)
			out->kind = s->job.kind && s->job.api && same_host(s->job.api, s->url)
					    ? s->job.kind
					    : kind_of_address(s->url);
		if (!out->kind) {
			bn_err_set(err, BN_EINVAL, "%s: GitLab or GitHub?", s->url);
			bn_err_hint(err, "--forge gitlab or --forge github");
			return BN_EINVAL;
		}
		if ((rc = api_of_address(&out->api, out->kind, s->url, err)) < 0)
			return rc;
	} else if (s->job.kind && s->job.api && (!out->kind || out->kind == s->job.kind)) {
		out->kind = s->job.kind;
		size_t n = strlen(s->job.api);
		while (n && s->job.api[n - 1] == '/')
			n--;
		if ((rc = check_address(s->job.api, err)) < 0)
			return rc;
		if (!(out->api = bn_strndup(s->job.api, n)))
			return bn_err_nomem(err, "a URL");
	} else if ((rc = api_of_remote(out, s, err)) < 0) {
		return rc;
	}
	return check_http(out->api, s->wish->plain_http, err);
}

/* Whether the job's variables are about this place: then they say the rest. */
static bool is_of_job(const bn_forge_place *out, const sources *s)
{
	const char *project = s->wish->project;
	if (!s->job.kind)
		return s->job.in_job; /* Jenkins: its job is about this repository */
	if (s->job.kind != out->kind || !s->job.api || !same_host(s->job.api, out->api))
		return false;
	return !project || (s->job.project && !strcmp(project, s->job.project)) ||
	       (s->job_path && !strcmp(project, s->job_path));
}

/* The path of the remote, without the prefix of a forge that is not at the root of its host. */
static const char *project_of_remote(const bn_forge_place *out, const sources *s)
{
	size_t n;
	const char *host = host_of(out->api, &n), *prefix = host + n;
	size_t length = strlen(prefix);
	bool github = out->kind == BN_FORGE_GITHUB && host_is(s->server, "github.com");
	if (!github && !same_host(s->server, out->api))
		return NULL;
	length = length > 7 ? length - 7 : 0; /* "/api/v4" */
	if (length > 1 && !strncmp(s->path, prefix + 1, length - 1) && s->path[length - 1] == '/')
		return s->path + length;
	return s->path;
}

static int find_project(bn_forge_place *out, sources *s, bn_err *err)
{
	const char *project = s->wish->project;
	int rc;
	if (!project && is_of_job(out, s))
		project = s->job.project;
	if (!project) {
		if ((rc = need_repository(s, err)) < 0)
			return rc;
		project = s->path ? project_of_remote(out, s) : NULL;
	}
	if (!project) {
		bn_err_set(err, BN_EINVAL, "nothing says which project of %s this is", out->api);
		bn_err_hint(err, "--project GROUP/PROJECT");
		return BN_EINVAL;
	}
	return replace(&out->project, project, err);
}

static int check_project(const bn_forge_place *p, bn_err *err)
{
	const char *s = p->project, *slash = strchr(s, '/');
	bool good = *s && *s != '/' && !bn_str_ends(s, "/") && !strstr(s, "//") && strlen(s) < 500;
	for (const char *c = s; *c; c++)
		good = good && (unsigned char)*c > ' ' && *c != 0x7f && !strchr("?#%\\", *c);
	if (p->kind == BN_FORGE_GITHUB)
		good = good && slash && !strchr(slash + 1, '/');
	else
		good = good && (slash || !s[strspn(s, "0123456789")]);
	if (good)
		return 0;
	bn_err_set(
		err, BN_EINVAL, "'%.200s' is not a project of %s", s, bn_forge_kind_name(p->kind));
	bn_err_hint(err, p->kind == BN_FORGE_GITHUB ? "--project OWNER/REPOSITORY"
						    : "--project GROUP/PROJECT, or its number");
	return BN_EINVAL;
}

static int check_commit(const char *commit, bn_err *err)
{
	size_t n = strlen(commit);
	if ((n == 40 || n == 64) && bn_is_hex(commit))
		return 0;
	return bn_err_set(
		err, BN_EINVAL, "'%.80s' is not the id of a commit (40 hex digits)", commit);
}

static int take_rest_of_job(bn_forge_place *out, sources *s, bn_err *err)
{
	const bn_forge_place *job = &s->job;
	const struct {
		char **to;
		const char *from;
	} parts[] = {{&out->request_project, job->request_project},
		{&out->request_page, job->request_page}, {&out->commit, job->commit},
		{&out->target_branch, job->target_branch}, {&out->pipeline, job->pipeline},
		{&out->pipeline_page, job->pipeline_page}};
	int rc;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].from && (rc = replace(parts[i].to, parts[i].from, err)) < 0)
			return rc;
	out->request = job->request;
	return 0;
}

/* Where people see a request, if the project's path is known. */
static int find_page(bn_forge_place *p, bn_err *err)
{
	size_t n = strlen(p->api);
	const char *project = p->request_project ? p->request_project : p->project;
	if (p->request_page || !p->request || !strchr(project, '/'))
		return 0;
	if (p->kind == BN_FORGE_GITLAB)
		p->request_page = bn_strf("%.*s/%s/-/merge_requests/%lld", (int)(n - 7), p->api,
			project, (long long)p->request);
	else if (host_is(p->api, "api.github.com"))
		p->request_page =
			bn_strf("https://github.com/%s/pull/%lld", project, (long long)p->request);
	else
		return 0;
	return p->request_page ? 0 : bn_err_nomem(err, "a URL");
}

static int find_rest(bn_forge_place *out, sources *s, bn_err *err)
{
	const bn_forge_wish *wish = s->wish;
	int rc;
	out->in_job = s->job.in_job;
	if (is_of_job(out, s) && (rc = take_rest_of_job(out, s, err)) < 0)
		return rc;
	if (wish->request && wish->request != out->request) {
		bn_free(out->request_page); /* of the job's own request */
		out->request_page = NULL;
		out->request = wish->request;
	}
	if (wish->commit && (rc = replace(&out->commit, wish->commit, err)) < 0)
		return rc;
	if (wish->commit && s->job.commit && strcmp(wish->commit, s->job.commit) != 0) {
		bn_free(out->pipeline); /* which is of another commit */
		out->pipeline = NULL;
	}
	if (!out->commit && !s->job.kind) {
		if ((rc = need_repository(s, err)) < 0)
			return rc;
		if (s->repo.commit && (rc = replace(&out->commit, s->repo.commit, err)) < 0)
			return rc;
	}
	if (out->commit && (rc = check_commit(out->commit, err)) < 0)
		return rc;
	return find_page(out, err);
}

int bn_forge_locate(bn_forge_place *out, const bn_env *env, const bn_forge_wish *wish, bn_err *err)
{
	sources s = {.wish = wish, .url = wish->url};
	int rc;
	*out = (bn_forge_place){0};
	if (!s.url)
		s.url = bn_env_get(env, "BINNACLE_FORGE_URL");
	if (s.url && !*s.url)
		s.url = NULL;
	if ((rc = kind_of_word(&out->kind, wish->kind, err)) < 0 ||
		(rc = bn_forge_read_job(&s.job, &s.job_path, env, err)) < 0 ||
		(rc = find_api(out, &s, err)) < 0 || (rc = find_project(out, &s, err)) < 0 ||
		(rc = check_project(out, err)) < 0 || (rc = find_rest(out, &s, err)) < 0)
		goto out;
out:
	bn_forge_place_release(&s.job);
	bn_free(s.job_path);
	bn_forge_repository_release(&s.repo);
	bn_free(s.server);
	bn_free(s.path);
	if (rc < 0)
		bn_forge_place_release(out);
	return rc;
}

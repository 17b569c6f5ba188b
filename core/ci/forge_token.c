/* forge_token.c - the token, how it is sent, and what kind of one is needed: see forge.h. */
#include "core/ci/_forge.h"

#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"

#include <string.h>

typedef struct token_form {
	const char *kind;   /* --token-kind */
	const char *prefix; /* of the tokens that a GitLab makes; NULL: none */
	const char *header; /* with its blank */
} token_form;

/* GitLab's; the first is for tokens that say nothing about themselves. */
static const token_form FORMS[] = {
	{"private", "glpat-", "PRIVATE-TOKEN: "},
	{"job", "glcbt-", "JOB-TOKEN: "},
	{"deploy", "gldt-", "DEPLOY-TOKEN: "},
	{"bearer", NULL, "Authorization: Bearer "},
};
enum { FORM_PRIVATE, FORM_JOB, FORM_DEPLOY, FORM_BEARER, FORM_COUNT };

const char *bn_forge_token_advice(bn_forge_kind kind, bn_forge_need need)
{
	if (kind == BN_FORGE_GITHUB)
		switch (need) {
		case BN_FORGE_NOTES:
			return "in a workflow: permissions: pull-requests: write (pull requests "
			       "from forks "
			       "never have it); else a fine-grained token with Pull requests: "
			       "write, or a "
			       "classic one with scope repo";
		default:
			return "in a workflow: permissions: statuses: write (pull requests from "
			       "forks never "
			       "have it); else a fine-grained token with Commit statuses: write, "
			       "or a classic "
			       "one with scope repo:status";
		}
	switch (need) {
	case BN_FORGE_NOTES:
	case BN_FORGE_STATUSES:
		return "a project access token with role Developer and scope api, as masked "
		       "variable "
		       "BINNACLE_FORGE_TOKEN";
	case BN_FORGE_READ_ARTIFACTS:
		return "CI_JOB_TOKEN in a job; else a project access token with role Reporter and "
		       "scope "
		       "read_api, as BINNACLE_FORGE_TOKEN";
	case BN_FORGE_READ_PACKAGES:
		return "CI_JOB_TOKEN in a job; else a project access token with role Reporter and "
		       "scope "
		       "read_api, or a deploy token with read_package_registry, as "
		       "BINNACLE_FORGE_TOKEN";
	default:
		return "CI_JOB_TOKEN in a job; else a project access token with role Developer and "
		       "scope "
		       "api, or a deploy token with write_package_registry, as "
		       "BINNACLE_FORGE_TOKEN";
	}
}

static int check_text(const char *token, const char *source, bn_err *err)
{
	if (!*token)
		return bn_err_set(err, BN_EINVAL, "%s contains no token", source);
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return bn_err_set(err, BN_EINVAL,
				"%s: a token is printable ASCII without blanks", source);
	return 0;
}

/* ---- which one ------------------------------------------------------------------------------ */

/* A variable that is set and not empty. */
static const char *variable(const bn_env *env, const char *name)
{
	const char *value = bn_env_get(env, name);
	return value && *value ? value : NULL;
}

/* The tokens of CI jobs are for the job's own server. */
static bool is_server_of(const bn_forge *f, const char *name)
{
	const char *api = variable(f->env, name);
	size_t n = strlen(f->place->api);
	return api && !strncmp(api, f->place->api, n) && !api[n + strspn(api + n, "/")];
}

static const char *from_environment(const bn_forge *f, int *form, const char **source)
{
	bool github = f->place->kind == BN_FORGE_GITHUB;
	bool on_actions = variable(f->env, "GITHUB_ACTIONS") != NULL;
	const char *own = github ? "GITHUB_TOKEN" : "GITLAB_TOKEN", *value;
	if ((value = variable(f->env, *source = "BINNACLE_FORGE_TOKEN")))
		return value;
	if (!(github && on_actions && !is_server_of(f, "GITHUB_API_URL")) &&
		(value = variable(f->env, *source = own)))
		return value;
	if (!github && is_server_of(f, "CI_API_V4_URL") &&
		(value = variable(f->env, *source = "CI_JOB_TOKEN"))) {
		*form = FORM_JOB;
		return value;
	}
	*source = "nothing";
	return NULL;
}

static int find_form(int *form, const bn_forge *f, const char *word, bn_err *err)
{
	if (word) {
		for (int i = 0; i < FORM_COUNT; i++)
			if (!strcmp(word, FORMS[i].kind)) {
				*form = i;
				return 0;
			}
		return bn_err_set(
			err, BN_EINVAL, "--token-kind '%s': private, job, deploy or bearer", word);
	}
	for (int i = 0; *form < 0 && f->token && i < FORM_COUNT; i++)
		if (FORMS[i].prefix && bn_str_starts(f->token, FORMS[i].prefix))
			*form = i;
	if (*form < 0)
		*form = FORM_PRIVATE;
	return 0;
}

/* Whether GitLab accepts that kind of token for this at all. */
static int check_form(const bn_forge *f, int form, bn_err *err)
{
	bool packages = f->need == BN_FORGE_READ_PACKAGES || f->need == BN_FORGE_WRITE_PACKAGES;
	bool artifacts = f->need == BN_FORGE_READ_ARTIFACTS;
	if (form == FORM_JOB && !packages && !artifacts)
		bn_err_set(err, BN_EREFUSED,
			"%s is a job's token, which GitLab accepts for packages and artifacts, but "
			"not "
			"for notes and statuses",
			f->source);
	else if (form == FORM_DEPLOY && !packages)
		bn_err_set(err, BN_EREFUSED,
			"%s is a deploy token, which GitLab accepts for packages alone", f->source);
	else
		return 0;
	bn_err_hint(err, "%s", bn_forge_token_advice(f->place->kind, f->need));
	return BN_EREFUSED;
}

static int no_token(const bn_forge *f, bn_err *err)
{
	bn_err_set(err, BN_EINVAL,
		"no token for %s: neither --token-file nor BINNACLE_FORGE_TOKEN nor %s",
		f->place->api, f->place->kind == BN_FORGE_GITHUB ? "GITHUB_TOKEN" : "GITLAB_TOKEN");
	bn_err_hint(err, "%s", bn_forge_token_advice(f->place->kind, f->need));
	return BN_EINVAL;
}

int bn_forge_take_token(bn_forge *f, const bn_forge_access *access, bn_err *err)
{
	bool optional = f->need == BN_FORGE_READ_ARTIFACTS || f->need == BN_FORGE_READ_PACKAGES;
	const char *value;
	int form = -1, rc;
	if (access->token_file) {
		f->source = "--token-file";
		if ((rc = bn_secret_file_read(
			     &f->token, f->env, access->token_file, f->source, err)) < 0)
			return rc;
	} else if ((value = from_environment(f, &form, &f->source))) {
		if (!(f->token = bn_strdup(value)))
			return bn_err_nomem(err, "a token");
	}
	if (!f->token)
		return optional ? 0 : no_token(f, err);
	if ((rc = check_text(f->token, f->source, err)) < 0)
		return rc;
	if (f->place->kind == BN_FORGE_GITHUB)
		form = FORM_BEARER;
	else if ((rc = find_form(&form, f, access->token_kind, err)) < 0 ||
		 (rc = check_form(f, form, err)) < 0)
		return rc;
	f->form = FORMS[form].header;
	f->header = bn_strf("%s%s", f->form, f->token);
	return f->header ? 0 : bn_err_nomem(err, "a token");
}

/*
 * forge.h - GitLab and GitHub: which project and merge request this is, with which token, and requests to their
 * API.
 *
 * Where. A bn_forge_place says which forge, project, merge or pull request and commit. It comes from options, from the
 * variables that GitLab CI and GitHub Actions set (Jenkins says request and commit alone), and from the repository's git
 * remote, in this order. A token is sent to a host that an option, BINNACLE_FORGE_URL or the CI's variables name, or to
 * gitlab.com and github.com; a host that only the git remote names gets none, since a repository may come from anybody.
 *
 * Token. The first of: a file of mode 0600; BINNACLE_FORGE_TOKEN; GITLAB_TOKEN or GITHUB_TOKEN; CI_JOB_TOKEN, which
 * GitLab accepts for packages and artifacts but not for notes and statuses, and which goes only to the server of
 * CI_API_V4_URL (as GITHUB_TOKEN inside of Actions only to that of GITHUB_API_URL). How it is sent:
 *
 *	GitLab  PRIVATE-TOKEN  personal, project and group access tokens
 *	        JOB-TOKEN      CI_JOB_TOKEN (glcbt-...)
 *	        DEPLOY-TOKEN   deploy tokens (gldt-...), for packages
 *	        Authorization: Bearer   OAuth tokens, if asked for
 *	GitHub  Authorization: Bearer   every token
 *
 * The token is in memory alone, and overwritten by bn_forge_close. Redirects never carry it to another origin
 * (core/net/client.h), pages are requested by number and not by a URL of the server's choice, and the text of an answer
 * is searched for it before anything reads it, so that a server that repeats it puts it into no message.
 *
 * Sending. Requests that may be repeated are, after lost connections, 429 (with Retry-After) and 5xx. A POST is
 * sent again only after 429, which says that nothing was done. After any other failure bn_forge_answer.unsure says that
 * the effect may be there: the caller looks first, and then sends again (note.h, commit_status.h). The wait before a
 * second try is 500 ms (BINNACLE_FORGE_BACKOFF), and doubles.
 *
 * Used by one thread.
 */
#ifndef BN_CI_FORGE_H
#define BN_CI_FORGE_H
#include "core/net/client.h"

#include <jansson.h>

typedef enum bn_forge_kind { BN_FORGE_GITLAB = 1, BN_FORGE_GITHUB } bn_forge_kind;

const char *bn_forge_kind_name(bn_forge_kind kind); /* "GitLab" */

/* ---- where ---------------------------------------------------------------------------------- */

/* What the user says; all optional, borrowed. */
typedef struct bn_forge_wish {
	const char *kind;    /* "gitlab", "github" */
	const char *url;     /* of the forge ("https://gitlab.example.org/git") or of its API */
	const char *project; /* "group/sub/project"; for GitLab also a number */
	const char *commit;  /* 40 hex digits or more */
	int64_t request;     /* number of the merge or pull request; 0: not said */
	const char *dir;     /* where a git repository is looked for; NULL: none is */
	bool plain_http; /* http to other hosts than this one: the token can be read on the way */
} bn_forge_wish;

/* Everything is owned; NULL and 0 mean that it is not known. */
typedef struct bn_forge_place {
	bn_forge_kind kind;
	char *api;             /* "https://gitlab.example.org/api/v4", without a slash at its end */
	char *project;         /* "group/project" or "42" */
	char *request_project; /* of the merge request: in a fork's pipeline another one */
	int64_t request;
	char *request_page; /* URL of the merge or pull request, for people */
	char *commit;       /* that a status belongs to: for pull requests the head of the branch */
	char *target_branch; /* of the merge request, else the default branch */
	char *pipeline;      /* GitLab: its number */
	char *pipeline_page; /* URL of the pipeline, for people */
	bool in_job;         /* this process is a job of GitLab CI, GitHub Actions or Jenkins */
} bn_forge_place;

/* BN_EINVAL names the option or variable that is wrong, or says what to give when nothing names a forge or a project.
 * BN_EREFUSED for plain http, and for a host that only the git remote names. *out is set in any case. */
int bn_forge_locate(bn_forge_place *out, const bn_env *env, const bn_forge_wish *wish, bn_err *err);
void bn_forge_place_release(bn_forge_place *p);

/* Reads a git remote's URL: https://HOST/PATH.git, ssh://git@HOST/PATH, git@HOST:PATH. server: "https://HOST:PORT"
 * (with the port of http and https alone); path: without ".git". Both are yours. BN_EINVAL for anything else, such as a
 * local path. */
int bn_forge_parse_remote(char **server, char **path, const char *remote, bn_err *err);

/* ---- access --------------------------------------------------------------------------------- */

/* What a token must allow; for messages, and to know whether CI_JOB_TOKEN suffices. */
typedef enum bn_forge_need {
	BN_FORGE_NOTES,
	BN_FORGE_STATUSES,
	BN_FORGE_READ_ARTIFACTS,
	BN_FORGE_READ_PACKAGES,
	BN_FORGE_WRITE_PACKAGES,
} bn_forge_need;

typedef struct bn_forge_access {
	bn_forge_need need;
	const char *token_file; /* NULL: from the environment */
	const char *
		token_kind; /* "private", "job", "deploy", "bearer"; NULL: by where it is and how it starts */
	const char *ca_file;         /* PEM, instead of the system's authorities */
	bool (*goes_on)(void *user); /* false cancels: BN_EINTR. May be NULL */
	void *user;
} bn_forge_access;

typedef struct bn_forge bn_forge;

/* place is borrowed until it is closed. BN_EINVAL if there is no token, with what kind of one to make; reading
 * artifacts and packages of public projects needs none. BN_EREFUSED if the only token may not do that. */
int bn_forge_open(bn_forge **out, const bn_env *env, const bn_forge_place *place,
	const bn_forge_access *access, bn_err *err);
void bn_forge_close(bn_forge *f); /* NULL is fine */

/* Where the token comes from: "GITLAB_TOKEN", "--token-file", "nothing". Borrowed. */
const char *bn_forge_token_source(const bn_forge *f);
/* Whether a text holds the token. */
bool bn_forge_holds_token(const bn_forge *f, const char *text, size_t n);

/* The account of the token: GitLab's number or GitHub's login, as text; borrowed. NULL if the forge does not say, as for
 * the tokens of GitHub Actions. Asks once. */
int bn_forge_account(const char **out, bn_forge *f, bn_err *err);

#endif

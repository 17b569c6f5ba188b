/* core/ci/forge.h: which forge, project, request and commit, from options, CI variables and git remotes. */
#include "core/base/mem.h"
#include "core/ci/forge.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <git2.h>
#include <string.h>
#include <unistd.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define HEAD "89abcdef0123456789abcdef0123456789abcdef"

/* libgit2 1.5 does not free the match data of the expressions with which it looks for a remote. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8";
}

static const char *vars[40]; /* name, value, ... */
static bn_env env;
static bn_forge_place place;
static bn_err err;

static const char *get_var(const bn_env *e, const char *name)
{
	(void)e;
	for (size_t i = 0; i + 1 < 40 && vars[i]; i += 2)
		if (!strcmp(vars[i], name))
			return vars[i + 1];
	return NULL;
}

#define VARS(...) \
	do { \
		const char *const set_[] = {__VA_ARGS__, NULL}; \
		memset(vars, 0, sizeof vars); \
		memcpy(vars, set_, sizeof set_); \
	} while (0)

static int locate(bn_forge_wish wish)
{
	env = *bn_env_real();
	env.get = get_var;
	bn_forge_place_release(&place);
	bn_err_clear(&err);
	return bn_forge_locate(&place, &env, &wish, &err);
}

#define IS(field, text) \
	ck_assert_msg(field && !strcmp(field, text), "%s is %s, not %s", #field, field, text)

START_TEST(test_gitlab_ci_says_everything)
{
	VARS("GITLAB_CI", "true", "CI_API_V4_URL", "https://gitlab.example.org/git/api/v4",
		"CI_PROJECT_ID", "42", "CI_PROJECT_PATH", "team/sub/power", "CI_MERGE_REQUEST_IID",
		"7", "CI_MERGE_REQUEST_PROJECT_ID", "41", "CI_MERGE_REQUEST_PROJECT_URL",
		"https://gitlab.example.org/git/team/sub/power",
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "CI_COMMIT_SHA", SHA,
		"CI_PIPELINE_ID", "99", "CI_PIPELINE_URL",
		"https://gitlab.example.org/git/team/sub/power/-/pipelines/99", "CI_DEFAULT_BRANCH",
		"trunk");
	ck_assert_bn_ok(locate((bn_forge_wish){0}), &err);
	ck_assert_int_eq(place.kind, BN_FORGE_GITLAB);
	IS(place.api, "https://gitlab.example.org/git/api/v4");
	IS(place.project, "42");
	IS(place.request_project, "41");
	ck_assert_int_eq(place.request, 7);
	IS(place.request_page, "https://gitlab.example.org/git/team/sub/power/-/merge_requests/7");
	IS(place.commit, SHA);
	IS(place.target_branch, "main");
	IS(place.pipeline, "99");
	/* the same project by its path, another request */
	ck_assert_bn_ok(locate((bn_forge_wish){.project = "team/sub/power", .request = 8}), &err);
	IS(place.commit, SHA);
	ck_assert_int_eq(place.request, 8);
	ck_assert_msg(
		!place.request_page || !strstr(place.request_page, "/7"), "%s", place.request_page);
	/* another project: the job's request and commit are not its own */
	ck_assert_bn_ok(locate((bn_forge_wish){.project = "team/other"}), &err);
	ck_assert_ptr_null(place.commit);
	ck_assert_int_eq(place.request, 0);
	ck_assert_ptr_null(place.pipeline);
	/* another server: nothing of the job */
	ck_assert_bn_ok(
		locate((bn_forge_wish){.url = "https://gitlab.other.org/", .project = "a/b"}),
		&err);
	IS(place.api, "https://gitlab.other.org/api/v4");
	ck_assert_int_eq(place.request, 0);
	/* a commit of the user's own is not in the job's pipeline */
	ck_assert_bn_ok(locate((bn_forge_wish){.commit = HEAD}), &err);
	IS(place.commit, HEAD);
	ck_assert_ptr_null(place.pipeline);
}
END_TEST

START_TEST(test_gitlab_branch_pipelines_find_their_one_open_request)
{
	VARS("GITLAB_CI", "true", "CI_SERVER_URL", "https://gl.example.org", "CI_PROJECT_PATH",
		"a/fork", "CI_OPEN_MERGE_REQUESTS", "team/power!333", "CI_COMMIT_SHA", SHA,
		"CI_DEFAULT_BRANCH", "trunk");
	ck_assert_bn_ok(locate((bn_forge_wish){0}), &err);
	IS(place.api, "https://gl.example.org/api/v4");
	ck_assert_int_eq(place.request, 333);
	IS(place.request_project, "team/power");
	IS(place.request_page, "https://gl.example.org/team/power/-/merge_requests/333");
	IS(place.target_branch, "trunk");
	vars[7] = "team/power!333,team/power!334"; /* nobody can tell which */
	ck_assert_bn_ok(locate((bn_forge_wish){0}), &err);
	ck_assert_int_eq(place.request, 0);
	vars[7] = "team/power!x";
	ck_assert_int_eq(locate((bn_forge_wish){0}), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "CI_OPEN_MERGE_REQUESTS: 'x'"));
}
END_TEST

static toy_dir dir;

static char *write_event(const char *text)
{
	static char path[300];
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/event.json", dir.path);
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	return path;
}

START_TEST(test_github_statuses_go_to_the_head_of_the_branch)
{
	const char *event = write_event("{\"pull_request\": {\"number\": 12, \"html_url\": "
					"\"https://github.com/o/r/pull/12\","
					"\"head\": {\"sha\": \"" HEAD
					"\"}, \"base\": {\"repo\": {\"full_name\": \"o/r\"}}}}");
	VARS("GITHUB_ACTIONS", "true", "GITHUB_API_URL", "https://api.github.com",
		"GITHUB_SERVER_URL", "https://github.com", "GITHUB_REPOSITORY", "o/r", "GITHUB_SHA",
		SHA, "GITHUB_REF", "refs/pull/12/merge", "GITHUB_BASE_REF", "main", "GITHUB_RUN_ID",
		"5", "GITHUB_EVENT_PATH", event);
	ck_assert_bn_ok(locate((bn_forge_wish){0}), &err);
	ck_assert_int_eq(place.kind, BN_FORGE_GITHUB);
	IS(place.api, "https://api.github.com");
	IS(place.project, "o/r");
	IS(place.commit, HEAD);
	ck_assert_int_eq(place.request, 12);
	IS(place.request_page, "https://github.com/o/r/pull/12");
	IS(place.pipeline_page, "https://github.com/o/r/actions/runs/5");
	IS(place.target_branch, "main");
	toy_dir_remove(&dir);
	ck_assert_int_eq(locate((bn_forge_wish){0}), BN_ENOTFOUND); /* the event is gone */
	ck_assert_ptr_nonnull(strstr(err.msg, "GITHUB_EVENT_PATH"));
	event = write_event("{\"workflow_run\": {\"head_sha\": \"" HEAD
			    "\", \"pull_requests\": [{\"number\": 3}]}}");
	VARS("GITHUB_ACTIONS", "true", "GITHUB_API_URL", "https://ghe.example.org/api/v3",
		"GITHUB_REPOSITORY", "o/r", "GITHUB_SHA", SHA, "GITHUB_REF", "refs/heads/main",
		"GITHUB_EVENT_PATH", event);
	ck_assert_bn_ok(locate((bn_forge_wish){0}), &err);
	IS(place.api, "https://ghe.example.org/api/v3");
	IS(place.commit, HEAD);
	ck_assert_int_eq(place.request, 3);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_addresses_become_those_of_the_api)
{
	static const char *const cases[][3] = {
		{"https://github.com", NULL, "https://api.github.com"},
		{"https://api.github.com/", NULL, "https://api.github.com"},
		{"https://ghe.github.example/", NULL, "https://ghe.github.example/api/v3"},
		{"https://code.example.org/api/v3", NULL, "https://code.example.org/api/v3"},
		{"https://code.example.org", "github", "https://code.example.org/api/v3"},
		{"https://code.example.org", "gitlab", "https://code.example.org/api/v4"},
		{"https://code.example.org/git/", "gitlab", "https://code.example.org/git/api/v4"},
		{"https://gitlab.example.org:8443", NULL, "https://gitlab.example.org:8443/api/v4"},
		{"https://gitlab.com/api/v4/", NULL, "https://gitlab.com/api/v4"},
		{"http://localhost:8080", "gitlab", "http://localhost:8080/api/v4"},
	};
	memset(vars, 0, sizeof vars);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_forge_wish wish = {.url = cases[i][0], .kind = cases[i][1], .project = "a/b"};
		ck_assert_msg(locate(wish) == 0, "%s: %s", cases[i][0], err.msg);
		IS(place.api, cases[i][2]);
	}
	VARS("BINNACLE_FORGE_URL", "https://gitlab.example.org");
	ck_assert_bn_ok(locate((bn_forge_wish){.project = "a/b"}), &err);
	IS(place.api, "https://gitlab.example.org/api/v4");
}
END_TEST

START_TEST(test_what_is_wrong_is_said_before_anything_is_sent)
{
	static const struct {
		bn_forge_wish wish;
		int code;
		const char *says;
	} cases[] = {
		{{0}, BN_EINVAL, "nothing says which forge"},
		{{.kind = "gitea"}, BN_EINVAL, "--forge 'gitea': gitlab or github"},
		{{.url = "https://code.example.org", .project = "a/b"}, BN_EINVAL,
			"GitLab or GitHub?"},
		{{.url = "ftp://gitlab.com", .project = "a/b"}, BN_EINVAL,
			"not the address of a forge"},
		{{.url = "https://me:pw@gitlab.com", .project = "a/b"}, BN_EINVAL,
			"'gitlab.com' is not the address"},
		{{.url = "https://gitlab.com?private_token=x", .project = "a/b"}, BN_EINVAL,
			"not the address"},
		{{.url = "https://gitlab.com"}, BN_EINVAL, "which project"},
		{{.url = "https://gitlab.com", .project = "power"}, BN_EINVAL,
			"'power' is not a project of GitLab"},
		{{.url = "https://gitlab.com", .project = "a//b"}, BN_EINVAL, "not a project"},
		{{.url = "https://gitlab.com", .project = "a/b?x"}, BN_EINVAL, "not a project"},
		{{.url = "https://github.com", .project = "a/b/c"}, BN_EINVAL,
			"not a project of GitHub"},
		{{.url = "https://github.com", .project = "42"}, BN_EINVAL,
			"not a project of GitHub"},
		{{.url = "https://gitlab.com", .project = "a/b", .commit = "HEAD"}, BN_EINVAL,
			"'HEAD' is not the id"},
		{{.url = "http://gitlab.example.org", .project = "a/b"}, BN_EREFUSED,
			"is not https"},
	};
	memset(vars, 0, sizeof vars);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int rc = locate(cases[i].wish);
		ck_assert_msg(rc == cases[i].code && strstr(err.msg, cases[i].says), "%zu: %d %s",
			i, rc, err.msg);
		ck_assert_ptr_null(place.api);
		ck_assert_msg(!strstr(err.msg, "pw") && !strstr(err.msg, "me:"), "%s", err.msg);
	}
	ck_assert_bn_ok(
		locate((bn_forge_wish){
			.url = "http://gitlab.example.org", .project = "a/b", .plain_http = true}),
		&err);
}
END_TEST

START_TEST(test_remotes_are_read_in_every_form)
{
	static const char *const cases[][3] = {
		{"https://gitlab.com/a/b.git", "https://gitlab.com", "a/b"},
		{"https://gitlab.com/a/b/c/d/", "https://gitlab.com", "a/b/c/d"},
		{"https://user:glpat-x@gitlab.com/a/b.git", "https://gitlab.com", "a/b"},
		{"https://host:8443/git/a/b.git", "https://host:8443", "git/a/b"},
		{"http://localhost:3000/a/b", "http://localhost:3000", "a/b"},
		{"git@gitlab.com:a/sub/b.git", "https://gitlab.com", "a/sub/b"},
		{"gitlab.com:a/b", "https://gitlab.com", "a/b"},
		{"ssh://git@host:2222/a/b.git", "https://host", "a/b"},
		{"ssh://host/a/b", "https://host", "a/b"},
	};
	static const char *const bad[] = {"/srv/git/a/b.git", "../b", "file:///srv/a/b",
		"https://host/b", "host:b", "", "git@host:", "https:///a/b", "https://ho st/a/b",
		"https://host/a/b?c", "ext::sh -c a/b", "-x:a/b"};
	char *server, *path;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err_clear(&err);
		ck_assert_msg(bn_forge_parse_remote(&server, &path, cases[i][0], &err) == 0,
			"%s: %s", cases[i][0], err.msg);
		IS(server, cases[i][1]);
		IS(path, cases[i][2]);
		bn_free(server);
		bn_free(path);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err_clear(&err);
		ck_assert_msg(bn_forge_parse_remote(&server, &path, bad[i], &err) == BN_EINVAL,
			"%s: %s %s", bad[i], server, path);
		ck_assert_ptr_null(server);
	}
	bn_err_clear(&err);
	ck_assert_int_eq(bn_forge_parse_remote(&server, &path, "ftp://user:s3cret@host/a/b", &err),
		BN_EINVAL);
	ck_assert_msg(!strstr(err.msg, "s3cret"), "%s", err.msg);
}
END_TEST

/* A repository with one commit and that remote. */
static void make_repository(const char *remote)
{
	git_repository *repo;
	git_signature *who;
	git_index *index;
	git_tree *tree;
	git_remote *r;
	git_oid id, tree_id;
	toy_dir_make(&dir);
	git_libgit2_init();
	ck_assert_int_eq(git_repository_init(&repo, dir.path, 0), 0);
	ck_assert_int_eq(git_signature_new(&who, "a", "a@b", 1, 0), 0);
	ck_assert_int_eq(git_repository_index(&index, repo), 0);
	ck_assert_int_eq(git_index_write_tree(&tree_id, index), 0);
	ck_assert_int_eq(git_tree_lookup(&tree, repo, &tree_id), 0);
	ck_assert_int_eq(git_commit_create_v(&id, repo, "HEAD", who, who, NULL, "one", tree, 0), 0);
	ck_assert_int_eq(git_remote_create(&r, repo, "origin", remote), 0);
	git_remote_free(r);
	git_tree_free(tree);
	git_index_free(index);
	git_signature_free(who);
	git_repository_free(repo);
}

START_TEST(test_a_host_that_only_a_remote_names_gets_no_token)
{
	memset(vars, 0, sizeof vars);
	make_repository("git@gitlab.com:team/sub/power.git");
	ck_assert_bn_ok(locate((bn_forge_wish){.dir = dir.path}), &err);
	IS(place.api, "https://gitlab.com/api/v4");
	IS(place.project, "team/sub/power");
	ck_assert_uint_eq(strlen(place.commit), 40);
	toy_dir_remove(&dir);
	make_repository("https://evil.example/git/team/power.git");
	ck_assert_int_eq(locate((bn_forge_wish){.dir = dir.path, .kind = "gitlab"}), BN_EREFUSED);
	ck_assert_msg(
		strstr(err.msg, "only the git remote names https://evil.example"), "%s", err.msg);
	/* named by the user, with its prefix */
	ck_assert_bn_ok(
		locate((bn_forge_wish){
			.dir = dir.path, .url = "https://evil.example/git", .kind = "gitlab"}),
		&err);
	IS(place.api, "https://evil.example/git/api/v4");
	IS(place.project, "team/power");
	/* another host than the remote's: its path says nothing there */
	ck_assert_int_eq(
		locate((bn_forge_wish){.dir = dir.path, .url = "https://gitlab.com"}), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "which project"));
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_jenkins_says_request_and_commit_of_the_remote)
{
	make_repository("https://gitlab.com/team/power.git");
	VARS("JENKINS_URL", "https://ci.example.org", "CHANGE_ID", "12", "CHANGE_TARGET", "main",
		"CHANGE_URL", "https://gitlab.com/team/power/-/merge_requests/12", "GIT_COMMIT",
		SHA, "BUILD_URL", "https://ci.example.org/job/power/3/");
	ck_assert_bn_ok(locate((bn_forge_wish){.dir = dir.path}), &err);
	IS(place.api, "https://gitlab.com/api/v4");
	IS(place.project, "team/power");
	IS(place.commit, SHA);
	IS(place.target_branch, "main");
	IS(place.request_page, "https://gitlab.com/team/power/-/merge_requests/12");
	IS(place.pipeline_page, "https://ci.example.org/job/power/3/");
	ck_assert_int_eq(place.request, 12);
	ck_assert(place.in_job);
	vars[2] = "NO_CHANGE";
	ck_assert_bn_ok(locate((bn_forge_wish){.dir = dir.path}), &err);
	ck_assert(place.in_job && !place.request);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/ci/forge_place", test_jenkins_says_request_and_commit_of_the_remote,
	test_gitlab_ci_says_everything, test_gitlab_branch_pipelines_find_their_one_open_request,
	test_github_statuses_go_to_the_head_of_the_branch, test_addresses_become_those_of_the_api,
	test_what_is_wrong_is_said_before_anything_is_sent, test_remotes_are_read_in_every_form,
	test_a_host_that_only_a_remote_names_gets_no_token)

/* baseline.c - see baseline.h. */
#include "core/ci/baseline.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/ci/_forge.h"

#include <string.h>

static int unsupported(bn_err *err)
{
	bn_err_set(err, BN_EUNSUPPORTED, "GitHub serves artifacts only as zip archives");
	bn_err_hint(err, "in a workflow, actions/download-artifact with run-id gets the file of "
			 "another run");
	return BN_EUNSUPPORTED;
}

/* A path in an archive of artifacts: relative, and inside. */
static int check_path(const char *path, bn_err *err)
{
	bool good = *path && strlen(path) < 1000 && *path != '/' && !bn_str_ends(path, "/") &&
		    !strstr(path, "//");
	for (const char *at = path; good && at; at = strchr(at, '/')) {
		at += *at == '/';
		size_t n = strcspn(at, "/");
		good = !(n == 1 && at[0] == '.') && !(n == 2 && at[0] == '.' && at[1] == '.');
	}
	return good ? 0
		    : bn_err_set(err, BN_EINVAL,
			      "'%.200s' is not the path of an artifact: it is relative, "
			      "without '.' and '..'",
			      path);
}

/* The slashes of the path stay. */
static void add_path(bn_buf *out, const char *path)
{
	char part[1024];
	for (const char *at = path; *at;) {
		size_t n = strcspn(at, "/");
		snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : sizeof part - 1),
			at);
		bn_http_url_add(out, part);
		at += n;
		if (*at == '/')
			bn_buf_addch(out, *at++);
	}
}

/* GitLab answers 404 also for a project that it does not show. */
static bool is_absent(const bn_forge *f, int rc)
{
	return rc == BN_ENOTFOUND && f->answer.status == 404 &&
	       !strstr(f->answer.body.ptr, "Project Not Found");
}

int bn_baseline_get(bn_buf *out, bn_forge *f, const bn_baseline_wish *wish, bn_err *err)
{
	const bn_forge_place *p = f->place;
	const char *branch = wish->branch ? wish->branch : p->target_branch;
	bn_forge_doing doing = {
		"read the artifacts of the target branch", "artifact of that branch"};
	bn_http_call call = {.attempts = BN_FORGE_TRIES, .to = {.max_bytes = BN_BASELINE_BYTES}};
	bn_buf path = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	json_t *json = NULL;
	int rc;
	if (p->kind == BN_FORGE_GITHUB)
		return unsupported(err);
	if (!branch) {
		bn_err_set(err, BN_EINVAL, "nothing says which branch is the target");
		bn_err_hint(err, "--branch NAME");
		return BN_EINVAL;
	}
	if ((rc = check_path(wish->path, err)) < 0)
		return rc;
	bn_forge_add_project(&path, p, p->project);
	bn_buf_adds(&path, "/jobs/artifacts/");
	bn_http_url_add(&path, branch);
	bn_buf_adds(&path, "/raw/");
	add_path(&path, wish->path);
	bn_buf_adds(&path, "?job=");
	bn_http_url_add(&path, wish->job);
	if ((rc = bn_buf_check(&path, err, "a URL")) < 0)
		goto out;
	rc = bn_forge_call(f, &call, path.ptr, NULL, &doing, &why);
	if (is_absent(f, rc)) {
		rc = 0;
		goto out;
	}
	if (rc < 0) {
		rc = bn_err_move(err, &why);
		goto out;
	}
	const bn_buf *body = &f->answer.body;
	if (bn_str_ends(wish->path, ".json") &&
		bn_json_parse(&json, body->ptr, body->len, wish->path, &why) < 0) {
		bn_err_prefix(&why, "%s of branch %s", f->place->api, branch);
		rc = bn_err_recode(err, &why, BN_EIO);
		goto out;
	}
	bn_buf_add(out, body->ptr, body->len);
	rc = bn_buf_check(out, err, "an artifact");
	rc = rc < 0 ? rc : 1;
out:
	json_decref(json);
	bn_buf_release(&path);
	return rc;
}

/* code_again.c - see code_again.h. */
#include "core/launch/code_again.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/run/environment.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* diff: hash of the uncommitted changes; NULL: none. */
static void compare(
	char *out, size_t size, const bn_spec_code *was, const json_t *now, const char *diff)
{
	const char *commit = bn_json_str(now, "commit", NULL);
	if (!now && was->path)
		snprintf(out, size, "no longer a repository; the spec says commit %.12s",
			was->commit ? was->commit : "none");
	else if (!is_same(commit, was->commit))
		snprintf(out, size, "commit %.12s; the spec says %.12s", commit ? commit : "none",
			was->commit ? was->commit : "none");
	else if (diff && !was->diff)
		snprintf(out, size, "uncommitted changes, of which the spec has none");
	else if (!diff && was->diff)
		snprintf(out, size, "without the uncommitted changes that the spec names");
	else if (!is_same(diff, was->diff))
		snprintf(out, size, "uncommitted changes %.12s; the spec says %.12s", diff,
			was->diff);
}

int bn_code_look_again(bn_code_again *out, bn_workspace *ws, const bn_spec *spec, bn_err *err)
{
	const bn_spec_code *was = &spec->code;
	const char *dir = spec->workdir ? spec->workdir : was->path;
	json_t *code = NULL;
	char *diff = NULL, hash[65];
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	*out = (bn_code_again){NULL, ""};
	/* What was unknown then cannot count as changed. */
	if (!dir || was->unavailable)
		return 0;
	if (bn_code_describe(&code, &diff, dir, &why) < 0) {
		snprintf(out->changed, sizeof out->changed, "unknown: %.150s", why.msg);
		goto out;
	}
	if (diff)
		bn_sha256_hex(diff, strlen(diff), hash);
	compare(out->changed, sizeof out->changed, was, code, diff ? hash : NULL);
	if (!out->changed[0] || !code)
		goto out;
	if (diff && (rc = bn_object_put(ws, diff, strlen(diff), hash, err)) < 0)
		goto out;
	if (diff && json_object_set_new(code, "diff", json_string(hash)) != 0) {
		rc = bn_err_nomem(err, "a description of the code");
		goto out;
	}
	out->code = json_incref(code);
out:
	json_decref(code);
	bn_free(diff);
	return rc;
}

void bn_code_again_release(bn_code_again *c)
{
	json_decref(c->code);
	c->code = NULL;
}

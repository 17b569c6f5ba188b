/*
 * fuzz_api.c - any method, path, query, content type and body through the tracking server's routes, without a socket,
 * on a workspace with an experiment, two runs and what other inputs have added. The first line of the input is the
 * head: METHOD PATH?QUERY TYPE.
 *
 * Checks: a response with a known status, JSON with an error code if it is an error; never a status that a client
 * repeats (408, 429, 500, 502, 503, 504), as the same request would fail again; and that the server answers
 * afterwards.
 */
#include "core/api/api.h"
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS_MOST = 20000 }; /* then a new workspace, since inputs fill it */

static bn_api *api;
static char dir[64];
static unsigned inputs;

static void must(bool ok, const char *what, const bn_http_response *r)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_api: %s: %d %.300s\n", what, r ? r->status : 0,
		r && r->body.ptr ? r->body.ptr : "");
	abort();
}

static int open_workspace(void *user, bn_workspace **out, bn_err *err)
{
	(void)user;
	return bn_workspace_open(out, bn_env_real(), bn_fold_classes, dir, err);
}

static void stop(void)
{
	bn_api_free(api);
	api = NULL;
	if (dir[0])
		bn_fs_remove_tree(bn_env_real(), dir, NULL);
	dir[0] = '\0';
}

static void start(void)
{
	bn_api_options o = {.open = open_workspace, .readers = 1, .max_body_bytes = 1 << 20};
	static bool registered;
	if (!registered)
		atexit(stop);
	registered = true;
	stop();
	snprintf(dir, sizeof dir, "/tmp/fuzz-api-XXXXXX");
	must(mkdtemp(dir) != NULL, "mkdtemp", NULL);
	setenv("BINNACLE_INDEX", dir, 1);
	setenv("XDG_STATE_HOME", dir, 1);
	must(!bn_workspace_init(bn_env_real(), dir, NULL), "workspace", NULL);
	must(!bn_api_new(&api, bn_env_real(), &o, NULL), "server", NULL);
	inputs = 0;
}

static void check_response(const bn_http_response *r)
{
	static const int known[] = {
		200, 204, 206, 304, 400, 401, 403, 404, 405, 409, 413, 416, 501};
	bool found = false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		found |= known[i] == r->status;
	must(found, "a status that no input may cause", r);
	if (r->source.read || !r->content_type || strcmp(r->content_type, "application/json") != 0)
		return;
	json_t *v = json_loadb(r->body.ptr, r->body.len, JSON_ALLOW_NUL, NULL);
	must(v != NULL, "an answer that is no JSON", r);
	must(r->status < 400 || json_is_string(json_object_get(v, "error_code")),
		"an error without a code", r);
	json_decref(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!api || ++inputs > INPUTS_MOST)
		start();
	const uint8_t *end = memchr(data, '\n', size < 2000 ? size : 2000);
	if (!end)
		return 0;
	char head[2001], *save = NULL;
	size_t n = (size_t)(end - data);
	memcpy(head, data, n);
	head[n] = '\0';
	const char *method = strtok_r(head, " ", &save);
	char *path = strtok_r(NULL, " ", &save);
	char *query = path ? strchr(path, '?') : NULL;
	bn_http_header type = {"Content-Type", strtok_r(NULL, "", &save)};
	if (query)
		*query++ = '\0';
	if (path)
		bn_http_unescape(path);
	char *body = bn_alloc(size - n); /* ends there, for ASan */
	memcpy(body, end + 1, size - n - 1);
	bn_http_request request = {.method = method ? method : "GET",
		.path = path ? path : "/",
		.query = query,
		.headers = &type,
		.header_count = type.value ? 1 : 0,
		.body = body,
		.body_len = size - n - 1};
	bn_http_response r;
	bn_http_response_init(&r);
	bn_api_handle(api, BN_API_MANAGER, &request, &r);
	check_response(&r);
	bn_http_response_release(&r);
	bn_free(body);
	return 0;
}

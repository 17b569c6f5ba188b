/* Artifacts over HTTP, without a socket: bodies in pieces, ranges, paths, places, parts, and what a run then has. */
#include "core/api/_artifact.h"
#include "core/api/artifact_path.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/track/run.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <unistd.h>

#define AT "/api/2.0/mlflow-artifacts/artifacts/"

static api_world w;
static char run_id[64], base[256];
static bn_err err;

static void begin(const bn_api_options *options)
{
	api_make(&w, options);
	ck_assert_int_eq(
		api_ask(&w, "POST", "runs/create", "{\"experiment_id\":\"0\",\"start_time\":1}"),
		200);
	snprintf(run_id, sizeof run_id, "%s", api_text(&w, "run.info.run_id"));
	snprintf(base, sizeof base, AT "0/%s/artifacts/", run_id);
}

static int ask_at(const char *method, const char *path, const char *headers, const char *body)
{
	char whole[1024];
	snprintf(whole, sizeof whole, "%s%s", base, path);
	return api_send(&w, BN_API_MANAGER, method, whole, headers, body, body ? strlen(body) : 0);
}

static int put(const char *path, const char *body)
{
	return ask_at("PUT", path, "Content-Type: application/octet-stream", body);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The body of a streamed response; its status. */
static int get(const char *path, const char *range, char *body, size_t size)
{
	char whole[1024];
	bn_http_header header = {"Range", range};
	bn_http_response out;
	size_t n = 0;
	ssize_t got = 0;
	snprintf(whole, sizeof whole, "%s%s", base, path);
	bn_http_request r = {
		.method = "GET", .path = whole, .headers = &header, .header_count = range ? 1 : 0};
	bn_http_response_init(&out);
	bn_api_handle(w.api, BN_API_READER, &r, &out);
	while (out.source.read && n < size - 1 &&
		(got = out.source.read(
			 out.source.user, body + n, 3 < size - 1 - n ? 3 : size - 1 - n)) > 0)
		n += (size_t)got;
	body[n] = '\0';
	ck_assert_int_ge(got, 0);
	if (out.source.read)
		ck_assert_int_eq(out.source.length, (int64_t)n);
	int status = out.status;
	bn_http_response_release(&out);
	return status;
}

START_TEST(test_what_was_put_is_read_whole_or_in_ranges)
{
	static const struct {
		const char *range;
		int status;
		const char *body;
	} cases[] = {{NULL, 200, "0123456789"}, {"bytes=2-4", 206, "234"}, {"bytes=7-", 206, "789"},
		{"bytes=-3", 206, "789"}, {"bytes=-30", 206, "0123456789"}, {"bytes=0-0", 206, "0"},
		{"bytes=5-99", 206, "56789"}, {"bytes=10-", 416, ""}, {"bytes=-0", 416, ""},
		{"bytes=4-2", 200, "0123456789"}, {"bytes=a-", 200, "0123456789"},
		{"bytes=1-2,4-5", 200, "0123456789"}, {"rows=1-2", 200, "0123456789"}};
	char body[64];
	begin(NULL);
	ck_assert_int_eq(put("d/n.txt", "0123456789"), 200);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_int_eq(
			get("d/n.txt", cases[i].range, body, sizeof body), cases[i].status);
		ck_assert_str_eq(body, cases[i].body);
	}
	ck_assert_int_eq(put("empty", NULL), 200);
	ck_assert_int_eq(get("empty", NULL, body, sizeof body), 200);
	ck_assert_int_eq(get("empty", "bytes=0-", body, sizeof body), 416);
	ck_assert_int_eq(get("d", NULL, body, sizeof body), 400);
	ck_assert_int_eq(get("none", NULL, body, sizeof body), 404);
	api_remove(&w);
}
END_TEST

START_TEST(test_artifacts_of_a_client_are_those_of_the_run)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bn_workspace *ws = NULL;
	begin(NULL);
	ck_assert_int_eq(put("model/MLmodel", "flavors: {}"), 200);
	ck_assert_int_eq(put("model/MLmodel", "flavors: {a: 1}"), 200);
	ck_assert_bn_ok(api_open(&w, &ws, &err), &err);
	ck_assert_bn_ok(bn_run_artifacts(&all, ws, run_id, &err), &err);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_str_eq(all.items[0].path, "model/MLmodel");
	ck_assert_int_eq(all.items[0].size_bytes, 15);
	bn_artifacts_release(&all);
	bn_workspace_close(ws);
	api_remove(&w);
}
END_TEST

/* ---- places ---------------------------------------------------------------------------------- */

START_TEST(test_a_file_and_a_directory_cannot_have_one_name)
{
	begin(NULL);
	ck_assert_int_eq(put("a/b/c", "x"), 200);
	put("a/b", "x");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	put("a/b/c/d", "x");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	ck_assert_int_eq(put("a/bb", "x"), 200);
	ck_assert_int_eq(ask_at("DELETE", "a/b", NULL, NULL), 200);
	ck_assert_int_eq(put("a/b", "x"), 200);
	api_remove(&w);
}
END_TEST

START_TEST(test_deleting_all_leaves_none)
{
	begin(NULL);
	ck_assert_int_eq(put("a", "x"), 200);
	ck_assert_int_eq(put("b/c", "x"), 200);
	ck_assert_int_eq(put("b-d/c", "x"), 200);
	ck_assert_int_eq(ask_at("DELETE", "", NULL, NULL), 200);
	char path[128];
	snprintf(path, sizeof path, "artifacts/list?run_id=%s", run_id);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	ck_assert_ptr_null(api_at(&w, "files"));
	api_remove(&w);
}
END_TEST

START_TEST(test_directories_are_listed_once_in_order_of_names)
{
	static const char *const files[] = {
		"dir/b", "dir-x/1", "dir/a/1", "dir0", "dir/a/2", "dir.txt"};
	char path[256];
	begin(NULL);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		ck_assert_int_eq(put(files[i], "x"), 200);
	snprintf(path, sizeof path, "artifacts/list?run_id=%s", run_id);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	static const char *const top[] = {"dir", "dir-x", "dir.txt", "dir0"};
	ck_assert_uint_eq(json_array_size(api_at(&w, "files")), 4);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "files.%zu.path", i);
		ck_assert_str_eq(api_text(&w, path), top[i]);
	}
	snprintf(path, sizeof path, "artifacts/list?run_id=%s&path=dir", run_id);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	ck_assert_uint_eq(json_array_size(api_at(&w, "files")), 2);
	ck_assert_str_eq(api_text(&w, "files.0.path"), "dir/a");
	ck_assert_str_eq(api_text(&w, "files.1.path"), "dir/b");
	api_remove(&w);
}
END_TEST

START_TEST(test_nothing_is_stored_for_runs_that_do_not_exist)
{
	begin(NULL);
	api_send(&w, BN_API_MANAGER, "PUT", AT "0/00000000000000000000000000000000/artifacts/x",
		NULL, "x", 1);
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	api_send(&w, BN_API_MANAGER, "PUT",
		AT "0/models/m-00000000000000000000000000000000/artifacts/x", NULL, "x", 1);
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	api_send(&w, BN_API_MANAGER, "PUT", AT "somewhere/x", NULL, "x", 1);
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	api_send(&w, BN_API_READER, "PUT", AT "somewhere/x", NULL, "x", 1);
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_remove(&w);
}
END_TEST

/* ---- paths ----------------------------------------------------------------------------------- */

START_TEST(test_paths_name_an_owner_and_lead_nowhere_else)
{
#define R "0123456789abcdef0123456789abcdef"
	static const struct {
		const char *text;
		bn_api_owner owner;
		const char *id, *path;
	} good[] = {{"0/" R "/artifacts/a/b", BN_API_OF_RUN, R, "a/b"},
		{"0/" R "/artifacts", BN_API_OF_RUN, R, ""},
		{"0/" R "/artifacts/", BN_API_OF_RUN, R, ""},
		{"a//b/" R "//artifacts//x", BN_API_OF_RUN, R, "x"},
		{"0/models/m-" R "/artifacts/d/w", BN_API_OF_LOGGED, "m-" R, "d/w"},
		{R "/artifacts/models/m-" R "/artifacts/x", BN_API_OF_RUN, R,
			"models/m-" R "/artifacts/x"},
		{"0/m-" R "/artifacts/x", BN_API_OF_NOTHING, "", ""},
		{"0/" R "/x", BN_API_OF_NOTHING, "", ""}, {"", BN_API_OF_NOTHING, "", ""},
		{"0/" R "/artifacts/a%20b%2Fc", BN_API_OF_RUN, R, "a%20b/c"},
		{"0/" R "/artifacts/100%", BN_API_OF_RUN, R, "100%"},
		{R "/artifacts/..a", BN_API_OF_RUN, R, "..a"}};
	static const char *const bad[] = {"..", "a/../b", "%2e%2e/x", "%252e%252e", "/etc",
		"%2fetc", "a%00b", "a#b", "a%0ab", "\xff", "a/%2E.", "%25%32%65%25%32%65/x"};
	bn_api_artifact_path p;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		bn_wire_fault fault = {BN_API_OK, BN_BUF_INIT};
		ck_assert_int_eq(bn_api_path_parse(&p, good[i].text, &fault), 0);
		ck_assert_msg(p.owner == good[i].owner && !strcmp(p.id, good[i].id) &&
				      !strcmp(p.path, good[i].path),
			"'%s': %d '%s' '%s'", good[i].text, p.owner, p.id, p.path);
		bn_api_path_release(&p);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_wire_fault fault = {BN_API_OK, BN_BUF_INIT};
		ck_assert_msg(bn_api_path_parse(&p, bad[i], &fault) < 0, "'%s' was taken", bad[i]);
		ck_assert_int_eq(fault.code, BN_API_INVALID_PARAMETER_VALUE);
		bn_api_path_release(&p);
		bn_buf_release(&fault.message);
	}
}
END_TEST

/* ---- parts ----------------------------------------------------------------------------------- */

#define DIR "/api/2.0/mlflow-artifacts/mpu/"

static char upload[64];

static void create_parts(int n)
{
	char path[256], body[128];
	snprintf(path, sizeof path, DIR "create/0/%s/artifacts/sub", run_id);
	snprintf(body, sizeof body, "{\"path\":\"/tmp/big.bin\",\"num_parts\":%d}", n);
	ck_assert_int_eq(api_ask(&w, "POST", path, body), 200);
	snprintf(upload, sizeof upload, "%s", api_text(&w, "upload_id"));
	ck_assert_uint_eq(json_array_size(api_at(&w, "credentials")), (size_t)n);
	ck_assert_ptr_nonnull(strstr(api_text(&w, "credentials.0.url"), upload));
}

static int end_parts(const char *how, const char *parts)
{
	char path[256], body[512];
	snprintf(path, sizeof path, DIR "%s/0/%s/artifacts/sub", how, run_id);
	snprintf(body, sizeof body, "{\"path\":\"big.bin\",\"upload_id\":\"%s\",\"parts\":[%s]}",
		upload, parts);
	return api_ask(&w, "POST", path, body);
}

static int put_part(int n, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, DIR "part/%s/%d", upload, n);
	return api_send(&w, BN_API_MANAGER, "PUT", path, NULL, text, strlen(text));
}

START_TEST(test_parts_become_one_file_in_their_order)
{
	char body[64];
	begin(NULL);
	create_parts(3);
	ck_assert_int_eq(put_part(3, "three"), 200);
	ck_assert_int_eq(put_part(1, "wrong"), 200);
	ck_assert_int_eq(put_part(1, "one,"), 200);
	end_parts("complete", "");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", "part 2 of 3 was not uploaded");
	ck_assert_int_eq(put_part(2, "two,"), 200);
	end_parts("complete", "{\"part_number\":1,\"etag\":\"\\\"abc\\\"\"}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	end_parts("complete", "{\"part_number\":4}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", "there is no part 4");
	ck_assert_int_eq(end_parts("complete", "{\"part_number\":1}"), 200);
	ck_assert_int_eq(get("sub/big.bin", NULL, body, sizeof body), 200);
	ck_assert_str_eq(body, "one,two,three");
	end_parts("complete", "");
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	api_remove(&w);
}
END_TEST

static int create_as(const char *credentials)
{
	char path[256], headers[256];
	snprintf(headers, sizeof headers, "Content-Type: application/json\nAuthorization: %s",
		credentials);
	snprintf(path, sizeof path, DIR "create/0/%s/artifacts", run_id);
	const char *body = "{\"path\":\"a\",\"num_parts\":2}";
	return api_send(&w, BN_API_NOBODY, "POST", path, headers, body, strlen(body));
}

START_TEST(test_a_token_has_a_share_of_the_uploads_and_gets_back_itself_alone)
{
	begin(&(bn_api_options){.tokens = "ann writer aaaa\nben writer bbbb\n"});
	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(create_as("Bearer aaaa"), 200);
	ck_assert_int_eq(create_as("Bearer aaaa"), 429);
	ck_assert_int_eq(create_as("bearer         bbbb"), 200);
	ck_assert_str_eq(api_text(&w, "credentials.1.headers.Authorization"), "Bearer bbbb");
	/* "ben:bbbb" */
	ck_assert_int_eq(create_as("BASIC   YmVuOmJiYmI="), 200);
	ck_assert_str_eq(api_text(&w, "credentials.0.headers.Authorization"), "Basic YmVuOmJiYmI=");
	api_remove(&w);
}
END_TEST

START_TEST(test_parts_of_an_upload_that_is_not_there_are_refused)
{
	char path[256];
	begin(NULL);
	create_parts(1);
	put_part(2, "x");
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	ck_assert_int_eq(end_parts("abort", ""), 200);
	put_part(1, "x");
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	end_parts("abort", "");
	api_refused(&w, 404, "RESOURCE_DOES_NOT_EXIST", NULL);
	snprintf(path, sizeof path, DIR "create/0/%s/artifacts", run_id);
	api_ask(&w, "POST", path, "{\"path\":\"x\",\"num_parts\":0}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	api_ask(&w, "POST", path, "{\"path\":\"x\",\"num_parts\":10001}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	api_ask(&w, "POST", path, "{\"path\":\"..\",\"num_parts\":1}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	for (int i = 0; i < 64; i++)
		create_parts(1);
	api_ask(&w, "POST", path, "{\"path\":\"x\",\"num_parts\":1}");
	api_refused(&w, 429, "REQUEST_LIMIT_EXCEEDED", NULL);
	api_remove(&w);
}
END_TEST

/* ---- files of the client --------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
	bn_env *env = &w.env.env;
	ck_assert_bn_ok(bn_fs_write_file(env, path, text, strlen(text), 0600, &err), &err);
}

/* An experiment there, and a run in it: sets run_id. */
static void local_run(const char *name, const char *location)
{
	char body[600], experiment[64];
	snprintf(body, sizeof body, "{\"name\":\"%s\",\"artifact_location\":\"%s\"}", name,
		location);
	ck_assert_int_eq(api_ask(&w, "POST", "experiments/create", body), 200);
	snprintf(experiment, sizeof experiment, "%s", api_text(&w, "experiment_id"));
	snprintf(body, sizeof body, "{\"experiment_id\":\"%s\",\"start_time\":1}", experiment);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create", body), 200);
	snprintf(run_id, sizeof run_id, "%s", api_text(&w, "run.info.run_id"));
}

static int get_local(const char *path, const char *range, char *body, size_t size)
{
	char query[256];
	bn_http_header header = {"Range", range};
	bn_http_response out;
	ssize_t n = 0;
	snprintf(query, sizeof query, "run_id=%s&path=%s", run_id, path);
	bn_http_request r = {.method = "GET",
		.path = "/get-artifact",
		.query = query,
		.headers = &header,
		.header_count = range ? 1 : 0};
	bn_http_response_init(&out);
	bn_api_handle(w.api, BN_API_READER, &r, &out);
	if (out.source.read)
		n = out.source.read(out.source.user, body, size - 1);
	body[n > 0 ? n : 0] = '\0';
	int status = out.status;
	bn_http_response_release(&out);
	return status;
}

START_TEST(test_files_that_the_client_wrote_are_listed_and_read_below_the_workspace)
{
	char location[320], dir[400], path[440], body[64];
	begin(NULL);
	snprintf(location, sizeof location, "file://%s/mlartifacts", w.dir.path);
	local_run("local", location);
	snprintf(dir, sizeof dir, "%s/mlartifacts/%s/artifacts/d", w.dir.path, run_id);
	ck_assert_bn_ok(bn_fs_make_dirs(&w.env.env, dir, 0700, &err), &err);
	snprintf(path, sizeof path, "%s/a.txt", dir);
	write_text(path, "0123456789");
	snprintf(path, sizeof path, "%s/link", dir);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof path, "artifacts/list?run_id=%s&path=d", run_id);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	ck_assert_uint_eq(json_array_size(api_at(&w, "files")), 1);
	ck_assert_str_eq(api_text(&w, "files.0.path"), "d/a.txt");
	ck_assert_int_eq(api_int(&w, "files.0.file_size"), 10);
	snprintf(path, sizeof path, "artifacts/list?run_id=%s&path=none", run_id);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	ck_assert_ptr_null(api_at(&w, "files"));
	ck_assert_int_eq(get_local("d/a.txt", NULL, body, sizeof body), 200);
	ck_assert_str_eq(body, "0123456789");
	ck_assert_int_eq(get_local("d/a.txt", "bytes=3-4", body, sizeof body), 206);
	ck_assert_str_eq(body, "34");
	ck_assert_int_eq(get_local("d/none", NULL, body, sizeof body), 404);
	ck_assert_int_eq(get_local("d", NULL, body, sizeof body), 400);
	ck_assert_int_eq(get_local("d/link", NULL, body, sizeof body), 400);
	ck_assert_int_eq(
		get_local("../../../.binnacle/workspace.json", NULL, body, sizeof body), 400);
	api_remove(&w);
}
END_TEST

START_TEST(test_files_elsewhere_are_neither_listed_nor_read)
{
	char path[200], body[64], location[320], around[320], nested[320];
	begin(NULL);
	const char *places[] = {
		"/etc", "file:///etc", "file://localhost/etc", location, around, nested};
	snprintf(around, sizeof around, "%s/./.binnacle/runs", w.dir.path);
	snprintf(nested, sizeof nested, "%s/other//.binnacle/runs", w.dir.path);
	snprintf(location, sizeof location, "%s/.binnacle/objects", w.dir.path);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char name[16];
		snprintf(name, sizeof name, "e%zu", i);
		local_run(name, places[i]);
		snprintf(path, sizeof path, "artifacts/list?run_id=%s", run_id);
		api_ask(&w, "GET", path, NULL);
		api_refused(&w, 403, "PERMISSION_DENIED", NULL);
		ck_assert_int_eq(get_local("passwd", NULL, body, sizeof body), 403);
	}
	api_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/api/artifacts", test_what_was_put_is_read_whole_or_in_ranges,
	test_artifacts_of_a_client_are_those_of_the_run,
	test_a_file_and_a_directory_cannot_have_one_name, test_deleting_all_leaves_none,
	test_directories_are_listed_once_in_order_of_names,
	test_nothing_is_stored_for_runs_that_do_not_exist,
	test_paths_name_an_owner_and_lead_nowhere_else, test_parts_become_one_file_in_their_order,
	test_parts_of_an_upload_that_is_not_there_are_refused,
	test_a_token_has_a_share_of_the_uploads_and_gets_back_itself_alone,
	test_files_that_the_client_wrote_are_listed_and_read_below_the_workspace,
	test_files_elsewhere_are_neither_listed_nor_read)

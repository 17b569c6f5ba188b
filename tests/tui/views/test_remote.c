/* tui/views/remote: the workbench on a server elsewhere, which may fail in the middle. Driven by keys and pages. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/golden.h"
#include "tests/support/listener_test.h"
#include "tests/support/mlflow_server.h"
#include "tests/support/toy.h"
#include "tui/ui/script.h"
#include "tui/views/remote/remote.h"
#include "tui/views/views.h"

#include <string.h>
#include <time.h>

enum { TRIES = 6000 }; /* of 10 ms */

static toy_dir dir;
static toy_env env;
static mlflow_server *server;
static bn_remote *remote;
static bn_frame *frame;
static bn_surface *screen;
static bn_err err;
static int64_t started_ms;

static int lane_open(void **context, bn_lane lane, void *user, bn_err *e)
{
	(void)lane;
	(void)user;
	return bn_source_remote_open(context, remote, e);
}

static void lane_close(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	bn_source_close(context);
}

static int64_t host_now(void *user)
{
	(void)user;
	return MLFLOW_START_MS + 19800000 + (now_ms() - started_ms); /* 5.5 h later, and it goes on */
}

static void open_all(bool cached)
{
	const bn_remote_source_options o = {.address = mlflow_server_url(server), .is_cached = cached};
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_remote_open(&remote, &env.env, &o, &err), &err);
	const bn_frame_options f = {
		.host = {.now_ms = host_now},
		.loader = {.open = lane_open, .close = lane_close},
		.tabs = bn_view_tabs,
		.tab_count = bn_view_tab_count,
		.side = bn_view_side,
		.side_count = bn_view_side_count,
		.make_text = bn_view_text_new,
		.status = bn_source_remote()->status,
		.find = bn_source_remote()->find,
		.words = bn_source_remote()->words,
		.open_found = bn_view_open_found,
		.title = "mlflow.example.org", /* the server's port differs each time */
		.source = bn_source_remote(),
		.utc = true,
	};
	ck_assert_bn_ok(bn_frame_new(&frame, &f, &err), &err);
	ck_assert_bn_ok(bn_surface_new(&screen, 24, 80, BN_ALPHABET_BRAILLE, &err), &err);
}

static void close_all(void)
{
	bn_surface_free(screen);
	bn_frame_free(frame);
	bn_remote_close(remote);
}

static void begin(void)
{
	setenv("BINNACLE_MLFLOW_BACKOFF", "1ms", 1);
	setenv("BINNACLE_MLFLOW_POLL", "20ms", 1);
	started_ms = now_ms();
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	server = mlflow_server_start();
	mlflow_server_run(server, "ridge", "FINISHED", "alpha=0.1 solver=auto", "loss=9,5,3,2,1 rmse=3.5");
	mlflow_server_run(server, "lasso", "FAILED", "alpha=0.2 solver=auto", "loss=9,7,6,5,4 rmse=4.5");
	mlflow_server_file(server, 0, "model/MLmodel", "flavors: {}\n");
}

static void finish(void)
{
	close_all();
	mlflow_server_free(server);
	toy_dir_remove(&dir);
}

static void script(const char *text)
{
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_script_run(frame, screen, text, "keys", &err), &err);
}

static bool shows(const char *text)
{
	bn_script_settle(frame, screen);
	bn_buf all = BN_BUF_INIT;
	bn_surface_dump(screen, &all, false);
	bool has = all.ptr && strstr(all.ptr, text);
	bn_buf_release(&all);
	return has;
}

/* Asks again until the screen has the text. */
static void wait_for(const char *text)
{
	for (int i = 0; i < TRIES; i++) {
		if (shows(text))
			return;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
		script("^R");
	}
	bn_buf all = BN_BUF_INIT;
	bn_surface_dump(screen, &all, false);
	ck_abort_msg("the screen never had '%s':\n%s", text, all.ptr);
}

static void wait_until_fresh(void)
{
	for (int i = 0; i < TRIES && (shows("connecting") || shows("reading more")); i++) {
		nanosleep(&(struct timespec){0, 10000000}, NULL);
		bn_frame_pump(frame);
	}
}

/* wide: what a wide screen shows once the points of the selected run are here. */
static void picture(const char *name, const char *wide)
{
	static const int sizes[][2] = {{80, 24}, {140, 40}};
	for (size_t i = 0; i < 2; i++) {
		ck_assert_bn_ok(bn_surface_resize(screen, sizes[i][1], sizes[i][0], &err), &err);
		bn_script_settle(frame, screen);
		if (i == 1)
			wait_for(wide);
		char *file = bn_strf("remote/%s-%dx%d-utf8", name, sizes[i][0], sizes[i][1]);
		bn_golden_check_surface(file, screen);
		bn_free(file);
	}
	ck_assert_bn_ok(bn_surface_resize(screen, 24, 80, &err), &err);
}

START_TEST(test_remote_runs_a_run_and_models_are_shown)
{
	NEED_LOOPBACK();
	begin();
	open_all(false);
	script("3");
	wait_for("lasso");
	wait_until_fresh();
	picture("runs", "█▅▄▂▁");
	script("j Enter");
	wait_for("loss");
	wait_for("step");
	picture("run", "step");
	script("Esc 2");
	wait_for("no datasets");
	finish();
}
END_TEST

/* An act as the screens request it. */
static int act(bn_ui_action action, const char *reason)
{
	void *lane = NULL;
	bn_action_arg a = {.action = action};
	bn_page *page = bn_page_new(1, 0);
	snprintf(a.ref, sizeof a.ref, "%s",
		action == BN_ACTION_REGISTER ? "power" : action == BN_ACTION_ALIAS ? "power/1" : mlflow_server_id(0));
	snprintf(a.reason, sizeof a.reason, "%s", reason);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_source_remote_open(&lane, remote, &err), 0);
	int rc = bn_source_remote()->action(lane, &a, page, NULL, &err);
	bn_page_free(page);
	bn_source_close(lane);
	return rc;
}

/* A screen asks for its page whatever the source is. */
START_TEST(test_remote_every_page_has_a_function)
{
	const bn_page_fn *here = (const bn_page_fn *)bn_source_workspace(),
			 *there = (const bn_page_fn *)bn_source_remote();
	for (size_t i = 0; i < sizeof(bn_page_source) / sizeof *here; i++)
		ck_assert_msg(here[i] && there[i], "page %zu of bn_page_source", i);
}
END_TEST

START_TEST(test_remote_acts_are_requests_to_the_server)
{
	NEED_LOOPBACK();
	begin();
	open_all(false);
	script("3");
	wait_for("lasso");
	ck_assert_bn_ok(act(BN_ACTION_RUN_TAG, "star=yes"), &err);
	ck_assert_str_eq(mlflow_server_tag(server, 0, "star"), "yes");
	ck_assert_bn_ok(act(BN_ACTION_RUN_NOTE, "good"), &err);
	ck_assert_str_eq(mlflow_server_tag(server, 0, "mlflow.note.content"), "good");
	ck_assert_bn_ok(act(BN_ACTION_RUN_REMOVE, ""), &err);
	ck_assert_bn_ok(act(BN_ACTION_RUN_RESTORE, ""), &err);
	ck_assert_bn_ok(act(BN_ACTION_REGISTER, mlflow_server_id(0)), &err);
	ck_assert_bn_ok(act(BN_ACTION_ALIAS, "champion"), &err);
	ck_assert_int_eq(act(BN_ACTION_APPROVE, ""), BN_EREFUSED);
	ck_assert_int_eq(act(BN_ACTION_STOP, ""), BN_EREFUSED);
	script("4");
	wait_for("power/1");
	ck_assert(shows("champion"));
	finish();
}
END_TEST

START_TEST(test_remote_a_dead_server_leaves_what_is_known_and_comes_back)
{
	NEED_LOOPBACK();
	begin();
	open_all(false);
	script("3");
	wait_for("lasso");
	mlflow_server_stop(server);
	for (int i = 0; i < TRIES && !shows("no answer"); i++) {
		nanosleep(&(struct timespec){0, 10000000}, NULL);
		bn_frame_pump(frame);
	}
	ck_assert(shows("lasso"));
	ck_assert_int_eq(act(BN_ACTION_RUN_TAG, "stage=final"), BN_EIO);
	ck_assert_ptr_nonnull(strstr(err.msg, "nothing was changed"));
	mlflow_server_run(server, "later", "FINISHED", "", "loss=1");
	mlflow_server_again(server);
	wait_for("later");
	close_all();
	/* the next start, without a server */
	mlflow_server_stop(server);
	open_all(true);
	script("3");
	ck_assert(shows("later"));
	mlflow_server_again(server);
	finish();
}
END_TEST

START_TEST(test_remote_a_server_that_refuses_is_not_an_empty_one)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_token(server, "secret");
	open_all(false);
	wait_for("refused");
	script("3");
	wait_for("answered 401");
	ck_assert(!shows("no runs yet"));
	mlflow_server_token(server, NULL);
	wait_for("ridge");
	finish();
}
END_TEST

BN_TEST_MAIN("tui/views/remote", test_remote_every_page_has_a_function,
	test_remote_runs_a_run_and_models_are_shown,
	test_remote_acts_are_requests_to_the_server,
	test_remote_a_dead_server_leaves_what_is_known_and_comes_back,
	test_remote_a_server_that_refuses_is_not_an_empty_one)

/* The access log: what a line says, files of limited size, and disks and pipes that take nothing. */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/serve/access_log.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static bn_env env;
static bn_err err;
static char *path;
static bn_access_log *l;
static bn_access_log_stats stats;

static const bn_http_peer peer = {.address = "10.1.2.3", .uid = (uid_t)-1};
static const bn_access_entry usual = {.time_ns = INT64_C(1772452800000123456),
	.took_ns = 213000,
	.handled_ns = 87000,
	.peer = &peer,
	.method = "POST",
	.path = "/predict",
	.request_id = "abc",
	.model = "power",
	.version = "3",
	.rows = 2,
	.bytes_in = 64,
	.bytes_out = 58,
	.status = 200,
	.is_complete = true};

static void begin(void)
{
	toy_dir_make(&dir);
	env = *bn_env_real();
	path = bn_path_join(dir.path, "access.jsonl");
}

static void end(void)
{
	bn_access_log_close(l);
	l = NULL;
	bn_free(path);
	toy_dir_remove(&dir);
}

static void open_log(int64_t max_bytes, int keep)
{
	bn_access_log_options o = {.path = path,
		.fd = -1,
		.max_bytes = max_bytes,
		.keep = keep,
		.interval_ms = 1};
	ck_assert_bn_ok(bn_access_log_open(&l, &env, &o, &err), &err);
}

static void add(const char *at)
{
	bn_access_entry e = usual;
	e.path = at;
	bn_access_log_add(l, &e);
}

/* Until the thread has written, or given up, what waits. */
static void drain(void)
{
	do {
		usleep(1000);
		bn_access_log_get_stats(l, &stats);
	} while (stats.waiting);
}

static char *content(const char *suffix)
{
	char name[400];
	bn_buf b = BN_BUF_INIT;
	snprintf(name, sizeof name, "%s%s", path, suffix);
	bn_fs_read_file(bn_env_real(), name, &b, NULL);
	return bn_buf_take(&b, NULL);
}

/* How many lines there are; each is an object of its own. */
static size_t lines_of(const char *suffix)
{
	char *text = content(suffix);
	size_t lines = 0;
	for (char *at = text, *line_end; *at; at = line_end + 1, lines++) {
		line_end = strchr(at, '\n');
		ck_assert_msg(line_end != NULL, "a part of a line: %s", at);
		json_t *o = NULL;
		ck_assert_bn_ok(
			bn_json_parse(&o, at, (size_t)(line_end - at), "line", &err), &err);
		json_decref(o);
	}
	bn_free(text);
	return lines;
}

START_TEST(test_a_line_says_what_was_asked_and_answered)
{
	begin();
	open_log(0, 0);
	bn_access_log_add(l, &usual);
	bn_access_entry refused = {.time_ns = usual.time_ns, .handled_ns = -1, .method = "",
		.path = "", .status = 400, .is_complete = true};
	bn_access_log_add(l, &refused);
	const bn_http_peer unix_peer = {.is_unix = true, .uid = 1000};
	bn_access_entry gone = {.time_ns = 0, .took_ns = INT64_C(61000000000), .handled_ns = -1,
		.peer = &unix_peer, .method = "GET", .path = "/x\"\\\n\x1b[31m\xe2\x80\xae\xff\xc3\xa9"};
	bn_access_log_add(l, &gone);
	bn_access_log_finish(l);
	char *text = content("");
	ck_assert_str_eq(text,
		"{\"time\":\"2026-03-02T12:00:00.000123Z\",\"peer\":\"10.1.2.3\",\"method\":\"POST\","
		"\"path\":\"/predict\",\"status\":200,\"bytes_in\":64,\"bytes_out\":58,"
		"\"seconds\":0.000213,\"handler_seconds\":0.000087,\"complete\":true,"
		"\"model\":\"power\",\"version\":\"3\",\"rows\":2,\"request\":\"abc\"}\n"
		"{\"time\":\"2026-03-02T12:00:00.000123Z\",\"status\":400,\"bytes_in\":0,"
		"\"bytes_out\":0,\"seconds\":0.000000,\"complete\":true}\n"
		"{\"time\":\"1970-01-01T00:00:00.000000Z\",\"peer\":\"uid:1000\",\"method\":\"GET\","
		"\"path\":\"/x\\\"\\\\\\u000a\\u001b[31m\\u202e\\ufffd\xc3\xa9\",\"bytes_in\":0,"
		"\"bytes_out\":0,\"seconds\":61.000000,\"complete\":false}\n");
	bn_free(text);
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	bn_buf metrics = BN_BUF_INIT;
	bn_access_log_write_metrics(l, &metrics);
	ck_assert_str_eq(strstr(metrics.ptr, "\nbinnacle_access_log_lines_total ") + 1,
		"binnacle_access_log_lines_total 3\n"
		"# HELP binnacle_access_log_lost_total Requests without a line in the access log: "
		"the queue was full, or the file could not be written.\n"
		"# TYPE binnacle_access_log_lost_total counter\n"
		"binnacle_access_log_lost_total{reason=\"queue\"} 0\n"
		"binnacle_access_log_lost_total{reason=\"write\"} 0\n");
	bn_buf_release(&metrics);
	end();
}
END_TEST

START_TEST(test_a_long_path_is_cut_and_its_line_stays_json)
{
	static char lengthy[60000];
	begin();
	open_log(0, 0);
	memset(lengthy, 'a', sizeof lengthy - 1);
	add(lengthy);
	memset(lengthy, '\x01', sizeof lengthy - 1);
	add(lengthy);
	bn_access_log_finish(l);
	ck_assert_uint_eq(lines_of(""), 2);
	char *text = content("");
	ck_assert_uint_lt(strlen(text), 3000);
	ck_assert_ptr_nonnull(strstr(text, "a\",\"path_cut\":true,\"status\":200"));
	ck_assert_ptr_nonnull(strstr(text, "\\u0001\",\"path_cut\":true,"));
	bn_free(text);
	end();
}
END_TEST

START_TEST(test_files_have_a_size_and_a_number)
{
	enum { ROUNDS = 40, EACH = 50, LIMIT = 4000 };
	begin();
	open_log(LIMIT, 3);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < EACH; i++)
			add("/predict");
		drain();
	}
	bn_access_log_finish(l);
	bn_access_log_get_stats(l, &stats);
	ck_assert_uint_eq(stats.written, ROUNDS * EACH);
	static const char *const names[] = {"", ".1", ".2", ".3"};
	for (size_t i = 0; i < 4; i++) {
		char *text = content(names[i]);
		ck_assert_uint_le(strlen(text), LIMIT);
		ck_assert_uint_gt(strlen(text), i ? LIMIT - 300 : 1);
		bn_free(text);
		ck_assert_uint_gt(lines_of(names[i]), 0);
	}
	char *text = content(".4");
	ck_assert_str_eq(text, "");
	bn_free(text);
	end();
}
END_TEST

START_TEST(test_without_older_files_only_the_newest_lines_stay)
{
	begin();
	open_log(1000, 0);
	for (int i = 0; i < 100; i++)
		add("/predict");
	bn_access_log_finish(l);
	char *text = content("");
	ck_assert_uint_le(strlen(text), 1000);
	bn_free(text);
	ck_assert_uint_ge(lines_of(""), 1);
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(&env, dir.path, &names, &err), &err);
	ck_assert_uint_eq(names.count, 1);
	bn_names_release(&names);
	end();
}
END_TEST

START_TEST(test_a_file_that_others_moved_removed_or_cut_is_noticed)
{
	char moved[400];
	begin();
	open_log(2000, 1);
	snprintf(moved, sizeof moved, "%s.old", path);
	add("/one");
	drain();
	ck_assert_int_eq(rename(path, moved), 0);
	add("/two");
	drain();
	ck_assert_uint_eq(lines_of(".old"), 1);
	ck_assert_uint_eq(lines_of(""), 1);
	ck_assert_int_eq(unlink(path), 0);
	bn_access_log_reopen(l);
	add("/three");
	drain();
	ck_assert_uint_eq(lines_of(""), 1);
	for (int i = 0; i < 7; i++)
		add("/four");
	drain();
	ck_assert_int_eq(truncate(path, 0), 0); /* logrotate's copytruncate */
	for (int i = 0; i < 7; i++)
		add("/five");
	drain();
	ck_assert_uint_eq(lines_of(""), 7); /* its size counts from 0 again: not rotated */
	char *text = content(".1");
	ck_assert_str_eq(text, "");
	bn_free(text);
	end();
}
END_TEST

START_TEST(test_what_takes_the_place_of_a_file_later_is_not_followed)
{
	char target[400];
	begin();
	snprintf(target, sizeof target, "%s/other", dir.path);
	open_log(0, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	add("/one");
	drain();
	ck_assert_uint_eq(stats.lost_writes, 1);
	ck_assert_ptr_nonnull(strstr(stats.last_error, "access.jsonl"));
	ck_assert_int_eq(access(target, F_OK), -1);
	ck_assert_int_eq(unlink(path), 0);
	add("/two");
	drain();
	ck_assert_str_eq(stats.last_error, "");
	ck_assert_uint_eq(lines_of(""), 1);
	end();
}
END_TEST

static int refused(mode_t mode)
{
	bn_access_log_options o = {.path = path};
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	bn_err_clear(&err);
	return bn_access_log_open(&l, &env, &o, &err);
}

static uid_t somebody(const bn_env *e)
{
	(void)e;
	return 12345;
}

START_TEST(test_a_file_of_others_is_refused)
{
	begin();
	ck_assert_int_eq(refused(0620), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod"));
	ck_assert_int_eq(refused(0602), BN_EREFUSED);
	ck_assert_int_eq(refused(0640), 0);
	bn_access_log_close(l);
	l = NULL;
	env.uid = somebody;
	ck_assert_int_eq(refused(0600), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "another user"));
	env.uid = bn_env_real()->uid;
	bn_access_log_options o = {.path = dir.path};
	bn_err_clear(&err);
	ck_assert_int_lt(bn_access_log_open(&l, &env, &o, &err), 0);
	o.path = "/no/such/directory/log";
	bn_err_clear(&err);
	ck_assert_int_eq(bn_access_log_open(&l, &env, &o, &err), BN_ENOTFOUND);
	end();
}
END_TEST

/* Each change of the disk fails in turn, as on a full one: lines are lost and counted, and the file holds whole
 * lines only. */
START_TEST(test_a_full_disk_costs_lines_and_never_half_of_one)
{
	enum { ROUNDS = 6, EACH = 4 };
	long changes = 1, failed = 0;
	for (long at = 0; at <= changes; at++) {
		begin();
		env.fs = &faultfs_ops;
		open_log(2000, 2);
		faultfs_arm(at ? FAULTFS_ENOSPC : FAULTFS_NONE, at);
		for (int r = 0; r < ROUNDS; r++) {
			for (int i = 0; i < EACH; i++)
				add("/predict");
			drain();
		}
		if (!at)
			changes = faultfs_count();
		faultfs_arm(FAULTFS_NONE, 0);
		uint64_t before = stats.written + stats.lost_writes;
		ck_assert_uint_eq(before, ROUNDS * EACH);
		ck_assert(at || !stats.failures);
		failed += stats.failures > 0;
		add("/after");
		drain();
		ck_assert_str_eq(stats.last_error, "");
		ck_assert_uint_eq(stats.written + stats.lost_writes, before + 1);
		size_t found = lines_of("") + lines_of(".1") + lines_of(".2");
		ck_assert_uint_le(found, stats.written);
		char *text = content("");
		ck_assert_ptr_nonnull(strstr(text, "/after"));
		bn_free(text);
		end();
	}
	ck_assert_int_gt(changes, ROUNDS);
	ck_assert_int_gt(failed, changes / 2);
}
END_TEST

START_TEST(test_a_full_queue_costs_lines)
{
	int ends[2];
	begin();
	ck_assert_int_eq(pipe(ends), 0);
	while (fcntl(ends[1], F_SETFL, O_NONBLOCK), write(ends[1], "0123456789\n", 11) > 0)
		;
	bn_access_log_options o = {.fd = ends[1], .queue_bytes = 10000};
	ck_assert_bn_ok(bn_access_log_open(&l, &env, &o, &err), &err);
	for (int i = 0; i < 1000; i++) /* the pipe takes nothing: this must not wait */
		add("/predict");
	bn_access_log_get_stats(l, &stats);
	ck_assert_uint_gt(stats.lost_queue, 800);
	ck_assert_uint_eq(stats.lost_queue + stats.waiting, 1000);
	int64_t began = bn_env_monotonic_ns(&env);
	bn_access_log_finish(l); /* nobody reads */
	ck_assert(bn_env_monotonic_ns(&env) - began < INT64_C(20000000000));
	bn_access_log_get_stats(l, &stats);
	ck_assert_uint_eq(stats.lost_queue + stats.lost_writes, 1000);
	ck_assert_uint_eq(stats.written, 0);
	close(ends[0]);
	close(ends[1]);
	end();
}
END_TEST

static void *read_all(void *user)
{
	int fd = *(int *)user;
	static size_t lines;
	char text[1024];
	lines = 0;
	for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	return &lines;
}

START_TEST(test_a_pipe_gets_every_line_from_any_thread)
{
	int ends[2];
	void *lines;
	pthread_t reader;
	begin();
	ck_assert_int_eq(pipe(ends), 0);
	bn_access_log_options o = {.fd = ends[1]};
	ck_assert_bn_ok(bn_access_log_open(&l, &env, &o, &err), &err);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
	for (int i = 0; i < 5000; i++)
		add("/predict");
	bn_access_log_finish(l);
	close(ends[1]);
	pthread_join(reader, &lines);
	close(ends[0]);
	bn_access_log_get_stats(l, &stats);
	ck_assert_uint_eq(*(size_t *)lines, 5000);
	ck_assert_uint_eq(stats.written, 5000);
	end();
}
END_TEST

BN_TEST_MAIN("core/serve/access_log", test_a_line_says_what_was_asked_and_answered,
	test_a_long_path_is_cut_and_its_line_stays_json, test_files_have_a_size_and_a_number,
	test_without_older_files_only_the_newest_lines_stay,
	test_a_file_that_others_moved_removed_or_cut_is_noticed,
	test_what_takes_the_place_of_a_file_later_is_not_followed,
	test_a_file_of_others_is_refused,
	test_a_full_disk_costs_lines_and_never_half_of_one, test_a_full_queue_costs_lines,
	test_a_pipe_gets_every_line_from_any_thread)

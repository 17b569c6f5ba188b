/* The output of a run in its log files: within the limit, with beginning and end kept, and never an error. */
#include "core/base/mem.h"
#include "core/launch/_log_writer.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LIMIT 65536

static toy_dir place;
static toy_env env;
static bn_dir *dir;
static bool disk_is_full;
static bn_fs_ops ops;
static bn_err err = BN_ERR_INIT;

static ssize_t full_write(const bn_env *e, int fd, const void *bytes, size_t n)
{
	return disk_is_full ? -ENOSPC : bn_env_real()->fs->write(e, fd, bytes, n);
}

static void place_make(void)
{
	toy_dir_make(&place);
	toy_env_init(&env, &place);
	ops = *env.env.fs;
	ops.write = full_write;
	env.env.fs = &ops;
	disk_is_full = false;
	ck_assert_bn_ok(bn_dir_open(&dir, &env.env, place.path, &err), &err);
}

static void place_remove(void)
{
	bn_dir_close(dir);
	toy_dir_remove(&place);
}

static void print_lines(bn_log_writer *w, int from, int to)
{
	char line[16];
	for (int i = from; i <= to; i++)
		bn_log_writer_add(w, line, (size_t)snprintf(line, sizeof line, "%09d\n", i), LIMIT);
}

/* Lists the files in order; *all: their total size. */
static size_t files(bn_run_log_part *parts, uint64_t *all)
{
	size_t n;
	ck_assert_bn_ok(bn_run_log_list(parts, BN_RUN_LOG_TAILS + 2, &n, dir, &err), &err);
	*all = 0;
	for (size_t i = 0; i < n; i++)
		*all += parts[i].size;
	return n;
}

static char *text_of(const char *name)
{
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_dir_read_file(dir, name, &b, &err), &err);
	return b.ptr;
}

START_TEST(test_log_keeps_beginning_and_end_within_its_limit)
{
	bn_log_writer w;
	bn_run_log_part parts[BN_RUN_LOG_TAILS + 2];
	uint64_t all;
	place_make();
	ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
	print_lines(&w, 1, 50000);
	size_t n = files(parts, &all);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_le(all, LIMIT + 100);
	ck_assert_uint_ge(all, LIMIT / 2 + LIMIT / 4);
	ck_assert_str_eq(parts[0].name, BN_RUN_LOG_FILE);
	ck_assert_uint_eq(parts[1].from + parts[1].size, parts[2].from);
	char *head = text_of(parts[0].name), *tail = text_of(parts[2].name);
	ck_assert_int_eq(strncmp(head, "000000001\n", 10), 0);
	ck_assert_ptr_nonnull(strstr(head, "binnacle: this file is full"));
	ck_assert_str_eq(tail + strlen(tail) - 10, "000050000\n");
	ck_assert_int_eq(strlen(tail) % 10, 0); /* cut at the end of a line */
	bn_free(head);
	bn_free(tail);
	bn_log_writer_close(&w);
	place_remove();
}
END_TEST

START_TEST(test_log_below_its_limit_is_one_file_and_gone_on_with)
{
	bn_log_writer w;
	bn_run_log_part parts[BN_RUN_LOG_TAILS + 2];
	uint64_t all;
	place_make();
	for (int i = 0; i < 3; i++) {
		ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
		print_lines(&w, 100 * i + 1, 100 * i + 100);
		bn_log_writer_close(&w);
	}
	ck_assert_uint_eq(files(parts, &all), 1);
	ck_assert_uint_eq(all, 3000);
	place_remove();
}
END_TEST

/* The program that prints is not affected; the lost output is a gap, visible in the offset of the next file. */
START_TEST(test_log_of_a_full_disk_leaves_out_what_it_could_not_write_and_goes_on)
{
	bn_log_writer w;
	bn_run_log_part parts[BN_RUN_LOG_TAILS + 2];
	uint64_t all;
	place_make();
	ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
	print_lines(&w, 1, 1000);
	disk_is_full = true;
	print_lines(&w, 1001, 3000);
	disk_is_full = false;
	nanosleep(&(struct timespec){0, 700000000}, NULL);
	print_lines(&w, 3001, 3100);
	size_t n = files(parts, &all);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(parts[0].size, 10000);
	ck_assert_uint_ge(parts[1].from, 30000);
	char *tail = text_of(parts[1].name);
	ck_assert_str_eq(tail + strlen(tail) - 10, "000003100\n");
	bn_free(tail);
	bn_log_writer_close(&w);
	place_remove();
}
END_TEST

START_TEST(test_log_of_a_full_disk_gives_no_end_up_that_it_has)
{
	bn_log_writer w;
	bn_run_log_part before[BN_RUN_LOG_TAILS + 2], after[BN_RUN_LOG_TAILS + 2];
	uint64_t all;
	place_make();
	ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
	print_lines(&w, 1, 20000);
	size_t n = files(before, &all);
	disk_is_full = true;
	for (int i = 0; i < 20; i++) {
		nanosleep(&(struct timespec){0, 60000000}, NULL);
		print_lines(&w, 20001 + 1000 * i, 21000 + 1000 * i);
	}
	ck_assert_uint_eq(files(after, &all), n);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(before[i].name, after[i].name);
	bn_log_writer_close(&w);
	place_remove();
}
END_TEST

/* The owner of the directory can put any file there: overlapping files must not overflow a reader's buffer. */
START_TEST(test_log_whose_files_overlap_is_read_within_its_buffer)
{
	char bytes[65], head[1000];
	bn_run_log log = {.env = &env.env};
	uint64_t at = 0, left_out;
	size_t got, all = 0;
	place_make();
	memset(head, 'h', sizeof head);
	ck_assert_bn_ok(bn_dir_write_file(dir, BN_RUN_LOG_FILE, head, 1000, 0644, &err), &err);
	ck_assert_bn_ok(bn_dir_write_file(dir, BN_RUN_LOG_TAIL "10", "tails", 5, 0644, &err), &err);
	log.path = bn_strdup(place.path);
	ck_assert_bn_ok(
		bn_run_log_list(log.parts, BN_RUN_LOG_TAILS + 2, &log.count, dir, &err), &err);
	for (size_t i = 0; i < log.count; i++)
		ck_assert_bn_ok(bn_dir_open_file(&log.parts[i].fd, dir, log.parts[i].name, O_RDONLY,
					0, &err),
			&err);
	do {
		ck_assert_bn_ok(
			bn_run_log_read(&log, &at, bytes + all, 64 - all, &got, &left_out, &err),
			&err);
		ck_assert_uint_le(got, 64 - all);
		ck_assert_uint_eq(left_out, 0);
		all += got;
	} while (got > 0);
	bytes[all] = '\0';
	ck_assert_str_eq(bytes, "hhhhhhhhhhtails");
	bn_run_log_close(&log);
	place_remove();
}
END_TEST

/* If no file can be created, output is dropped until one can. */
START_TEST(test_log_without_a_file_passes_over_what_is_printed)
{
	bn_log_writer w;
	place_make();
	ck_assert_int_eq(mkdirat(dir->fd, BN_RUN_LOG_FILE, 0755), 0);
	ck_assert_bn_ok(bn_log_writer_open(&w, dir, &err), &err);
	print_lines(&w, 1, 100);
	nanosleep(&(struct timespec){0, 700000000}, NULL);
	print_lines(&w, 101, 200);
	char *tail = text_of(BN_RUN_LOG_TAIL "1000");
	ck_assert_int_eq(strncmp(tail, "000000101\n", 10), 0);
	bn_free(tail);
	bn_log_writer_close(&w);
	place_remove();
}
END_TEST

BN_TEST_MAIN("core/launch/log_writer", test_log_keeps_beginning_and_end_within_its_limit,
	test_log_below_its_limit_is_one_file_and_gone_on_with,
	test_log_of_a_full_disk_leaves_out_what_it_could_not_write_and_goes_on,
	test_log_of_a_full_disk_gives_no_end_up_that_it_has,
	test_log_whose_files_overlap_is_read_within_its_buffer,
	test_log_without_a_file_passes_over_what_is_printed)

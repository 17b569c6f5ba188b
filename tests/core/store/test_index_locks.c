/* An index's connections keep their locks until they are closed, whatever else the process opens and closes: without
 * them another process deletes the WAL, and two processes fold at once. */
#include "core/base/mem.h"
#include "core/store/index/ref.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;

static bn_workspace *open_one(void)
{
	bn_workspace *ws = NULL;
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &e), &e);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &e), &e);
	return ws;
}

static void open_file(char *file, size_t size)
{
	char index[320];
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	snprintf(index, sizeof index, "%s/index", dir.path);
	toy_env_own_index(&env, index);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	bn_workspace *ws = open_one();
	const char *path = sqlite3_db_filename(bn_workspace_index(ws), "main");
	ck_assert_ptr_nonnull(path);
	snprintf(file, size, "%s", path);
	bn_workspace_close(ws);
}

/* Whether a lock prevents another process from writing to the file. */
static bool is_locked(const char *file)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(file, O_RDWR | O_CLOEXEC);
		_exit(fd < 0 || fcntl(fd, F_GETLK, &l) != 0 ? 2 : l.l_type != F_UNLCK);
	}
	int status = -1;
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

START_TEST(test_index_locks_a_second_connection_takes_no_lock_away)
{
	char file[400];
	open_file(file, sizeof file);
	ck_assert(!is_locked(file));
	bn_workspace *first = open_one();
	ck_assert(is_locked(file));
	bn_workspace *second = open_one();
	ck_assert(is_locked(file));
	bn_workspace_close(second);
	ck_assert(is_locked(file));
	bn_workspace_close(open_one());
	ck_assert(is_locked(file));
	bn_workspace_close(first);
	ck_assert(!is_locked(file));
	/* After the last connection was closed the file is checked again. */
	ck_assert_int_eq(truncate(file, 40), 0);
	struct stat st;
	bn_workspace *ws = NULL;
	if (bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err) >= 0)
		bn_workspace_refresh(ws, NULL, &err);
	bn_workspace_close(ws);
	bn_err_clear(&err);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 40);
	toy_dir_remove(&dir);
}
END_TEST

enum { THREADS = 4, ROUNDS = 40 };

static void *open_and_close(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++)
		bn_workspace_close(open_one());
	return NULL;
}

START_TEST(test_index_locks_nor_do_threads_that_open_and_close)
{
	char file[400];
	pthread_t threads[THREADS];
	open_file(file, sizeof file);
	bn_workspace *first = open_one();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
	for (int i = 0; i < 50; i++)
		ck_assert(is_locked(file));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert(is_locked(file));
	bn_workspace_close(first);
	ck_assert(!is_locked(file));
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("store/index_locks", test_index_locks_a_second_connection_takes_no_lock_away,
	test_index_locks_nor_do_threads_that_open_and_close)

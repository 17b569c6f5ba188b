/*
 * check_main.h - the main() of a test binary.
 *
 *	START_TEST(test_x_does_y) { ... } END_TEST
 *	BN_TEST_MAIN("core/base/err", test_x_does_y, test_z)
 *
 * Each test runs in its own process (Check's fork mode), so a crash fails one test only. CK_FORK=no
 * in the environment runs them in this process, for a debugger.
 */
#ifndef BN_TEST_CHECK_MAIN_H
#define BN_TEST_CHECK_MAIN_H
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

int bn_test_run(const char *suite_name, const TTest *const *tests, size_t n);

#define BN_TEST_MAIN(suite_name, ...) \
	int main(void) \
	{ \
		const TTest *const all[] = {__VA_ARGS__}; \
		setvbuf(stdout, NULL, _IOLBF, 0); \
		return bn_test_run(suite_name, all, sizeof all / sizeof *all); \
	}

/* For what only some machines can do: reports it in the summary instead of passing silently. */
#define BN_TEST_SKIP(...) \
	do { \
		printf("SKIP: " __VA_ARGS__); \
		printf("\n"); \
		return; \
	} while (0)

/* Fails the test with the error's message. */
#define ck_assert_bn_ok(call, err) ck_assert_msg((call) == 0, "%s failed: %s", #call, (err)->msg)

#endif

/* check_main.c - see check_main.h. */
#include "tests/support/check_main.h"

int bn_test_run(const char *suite_name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(suite_name);
	for (size_t i = 0; i < n; i++) {
		TCase *tc = tcase_create(tests[i]->name);
		tcase_add_test(tc, tests[i]);
		suite_add_tcase(suite, tc);
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

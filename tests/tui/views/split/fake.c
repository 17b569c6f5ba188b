/* fake.c - the split form with columns and canned reports. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#include <string.h>

int bn_fake_split_form(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const char *const columns[] = {
		"job_id", "user_id", "submit_time", "end_time", "state", "node_power", NULL};
	bn_split_form form = {.columns = columns};
	bn_fake_take(page, &form, sizeof form);
	return 0;
}

/* The report depends on the kind: groups do not leak. */
int bn_fake_split_plan(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_split_arg *a = arg;
	bn_split_report leaks = {
		.text = "leak: 312 of 80274 rows of test equal a row of train, such as row 18 of train and row 4 of test\n"
			"      remove the repetitions before the split, or keep them together: --how group by what "
			"identifies them\n"
			"jobs.train  321 098 rows, 80.0 %\njobs.test  80 274 rows, 20.0 %\n",
		.summary = "train 321 098, test 80 274; 1 leak",
		.parts = 2,
		.leaks = 1};
	bn_split_report none = {.text = "no leak was found\njobs.train  321 102 rows, 80.0 %\njobs.test  80 270 rows, 20.0 %\n",
		.summary = "train 321 102, test 80 270; no leak was found",
		.parts = 2};
	if (!strcmp(a->by, "nix"))
		return bn_err_set(err, BN_ENOTFOUND, "no column 'nix'");
	bn_fake_take(page, !strcmp(a->how, "group") ? &none : &leaks, sizeof leaks);
	return 0;
}

int bn_fake_make_split(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	bn_job_log(job, "jobs.train@v1, 321 098 rows");
	page->data = bn_arena_strdup(&page->arena, "jobs");
	return 0;
}

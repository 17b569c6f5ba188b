/* fake.c - canned checks. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_check(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job, ((const bn_recheck_arg *)arg)->ref, err);
}

int bn_fake_checks(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_check_row rows[] = {
		{"values not null", "job_id", "always", "100 %", 0, BN_STATE_OK, NULL},
		{"values between", "power", "0 to 1000", "max 1090", 3, BN_STATE_FAIL, NULL},
		{"column mean between", "run_time", "100 to 90000", "41233", -1, BN_STATE_OK, NULL},
	};
	static const bn_checks c = {"telemetry.json", NOW - HOUR, "5ee1", rows, 3};
	static const bn_checks none = {NULL, 0, NULL, NULL, 0};
	bn_fake_take(page, fake->is_empty ? &none : &c, sizeof c);
	return 0;
}

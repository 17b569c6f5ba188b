/* fake.c - canned records of the log, and the result of verifying it. See
 * tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_findings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_finding items[] = {{BN_STATE_OK, "writers", "4"},
		{BN_STATE_OK, "records, in chains", "41"}, {BN_STATE_OK, "signatures", "3"},
		{BN_STATE_FAIL, "objects, hashed", "1 of 77 are wrong"},
		{BN_STATE_FAIL, "first fault",
			"objects/9f/2c01ab77de (part of dataset/jobs): object 9f2c01ab77de is "
			"damaged"}};
	static const bn_findings f = {"the log", "2 faults", BN_STATE_FAIL, items, 5};
	int rc = bn_fake_work(fake, job, "hashing", err);
	if (rc < 0)
		return rc;
	bn_job_log(job, "2 faults");
	bn_fake_take(page, &f, sizeof f);
	return 0;
}

int bn_fake_audit(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_audit_row rows[] = {
		{.time_ms = NOW - 20 * MIN,
			.clock = 9,
			.seq = 4,
			.writer = (char *)"grace@login1-411-01HX",
			.uid = 1002,
			.user = (char *)"grace",
			.kind = (char *)"model.requested",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_APPLIED,
			.standing = "applied",
			.summary = (char *)"version 3, reason: better on long jobs",
			.payload = (char *)"{\"reason\":\"better on long jobs\",\"version\":3}"},
		{.time_ms = NOW - 21 * MIN,
			.clock = 8,
			.seq = 3,
			.writer = (char *)"grace@login1-411-01HX",
			.uid = 1002,
			.user = (char *)"grace",
			.kind = (char *)"model.approved",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_REFUSED,
			.standing = "refused",
			.is_signed = true,
			.reason = (char *)"grace registered version 3 and may not approve it",
			.summary = (char *)"version 3"},
		{.time_ms = NOW - 26 * HOUR,
			.clock = 5,
			.seq = 9,
			.writer = (char *)"ada@login1-77-01HW",
			.uid = 1001,
			.user = (char *)"ada",
			.kind = (char *)"model.approved",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_APPLIED,
			.standing = "applied",
			.is_signed = true,
			.summary = (char *)"version 2, reason: all gates pass",
			.unknown = (char *)"energy.budget"},
		{.time_ms = NOW - 27 * HOUR,
			.clock = 4,
			.seq = 8,
			.writer = (char *)"ada@login1-77-01HW",
			.uid = 1001,
			.user = (char *)"ada",
			.kind = (char *)"model.quantised",
			.entity = (char *)"model/power",
			.outcome = BN_OUTCOME_NEWER,
			.standing = "newer",
			.reason = (char *)"unknown kind",
			.summary = (char *)"version 2"},
	};
	enum { ALL = 7 };
	static const char *const of_run[] = {"run.finished", "run.started", "run.created"};
	const bn_audit_arg *a = arg;
	bn_audit_row *all = bn_arena_alloc(&page->arena, ALL * sizeof *all);
	all[0] = rows[0];
	for (int i = 0; i < 3; i++)
		all[1 + i] = (bn_audit_row){.time_ms = NOW - (20 + i) * MIN,
			.clock = (uint64_t)(7 - i),
			.seq = (uint64_t)(30 - i),
			.writer = (char *)"ada@login1-77-01HW",
			.uid = 1001,
			.user = (char *)"ada",
			.kind = (char *)(uintptr_t)of_run[i],
			.entity = (char *)"run/7f3a0000000000000000000000000000",
			.outcome = BN_OUTCOME_APPLIED,
			.standing = "applied",
			.summary = (char *)"duration_ms 61000",
			.payload = (char *)"{\"duration_ms\":61000,\"size_bytes\":2048}"};
	for (int i = 0; i < 3; i++)
		all[4 + i] = rows[1 + i];
	const bn_audit_page everything = {all, ALL, 96, 1, 2, 0};
	if (!a->decisions && !fake->is_empty) {
		bn_fake_take(page, &everything, sizeof everything);
		return 0;
	}
	static const bn_audit_page p = {rows, 4, 41, 1, 2, 1}, none = {NULL, 0, 0, 0, 0, 0};
	bn_fake_take(page, fake->is_empty ? &none : &p, sizeof p);
	return 0;
}

/* The findings of a proof: a list that stays short however many there are. */
#include "core/base/mem.h"
#include "core/govern/finding.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static bn_proof_findings list;
static bn_err err = BN_ERR_INIT;

static void add(bool is_fault, int rule, const char *writer, uint64_t seq, const char *kind)
{
	const bn_proof_finding f = {.is_fault = is_fault,
		.rule = rule,
		.writer = (char *)(uintptr_t)writer,
		.seq = seq,
		.kind = (char *)(uintptr_t)kind,
		.entity = (char *)(uintptr_t) "model/power",
		.words = (char *)(uintptr_t) "as found"};
	ck_assert_bn_ok(bn_proof_finding_add(&list, &f, &err), &err);
}

static const bn_proof_finding *last_of(const char *writer, int rule)
{
	const bn_proof_finding *last = NULL;
	for (size_t i = 0; i < list.count; i++)
		if (!strcmp(list.items[i].writer, writer) && list.items[i].rule == rule)
			last = &list.items[i];
	return last;
}

START_TEST(test_findings_of_a_flood_are_counted_by_writer_rule_and_kind)
{
	enum { N = 200000 };
	bn_buf text = BN_BUF_INIT;
	list = (bn_proof_findings){0};
	for (uint64_t i = 1; i <= N; i++) {
		add(false, 7, "mal", i, "model.tag");
		if (i % 2)
			add(false, 7, "max", i, "model.tag");
	}
	add(false, 4, "mal", N + 1, "model.tag");
	add(false, 7, "mal", N + 2, "model.removed");
	add(true, 7, "mal", N + 3, "model.tag");
	ck_assert_uint_eq(list.count, 2 * BN_FINDINGS_NAMED + 3);
	ck_assert_uint_eq(list.others, N + N / 2 + 2);
	ck_assert_uint_eq(list.faults, 1);
	ck_assert_uint_eq(last_of("max", 7)->count, N / 2 - BN_FINDINGS_NAMED + 1);
	ck_assert_uint_eq(last_of("max", 7)->seq, 9);
	bn_proof_finding_text(last_of("max", 7), &text);
	ck_assert_str_eq(text.ptr,
		"rule 7 (persons), log/max record 9, model.tag on model/power: as found (the first "
		"of 99996 such records)");
	bn_buf_release(&text);
	/* Adding a list to another one, as audit verify does, gives the same counts. */
	bn_proof_findings first = list;
	list = (bn_proof_findings){0};
	for (size_t i = 0; i < first.count; i++)
		ck_assert_bn_ok(bn_proof_finding_add(&list, &first.items[i], &err), &err);
	ck_assert_uint_eq(list.count, first.count);
	ck_assert_uint_eq(list.others, first.others);
	ck_assert_uint_eq(last_of("max", 7)->count, N / 2 - BN_FINDINGS_NAMED + 1);
	bn_proof_findings_release(&first);
	bn_proof_findings_release(&list);
}
END_TEST

START_TEST(test_findings_keep_faults_behind_any_number_of_writers)
{
	enum { WRITERS = 3 * BN_FINDINGS_MAX };
	char writer[32];
	size_t faults = 0;
	list = (bn_proof_findings){0};
	for (uint64_t i = 0; i < WRITERS; i++) {
		snprintf(writer, sizeof writer, "mal-%llu", (unsigned long long)i);
		add(false, 7, writer, 1, "model.tag");
	}
	for (uint64_t i = 1; i <= 20; i++)
		add(true, 10, "ann", i, "model.approved");
	for (size_t i = 0; i < list.count; i++)
		faults += list.items[i].is_fault;
	ck_assert_uint_eq(list.count, BN_FINDINGS_MAX);
	ck_assert_uint_eq(list.others, WRITERS);
	ck_assert_uint_eq(faults, 20);
	bn_proof_findings_release(&list);
}
END_TEST

BN_TEST_MAIN("core/govern/finding", test_findings_of_a_flood_are_counted_by_writer_rule_and_kind,
	test_findings_keep_faults_behind_any_number_of_writers)

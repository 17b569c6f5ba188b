/* Instants in words. */
#include "core/track/when.h"

#include "core/base/timestamp.h"
#include "tests/support/check_main.h"

#include <string.h>

/* A Wednesday. */
#define NOW "2027-03-03T10:20:30.5Z"

static const struct {
	const char *words, *is; /* NULL: not an instant */
} cases[] = {
	{"now", NOW},
	{"today", "2027-03-03"},
	{"Yesterday", "2027-03-02"},
	{"wednesday", "2027-03-03"},
	{"monday", "2027-03-01"},
	{"thursday", "2027-02-25"},
	{"last wednesday", "2027-02-24"},
	{"LAST Monday", "2027-03-01"},
	{"this week", "2027-03-01"},
	{"last week", "2027-02-22"},
	{"this month", "2027-03-01"},
	{"last month", "2027-02-01"},
	{"this year", "2027-01-01"},
	{"last year", "2026-01-01"},
	{"3 days ago", "2027-02-28T10:20:30.5Z"},
	{"1 hour ago", "2027-03-03T09:20:30.5Z"},
	{"an hour ago", "2027-03-03T09:20:30.5Z"},
	{"a week ago", "2027-02-24T10:20:30.5Z"},
	{"90 seconds ago", "2027-03-03T10:19:00.5Z"},
	{"", NULL},
	{"tomorrow", NULL},
	{"last", NULL},
	{"last fortnight", NULL},
	{"this monday", NULL},
	{"3 days", NULL},
	{"-3 days ago", NULL},
	{"9999999999999999999 days ago", NULL},
	{"999999999999 years ago", NULL},
	{"3 daysx ago", NULL},
	{"3  days ago", NULL},
	{"a b c d", NULL},
	{"a very long text that is certainly not an instant of any kind", NULL},
};

START_TEST(test_when_reads_words)
{
	int64_t now, want, got;
	ck_assert(bn_timestamp_parse(NOW, strlen(NOW), &now));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *words = cases[i].words, *is = cases[i].is;
		bool read = bn_when_parse(words, strlen(words), now / 1000000, &got);
		ck_assert_msg(read == (is != NULL), "%s", words);
		if (!is)
			continue;
		ck_assert(bn_timestamp_parse(is, strlen(is), &want));
		ck_assert_msg(got == want / 1000000, "%s: %lld", words, (long long)got);
	}
}
END_TEST

BN_TEST_MAIN("core/track/when", test_when_reads_words)

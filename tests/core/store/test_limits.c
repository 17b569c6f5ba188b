/* The numbers in docs/limits.md are those in the headers, and names that are too long are refused. */
#include "core/base/str.h"
#include "core/source/csv.h"
#include "core/check/pattern.h"
#include "core/data/split.h"
#include "core/check/suite.h"
#include "core/learn/features.h"
#include "core/run/metric_chunk.h"
#include "core/run/runlog.h"
#include "core/predict/predictor.h"
#include "core/store/log/limits.h"
#include "core/store/object/manifest.h"
#include "tests/support/check_main.h"

#include <ctype.h>
#include <string.h>

#define LIMIT(name) \
	{ \
#name, (unsigned long long)(name), false \
	}

static struct {
	const char *name;
	unsigned long long value;
	bool documented;
} limits[] = {LIMIT(BN_NAME_MAX), LIMIT(BN_RUN_KEY_MAX), LIMIT(BN_RUN_VALUE_MAX),
	LIMIT(BN_KIND_MAX), LIMIT(BN_ENTITY_MAX), LIMIT(BN_PAYLOAD_MAX),
	LIMIT(BN_SIGNATURE_BLOCK_MAX), LIMIT(BN_WRITER_NAME_MAX), LIMIT(BN_METRIC_CHUNK_MAX),
	LIMIT(BN_MANIFEST_PATH_MAX), LIMIT(BN_CSV_FIELD_MAX), LIMIT(BN_CSV_RECORD_MAX),
	LIMIT(BN_PATTERN_MAX), LIMIT(BN_SUITE_MAX_ITEMS), LIMIT(BN_SPLIT_MAX_PARTS),
	LIMIT(BN_SPLIT_MAX_STRATA), LIMIT(BN_FEATURES_MAX_CLASSES), LIMIT(BN_SESSION_MAX_ROWS)};

/* "8 000", "16 MiB" */
static unsigned long long number(const char *cell)
{
	unsigned long long n = 0;
	for (; isdigit((unsigned char)*cell) || *cell == ' '; cell++)
		if (*cell != ' ')
			n = n * 10 + (unsigned)(*cell - '0');
	return n << (!strncmp(cell, "KiB", 3) ? 10 : !strncmp(cell, "MiB", 3) ? 20 : 0);
}

START_TEST(test_limits_of_the_page_are_those_of_the_headers)
{
	char line[500];
	FILE *f = fopen("docs/limits.md", "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f)) {
		char *save = NULL, *what = strtok_r(line, "|", &save);
		char *most = strtok_r(NULL, "|", &save), *name = strtok_r(NULL, "|", &save);
		if (!name || !strstr(name, "`BN_"))
			continue;
		name = strstr(name, "BN_");
		name[strcspn(name, "`")] = '\0';
		size_t i = 0, n = sizeof limits / sizeof *limits;
		while (i < n && strcmp(limits[i].name, name))
			i++;
		ck_assert_msg(i < n, "%s is not known to this test (%s)", name, what);
		ck_assert_msg(number(most + 1) == limits[i].value, "%s is %llu, the page says %s",
			name, limits[i].value, most);
		limits[i].documented = true;
	}
	fclose(f);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		ck_assert_msg(limits[i].documented, "%s is not in docs/limits.md", limits[i].name);
}
END_TEST

START_TEST(test_names_of_128_bytes_pass_and_longer_ones_do_not)
{
	char name[BN_NAME_MAX + 2];
	memset(name, 'a', sizeof name);
	name[BN_NAME_MAX] = '\0';
	ck_assert(bn_name_is_valid(name));
	name[BN_NAME_MAX] = 'a';
	name[BN_NAME_MAX + 1] = '\0';
	ck_assert(!bn_name_is_valid(name));
}
END_TEST

BN_TEST_MAIN("core/store/limits", test_limits_of_the_page_are_those_of_the_headers,
	test_names_of_128_bytes_pass_and_longer_ones_do_not)

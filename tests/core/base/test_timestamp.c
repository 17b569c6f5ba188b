/* Instants: ISO 8601 parsed and formatted, impossible dates refused; ids and names. */
#include "core/base/hash.h"
#include "core/base/id.h"
#include "core/base/timestamp.h"
#include "tests/support/check_main.h"

#include <string.h>

START_TEST(test_timestamps_are_read_in_every_usual_form)
{
	static const struct {
		const char *text;
		int64_t seconds, ns;
	} cases[] = {{"1970-01-01", 0, 0}, {"2026-01-31T09:05:07Z", 1769850307, 0},
		{"2026-01-31 09:05:07", 1769850307, 0}, {"2026-01-31T09:05", 1769850300, 0},
		{"2026-01-31T10:05:07+01:00", 1769850307, 0},
		{"2026-01-31T04:05:07-0500", 1769850307, 0},
		{"2026-01-31T09:05:07.25Z", 1769850307, 250000000},
		{"1969-12-31T23:59:59.5Z", -1, 500000000}, {"2000-02-29T00:00:00Z", 951782400, 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ns = 0;
		ck_assert_msg(bn_timestamp_parse(cases[i].text, strlen(cases[i].text), &ns), "%s",
			cases[i].text);
		ck_assert_int_eq(ns, cases[i].seconds * 1000000000 + cases[i].ns);
	}
}
END_TEST

START_TEST(test_timestamps_that_are_no_real_instant_are_refused)
{
	static const char *const bad[] = {"", "2026", "2026-13-01", "2026-02-29", "1900-02-29",
		"2026-01-31T24:00:00", "2026-01-31T09:60", "2026-01-31Z", "2026-01-31T09:05:07.",
		"2026-01-31T09:05:07+1", "2026-1-31", "2026-01-31T09:05:07 UTC", "9999-12-31"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t ns;
		ck_assert_msg(!bn_timestamp_parse(bad[i], strlen(bad[i]), &ns), "'%s'", bad[i]);
	}
}
END_TEST

START_TEST(test_timestamps_round_trip)
{
	char text[BN_TIMESTAMP_TEXT];
	for (int64_t s = -8000000000; s < 9000000000; s += 86399 * 37) {
		int64_t ns = s * 1000000000 + (s & 1 ? 120000000 : 0), back;
		bn_timestamp_iso(ns, text);
		ck_assert(bn_timestamp_parse(text, strlen(text), &back));
		ck_assert_int_eq(back, ns);
	}
	ck_assert_str_eq(bn_timestamp_iso(1769850307250000000, text), "2026-01-31T09:05:07.25Z");
	ck_assert_str_eq(
		bn_timestamp_short(1769850307250000000, true, text), "2026-01-31 09:05:07");
}
END_TEST

START_TEST(test_dates_of_any_year_are_read_back_equal)
{
	static const char *const bad[] = {"", "2026-02-29", "2026-1-1", "2026-01-01T00:00",
		"12026-01-01", "26-01-01", "+99999999-01-01", "-2026-00-01", "2026-01-32"};
	char text[BN_TIMESTAMP_TEXT];
	int32_t days;
	ck_assert_str_eq(bn_date_iso(0, text), "1970-01-01");
	ck_assert_str_eq(bn_date_iso(19782, text), "2024-02-29");
	ck_assert_str_eq(bn_date_iso(2932897, text), "+10000-01-01");
	ck_assert_str_eq(bn_date_iso(-719529, text), "-0001-12-31");
	for (int64_t d = INT32_MIN; d <= INT32_MAX; d += d == INT32_MIN ? 4294967 : 4294968) {
		bn_date_iso((int32_t)d, text);
		ck_assert_msg(bn_date_parse(text, strlen(text), &days), "%s", text);
		ck_assert_int_eq(days, d);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!bn_date_parse(bad[i], strlen(bad[i]), &days), "%s", bad[i]);
}
END_TEST

START_TEST(test_times_of_a_day_and_durations_are_read_back_equal)
{
	static const struct {
		const char *text;
		int64_t ns;
		const char *iso;
	} cases[] = {{"PT0S", 0, "PT0S"}, {"P1DT2H", 26 * 3600 * 1000000000LL, "PT26H"},
		{"-PT1M0.5S", -60500000000, "-PT1M0.5S"},
		{"1-02:03:04", 93784000000000, "PT26H3M4S"}, {"0:00:01.25", 1250000000, "PT1.25S"},
		{"100:00:00", 360000000000000, "PT100H"}, {"P2D", 172800000000000, "PT48H"},
		{"PT3600S", 3600000000000, "PT1H"}};
	static const char *const bad[] = {"", "P", "PT", "PT1", "P1Y", "PT1S1H", "PT1.5H", "1:2:3",
		"1-24:00:00", "5", "-", "PT9999999999S", "PT0.0000000001S", "P1DT", "01:02",
		"1DT2H"};
	char text[BN_TIMESTAMP_TEXT];
	int64_t ns = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_msg(bn_duration_parse(cases[i].text, strlen(cases[i].text), &ns), "%s",
			cases[i].text);
		ck_assert_int_eq(ns, cases[i].ns);
		ck_assert_str_eq(bn_duration_iso(ns, text), cases[i].iso);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!bn_duration_parse(bad[i], strlen(bad[i]), &ns), "%s", bad[i]);
	for (int64_t x = INT64_C(-8000000000000000000); x < INT64_C(8000000000000000000);
		x += 12345678901234567) {
		bn_duration_iso(x, text);
		ck_assert_msg(bn_duration_parse(text, strlen(text), &ns) && ns == x, "%s", text);
	}
	ck_assert(bn_daytime_parse("23:59:59.5", 10, &ns) && ns == 86399500000000);
	ck_assert_str_eq(bn_daytime_iso(ns, text), "23:59:59.5");
	ck_assert(bn_daytime_parse("00:07", 5, &ns) && ns == 420000000000);
	ck_assert(!bn_daytime_parse("24:00:00", 8, &ns) && !bn_daytime_parse("1:00", 4, &ns));
}
END_TEST

START_TEST(test_ids_have_their_standard_form)
{
	char uuid[BN_UUID_TEXT], run[BN_RUN_ID_TEXT], name[64], again[64];
	ck_assert_int_eq(bn_uuid_new(bn_env_real(), uuid, NULL), 0);
	ck_assert_uint_eq(strlen(uuid), 36);
	ck_assert_int_eq(uuid[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", uuid[19]));
	ck_assert_int_eq(bn_run_id_new(bn_env_real(), run, NULL), 0);
	ck_assert_uint_eq(strlen(run), 32);
	ck_assert(bn_is_hex(run));
	bn_readable_name(run, name, sizeof name);
	bn_readable_name(run, again, sizeof again);
	ck_assert_str_eq(name, again);
}
END_TEST

START_TEST(test_crc32c_and_sha256_give_published_values)
{
	/* RFC 3720 B.4: 32 bytes of zero, of 0xff, and ascending. */
	unsigned char bytes[32];
	memset(bytes, 0, sizeof bytes);
	ck_assert_uint_eq(bn_crc32c(0, bytes, sizeof bytes), 0x8a9136aaU);
	memset(bytes, 0xff, sizeof bytes);
	ck_assert_uint_eq(bn_crc32c(0, bytes, sizeof bytes), 0x62a8ab43U);
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	ck_assert_uint_eq(bn_crc32c(0, bytes, sizeof bytes), 0x46dd794eU);
	ck_assert_uint_eq(bn_crc32c(bn_crc32c(0, bytes, 5), bytes + 5, 27), 0x46dd794eU);
	char hex[65];
	bn_sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

BN_TEST_MAIN("core/base/timestamp", test_timestamps_are_read_in_every_usual_form,
	test_timestamps_that_are_no_real_instant_are_refused, test_timestamps_round_trip,
	test_dates_of_any_year_are_read_back_equal,
	test_times_of_a_day_and_durations_are_read_back_equal, test_ids_have_their_standard_form,
	test_crc32c_and_sha256_give_published_values)

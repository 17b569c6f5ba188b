/* Manifests: their text, errors in it, unknown fields, groups, content hashes, bounds of texts. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bn_err err;

static const char schema_text[] =
	"[{\"name\":\"x\",\"nullable\":true,\"type\":\"float64\",\"unit\":null}]";

static void table_make(bn_manifest *m, size_t parts)
{
	bn_manifest_init(m, BN_MANIFEST_TABLE);
	m->schema = bn_strdup(schema_text);
	for (size_t i = 0; i < parts; i++) {
		char text[32];
		bn_manifest_part p = {.bytes = 10 + i, .rows = 3};
		snprintf(text, sizeof text, "part %zu", i);
		bn_sha256_hex(text, strlen(text), p.hash);
		p.stats = json_pack("[[f, f, i]]", 0.5, 1.5, 1);
		ck_assert_bn_ok(bn_manifest_add(m, &p, &err), &err);
		json_decref(p.stats);
	}
	ck_assert_bn_ok(bn_manifest_seal(m, &err), &err);
}

START_TEST(test_manifest_of_a_table_is_canonical_and_reads_back)
{
	bn_manifest m, back;
	bn_buf text = BN_BUF_INIT, again = BN_BUF_INIT;
	char want[700], content[65], lines[300];
	table_make(&m, 1);
	ck_assert_bn_ok(bn_manifest_format(&text, &m, &err), &err);
	char schema_hash[65];
	bn_sha256_hex(schema_text, strlen(schema_text), schema_hash);
	snprintf(lines, sizeof lines, "bn-table 1\n%s\n%s\n", schema_hash, m.parts[0].hash);
	bn_sha256_hex(lines, strlen(lines), content);
	ck_assert_str_eq(m.content, content);
	snprintf(want, sizeof want,
		"{\"bytes\":10,\"content\":\"%s\",\"format\":1,\"kind\":\"table\",\"parts\":["
		"{\"bytes\":10,\"hash\":\"%s\",\"rows\":3,\"stats\":[[0.5,1.5,1]]}],\"rows\":3,"
		"\"schema\":%s}",
		content, m.parts[0].hash, schema_text);
	ck_assert_str_eq(text.ptr, want);
	ck_assert_bn_ok(bn_manifest_parse(&back, text.ptr, text.len, "m", &err), &err);
	ck_assert_uint_eq(back.count, 1);
	ck_assert_uint_eq(back.rows, 3);
	ck_assert_bn_ok(bn_manifest_format(&again, &back, &err), &err);
	ck_assert_str_eq(again.ptr, want);
	ck_assert_bn_ok(bn_manifest_of_part(schema_hash, m.parts[0].hash, content, &err), &err);
	ck_assert_str_eq(content, m.content); /* equal to that of the first version */
	bn_buf_release(&text);
	bn_buf_release(&again);
	bn_manifest_release(&m);
	bn_manifest_release(&back);
}
END_TEST

START_TEST(test_manifest_keeps_fields_that_it_does_not_know)
{
	static const char text[] =
		"{\"aaa\":[1,{\"b\":null}],\"bytes\":7,\"content\":"
		"\"%s\",\"format\":1,\"kind\":\"model\",\"parts\":[{\"bytes\":7,\"hash\":\"" A
		"\",\"media\":\"x/"
		"y\",\"path\":\"w\",\"tensors\":[{\"at\":3,\"bytes\":4,\"name\":\"w\","
		"\"quant\":\"none\",\"shape\":[1],\"type\":\"F32\"}]}],\"zzz\":2.5}";
	char all[800], content[65];
	bn_manifest m;
	bn_buf back = BN_BUF_INIT;
	bn_sha256_hex(A "  w\n", strlen(A "  w\n"), content);
	snprintf(all, sizeof all, text, content);
	ck_assert_bn_ok(bn_manifest_parse(&m, all, strlen(all), "m", &err), &err);
	ck_assert_bn_ok(bn_manifest_format(&back, &m, &err), &err);
	ck_assert_str_eq(back.ptr, all);
	bn_buf_release(&back);
	bn_manifest_release(&m);
}
END_TEST

START_TEST(test_manifest_of_the_first_version_is_format_0_and_stays_so)
{
	static const char text[] =
		"{\"files\":[{\"path\":\"MLmodel\",\"sha256\":\"" A
		"\",\"size\":5},{\"path\":\"a/b\",\"sha256\":\"" B "\",\"size\":6}]}";
	char digest[65];
	bn_manifest m;
	bn_buf back = BN_BUF_INIT;
	ck_assert_bn_ok(bn_manifest_parse(&m, text, strlen(text), "m", &err), &err);
	ck_assert_int_eq(m.format, 0);
	ck_assert_int_eq(m.kind, BN_MANIFEST_MODEL);
	bn_sha256_hex(A "  MLmodel\n" B "  a/b\n", strlen(A "  MLmodel\n" B "  a/b\n"), digest);
	ck_assert_str_eq(m.content, digest);
	ck_assert_uint_eq(m.bytes, 11);
	ck_assert_bn_ok(bn_manifest_format(&back, &m, &err), &err);
	ck_assert_str_eq(back.ptr, text);
	bn_buf_release(&back);
	bn_manifest_release(&m);
}
END_TEST

START_TEST(test_manifest_errors_name_the_field)
{
#define TABLE(parts) \
	"{\"bytes\":1,\"content\":\"" A "\",\"format\":1,\"kind\":\"table\",\"parts\":" parts \
	",\"rows\":1,\"schema\":[]}"
#define FILES(parts) \
	"{\"bytes\":1,\"content\":\"" A "\",\"format\":1,\"kind\":\"model\",\"parts\":" parts "}"
	static const struct {
		const char *text, *says;
		int code;
	} bad[] = {
		{"[]", "a manifest is a JSON object", BN_EINVAL},
		{"{}", "field 'format'", BN_EINVAL},
		{"{\"format\":2}", "field 'format' is 2", BN_EUNSUPPORTED},
		{"{\"format\":1}", "field 'kind'", BN_EINVAL},
		{"{\"format\":1,\"kind\":\"stew\"}", "'stew'", BN_EUNSUPPORTED},
		{"{\"format\":1,\"kind\":\"table\"}", "field 'schema'", BN_EINVAL},
		{"{\"format\":1,\"kind\":\"table\",\"groups\":[]}", "groups", BN_EUNSUPPORTED},
		{TABLE("3"), "field 'parts'", BN_EINVAL},
		{TABLE("[{}]"), "parts[0]: field 'hash'", BN_EINVAL},
		{TABLE("[{\"hash\":\"zz\"}]"), "parts[0]: field 'hash' is not a SHA-256",
			BN_EINVAL},
		{TABLE("[{\"bytes\":-1,\"hash\":\"" A "\"}]"), "field 'bytes' is negative",
			BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\"}]"), "field 'rows'", BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\",\"rows\":1,\"stats\":[[1,2]]}]"),
			"field 'stats[0]'", BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\",\"rows\":1,\"stats\":[[1,2,-3]]}]"),
			"field 'stats[0]'", BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\",\"rows\":1,\"values\":[]}]"),
			"field 'values'", BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\",\"rows\":2}]"),
			"field 'rows' is not the sum", BN_EINVAL},
		{TABLE("[{\"bytes\":1,\"hash\":\"" A "\",\"rows\":1}]"), "field 'content'",
			BN_EINVAL},
		{FILES("[{\"bytes\":1,\"hash\":\"" A "\"}]"), "field 'path'", BN_EINVAL},
		{FILES("[{\"bytes\":1,\"hash\":\"" A "\",\"path\":\"../x\"}]"), "not a path inside",
			BN_EINVAL},
		{FILES("[{\"bytes\":1,\"hash\":\"" A "\",\"path\":\"/x\"}]"), "not a path inside",
			BN_EINVAL},
		{FILES("[{\"bytes\":0,\"hash\":\"" A "\",\"path\":\"b\"},{\"bytes\":1,\"hash\":\"" A
		       "\",\"path\":\"a\"}]"),
			"parts[1]: field 'path': 'a' is listed twice or out of order", BN_EINVAL},
		{FILES("[{\"at\":1,\"bytes\":1,\"hash\":\"" A "\",\"path\":\"b\"}]"), "field 'at'",
			BN_EINVAL},
		{FILES("[{\"bytes\":1,\"hash\":\"" A "\",\"path\":\"b\",\"tensors\":[{\"at\":1,"
		       "\"bytes\":1,\"name\":\"w\",\"shape\":[],\"type\":\"U8\"}]}]"),
			"tensors[0]: fields 'at' and 'bytes'", BN_EINVAL},
		{FILES("[]"), "a model without files", BN_EINVAL},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_manifest m;
		bn_err e = BN_ERR_INIT;
		int rc = bn_manifest_parse(&m, bad[i].text, strlen(bad[i].text), "m", &e);
		ck_assert_msg(rc == bad[i].code && strstr(e.msg, bad[i].says), "%s: %d %s",
			bad[i].text, rc, e.msg);
	}
}
END_TEST

START_TEST(test_manifest_parts_of_one_file_follow_each_other)
{
	bn_manifest m;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	bn_manifest_part p = {.hash = A, .bytes = 8, .path = (char *)(uintptr_t) "w"};
	ck_assert_bn_ok(bn_manifest_add(&m, &p, &err), &err);
	p.at = 9;
	ck_assert_int_eq(bn_manifest_add(&m, &p, NULL), BN_EINVAL);
	p.at = 8;
	ck_assert_bn_ok(bn_manifest_add(&m, &p, &err), &err);
	ck_assert_int_eq(bn_manifest_add_file(&m, "w", B, 3, NULL), BN_EINVAL);
	ck_assert_bn_ok(bn_manifest_add_file(&m, "x", B, 3, &err), &err);
	ck_assert_uint_eq(m.bytes, 19);
	bn_manifest_release(&m);
}
END_TEST

START_TEST(test_manifest_of_many_parts_lies_in_groups)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = NULL;
	bn_manifest m, more, back;
	char hash[65], other[65];
	toy_dir_make(&d);
	toy_env_init(&env, &d);
	ck_assert_bn_ok(bn_workspace_init(&env.env, d.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, d.path, &err), &err);
	table_make(&m, 2500);
	ck_assert_bn_ok(bn_manifest_store(ws, &m, hash, &err), &err);
	ck_assert_bn_ok(bn_manifest_load(&back, ws, hash, &err), &err);
	ck_assert_uint_eq(back.count, 2500);
	ck_assert_uint_eq(back.rows, 7500);
	ck_assert_str_eq(back.content, m.content);
	ck_assert_str_eq(back.parts[2499].hash, m.parts[2499].hash);
	json_t *a = NULL, *b = NULL;
	ck_assert_bn_ok(bn_object_load_json(&a, ws, hash, &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(a, "groups")), 3);
	/* Appending rewrites only the last group and the top. */
	table_make(&more, 2600);
	ck_assert_bn_ok(bn_manifest_store(ws, &more, other, &err), &err);
	ck_assert_bn_ok(bn_object_load_json(&b, ws, other, &err), &err);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(json_equal(json_array_get(json_object_get(a, "groups"), i),
					 json_array_get(json_object_get(b, "groups"), i)),
			i < 2);
	json_decref(a);
	json_decref(b);
	bn_manifest_release(&back);
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_object_put(ws, "{\"x\":1}", 7, hash, &err), &err);
	ck_assert_int_eq(bn_manifest_load(&back, ws, hash, &e), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(e.msg, "field 'format'"));
	ck_assert_int_eq(bn_manifest_load(&back, ws, A, NULL), BN_ENOTFOUND);
	bn_manifest_release(&m);
	bn_manifest_release(&more);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

/* Groups by a newer program: of other sizes, with unknown fields in the group and its entry. */
START_TEST(test_manifest_groups_keep_unknown_fields_and_agree_with_their_entries)
{
	toy_dir d;
	toy_env env;
	bn_workspace *ws = NULL;
	bn_manifest m, back;
	bn_err e = BN_ERR_INIT;
	char hash[65], again[65];
	json_t *top = NULL, *group = NULL;
	toy_dir_make(&d);
	toy_env_init(&env, &d);
	ck_assert_bn_ok(bn_workspace_init(&env.env, d.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, d.path, &err), &err);
	table_make(&m, 1100);
	ck_assert_bn_ok(bn_manifest_store(ws, &m, hash, &err), &err);
	ck_assert_bn_ok(bn_object_load_json(&top, ws, hash, &err), &err);
	json_t *entry = json_array_get(json_object_get(top, "groups"), 0);
	ck_assert_bn_ok(bn_object_load_json(&group, ws,
				json_string_value(json_object_get(entry, "manifest")), &err),
		&err);
	json_object_set_new(group, "later", json_string("x"));
	ck_assert_bn_ok(bn_object_put_json(ws, group, hash, &err), &err);
	json_object_set_new(entry, "manifest", json_string(hash));
	json_object_set_new(entry, "newer", json_integer(7));
	json_object_set_new(top, "newest", json_true());
	ck_assert_bn_ok(bn_object_put_json(ws, top, hash, &err), &err);
	ck_assert_bn_ok(bn_manifest_load(&back, ws, hash, &err), &err);
	ck_assert_bn_ok(bn_manifest_store(ws, &back, again, &err), &err);
	ck_assert_str_eq(again, hash);
	bn_manifest_release(&back);
	json_object_set_new(entry, "parts", json_integer(1023));
	ck_assert_bn_ok(bn_object_put_json(ws, top, hash, &err), &err);
	ck_assert_int_eq(bn_manifest_load(&back, ws, hash, &e), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(e.msg, "groups[0]: field 'parts'"));
	json_decref(group);
	json_decref(top);
	bn_manifest_release(&m);
	bn_workspace_close(ws);
	toy_dir_remove(&d);
}
END_TEST

static void check_bound(bool max, const char *text, const char *want)
{
	json_t *b = max ? bn_manifest_text_max(text, strlen(text))
			: bn_manifest_text_min(text, strlen(text));
	ck_assert_msg(want ? !strcmp(json_string_value(b) ? json_string_value(b) : "?", want)
			   : json_is_null(b),
		"%s: %s", text, json_string_value(b));
	if (want) {
		ck_assert_int_le((int)strlen(want), BN_MANIFEST_STAT_TEXT);
		ck_assert_int_eq(max ? strcmp(want, text) >= 0 : strcmp(want, text) <= 0, 1);
	}
	json_decref(b);
}

#define S31 "0123456789012345678901234567890"

START_TEST(test_manifest_bounds_of_text_are_cut_and_never_wrong)
{
	check_bound(false, "", "");
	check_bound(true, "", "");
	check_bound(false, S31 "1", S31 "1");
	check_bound(true, S31 "1", S31 "1");
	check_bound(false, S31 "12", S31 "1");
	check_bound(true, S31 "12", S31 "2");
	check_bound(false, S31 "\xc3\xa9", S31); /* not cut within a character */
	check_bound(true, S31 "\xc3\xa9",
		"012345678901234567890123456789"
		"1");
	check_bound(true,
		S31 "\x7f"
		    "1",
		"012345678901234567890123456789"
		"1");
	check_bound(true,
		"\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf"
		"\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf"
		"1",
		NULL);
	json_t *max = bn_manifest_text_max("a\0b", 3); /* JSON texts cannot contain NUL */
	ck_assert_str_eq(json_string_value(max), "b");
	json_decref(max);
	max = bn_manifest_text_max("0123456789012345678901234567\xed\x9f\xbf"
				   "12",
		33);
	ck_assert_str_eq(json_string_value(max), "0123456789012345678901234567\xed\x9f\xbf"
						 "2");
	json_decref(max);
}
END_TEST

BN_TEST_MAIN("core/store/manifest", test_manifest_of_a_table_is_canonical_and_reads_back,
	test_manifest_keeps_fields_that_it_does_not_know,
	test_manifest_of_the_first_version_is_format_0_and_stays_so,
	test_manifest_errors_name_the_field, test_manifest_parts_of_one_file_follow_each_other,
	test_manifest_of_many_parts_lies_in_groups,
	test_manifest_groups_keep_unknown_fields_and_agree_with_their_entries,
	test_manifest_bounds_of_text_are_cut_and_never_wrong)

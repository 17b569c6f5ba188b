/*
 * Unknown fields in payloads of known kinds: the index lists them once for each record, in whichever way the record was
 * folded, and they have no other effect.
 */
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <jansson.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static toy_env env;
static bn_workspace *ws;

static void open_with(const bn_fold_class *const *classes)
{
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, classes, dir.path, &err), &err);
}

static void setup(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	env.clock_step_ns = 1000000;
	env.clock_ns = 1700000000 * (int64_t)1000000000;
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	open_with(toy_classes);
}

static void teardown(void)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static void append(bn_workspace *to, const char *kind, const char *entity, const char *text)
{
	json_t *payload = json_loads(text, 0, NULL);
	ck_assert_msg(payload != NULL, "%s", text);
	ck_assert_bn_ok(bn_workspace_append(to, kind, entity, payload, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(to, &err), &err);
	json_decref(payload);
}

/* want: "kind field events" of each, separated by commas. */
static void expect_fields(const char *want)
{
	bn_index_status s;
	bn_buf got = BN_BUF_INIT;
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	for (size_t i = 0; i < s.field_count; i++)
		bn_buf_addf(&got, "%s%s %s %d", i ? ", " : "", s.fields[i].kind, s.fields[i].field,
			(int)s.fields[i].events);
	ck_assert_str_eq(got.ptr ? got.ptr : "", want);
	bn_buf_release(&got);
	bn_index_status_release(&s);
}

START_TEST(test_what_the_table_has_is_known)
{
	setup();
	append(ws, "toy.set", "toy/a", "{\"v\":1,\"of\":{\"any\":{\"thing\":1}},\"in\":{\"x\":1}}");
	append(ws, "toy.set", "toy/a",
		"{\"in\":{\"y\":{\"z\":[1,[2]]}},\"list\":[{\"a\":1},{},3]}");
	append(ws, "toy.set", "toy/a",
		"{\"in\":7,\"list\":{\"a\":1},\"v\":null,\"of\":[{\"b\":1}]}");
	append(ws, "toy.tick", "toy/a", "{\"n\":1}");
	append(ws, "toy.refuse", "toy/a", "{}");
	expect_fields("");
	teardown();
}
END_TEST

START_TEST(test_what_it_lacks_is_named_at_its_place)
{
	setup();
	append(ws, "toy.set", "toy/a", "{\"later\":1,\"v\":1}");
	append(ws, "toy.set", "toy/b", "{\"v\":1,\"later\":{\"of\":1}}");
	append(ws, "toy.set", "toy/a", "{\"in\":{\"x\":1,\"w\":2,\"y\":{\"zz\":1}}}");
	append(ws, "toy.set", "toy/a", "{\"list\":[{\"a\":1},{\"b\":1},{\"b\":2}]}");
	append(ws, "toy.set", "toy/a", "{\"v\":{\"int\":1}}");
	append(ws, "toy.set", "toy/a", "{\"in.x\":1,\"i\":1,\"inn\":1,\"*\":1,\"\":1}");
	append(ws, "toy.refuse", "toy/a", "{\"why\":1}");
	append(ws, "toy.tick", "toy/a", "{\"n\":1,\"at\":2}");
	expect_fields("toy.refuse why 1, toy.set  1, toy.set * 1, toy.set i 1, toy.set in.w 1, "
		      "toy.set in.x 1, toy.set in.y.zz 1, toy.set inn 1, toy.set later 2, "
		      "toy.set list.b 1, toy.set v.int 1, toy.tick at 1");
	teardown();
}
END_TEST

START_TEST(test_it_is_said_who_wrote_it_last_and_of_what)
{
	bn_index_status s;
	setup();
	append(ws, "toy.set", "toy/old", "{\"later\":1}");
	append(ws, "toy.set", "toy/new", "{\"later\":1,\"too\":1}");
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_uint_eq(s.field_count, 2);
	ck_assert_int_eq(s.with_unknown_fields, 2);
	ck_assert_str_eq(s.fields[0].field, "later");
	ck_assert_str_eq(s.fields[0].entity, "toy/new");
	ck_assert_str_eq(s.fields[0].writer, ws->writer->name);
	ck_assert_int_eq(s.fields[0].version, 1);
	ck_assert_int_eq(s.fields[0].clock, s.last_clock);
	bn_index_status_release(&s);
	teardown();
}
END_TEST

START_TEST(test_the_event_is_applied_without_it)
{
	bn_index_status s;
	setup();
	append(ws, "toy.set", "toy/a", "{\"v\":5,\"later\":1}");
	append(ws, "toy.tick", "toy/a", "{\"n\":3,\"later\":1}");
	ck_assert_int_eq(toy_value(ws, "toy/a"), 5);
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 3);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_int_eq(s.invalid + s.refused, 0);
	bn_index_status_release(&s);
	teardown();
}
END_TEST

/* Unknown kinds and later versions of the class are reported as a whole. */
START_TEST(test_fields_of_what_is_newer_as_a_whole_are_not_told)
{
	setup();
	append(ws, "toy.new", "toy/a", "{\"later\":1}");
	append(ws, "other.x", "other/a", "{\"later\":1}");
	json_t *payload = json_pack("{s:i}", "later", 1);
	ck_assert_bn_ok(
		bn_workspace_append_version(ws, 9, "toy.set", "toy/a", payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	expect_fields("");
	teardown();
}
END_TEST

START_TEST(test_the_stores_own_kinds_have_fields_too)
{
	setup();
	append(ws, "gc.removing", "gc", "{\"objects\":[],\"bytes\":1,\"why\":\"\"}");
	append(ws, "writer.opened", "writer/w", "{\"host\":\"\",\"uid\":1,\"user\":\"\",\"os\":1}");
	expect_fields("gc.removing why 1, writer.opened os 1");
	teardown();
}
END_TEST

/* An event with a slow clock arrives late, so all events of the entity are replayed. */
START_TEST(test_a_replay_names_it_once)
{
	toy_env slow;
	bn_workspace *late = NULL;
	setup();
	append(ws, "toy.set", "toy/a", "{\"v\":1,\"later\":1}");
	toy_env_init(&slow, &dir);
	slow.clock_step_ns = 1000000;
	slow.clock_ns = 1600000000 * (int64_t)1000000000;
	ck_assert_bn_ok(bn_workspace_open(&late, &slow.env, NULL, dir.path, &err), &err);
	json_t *payload = json_pack("{s:i, s:i}", "v", 2, "later", 1);
	ck_assert_bn_ok(bn_workspace_append(late, "toy.set", "toy/a", payload, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(late, &err), &err);
	json_decref(payload);
	bn_workspace_close(late);
	expect_fields("toy.set later 2");
	ck_assert_int_eq(toy_value(ws, "toy/a"), 2 * 31 + 1);
	teardown();
}
END_TEST

START_TEST(test_a_record_names_some_of_many_and_cuts_a_long_one)
{
	json_t *payload = json_object();
	char name[400];
	bn_index_status s;
	setup();
	memcpy(name, "aa", 3);
	for (size_t i = 0; i + 4 < sizeof name; i += 2)
		memcpy(name + 2 + i, "\xc3\xa9", 3); /* two bytes per character */
	for (int i = 0; i < 100; i++) {
		json_object_set_new(payload, name, json_null());
		snprintf(name, sizeof name, "f%02d", i);
	}
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.set", "toy/a", payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_bn_ok(bn_index_status_get(&s, ws, &err), &err);
	ck_assert_uint_eq(s.field_count, 16);
	ck_assert_int_eq(s.with_unknown_fields, 1);
	ck_assert_uint_eq(strlen(s.fields[0].field), 126);
	ck_assert_str_eq(s.fields[15].field, "f14");
	bn_index_status_release(&s);
	teardown();
}
END_TEST

static int no_apply(bn_fold *f, const bn_event *ev, bn_err *e)
{
	(void)f;
	(void)ev;
	(void)e;
	return 0;
}

static int no_clear(bn_fold *f, const char *entity, bn_err *e)
{
	(void)f;
	(void)entity;
	(void)e;
	return 0;
}

static int no_apply_all(bn_fold *f, const char *entity, const bn_event *events, size_t n, bn_err *e)
{
	(void)f;
	(void)entity;
	(void)e;
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(events[i].kind_no, !strcmp(events[i].kind, "toy.set"));
	return 0;
}

static const bn_fold_kind whole_kinds[] = {
	{"toy.other", .fields = BN_FIELDS("v")},
	{"toy.set", .fields = BN_FIELDS("v")},
	{0},
};
static const bn_fold_class whole_class = {
	.name = "toy", .kinds = whole_kinds, .apply_all = no_apply_all, .clear = no_clear};
static const bn_fold_class *const whole_classes[] = {&whole_class, NULL};

START_TEST(test_an_entity_in_whole_mode_too)
{
	setup();
	bn_workspace_close(ws);
	open_with(whole_classes);
	append(ws, "toy.set", "toy/a", "{\"v\":1,\"later\":1}");
	append(ws, "toy.new", "toy/a", "{\"later\":1}");
	append(ws, "toy.other", "toy/a", "{\"v\":1,\"later\":1}");
	append(ws, "toy.set", "toy/a", "{\"v\":1,\"later\":1}");
	expect_fields("toy.other later 1, toy.set later 2");
	teardown();
}
END_TEST

static const bn_fold_kind later_kinds[] = {
	{"toy.set", .fields = BN_FIELDS("v", "later")},
	{0},
};
static const bn_fold_class later_class = {
	.name = "toy", .kinds = later_kinds, .apply = no_apply, .clear = no_clear};
static const bn_fold_class *const later_classes[] = {&later_class, NULL};

/* An index made without the field is not used by a program that knows it. */
START_TEST(test_a_program_that_knows_the_field_makes_another_index)
{
	setup();
	append(ws, "toy.set", "toy/a", "{\"v\":1,\"later\":1}");
	expect_fields("toy.set later 1");
	bn_workspace_close(ws);
	open_with(later_classes);
	expect_fields("");
	bn_workspace_close(ws);
	open_with(toy_classes);
	expect_fields("toy.set later 1");
	teardown();
}
END_TEST

BN_TEST_MAIN("core/store/fields", test_what_the_table_has_is_known,
	test_what_it_lacks_is_named_at_its_place, test_it_is_said_who_wrote_it_last_and_of_what,
	test_the_event_is_applied_without_it, test_fields_of_what_is_newer_as_a_whole_are_not_told,
	test_the_stores_own_kinds_have_fields_too, test_a_replay_names_it_once,
	test_a_record_names_some_of_many_and_cuts_a_long_one, test_an_entity_in_whole_mode_too,
	test_a_program_that_knows_the_field_makes_another_index)

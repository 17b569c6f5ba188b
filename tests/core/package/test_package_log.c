/* Images of a model version, and where they were pushed: events, rows and their reader. */
#include "core/base/env.h"
#include "core/package/package_log.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/object/live.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <stdlib.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static bn_workspace *ws;
static bn_err err;

static void open_workspace(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
}

static const bn_package_built built = {.digest = "sha256:" HEX,
	.model = "power",
	.version = 3,
	.model_digest = OTHER,
	.format = "oci",
	.path = "/tmp/image",
	.bytes = 12345};
static const bn_package_pushed pushed = {.digest = "sha256:" HEX,
	.manifest_digest = "sha256:" OTHER,
	.registry = "registry.example.org:5050",
	.name = "group/power",
	.tag = "3",
	.model = "power",
	.version = 3};

static bn_packages list(const char *model, int64_t version, size_t limit)
{
	bn_packages l;
	ck_assert_bn_ok(bn_package_list(&l, ws, model, version, limit, &err), &err);
	return l;
}

START_TEST(test_packages_of_a_version_are_listed_newest_first)
{
	open_workspace();
	bn_package_built other = built;
	other.version = 4;
	other.is_unapproved = true;
	ck_assert_bn_ok(bn_package_write_built(ws, &other, &err), &err);
	ck_assert_bn_ok(bn_package_write_built(ws, &built, &err), &err);
	ck_assert_bn_ok(bn_package_write_pushed(ws, &pushed, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_packages l = list("power", 3, 0);
	ck_assert_uint_eq(l.count, 2);
	size_t b = l.items[0].act == BN_PACKAGE_BUILT ? 0 : 1; /* within one millisecond */
	ck_assert_str_eq(l.items[b].digest, built.digest);
	ck_assert_str_eq(l.items[b].path, "/tmp/image");
	ck_assert_str_eq(l.items[b].format, "oci");
	ck_assert_int_eq(l.items[b].bytes, 12345);
	ck_assert(!l.items[b].is_unapproved);
	ck_assert_int_gt(l.items[b].time_ms, 0);
	ck_assert_ptr_null(l.items[b].registry);
	ck_assert_str_eq(l.items[1 - b].manifest_digest, pushed.manifest_digest);
	ck_assert_str_eq(l.items[1 - b].registry, pushed.registry);
	ck_assert_str_eq(l.items[1 - b].tag, "3");
	ck_assert_int_eq(l.items[1 - b].bytes, -1);
	bn_packages_release(&l);
	l = list("power", 0, 0);
	ck_assert_uint_eq(l.count, 3);
	bn_packages_release(&l);
	l = list(NULL, 0, 1);
	ck_assert_uint_eq(l.count, 1);
	bn_packages_release(&l);
	l = list("other", 0, 0);
	ck_assert_uint_eq(l.count, 0);
	bn_packages_release(&l);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_package_of_an_unknown_model_has_no_version)
{
	open_workspace();
	bn_package_pushed p = pushed;
	p.model = NULL;
	p.tag = NULL;
	ck_assert_bn_ok(bn_package_write_pushed(ws, &p, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_packages l = list(NULL, 0, 0);
	ck_assert_uint_eq(l.count, 1);
	ck_assert_ptr_null(l.items[0].model);
	ck_assert_int_eq(l.items[0].version, 0);
	ck_assert_ptr_null(l.items[0].tag);
	bn_packages_release(&l);
	bn_workspace_close(ws);
}
END_TEST

/* gc keeps every object whose hash stands in a text of the index: a package must not keep any. */
START_TEST(test_package_keeps_no_object_from_gc)
{
	open_workspace();
	bn_live *live = NULL;
	sqlite3 *db;
	ck_assert_bn_ok(bn_package_write_built(ws, &built, &err), &err);
	ck_assert_bn_ok(bn_package_write_pushed(ws, &pushed, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_read(&db, ws, &err), &err);
	ck_assert_bn_ok(bn_live_find(&live, ws, 0, NULL, &err), &err);
	ck_assert(!bn_live_has(live, OTHER));
	bn_live_free(live);
	bn_workspace_close(ws);
}
END_TEST

static void append(const char *kind, const char *entity, const char *text)
{
	json_t *payload = json_loads(text, 0, NULL);
	ck_assert_bn_ok(bn_workspace_append(ws, kind, entity, payload, &err), &err);
	json_decref(payload);
}

START_TEST(test_package_events_that_say_too_little_are_invalid)
{
	open_workspace();
	append("package.built", "package/power", "{\"model\":\"power\"}");
	append("package.built", "package/" HEX, "{\"model\":\"power\",\"version\":0}");
	append("package.built", "package/" HEX,
		"{\"model\":\"../x\",\"version\":1,\"model_digest\":\"" OTHER
		"\",\"format\":\"oci\",\"path\":\"/\"}");
	append("package.pushed", "package/" HEX,
		"{\"registry\":\"r\",\"name\":\"n\",\"manifest_digest\":\"" OTHER "\"}");
	append("package.pushed", "package/" HEX,
		"{\"registry\":\"r\",\"name\":\"n\",\"model\":\"power\",\"manifest_digest\":"
		"\"sha256:" OTHER "\"}");
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_packages l = list(NULL, 0, 0);
	ck_assert_uint_eq(l.count, 0);
	sqlite3 *db;
	ck_assert_bn_ok(bn_workspace_read(&db, ws, &err), &err);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM package", ""), 0);
	bn_workspace_close(ws);
}
END_TEST

BN_TEST_MAIN("core/package/package_log", test_packages_of_a_version_are_listed_newest_first,
	test_package_of_an_unknown_model_has_no_version, test_package_keeps_no_object_from_gc,
	test_package_events_that_say_too_little_are_invalid)

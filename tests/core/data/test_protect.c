/* Protection: what holds for derived versions, where restricted ones may go, masks of every type of column. */
#include "core/base/fs.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "core/data/protect.h"
#include "core/data/transform.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profile.h"
#include "core/table/hide.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_protect_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static char dir[64], path[100];
static bn_workspace *ws;
static bn_dataset_version *jobs;

/* Columns n (absent in row 1), x (NaN in row 2), when, user (a category), text. */
static void make(void)
{
	strcpy(dir, "/tmp/bn-protect-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
	snprintf(path, sizeof path, "%s/t.csv", dir);
	FILE *f = fopen(path, "w");
	fputs("n,x,when,user,text\n", f);
	for (int i = 0; i < 300; i++)
		fprintf(f, i == 1 ? ",%d.5,2024-01-01,u%d,t%d\n" : i == 2 ? "2,nan,2024-01-01,u%d,t%d%d\n" : "%d,1.5,2024-01-01,u%d,t%d\n",
			i == 2 ? i % 3 : i, i % 3, i);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_bn_ok(bn_dataset_add(&jobs, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, NULL, path, NULL, NULL, &err),
		&err);
}

static void finish(void)
{
	bn_dataset_version_free(jobs);
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static void set(const char *name, bn_protect_change c)
{
	ck_assert_bn_ok(bn_protect_set(ws, name, &c, &err), &err);
}

static bn_dataset_version *derive(const char *name, const bn_dataset_version *from, const char *column)
{
	bn_dataset_version *v = NULL;
	const char *columns[] = {column};
	const bn_transform o = {.columns = columns, .column_count = column ? 1 : 0, .where = "true"};
	ck_assert_bn_ok(bn_dataset_transform(&v, NULL, ws, name, from, &o, &err), &err);
	return v;
}

START_TEST(test_derived_versions_have_the_strictest)
{
	bn_protection p = BN_PROTECTION_INIT;
	make();
	bn_dataset_version *a = derive("a", jobs, "u = upper(user)"), *b = derive("b", a, "v = concat(u, 'user')");
	bn_dataset_version *c = derive("c", b, "user = text");
	set("jobs", (bn_protect_change){.level = "restricted", .keep_days = 30, .personal = (const char *[]){"user"}, .personal_count = 1});
	set("b", (bn_protect_change){.level = "internal", .keep_days = 90, .owner = "o"});
	ck_assert_bn_ok(bn_protection_of(&p, ws, c, &err), &err);
	ck_assert_int_eq(p.level, BN_CLASS_RESTRICTED);
	ck_assert_str_eq(p.level_from, "jobs");
	ck_assert_int_eq(p.keep_days, 30);
	ck_assert_ptr_null(p.owner); /* is not inherited */
	ck_assert(bn_protection_marks(&p, "u") && bn_protection_marks(&p, "v") && bn_protection_marks(&p, "user"));
	ck_assert(!bn_protection_marks(&p, "text") && !bn_protection_marks(&p, "n"));
	bn_protection_release(&p);
	/* Remotes: of every restricted dataset above. */
	ck_assert_int_eq(bn_protect_may_leave(ws, c, "vault", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "c@v1 is made from jobs, which is restricted"));
	bn_err_clear(&err);
	set("jobs", (bn_protect_change){.keep_days = -1, .remotes = (const char *[]){"vault"}, .remote_count = 1});
	ck_assert_bn_ok(bn_protect_may_leave(ws, c, "vault", &err), &err);
	ck_assert_int_eq(bn_protect_may_leave(ws, jobs, "cloud", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "jobs@v1 is restricted, and may not go to remote 'cloud'"));
	bn_err_clear(&err);
	set("jobs", (bn_protect_change){.keep_days = -1, .level = "public"});
	ck_assert_bn_ok(bn_protect_may_leave(ws, c, "cloud", &err), &err);
	bn_dataset_version_free(a);
	bn_dataset_version_free(b);
	bn_dataset_version_free(c);
	finish();
}
END_TEST

START_TEST(test_masks_hide_values_of_every_type)
{
	static const char *const all[] = {"n", "x", "when", "user", "text"};
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_profile *p = NULL;
	make();
	set("jobs", (bn_protect_change){.keep_days = -1, .personal = all, .personal_count = 5});
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, jobs, &err), &err);
	const size_t some[] = {3, 0, 1};
	ck_assert_bn_ok(bn_table_read(t, 0, some, 3, &b, &err), &err);
	ck_assert_uint_eq(b.column_count, 3);
	for (size_t c = 0; c < 3; c++) {
		ck_assert_int_eq(bn_table_schema(t)->fields[some[c]].type, BN_TYPE_STRING);
		ck_assert_uint_eq(b.columns[c].nulls, c ? 1 : 0);
		for (size_t i = 0; i < b.rows; i++) {
			bn_text text = bn_column_text(&b.columns[c], i);
			ck_assert_int_eq(text.ptr != NULL, !(c == 1 && i == 1) && !(c == 2 && i == 2));
			ck_assert(!text.ptr || (text.len == 3 && !memcmp(text.ptr, BN_HIDDEN_TEXT, 3)));
		}
	}
	bn_batch_release(&b);
	bn_table_reader_free(t);
	t = NULL;
	ck_assert_bn_ok(bn_dataset_load_profile(&p, ws, jobs, &err), &err);
	for (size_t i = 0; i < p->column_count; i++) {
		const bn_profile_column *c = &p->columns[i];
		ck_assert(c->masked && isnan(c->min) && isnan(c->mean) && !c->min_text && !c->top_count && !c->hist_count);
		ck_assert(isnan(bn_profile_quantile(c, 0.5)));
		ck_assert_uint_eq(c->rows, 300);
	}
	bn_profile_free(p);
	/* Whole tables, and after asking. */
	ck_assert_bn_ok(bn_dataset_open_whole(&t, ws, jobs, NULL, &err), &err);
	ck_assert_int_eq(bn_table_schema(t)->fields[0].type, BN_TYPE_INT64);
	bn_table_reader_free(t);
	t = NULL;
	ck_assert_int_eq(bn_protect_unmask(ws, jobs, "  ", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_protect_unmask(ws, jobs, "to see", &err), &err);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, jobs, &err), &err);
	ck_assert_int_eq(bn_table_schema(t)->fields[0].type, BN_TYPE_INT64);
	bn_table_reader_free(t);
	bn_protect_history h = {NULL, 0};
	ck_assert_bn_ok(bn_protect_history_load(&h, ws, "jobs", &err), &err);
	ck_assert_uint_eq(h.count, 2);
	int64_t looks = 0;
	for (size_t i = 0; i < h.count; i++)
		looks += h.items[i].version == 1 && !strcmp(h.items[i].reason, "to see");
	ck_assert_int_eq(looks, 1);
	bn_protect_history_release(&h);
	finish();
}
END_TEST

START_TEST(test_appended_versions_keep_marks)
{
	bn_protection p = BN_PROTECTION_INIT;
	make();
	set("jobs", (bn_protect_change){.keep_days = -1, .personal = (const char *[]){"user"}, .personal_count = 1});
	bn_dataset_version *last = derive("copy", jobs, NULL);
	for (int i = 0; i < 4; i++) {
		bn_dataset_version_free(last);
		last = NULL;
		ck_assert_bn_ok(bn_dataset_append(&last, NULL, ws, "copy", NULL, path, NULL, NULL, NULL, &err), &err);
		ck_assert_bn_ok(bn_protection_of(&p, ws, last, &err), &err);
		ck_assert(bn_protection_marks(&p, "user"));
		bn_protection_release(&p);
	}
	bn_dataset_version_free(last);
	finish();
}
END_TEST

START_TEST(test_names_suggest_people)
{
	static const char *const yes[] = {"user", "User_ID", "job.user", "e-mail", "HOST", "login", "account_name"};
	static const char *const no[] = {"", "users2", "hosted", "n", "power", "description", "filename"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ck_assert_msg(bn_column_may_be_personal(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(!bn_column_may_be_personal(no[i]), "%s", no[i]);
}
END_TEST

BN_TEST_MAIN("core/data/protect", test_derived_versions_have_the_strictest, test_masks_hide_values_of_every_type,
	test_appended_versions_keep_marks, test_names_suggest_people)

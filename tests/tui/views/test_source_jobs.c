/* Jobs in a real workspace: their results, what a stopped one leaves, and what is cached. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/data/add.h"
#include "core/pipeline/fold_classes.h"
#include "core/source/csv_write.h"
#include "tests/support/check_main.h"
#include "tui/ui/frame.h"
#include "tui/ui/job.h"
#include "tui/views/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 6000 };

static char dir[64];
static bn_jobs *jobs;
static const bn_page_source *source;

static int worker_open(void **context, bn_lane lane, void *user, bn_err *err)
{
	(void)lane;
	(void)user;
	return bn_source_open(context, bn_env_real(), dir, err);
}

static void worker_close(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	bn_source_close(context);
}

static bn_workspace *workspace(void)
{
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	return ws;
}

static void make(void)
{
	bn_err err = BN_ERR_INIT;
	bn_generate_options o = {.rows = ROWS, .seed = 5};
	bn_dataset_version *v = NULL;
	bn_loader_hooks h = {.open = worker_open, .close = worker_close};
	strcpy(dir, "/tmp/bn-jobs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	bn_workspace *ws = workspace();
	ck_assert_bn_ok(
		bn_dataset_generate(&v, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, &o, &err), &err);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	ck_assert_bn_ok(bn_jobs_new(&jobs, &h, &err), &err);
	source = bn_source_workspace();
}

static void finish(void)
{
	bn_jobs_free(jobs);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static uint64_t start(bn_page_fn fn, const void *arg, size_t bytes)
{
	return bn_jobs_start(jobs,
		&(bn_job_spec){.title = "a job", .fn = fn, .arg = arg, .arg_bytes = bytes}, 0,
		NULL);
}

static bn_job_info wait_for(uint64_t id)
{
	bn_job_info i;
	while (bn_jobs_active(jobs) > 0)
		bn_jobs_wait(jobs);
	ck_assert(bn_jobs_find(jobs, id, &i));
	return i;
}

/* The result of a job that must succeed. */
static bn_page *result(bn_page_fn fn, const void *arg, size_t bytes)
{
	uint64_t id = start(fn, arg, bytes);
	bn_job_info i = wait_for(id);
	ck_assert_msg(i.state == BN_JOB_DONE, "%s", i.err.msg);
	return bn_jobs_result(jobs, id);
}

static bn_profile_arg filtered(const char *filter)
{
	bn_profile_arg arg;
	memset(&arg, 0, sizeof arg);
	strcpy(arg.of.ref, "jobs@v1");
	snprintf(arg.of.filter, sizeof arg.of.filter, "%s", filter);
	return arg;
}

static char *profile_text(const bn_page *p)
{
	json_t *doc = NULL;
	bn_buf b = BN_BUF_INIT;
	ck_assert_ptr_nonnull(p->data);
	ck_assert_int_eq(bn_profile_to_json(&doc, p->data, NULL), 0);
	ck_assert_int_eq(bn_json_canonical(doc, &b, NULL), 0);
	json_decref(doc);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_source_profile_of_filtered_rows_is_made_once_and_then_kept)
{
	make();
	bn_profile_arg arg = filtered("num_nodes_alloc>2");
	bn_page *kept = result(source->profile, &arg, sizeof arg);
	ck_assert_ptr_null(kept->data); /* not computed yet */
	bn_page *made = result(source->make_profile, &arg, sizeof arg);
	const bn_profile *p = made->data;
	ck_assert_uint_gt(p->rows, 0);
	ck_assert_uint_lt(p->rows, ROWS);
	ck_assert_double_ge(bn_profile_find(p, "num_nodes_alloc")->min, 3);
	bn_page *again = result(source->profile, &arg, sizeof arg);
	char *a = profile_text(made), *b = profile_text(again);
	ck_assert_str_eq(a, b);
	bn_free(a);
	bn_free(b);
	bn_page_free(kept);
	bn_page_free(made);
	bn_page_free(again);
	/* The profile of all rows is stored with the version. */
	arg = filtered("");
	kept = result(source->profile, &arg, sizeof arg);
	ck_assert_uint_eq(((bn_profile *)kept->data)->rows, ROWS);
	bn_page_free(kept);
	finish();
}
END_TEST

START_TEST(test_source_profile_of_damaged_bytes_is_refused_and_not_kept)
{
	char **paths = NULL;
	size_t n = 0;
	make();
	bn_workspace *ws = workspace();
	bn_dataset_version *v = NULL;
	ck_assert_int_eq(bn_dataset_resolve(&v, ws, "jobs@v1", BN_DATASET_LIVE, NULL), 0);
	ck_assert_int_eq(bn_dataset_paths(&paths, &n, ws, v->hash, NULL, NULL), 0);
	char *path = bn_path_join(bn_workspace_root(ws), paths[0]);
	ck_assert_int_eq(chmod(path, 0644), 0);
	FILE *f = fopen(path, "r+");
	fseek(f, 90000, SEEK_SET);
	fputc('?', f);
	fclose(f);
	bn_free(path);
	bn_dataset_paths_free(paths, n);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	bn_profile_arg arg = filtered("num_nodes_alloc>2");
	bn_job_info i = wait_for(start(source->make_profile, &arg, sizeof arg));
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	ck_assert_int_eq(i.err.code, BN_ECORRUPT);
	bn_page *kept = result(source->profile, &arg, sizeof arg);
	ck_assert_ptr_null(kept->data);
	bn_page_free(kept);
	bn_page *log = result(source->verify_log, NULL, 0);
	ck_assert_int_eq(((bn_findings *)log->data)->state, BN_STATE_FAIL);
	bn_page_free(log);
	finish();
}
END_TEST

static int gather(void *ctx, const char *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_buf_add(ctx, bytes, n);
	return 0;
}

static bn_export_arg export_to(const char *name, const char *filter, int column)
{
	bn_export_arg arg;
	memset(&arg, 0, sizeof arg);
	strcpy(arg.rows.of.ref, "jobs@v1");
	snprintf(arg.rows.of.filter, sizeof arg.rows.of.filter, "%s", filter);
	if (column >= 0)
		arg.rows.sort[arg.rows.sorts++] = (bn_order_key){column, true};
	snprintf(arg.path, sizeof arg.path, "%s/%s", dir, name);
	arg.kind = strstr(name, ".tsv") ? BN_EXPORT_FILE_TSV : BN_EXPORT_FILE_CSV;
	return arg;
}

START_TEST(test_source_export_writes_what_the_command_line_writes_or_what_is_shown)
{
	bn_buf want = BN_BUF_INIT, got = BN_BUF_INIT;
	bn_dataset_version *v = NULL;
	bn_table_reader *t = NULL;
	make();
	bn_export_arg all = export_to("all.csv", "", -1);
	bn_page_free(result(source->export_rows, &all, sizeof all));
	bn_workspace *ws = workspace();
	ck_assert_int_eq(bn_dataset_resolve(&v, ws, "jobs@v1", BN_DATASET_LIVE, NULL), 0);
	ck_assert_int_eq(bn_dataset_open_table(&t, ws, v, NULL), 0);
	ck_assert_int_eq(bn_csv_export(t, NULL, 0, 0, UINT64_MAX, ',', gather, &want, NULL), 0);
	ck_assert_int_eq(bn_fs_read_file(bn_env_real(), all.path, &got, NULL), 0);
	ck_assert_uint_eq(got.len, want.len);
	ck_assert_mem_eq(got.ptr, want.ptr, got.len);
	/* The filtered rows, the largest first. */
	bn_export_arg some = export_to("some.tsv", "num_nodes_alloc>2", 0);
	bn_page_free(result(source->export_rows, &some, sizeof some));
	bn_buf_clear(&got);
	ck_assert_int_eq(bn_fs_read_file(bn_env_real(), some.path, &got, NULL), 0);
	long last = 1L << 40, rows = 0;
	for (char *line = strchr(got.ptr, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
		long id = strtol(line, NULL, 10);
		ck_assert_int_lt(id, last);
		last = id;
		rows++;
	}
	ck_assert_int_gt(rows, 0);
	ck_assert_int_lt(rows, ROWS);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	bn_buf_release(&want);
	bn_buf_release(&got);
	finish();
}
END_TEST

START_TEST(test_source_export_that_is_stopped_leaves_no_file)
{
	make();
	bn_export_arg all = export_to("all.csv", "", -1);
	uint64_t id = start(source->export_rows, &all, sizeof all);
	bn_job_info i;
	while (bn_jobs_find(jobs, id, &i) && i.done == 0 && i.state < BN_JOB_DONE)
		;
	bn_jobs_cancel(jobs, id);
	i = wait_for(id);
	/* If it finished before it was stopped, the file is complete and the job is done. */
	ck_assert_int_eq(bn_fs_exists(bn_env_real(), all.path), i.state == BN_JOB_DONE);
	bn_names names = BN_NAMES_INIT;
	ck_assert_int_eq(bn_fs_list_dir(bn_env_real(), dir, &names, NULL), 0);
	for (size_t k = 0; k < names.count; k++)
		ck_assert_msg(!strstr(names.items[k], ".tmp"), "%s is left", names.items[k]);
	bn_names_release(&names);
	finish();
}
END_TEST

START_TEST(test_source_add_and_check_name_the_version)
{
	bn_add_arg add;
	bn_recheck_arg check;
	make();
	memset(&add, 0, sizeof add);
	memset(&check, 0, sizeof check);
	snprintf(add.uri, sizeof add.uri, "%s/in.csv", dir);
	strcpy(add.name, "small");
	FILE *f = fopen(add.uri, "w");
	fputs("a,b\n1,x\n2,y\n", f);
	fclose(f);
	bn_page *p = result(source->add_data, &add, sizeof add);
	ck_assert_str_eq(p->data, "small@v1");
	bn_page_free(p);
	strcpy(add.name, "mine");
	add.is_private = true;
	bn_page_free(result(source->add_data, &add, sizeof add));
	bn_dataset_version *mine = NULL;
	bn_workspace *ws = workspace();
	ck_assert_int_eq(bn_workspace_refresh(ws, NULL, NULL), 0);
	ck_assert_int_eq(bn_dataset_resolve(&mine, ws, "mine", BN_DATASET_LIVE, NULL), 0);
	ck_assert(mine->is_private);
	bn_dataset_version_free(mine);
	bn_workspace_close(ws);
	strcpy(check.ref, "small@v1");
	bn_job_info i = wait_for(start(source->check, &check, sizeof check));
	ck_assert_int_eq(i.state, BN_JOB_FAILED); /* no suite was given */
	ck_assert_ptr_nonnull(strstr(i.err.hint, ":check SUITE"));
	snprintf(check.suite, sizeof check.suite, "%s/suite.json", dir);
	f = fopen(check.suite, "w");
	fputs("{\"name\": \"s\", \"expectations\": [{\"type\": "
	      "\"expect_column_values_to_not_be_null\", \"kwargs\": {\"column\": \"a\"}}]}",
		f);
	fclose(f);
	bn_page_free(result(source->check, &check, sizeof check));
	check.suite[0] = '\0'; /* the last one used */
	p = result(source->check, &check, sizeof check);
	ck_assert_str_eq(p->data, "small@v1");
	bn_page_free(p);
	finish();
}
END_TEST

/* A plan says the leaks and makes nothing; making it names the first part. */
START_TEST(test_source_split_is_planned_and_then_made)
{
	bn_split_arg a;
	bn_ref_arg ref = {"jobs@v1"};
	bn_dataset_versions *all = NULL;
	make();
	memset(&a, 0, sizeof a);
	strcpy(a.ref, "jobs@v1");
	strcpy(a.how, "random");
	strcpy(a.target, "failed");
	bn_page *p = result(source->split_form, &ref, sizeof ref);
	const bn_split_form *form = p->data;
	ck_assert_str_eq(form->columns[0], "job_id");
	bn_page_free(p);
	p = result(source->split_plan, &a, sizeof a);
	const bn_split_report *r = p->data;
	ck_assert_uint_eq(r->parts, 2);
	ck_assert_uint_eq(r->leaks, 1);
	ck_assert_str_eq(r->summary, "train 4 800, test 1 200; 1 leak");
	ck_assert_ptr_nonnull(strstr(r->text, "leak: the values of 'job_state' give the class of 'failed'"));
	bn_page_free(p);
	bn_workspace *ws = workspace();
	ck_assert_int_eq(bn_workspace_refresh(ws, NULL, NULL), 0);
	ck_assert_int_eq(bn_dataset_versions_load(&all, ws, "jobs.train", BN_DATASET_LIVE, NULL), BN_ENOTFOUND);
	p = result(source->make_split, &a, sizeof a);
	ck_assert_str_eq(p->data, "jobs.train");
	bn_page_free(p);
	strcpy(a.how, "temporal");
	strcpy(a.by, "submit_time");
	strcpy(a.folds, "3");
	strcpy(a.embargo, "1%");
	p = result(source->make_split, &a, sizeof a);
	ck_assert_str_eq(p->data, "jobs.fold1.train");
	bn_page_free(p);
	strcpy(a.folds, "some");
	bn_job_info i = wait_for(start(source->split_plan, &a, sizeof a));
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	ck_assert_str_eq(i.err.msg, "folds 'some' is not a number of 1 or more");
	bn_workspace_close(ws);
	finish();
}
END_TEST

START_TEST(test_source_verify_of_nothing_there_says_so)
{
	bn_ref_arg model = {"power/1"};
	make();
	bn_page *log = result(source->verify_log, NULL, 0);
	const bn_findings *f = log->data;
	ck_assert_int_eq(f->state, BN_STATE_OK);
	ck_assert_ptr_nonnull(strstr(f->verdict, "whole"));
	ck_assert_uint_ge(f->count, 4);
	bn_page_free(log);
	bn_job_info i = wait_for(start(source->verify_model, &model, sizeof model));
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	ck_assert_int_eq(i.err.code, BN_ENOTFOUND);
	i = wait_for(start(source->make_report, &model, sizeof model));
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	i = wait_for(start(source->make_skew, &model, sizeof model));
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	finish();
}
END_TEST

/* Three expectations that did not succeed, one of them because it could not be evaluated. */
START_TEST(test_source_overview_tells_checks_that_failed_from_errors)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	void *context = NULL;
	bool found = false;
	make();
	bn_workspace *ws = workspace();
	json_t *suite = json_object();
	json_t *result = json_pack("{s:b, s:{s:i, s:i}, s:[{s:{s:b}}, {s:{s:b}}, {s:{s:b}}]}",
		"success", 0, "statistics", "evaluated_expectations", 3,
		"unsuccessful_expectations", 3, "results", "exception_info", "raised_exception", 0,
		"exception_info", "raised_exception", 1, "exception_info", "raised_exception", 0);
	ck_assert_ptr_nonnull(result);
	ck_assert_bn_ok(bn_dataset_resolve(&v, ws, "jobs@v1", BN_DATASET_LIVE, &err), &err);
	ck_assert_bn_ok(bn_dataset_record_check(ws, v, suite, result, &err), &err);
	bn_workspace_close(ws);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), dir, &err), &err);
	bn_page *p = bn_page_new(1, 0);
	ck_assert_bn_ok(source->overview(context, NULL, p, NULL, &err), &err);
	const bn_overview *o = p->data;
	for (size_t i = 0; i < o->line_count; i++)
		found |= o->lines[i].detail &&
			 strcmp(o->lines[i].detail, "2 of 3 checks failed, 1 ended in an error") ==
				 0;
	ck_assert(found);
	bn_page_free(p);
	bn_source_close(context);
	bn_dataset_version_free(v);
	json_decref(suite);
	json_decref(result);
	finish();
}
END_TEST

/* The last step reported by a job. */
static bn_job_info ended(bn_page_fn fn, const void *arg, size_t bytes)
{
	return wait_for(start(fn, arg, bytes));
}

START_TEST(test_long_pages_say_how_far_they_are)
{
	bn_rows_of all = bn_rows_of_version("jobs@v1", "job_id > 0");
	bn_frequency_arg frequency;
	make();
	memset(&frequency, 0, sizeof frequency);
	frequency.of = all;
	bn_job_info i = ended(source->totals, &all, sizeof all);
	ck_assert_msg(i.state == BN_JOB_DONE && i.total == ROWS, "totals: %s", i.what);
	i = ended(source->correlations, &all, sizeof all);
	ck_assert_msg(i.state == BN_JOB_DONE && i.total == ROWS, "correlations: %s", i.what);
	i = ended(source->make_frequency, &frequency, sizeof frequency);
	ck_assert_msg(i.state == BN_JOB_DONE && i.total >= ROWS, "frequency: %s", i.what);
	finish();
}
END_TEST

static const char *warnings_of(bn_page **page, const char *trainer, const char *target, bool *refused)
{
	bn_warnings_arg arg;
	memset(&arg, 0, sizeof arg);
	strcpy(arg.train, "flags@v1");
	strcpy(arg.trainer, trainer);
	strcpy(arg.target, target);
	*page = result(source->warnings, &arg, sizeof arg);
	const bn_warnings *w = (*page)->data;
	*refused = w->refused;
	return w->text;
}

/* For paths, words are the text after the beginning. */
static void words_are(bn_word_kind kind, bn_view_set view, const char *field, const char *begin,
	const char *wanted)
{
	bn_words_arg arg;
	bn_buf all = BN_BUF_INIT;
	memset(&arg, 0, sizeof arg);
	arg.kind = kind;
	arg.view = view;
	strcpy(arg.scope, "flags@v1");
	strcpy(arg.field, field);
	strcpy(arg.begin, begin);
	bn_page *p = result(source->words, &arg, sizeof arg);
	const bn_words *w = p->data;
	for (size_t i = 0; i < w->count; i++)
		bn_buf_addf(&all, "%s%s", i ? " " : "",
			w->items[i] + (kind == BN_WORD_FILE ? strlen(begin) : 0));
	ck_assert_msg(!strcmp(all.ptr ? all.ptr : "", wanted), "%s '%s': %s, not %s", field, begin,
		all.ptr ? all.ptr : "", wanted);
	bn_buf_release(&all);
	bn_page_free(p);
}

START_TEST(test_form_is_told_what_run_start_would_say_of_the_target)
{
	static const struct {
		const char *trainer, *target, *text;
		bool refused;
	} cases[] = {{"ridge", "label", "target 'label' is text, but ridge predicts numbers", true},
		{"ridge", "lable", "did you mean 'label'", true},
		{"mlp", "flag", "target 'flag' is 0 or 1 in every row, and mlp learns it as a number", false},
		{"logistic", "x", "different numbers in 60 rows, each of which is a class", false},
		{"logistic", "flag", "", false}, {"ridge", "x", "", false}};
	static const char text[] = "x,flag,label\n";
	char path[128];
	bn_buf csv = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report report = {0};
	bn_dataset_version *v = NULL;
	bool added;
	make();
	bn_buf_adds(&csv, text);
	for (int i = 0; i < 60; i++)
		bn_buf_addf(&csv, "%d.5,%d,%s\n", i * 7, i % 2, i % 3 ? "good" : "bad");
	snprintf(path, sizeof path, "%s/flags.csv", dir);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, csv.ptr, csv.len, 0644, &err), &err);
	bn_buf_release(&csv);
	bn_workspace *ws = workspace();
	ck_assert_bn_ok(bn_dataset_add(&v, &added, ws, "flags", BN_DATASET_AS_BEFORE, NULL, path, &o,
				&report, &err),
		&err);
	bn_ingest_report_release(&report);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	words_are(BN_WORD_FILTER, BN_ON(ROWS), "label", "", "good bad");
	words_are(BN_WORD_FILTER, BN_ON(ROWS), "label", "b", "bad");
	words_are(BN_WORD_FILTER, BN_ON(ROWS), "label", "'b", "'bad'");
	words_are(BN_WORD_FILTER, BN_ON(ROWS), "x", "", ""); /* numbers have no words */
	words_are(BN_WORD_FILTER, BN_ON(RUNS), "status", "F", "FINISHED FAILED");
	words_are(BN_WORD_DATASET, 0, "", "fl", "flags");
	words_are(BN_WORD_DATASET, 0, "", "", "flags jobs");
	words_are(BN_WORD_ROLE, 0, "", "re", "reviewer");
	words_are(BN_WORD_FILE, 0, "", dir, "/"); /* a directory is completed with '/' */
	snprintf(path, sizeof path, "%s/fl", dir);
	words_are(BN_WORD_FILE, 0, "", path, "ags.csv");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_page *page;
		bool refused;
		const char *said = warnings_of(&page, cases[i].trainer, cases[i].target, &refused);
		ck_assert_msg(strstr(said, cases[i].text) && (cases[i].text[0] || !said[0]),
			"%s, %s: '%s'", cases[i].trainer, cases[i].target, said);
		ck_assert_int_eq(refused, cases[i].refused);
		bn_page_free(page);
	}
	finish();
}
END_TEST

BN_TEST_MAIN("tui/views/source_jobs",
	test_source_profile_of_filtered_rows_is_made_once_and_then_kept,
	test_form_is_told_what_run_start_would_say_of_the_target,
	test_long_pages_say_how_far_they_are,
	test_source_profile_of_damaged_bytes_is_refused_and_not_kept,
	test_source_export_writes_what_the_command_line_writes_or_what_is_shown,
	test_source_export_that_is_stopped_leaves_no_file,
	test_source_add_and_check_name_the_version, test_source_split_is_planned_and_then_made,
	test_source_verify_of_nothing_there_says_so,
	test_source_overview_tells_checks_that_failed_from_errors)

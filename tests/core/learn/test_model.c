/* A model as a directory: saved and read back it gives the same answers; equal fits give equal
 * bytes. */
#include "core/learn/model.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/learn/_model.h"
#include "core/learn/evaluate.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static const char *const inputs[] = {"x0", "x1", "x2", "x3", "colour", "flag"};

static char *temp_dir(void)
{
	char *path = strdup("/tmp/binnacle-model-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static void remove_dir(char *path)
{
	bn_fs_remove_tree(bn_env_real(), path, NULL);
	free(path);
}

/* Fits trainer on target and saves the model as dir/name. */
static void save(
	const char *dir, const char *name, const char *trainer, const char *target, int threads)
{
	train_data *d = train_data_get();
	bn_err err = BN_ERR_INIT;
	const bn_trainer *t = NULL;
	bn_features *f = NULL;
	matrix m = {.x = NULL};
	bn_estimator *e = NULL;
	json_t *part = NULL, *hyper = NULL;
	bn_features_options opt = {.target = target, .inputs = inputs, .input_count = 6};
	ck_assert_bn_ok(bn_trainer_find(&t, trainer, &err), &err);
	ck_assert_bn_ok(named_columns_learn(&f, &d->train, &opt, &err), &err);
	ck_assert_bn_ok(matrix_build(&m, f, &d->train, &err), &err);
	ck_assert_bn_ok(bn_hyper_resolve(&hyper, t->hyper, t->hyper_count, NULL, &err), &err);
	bn_fit_request r = {.task = bn_features_task(f),
		.classes = bn_features_class_count(f),
		.hyper = hyper,
		.seed = 1,
		.threads = threads};
	ck_assert_bn_ok(matrix_fit(&e, t, &r, &m.view, &err), &err);
	double *out = bn_alloc(m.view.rows * e->outputs * sizeof *out);
	double *scratch = bn_alloc(bn_estimator_scratch(e) * sizeof *scratch);
	bn_estimator_predict(e, m.view.x, m.view.rows, out, scratch);
	ck_assert_bn_ok(bn_evaluate(&part, f, m.view.rows, m.view.y, out, &err), &err);
	json_t *metrics = json_pack("{s:o}", "train", part);
	bn_model_about about = {.name = "power",
		.dataset = "synthetic@v1",
		.split = "first 300 rows",
		.notes = "Made by a test.",
		.seed = 1,
		.hyper = hyper,
		.metrics = metrics};
	char *path = bn_path_join(dir, name);
	ck_assert_bn_ok(bn_model_save(bn_env_real(), NULL, path, e, f, &about, &err), &err);
	ck_assert_int_eq(
		bn_model_save(bn_env_real(), NULL, path, e, f, &about, &err), BN_ECONFLICT);
	bn_free(path);
	bn_free(out);
	bn_free(scratch);
	json_decref(metrics);
	json_decref(hyper);
	bn_estimator_free(e);
	bn_features_free(f);
	matrix_release(&m);
}

static bn_model *load(const char *dir, const char *name)
{
	bn_model *m = NULL;
	bn_err err = BN_ERR_INIT;
	char *path = bn_path_join(dir, name);
	ck_assert_bn_ok(bn_model_load(&m, bn_env_real(), NULL, path, &err), &err);
	bn_free(path);
	return m;
}

static void digest(char hex[65], const char *dir, const char *name)
{
	bn_err err = BN_ERR_INIT;
	char *path = bn_path_join(dir, name);
	ck_assert_bn_ok(bn_model_digest(hex, bn_env_real(), NULL, path, &err), &err);
	bn_free(path);
}

static const struct {
	const char *trainer, *target;
} cases[] = {{"ridge", "y_number"}, {"logistic", "y_binary"}, {"logistic", "y_three"},
	{"mlp", "y_number"}, {"mlp", "y_binary"}, {"baseline", "y_number"}, {"baseline", "y_three"}};

enum { CASES = sizeof cases / sizeof *cases };

START_TEST(test_saved_models_have_equal_bytes_at_1_2_and_7_threads)
{
	char *dir = temp_dir();
	for (size_t i = 0; i < CASES; i++) {
		char hex[3][65], name[32];
		for (int k = 0; k < 3; k++) {
			snprintf(name, sizeof name, "%zu-%d", i, k);
			save(dir, name, cases[i].trainer, cases[i].target,
				k == 0   ? 1
				: k == 1 ? 2
					 : 7);
			digest(hex[k], dir, name);
			ck_assert_str_eq(hex[0], hex[k]);
		}
	}
	remove_dir(dir);
}
END_TEST

/* Row r of a model's batch, in which absent numbers are NaN. */
static void row_of(bn_batch *out, bn_column *columns, const bn_batch *all, size_t r)
{
	for (size_t i = 0; i < all->column_count; i++) {
		columns[i] = all->columns[i];
		columns[i].rows = 1;
		columns[i].validity = NULL;
		if (columns[i].type == BN_TYPE_CATEGORY)
			columns[i].codes += r;
		else
			columns[i].f64 += r;
	}
	*out = (bn_batch){.rows = 1, .column_count = all->column_count, .columns = columns};
}

/* All rows at once and one at a time: the same bits as the design matrix of these rows gives. */
START_TEST(test_a_model_answers_as_its_estimator_does)
{
	char *dir = temp_dir();
	train_data *d = train_data_get();
	for (size_t i = 0; i < CASES; i++) {
		bn_batch all = BN_BATCH_INIT, one = BN_BATCH_INIT;
		char name[16];
		snprintf(name, sizeof name, "%zu", i);
		save(dir, name, cases[i].trainer, cases[i].target, 0);
		bn_model *m = load(dir, name);
		const bn_features *f = bn_model_features(m);
		size_t k = bn_model_outputs(m), rows = d->test.batch.rows;
		ck_assert_str_eq(bn_model_name(m), "power");
		ck_assert_str_eq(bn_model_trainer(m), cases[i].trainer);
		double *scratch = bn_alloc(bn_model_scratch(m) * sizeof *scratch);
		double *x = bn_alloc(rows * bn_features_width(f) * sizeof *x);
		double *want = bn_alloc(rows * k * sizeof *want),
		       *out = bn_alloc(rows * k * sizeof *out);
		matrix_design(x, f, &d->test);
		bn_estimator_predict(m->estimator, x, rows, want, scratch);
		matrix_batch(&all, f, &d->test);
		bn_alloc_fail_at(0);
		bn_model_answer(m, &all, scratch, out);
		ck_assert_int_eq(bn_alloc_count(), 0);
		ck_assert_mem_eq(out, want, rows * k * sizeof *out);
		for (size_t r = 0; r < rows; r++) {
			bn_column columns[TRAIN_DATA_COLUMNS];
			row_of(&one, columns, &all, r);
			bn_model_answer(m, &one, scratch, out);
			ck_assert_mem_eq(out, want + r * k, k * sizeof *out);
		}
		matrix_batch_release(&all);
		bn_free(scratch);
		bn_free(x);
		bn_free(want);
		bn_free(out);
		bn_model_free(m);
	}
	remove_dir(dir);
}
END_TEST

START_TEST(test_the_card_and_mlmodel_say_what_the_model_is)
{
	char *dir = temp_dir();
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	save(dir, "m", "logistic", "y_binary", 1);
	char *path = bn_path_join(dir, "m/model_card.md");
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &b, &err), &err);
	static const char *const facts[] = {"---\nlibrary_name: binnacle\n",
		"pipeline_tag: tabular-classification", "one of 2 classes (`no`, `yes`)",
		"synthetic@v1", "| roc_auc |", "| `colour` | category | 3 categories |",
		"## Limitations", "Made by a test."};
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		ck_assert_msg(strstr(b.ptr, facts[i]) != NULL, "no '%s' in:\n%s", facts[i], b.ptr);
	bn_free(path);
	bn_model *m = load(dir, "m");
	const json_t *signature = json_object_get(bn_model_mlmodel(m), "signature");
	json_t *columns =
		json_loads(json_string_value(json_object_get(signature, "outputs")), 0, NULL);
	ck_assert_uint_eq(json_array_size(columns), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(columns, 2), "name")),
		"probability_yes");
	json_decref(columns);
	bn_model_free(m);
	bn_buf_release(&b);
	remove_dir(dir);
}
END_TEST

START_TEST(test_a_damaged_directory_is_refused)
{
	static const char *const files[] = {
		"MLmodel", "features.json", "metrics.json", "model.safetensors"};
	char *dir = temp_dir(), hex[65], changed[65];
	save(dir, "m", "ridge", "y_number", 1);
	digest(hex, dir, "m");
	for (size_t i = 0; i < 4; i++) {
		char path[200];
		bn_buf b = BN_BUF_INIT;
		bn_model *m = NULL;
		bn_err err = BN_ERR_INIT;
		snprintf(path, sizeof path, "%s/m/%s", dir, files[i]);
		ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &b, &err), &err);
		ck_assert_bn_ok(
			bn_fs_write_file(bn_env_real(), path, b.ptr, b.len / 2, 0644, &err), &err);
		char model[180];
		snprintf(model, sizeof model, "%s/m", dir);
		ck_assert_int_lt(bn_model_load(&m, bn_env_real(), NULL, model, &err), 0);
		ck_assert_ptr_nonnull(strstr(err.msg, files[i]));
		digest(changed, dir, "m");
		ck_assert_str_ne(hex, changed);
		bn_err_clear(&err);
		ck_assert_bn_ok(
			bn_fs_write_file(bn_env_real(), path, b.ptr, b.len, 0644, &err), &err);
		bn_buf_release(&b);
	}
	digest(changed, dir, "m");
	ck_assert_str_eq(hex, changed);
	remove_dir(dir);
}
END_TEST

static int no_sync(const bn_env *env, int fd)
{
	(void)env;
	(void)fd;
	return 0;
}

static int no_sync_dir(const bn_env *env, const bn_dir *at, const char *path)
{
	(void)at;
	(void)env;
	(void)path;
	return 0;
}

/* The real environment without waiting for the disk. */
static const bn_env *quick_env(void)
{
	static bn_fs_ops ops;
	static bn_env env;
	ops = bn_fs_real;
	ops.fsync = no_sync;
	ops.sync_dir = no_sync_dir;
	env = *bn_env_real();
	env.fs = &ops;
	return &env;
}

/* Fits, saves and loads a model; any step may fail. */
static int whole_life(const char *dir, const char *trainer, const char *target, bn_err *err)
{
	train_data *d = train_data_get();
	const bn_trainer *t = NULL;
	bn_features *f = NULL;
	matrix m = {.x = NULL};
	bn_estimator *e = NULL;
	bn_model *model = NULL;
	json_t *metrics = NULL;
	double *out = NULL, *scratch = NULL;
	bn_features_options opt = {.target = target, .inputs = inputs, .input_count = 6};
	int rc = bn_trainer_find(&t, trainer, err);
	json_t *hyper = strcmp(trainer, "mlp") == 0 ? json_pack("{s:i}", "epochs", 1) : NULL;
	if (rc == 0)
		rc = named_columns_learn(&f, &d->train, &opt, err);
	if (rc == 0)
		rc = matrix_build(&m, f, &d->train, err);
	bn_fit_request r = {.hyper = hyper, .threads = 1};
	if (rc == 0) {
		r.task = bn_features_task(f);
		r.classes = bn_features_class_count(f);
		rc = matrix_fit(&e, t, &r, &m.view, err);
	}
	if (rc == 0) {
		out = malloc(m.view.rows * e->outputs * sizeof *out);
		scratch = malloc(bn_estimator_scratch(e) * sizeof *scratch);
		bn_estimator_predict(e, m.view.x, m.view.rows, out, scratch);
		rc = bn_evaluate(&metrics, f, m.view.rows, m.view.y, out, err);
	}
	bn_model_about about = {.metrics = metrics};
	if (rc == 0)
		rc = bn_model_save(quick_env(), NULL, dir, e, f, &about, err);
	if (rc == 0)
		rc = bn_model_load(&model, quick_env(), NULL, dir, err);
	bn_model_free(model);
	bn_estimator_free(e);
	matrix_release(&m);
	bn_features_free(f);
	json_decref(metrics);
	json_decref(hyper);
	free(out);
	free(scratch);
	return rc;
}

/* Fails the first allocation, then the second, and so on: each time an error, no leak (checked by
 * the address sanitizer), and the directory is complete or absent. */
START_TEST(test_running_out_of_memory_anywhere_is_an_error)
{
	char *dir = temp_dir(), path[200];
	long points = 0;
	snprintf(path, sizeof path, "%s/m", dir);
	for (size_t i = 0; i < CASES; i++) {
		for (long n = 1;; n++) {
			bn_err err = BN_ERR_INIT;
			bn_fs_remove_tree(quick_env(), path, NULL);
			bn_alloc_fail_at(n);
			int rc = whole_life(path, cases[i].trainer, cases[i].target, &err);
			bn_alloc_fail_at(0);
			if (rc == 0)
				break;
			ck_assert_msg(rc == BN_ENOMEM, "%s, allocation %ld: %d %s",
				cases[i].trainer, n, rc, err.msg);
			points++;
			ck_assert_int_lt(n, 10000);
			bn_model *m = NULL;
			bn_err_clear(&err);
			if (bn_fs_exists(quick_env(), path))
				ck_assert_bn_ok(
					bn_model_load(&m, quick_env(), NULL, path, &err), &err);
			bn_model_free(m);
		}
	}
	printf("NOTE: memory ran out at %ld points of fitting, saving and loading\n", points);
	remove_dir(dir);
}
END_TEST

BN_TEST_MAIN("core/learn/model", test_saved_models_have_equal_bytes_at_1_2_and_7_threads,
	test_a_model_answers_as_its_estimator_does, test_the_card_and_mlmodel_say_what_the_model_is,
	test_a_damaged_directory_is_refused, test_running_out_of_memory_anywhere_is_an_error)

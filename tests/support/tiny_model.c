/* tiny_model.c - see tiny_model.h. */
#include "tests/support/tiny_model.h"

#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/learn/model.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[256];
static pid_t owner;
static char paths[32][300]; /* of models, cyclic */
static unsigned path_count;

static void remove_dir(void)
{
	if (dir[0] && getpid() == owner)
		bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

const char *tiny_dir(void)
{
	if (dir[0] && getpid() == owner)
		return dir;
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/binnacle-test-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	owner = getpid();
	atexit(remove_dir);
	return dir;
}

const char *tiny_model(const char *name, const char *trainer, const char *target)
{
	return tiny_model_of(name, trainer, target, NULL, NULL);
}

const char *tiny_model_of(const char *name, const char *trainer, const char *target,
	const char *dataset, const char *digest)
{
	static const char *const inputs[] = {"x0", "x1", "x2", "x3", "colour", "flag"};
	train_data *d = train_data_get();
	bn_err err = BN_ERR_INIT;
	const bn_trainer *t = NULL;
	bn_features *f = NULL;
	bn_estimator *e = NULL;
	matrix m = {.x = NULL};
	bn_features_options opt = {.target = target, .inputs = inputs, .input_count = 6};
	char *path = paths[path_count++ % 32];
	snprintf(path, sizeof paths[0], "%.200s/%.90s", tiny_dir(), name);
	ck_assert_bn_ok(bn_trainer_find(&t, trainer, &err), &err);
	ck_assert_bn_ok(named_columns_learn(&f, &d->train, &opt, &err), &err);
	ck_assert_bn_ok(matrix_build(&m, f, &d->train, &err), &err);
	bn_fit_request r = {.task = bn_features_task(f),
		.classes = bn_features_class_count(f),
		.seed = 42,
		.threads = 1};
	ck_assert_bn_ok(matrix_fit(&e, t, &r, &m.view, &err), &err);
	bn_fs_remove_tree(bn_env_real(), path, NULL);
	bn_model_about about = {
		.name = name, .seed = 42, .dataset = dataset, .dataset_digest = digest};
	ck_assert_bn_ok(bn_model_save(bn_env_real(), NULL, path, e, f, &about, &err), &err);
	matrix_release(&m);
	bn_estimator_free(e);
	bn_features_free(f);
	return path;
}

/*
 * A model does not depend on where rows are divided: into blocks, processes, checkpoints, in memory or a file.
 * Sums are compared with long double.
 */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/learn/_rows.h"
#include "core/learn/_trainers.h"
#include "core/learn/checkpoint.h"
#include "core/learn/tiles.h"
#include "core/learn/trainer.h"
#include "core/profile/keys.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 13011, COLS = 7 };

static double xs[ROWS * COLS], numbers[ROWS], classes[ROWS], two[ROWS], weights[ROWS];

static void make_data(void)
{
	bn_rng r;
	bn_rng_init(&r, 11, "test", 0);
	for (size_t i = 0; i < ROWS; i++) {
		double s = 0;
		for (size_t j = 0; j < COLS; j++) {
			xs[i * COLS + j] = bn_rng_normal(&r) * (double)(j + 1) + 100.0 * (double)j;
			s += (xs[i * COLS + j] - 100.0 * (double)j) / (double)(j + 2);
		}
		numbers[i] = s + bn_rng_normal(&r);
		classes[i] = (s > -1) + (s > 1);
		two[i] = classes[i] > 0;
		weights[i] = (double)bn_rng_below(&r, 3);
	}
}

/* ---- a source with random block boundaries -------------------------------------------------- */

typedef struct cut_rows {
	bn_rows base;
	size_t at;
	bn_rng rng;
} cut_rows;

static int cut_rewind(bn_rows *r, bn_err *err)
{
	(void)err;
	((cut_rows *)r)->at = 0;
	return 0;
}

static int cut_next(bn_rows *r, bn_block *out, bn_err *err)
{
	cut_rows *c = (cut_rows *)r;
	size_t left = r->facts.rows - c->at;
	size_t n = 1 + bn_rng_below(&c->rng, bn_rng_below(&c->rng, 3) ? 9000 : 3);
	(void)err;
	n = n < left ? n : left;
	*out = (bn_block){.first = r->facts.first + c->at,
		.rows = n,
		.cols = COLS,
		.f64 = xs + c->at * COLS,
		.y = r->y + c->at,
		.w = r->w ? r->w + c->at : NULL};
	c->at += n;
	return n > 0;
}

static int cut_want(bn_rows *r, bn_want want, bn_err *err)
{
	(void)r;
	(void)want;
	(void)err;
	return 0;
}

static void cut_gather(bn_rows *r, const uint32_t *index, size_t n, float *to)
{
	(void)r;
	for (size_t i = 0; i < n * COLS; i++)
		to[i] = (float)xs[index[i / COLS] * COLS + i % COLS];
}

static void cut_free(bn_rows *r)
{
	bn_free(r);
}

static const bn_rows_ops cut_ops = {cut_rewind, cut_next, cut_gather, cut_want, cut_free};

static bn_rows *cut_open(const double *y, const double *w, uint64_t seed)
{
	cut_rows *c = bn_alloc_zeroed(1, sizeof *c);
	c->base.ops = &cut_ops;
	c->base.part = "training";
	c->base.y = y;
	c->base.w = w;
	c->base.facts = (bn_rows_facts){.rows = ROWS, .cols = COLS, .weighted = w != NULL};
	bn_rng_init(&c->rng, seed, "cuts", 0);
	return &c->base;
}

/* ---- fits ----------------------------------------------------------------------------------- */

static const struct {
	const char *trainer;
	const double *y;
	bn_task task;
	size_t classes;
} fits[] = {{"ridge", numbers, BN_TASK_REGRESSION, 0},
	{"logistic", classes, BN_TASK_CLASSIFICATION, 2},
	{"logistic", classes, BN_TASK_CLASSIFICATION, 3}, {"mlp", numbers, BN_TASK_REGRESSION, 0}};
enum { FITS = sizeof fits / sizeof *fits };

static bn_fit_request request_of(size_t i, const double **y, json_t **hyper)
{
	*y = fits[i].classes == 2 ? two : fits[i].y;
	*hyper = !strcmp(fits[i].trainer, "mlp") ? json_pack("{s:i, s:i, s:[i]}", "epochs", 4,
							   "batch_size", 512, "hidden", 8)
		 : fits[i].classes == 3          ? json_pack("{s:i}", "max_iterations", 2)
						 : NULL;
	return (bn_fit_request){.task = fits[i].task,
		.classes = fits[i].classes,
		.hyper = *hyper,
		.seed = 3,
		.threads = 1};
}

static int fit(bn_buf *out, const char *trainer, const bn_fit_request *r, bn_err *err)
{
	const bn_trainer *t = NULL;
	bn_estimator *e = NULL;
	ck_assert_bn_ok(bn_trainer_find(&t, trainer, err), err);
	int rc = bn_trainer_fit(&e, t, r, err);
	if (rc == 0)
		ck_assert_bn_ok(bn_safetensors_write(out, e->tensors, err), err);
	bn_estimator_free(e);
	return rc;
}

START_TEST(test_blocks_of_any_size_give_the_same_bytes)
{
	make_data();
	for (size_t i = 0; i < FITS; i++) {
		for (int weighted = 0; weighted < 2; weighted++) {
			bn_buf first = BN_BUF_INIT;
			for (uint64_t seed = 0; seed < 4; seed++) {
				bn_err err = BN_ERR_INIT;
				bn_buf bytes = BN_BUF_INIT;
				const double *y;
				json_t *hyper;
				bn_fit_request r = request_of(i, &y, &hyper);
				bn_design d = {ROWS, COLS, xs, y, weighted ? weights : NULL, 0};
				if (seed == 0)
					ck_assert_bn_ok(
						bn_rows_wrap(&r.train, &d, "training", &err), &err);
				else
					r.train = cut_open(y, d.weights, seed);
				r.threads = 1 + (int)(seed % 2);
				ck_assert_bn_ok(fit(&bytes, fits[i].trainer, &r, &err), &err);
				bn_rows_free(r.train);
				json_decref(hyper);
				if (seed == 0) {
					first = bytes;
					continue;
				}
				ck_assert_uint_eq(first.len, bytes.len);
				ck_assert_mem_eq(first.ptr, bytes.ptr, bytes.len);
				bn_buf_release(&bytes);
			}
			bn_buf_release(&first);
		}
	}
}
END_TEST

/* ---- processes ------------------------------------------------------------------------------ */

static void add_tile(bn_tree *t, uint64_t tile, double value)
{
	bn_err err = BN_ERR_INIT;
	double *room = bn_tree_room(t);
	ck_assert_ptr_nonnull(room);
	*room = value;
	ck_assert_bn_ok(bn_tree_add(t, 0, tile, room, &err), &err);
}

START_TEST(test_any_split_of_tiles_over_processes_gives_the_same_sum)
{
	bn_rng r;
	bn_rng_init(&r, 5, "ranks", 0);
	for (int turn = 0; turn < 1000; turn++) {
		uint64_t tiles = 1 + bn_rng_below(&r, 300);
		size_t ranks = 1 + bn_rng_below(&r, 9);
		double values[300], whole;
		bn_tree one, all, rank[9];
		bn_err err = BN_ERR_INIT;
		uint64_t at = 0;
		bn_tree_init(&one, 1, NULL, NULL);
		bn_tree_init(&all, 1, NULL, NULL);
		for (uint64_t t = 0; t < tiles; t++) {
			values[t] = bn_rng_normal(&r) * pow(10, (double)bn_rng_below(&r, 18));
			add_tile(&one, t, values[t]);
		}
		ck_assert_uint_le(one.count, 9);
		whole = *bn_tree_root(&one);
		for (size_t k = 0; k < ranks; k++) {
			uint64_t end =
				k + 1 == ranks ? tiles : at + bn_rng_below(&r, tiles - at + 1);
			bn_tree_init(&rank[k], 1, NULL, NULL);
			for (; at < end; at++)
				add_tile(&rank[k], at, values[at]);
		}
		for (size_t k = ranks; k-- > 0;) { /* they arrive in any order */
			for (size_t n = 0; n < rank[k].count; n++) {
				double *room = bn_tree_room(&all);
				*room = *rank[k].nodes[n].sum;
				ck_assert_bn_ok(bn_tree_add(&all, rank[k].nodes[n].level,
							rank[k].nodes[n].index, room, &err),
					&err);
			}
			bn_tree_release(&rank[k]);
		}
		ck_assert_mem_eq(bn_tree_root(&all), &whole, sizeof whole);
		bn_tree_release(&one);
		bn_tree_release(&all);
	}
}
END_TEST

/* Threads that act as processes: each has some complete tiles of the rows. */
enum { RANKS = 3 };

typedef struct ranks {
	pthread_mutex_t lock;
	pthread_barrier_t all;
	bn_tree tree;
	const double *root;
} ranks;

typedef struct member {
	ranks *world;
	pthread_t thread;
	size_t fit, number, first, rows;
	bn_buf bytes;
	int rc;
} member;

static int reduce_tree(void *self, bn_tree *t, bn_err *err)
{
	member *me = self;
	ranks *world = me->world;
	pthread_mutex_lock(&world->lock);
	if (!world->tree.size)
		bn_tree_init(&world->tree, t->size, t->join, t->shape);
	for (size_t n = 0; n < t->count; n++) {
		double *room = bn_tree_room(&world->tree);
		memcpy(room, t->nodes[n].sum, t->size * sizeof *room);
		bn_tree_add(&world->tree, t->nodes[n].level, t->nodes[n].index, room, err);
	}
	pthread_mutex_unlock(&world->lock);
	pthread_barrier_wait(&world->all);
	if (me->number == 0)
		world->root = bn_tree_root(&world->tree);
	pthread_barrier_wait(&world->all);
	bn_tree_clear(t);
	double *room = bn_tree_room(t);
	memcpy(room, world->root, t->size * sizeof *room);
	bn_tree_add(t, 0, 0, room, err);
	pthread_barrier_wait(&world->all);
	if (me->number == 0)
		bn_tree_clear(&world->tree);
	pthread_barrier_wait(&world->all);
	return 0;
}

static void *run_rank(void *arg)
{
	member *me = arg;
	bn_err err = BN_ERR_INIT;
	const double *y;
	json_t *hyper;
	bn_fit_request r = request_of(me->fit, &y, &hyper);
	bn_reduce reduce = {me, reduce_tree};
	bn_design d = {me->rows, COLS, xs + me->first * COLS, y + me->first, weights + me->first,
		me->first};
	bn_estimator *e = NULL;
	const bn_trainer *t = NULL;
	r.reduce = &reduce;
	r.threads = 1;
	me->rc = bn_rows_wrap(&r.train, &d, "training", &err);
	if (me->rc == 0)
		me->rc = bn_trainer_find(&t, fits[me->fit].trainer, &err);
	if (me->rc == 0)
		me->rc = bn_trainer_fit(&e, t, &r, &err);
	if (me->rc == 0)
		me->rc = bn_safetensors_write(&me->bytes, e->tensors, &err);
	bn_estimator_free(e);
	bn_rows_free(r.train);
	json_decref(hyper);
	return NULL;
}

START_TEST(test_processes_that_share_the_rows_fit_the_same_bytes)
{
	static const size_t borders[RANKS + 1] = {0, BN_TILE_ROWS, 3 * BN_TILE_ROWS, ROWS};
	make_data();
	for (size_t i = 0; i < FITS - 1; i++) {
		ranks world = {.lock = PTHREAD_MUTEX_INITIALIZER};
		member rank[RANKS];
		bn_err err = BN_ERR_INIT;
		bn_buf whole = BN_BUF_INIT;
		const double *y;
		json_t *hyper;
		bn_fit_request r = request_of(i, &y, &hyper);
		r.train = cut_open(y, weights, 4);
		ck_assert_bn_ok(fit(&whole, fits[i].trainer, &r, &err), &err);
		pthread_barrier_init(&world.all, NULL, RANKS);
		for (size_t k = 0; k < RANKS; k++) {
			rank[k] = (member){.world = &world,
				.fit = i,
				.number = k,
				.first = borders[k],
				.rows = borders[k + 1] - borders[k]};
			ck_assert_int_eq(
				pthread_create(&rank[k].thread, NULL, run_rank, &rank[k]), 0);
		}
		for (size_t k = 0; k < RANKS; k++)
			pthread_join(rank[k].thread, NULL);
		for (size_t k = 0; k < RANKS; k++) {
			ck_assert_int_eq(rank[k].rc, 0);
			ck_assert_uint_eq(rank[k].bytes.len, whole.len);
			ck_assert_mem_eq(rank[k].bytes.ptr, whole.ptr, whole.len);
			bn_buf_release(&rank[k].bytes);
		}
		pthread_barrier_destroy(&world.all);
		bn_tree_release(&world.tree);
		bn_rows_free(r.train);
		bn_buf_release(&whole);
		json_decref(hyper);
	}
}
END_TEST

/* ---- accuracy ------------------------------------------------------------------------------- */

/* Least squares with column means a hundred times their deviation, compared with long double. */
START_TEST(test_ridge_loses_nothing_to_large_means)
{
	long double mean[COLS + 1] = {0}, gram[COLS][COLS] = {{0}}, right[COLS] = {0};
	bn_err err = BN_ERR_INIT;
	const bn_trainer *t = NULL;
	bn_estimator *e = NULL;
	json_t *hyper = json_pack("{s:f}", "alpha", 0.0);
	bn_design d = {ROWS, COLS, xs, numbers, NULL, 0};
	bn_fit_request r = {.task = BN_TASK_REGRESSION, .hyper = hyper};
	make_data();
	for (size_t i = 0; i < ROWS * COLS; i++)
		xs[i] += 1e5;
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t j = 0; j < COLS; j++)
			mean[j] += (long double)xs[i * COLS + j] / ROWS;
		mean[COLS] += (long double)numbers[i] / ROWS;
	}
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < COLS; j++) {
			long double v = xs[i * COLS + j] - mean[j];
			right[j] += v * (numbers[i] - mean[COLS]);
			for (size_t k = 0; k < COLS; k++)
				gram[j][k] += v * (xs[i * COLS + k] - mean[k]);
		}
	ck_assert_bn_ok(bn_trainer_find(&t, "ridge", &err), &err);
	ck_assert_bn_ok(bn_rows_wrap(&r.train, &d, "training", &err), &err);
	ck_assert_bn_ok(bn_trainer_fit(&e, t, &r, &err), &err);
	const double *coef = bn_tensors_find(e->tensors, "coef")->data;
	double worst = 0;
	for (size_t j = 0; j < COLS; j++) {
		long double rest = right[j];
		for (size_t k = 0; k < COLS; k++)
			rest -= gram[j][k] * coef[k];
		worst = fmax(worst, (double)(fabsl(rest) / gram[j][j]));
	}
	printf("NOTE: ridge with means of 1e5: the normal equations hold to %.1e\n", worst);
	ck_assert_double_lt(worst, 1e-11);
	bn_estimator_free(e);
	bn_rows_free(r.train);
	json_decref(hyper);
}
END_TEST

START_TEST(test_numbers_too_large_and_holes_are_refused_with_their_place)
{
	static const struct {
		double bad;
		const char *says;
	} cases[] = {{NAN, "not a finite number"}, {INFINITY, "not a finite number"},
		{1e308, "too large to square"}};
	make_data();
	for (size_t i = 0; i < 3; i++) {
		bn_err err = BN_ERR_INIT;
		bn_buf bytes = BN_BUF_INIT;
		bn_fit_request r = {.task = BN_TASK_REGRESSION, .threads = 2};
		double was = xs[(ROWS - 1) * COLS];
		xs[(ROWS - 1) * COLS] = cases[i].bad;
		r.train = cut_open(numbers, NULL, 3);
		ck_assert_int_eq(fit(&bytes, "ridge", &r, &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, cases[i].says), "%s", err.msg);
		bn_rows_free(r.train);
		xs[(ROWS - 1) * COLS] = was;
	}
}
END_TEST

/* ---- checkpoints ---------------------------------------------------------------------------- */

enum { CURVE = 64 };

typedef struct killing {
	int64_t at; /* the step at which the fit is interrupted, */
	bool stops; /* or in which it is asked to stop */
	char log[600];
	double loss[CURVE]; /* logged values by step; NaN: none */
	int settled;        /* number of durable values */
	int logged;
} killing;

static void forget_curve(killing *k)
{
	k->logged = k->settled = 0;
	for (int i = 0; i < CURVE; i++)
		k->loss[i] = NAN;
}

static int kill_at(void *user, const char *name, int64_t step, double value)
{
	killing *k = user;
	if (strcmp(name, "loss") != 0)
		return 0;
	if (step == k->at && !k->stops)
		return BN_EINTR;
	ck_assert_int_lt(step, CURVE);
	k->loss[step] = value;
	k->logged++;
	return 0;
}

static int settle(void *user)
{
	((killing *)user)->settled = ((killing *)user)->logged;
	return 0;
}

/* Requests a stop while the step runs. */
static bool stop_at(void *user)
{
	return ((killing *)user)->logged > ((killing *)user)->at;
}

static void keep_line(void *user, const char *line)
{
	snprintf(((killing *)user)->log, 600, "%s", line);
}

START_TEST(test_a_fit_that_was_killed_goes_on_to_the_same_bytes)
{
	char path[] = "/tmp/binnacle-rows-XXXXXX";
	bn_err err = BN_ERR_INIT;
	bn_dir *at = NULL;
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_bn_ok(bn_dir_open(&at, bn_env_real(), path, &err), &err);
	make_data();
	for (size_t i = 1; i < FITS; i++) {
		bn_buf whole = BN_BUF_INIT;
		int64_t last_ns = 0;
		for (int64_t stop = -1; stop < 4; stop++) {
			killing k = {.at = stop};
			bn_buf bytes = BN_BUF_INIT;
			const double *y;
			json_t *hyper;
			bn_checkpoint c = {.at = at,
				.name = "model.checkpoint",
				.recipe = "one",
				.backend = "here",
				.machine = "here: its libraries",
				.last_ns = &last_ns};
			bn_fit_request r = request_of(i, &y, &hyper);
			r.train = cut_open(y, NULL, 1);
			r.checkpoint = &c;
			r.hooks = (bn_fit_hooks){
				.user = &k, .metric = kill_at, .log = keep_line, .resumes = true};
			if (stop >= 0) {
				ck_assert_int_eq(fit(&bytes, fits[i].trainer, &r, &err), BN_EINTR);
				bn_err_clear(&err);
				ck_assert_int_eq(bn_dir_has(at, c.name), stop > 0);
				k.at = -1;
			}
			ck_assert_bn_ok(fit(&bytes, fits[i].trainer, &r, &err), &err);
			if (stop < 0)
				whole = bytes;
			else
				ck_assert(whole.len == bytes.len &&
					  !memcmp(whole.ptr, bytes.ptr, bytes.len));
			if (stop >= 0)
				bn_buf_release(&bytes);
			ck_assert_bn_ok(bn_dir_unlink(at, c.name, &err), &err);
			bn_rows_free(r.train);
			json_decref(hyper);
		}
		bn_buf_release(&whole);
	}
	bn_dir_close(at);
	bn_fs_remove_tree(bn_env_real(), path, NULL);
}
END_TEST

static bn_checkpoint checkpoint_at(const bn_dir *at, int64_t *last_ns)
{
	return (bn_checkpoint){.at = at,
		.name = "model.checkpoint",
		.recipe = "one",
		.backend = "here",
		.machine = "here: its libraries",
		.every_ms = 1000000,
		.last_ns = last_ns};
}

/* A fit that is stopped during a step writes a checkpoint after it, even if none is due, and its metrics are durable
 * by then. The fit that continues from there logs the rest of the curve. */
START_TEST(test_a_fit_that_is_stopped_keeps_where_it_was)
{
	static killing whole, part, rest;
	char path[] = "/tmp/binnacle-rows-XXXXXX";
	bn_err err = BN_ERR_INIT;
	bn_dir *at = NULL;
	int64_t last_ns = 0;
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_bn_ok(bn_dir_open(&at, bn_env_real(), path, &err), &err);
	make_data();
	for (size_t i = 1; i < FITS; i++) {
		bn_buf bytes[3] = {BN_BUF_INIT, BN_BUF_INIT, BN_BUF_INIT};
		bn_checkpoint c = checkpoint_at(at, &last_ns);
		bn_checkpoint_about about;
		const double *y;
		json_t *hyper;
		bn_fit_request r = request_of(i, &y, &hyper);
		r.train = cut_open(y, NULL, 1);
		forget_curve(&whole);
		forget_curve(&part);
		forget_curve(&rest);
		whole.at = rest.at = -1;
		part.at = 1;
		part.stops = true;
		r.hooks = (bn_fit_hooks){.user = &whole, .metric = kill_at};
		ck_assert_bn_ok(fit(&bytes[0], fits[i].trainer, &r, &err), &err);
		r.checkpoint = &c;
		c.is_required = true;
		ck_assert_int_eq(fit(&bytes[1], fits[i].trainer, &r, &err), BN_ENOTFOUND);
		ck_assert_msg(strstr(err.msg, "cannot be continued"), "%s", err.msg);
		bn_err_clear(&err);
		c.is_required = false;
		r.hooks = (bn_fit_hooks){.user = &part,
			.metric = kill_at,
			.is_cancelled = stop_at,
			.settle = settle};
		ck_assert_int_eq(fit(&bytes[1], fits[i].trainer, &r, &err), BN_EINTR);
		bn_err_clear(&err);
		ck_assert_bn_ok(bn_checkpoint_look(&about, at, c.name, &err), &err);
		ck_assert_int_eq(about.steps, part.settled);
		c.is_required = true;
		r.hooks = (bn_fit_hooks){.user = &rest, .metric = kill_at};
		ck_assert_bn_ok(fit(&bytes[2], fits[i].trainer, &r, &err), &err);
		ck_assert_mem_eq(bytes[0].ptr, bytes[2].ptr, bytes[0].len);
		for (int64_t k = 0; k < CURVE; k++) {
			double joined = k < about.steps ? part.loss[k] : rest.loss[k];
			ck_assert_msg(memcmp(&joined, &whole.loss[k], sizeof joined) == 0,
				"%s, step %d: %g is not %g", fits[i].trainer, (int)k, joined,
				whole.loss[k]);
			ck_assert(k >= about.steps || isnan(rest.loss[k]));
		}
		for (int k = 0; k < 3; k++)
			bn_buf_release(&bytes[k]);
		ck_assert_bn_ok(bn_dir_unlink(at, c.name, &err), &err);
		bn_rows_free(r.train);
		json_decref(hyper);
	}
	bn_dir_close(at);
	bn_fs_remove_tree(bn_env_real(), path, NULL);
}
END_TEST

/* The checkpoint of a portable fit names only the back end, others name the libraries too. A flipped bit is
 * detected. */
START_TEST(test_a_checkpoint_says_what_computed_it)
{
	char path[] = "/tmp/binnacle-rows-XXXXXX";
	bn_err err = BN_ERR_INIT;
	bn_dir *at = NULL;
	int64_t last_ns = 0;
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_bn_ok(bn_dir_open(&at, bn_env_real(), path, &err), &err);
	make_data();
	for (size_t i = 1; i < FITS; i++) {
		killing k = {.at = 2};
		bn_checkpoint c = checkpoint_at(at, &last_ns);
		bn_checkpoint_about about;
		bn_buf bytes = BN_BUF_INIT;
		const double *y;
		json_t *hyper;
		bn_fit_request r = request_of(i, &y, &hyper);
		bool portable = !strcmp(fits[i].trainer, "logistic") && r.classes == 2;
		r.train = cut_open(y, NULL, 1);
		r.checkpoint = &c;
		c.every_ms = 0;
		r.hooks = (bn_fit_hooks){.user = &k, .metric = kill_at};
		ck_assert_int_eq(fit(&bytes, fits[i].trainer, &r, &err), BN_EINTR);
		bn_err_clear(&err);
		ck_assert_bn_ok(bn_checkpoint_look(&about, at, c.name, &err), &err);
		ck_assert_int_eq(about.steps, 2);
		ck_assert_str_eq(about.machine, portable ? "here" : "here: its libraries");
		int rc = bn_checkpoint_fits(&about, "one", "here", "here: others", &err);
		ck_assert_int_eq(rc, portable ? 0 : BN_ECONFLICT);
		bn_err_clear(&err);
		ck_assert_int_eq(
			bn_checkpoint_fits(&about, "one", "cuda", "cuda: a", &err), BN_ECONFLICT);
		bn_err_clear(&err);
		ck_assert_int_eq(
			bn_checkpoint_fits(&about, "two", "here", "here: its libraries", &err),
			BN_ECONFLICT);
		bn_err_clear(&err);
		bn_buf_clear(&bytes);
		ck_assert_bn_ok(bn_dir_read_file(at, c.name, &bytes, &err), &err);
		bytes.ptr[bytes.len - 5] ^= 1;
		ck_assert_bn_ok(
			bn_dir_write_file(at, c.name, bytes.ptr, bytes.len, 0644, &err), &err);
		ck_assert_int_eq(bn_checkpoint_look(&about, at, c.name, &err), BN_ECORRUPT);
		bn_err_clear(&err);
		bn_buf_release(&bytes);
		bn_rows_free(r.train);
		json_decref(hyper);
	}
	bn_dir_close(at);
	bn_fs_remove_tree(bn_env_real(), path, NULL);
}
END_TEST

START_TEST(test_a_checkpoint_of_another_recipe_is_not_used)
{
	char path[] = "/tmp/binnacle-rows-XXXXXX";
	bn_err err = BN_ERR_INIT;
	bn_dir *at = NULL;
	bn_buf bytes[2] = {BN_BUF_INIT, BN_BUF_INIT};
	const double *y;
	json_t *hyper;
	killing k = {.at = 2};
	int64_t last_ns = 0;
	bn_checkpoint c = {.name = "c",
		.recipe = "one",
		.backend = "here",
		.machine = "here: its libraries",
		.last_ns = &last_ns};
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_bn_ok(bn_dir_open(&at, bn_env_real(), path, &err), &err);
	c.at = at;
	make_data();
	bn_fit_request r = request_of(1, &y, &hyper);
	r.train = cut_open(y, NULL, 1);
	ck_assert_bn_ok(fit(&bytes[0], "logistic", &r, &err), &err);
	r.checkpoint = &c;
	r.hooks = (bn_fit_hooks){.user = &k, .metric = kill_at, .log = keep_line, .resumes = true};
	ck_assert_int_eq(fit(&bytes[1], "logistic", &r, &err), BN_EINTR);
	bn_err_clear(&err);
	static const char *const other[] = {"two", "one"};
	for (int i = 0; i < 2; i++) {
		k = (killing){.at = -1};
		c.recipe = other[i];
		if (i == 1) /* a damaged checkpoint: logged, and the fit starts again */
			ck_assert_bn_ok(bn_dir_write_file(at, "c", "rubbish", 7, 0644, &err), &err);
		ck_assert_bn_ok(fit(&bytes[1], "logistic", &r, &err), &err);
		ck_assert_msg(strstr(k.log, "starts over") != NULL, "%s", k.log);
		ck_assert_mem_eq(bytes[0].ptr, bytes[1].ptr, bytes[0].len);
		bn_buf_clear(&bytes[1]);
	}
	bn_rows_free(r.train);
	json_decref(hyper);
	bn_buf_release(&bytes[0]);
	bn_buf_release(&bytes[1]);
	bn_dir_close(at);
	bn_fs_remove_tree(bn_env_real(), path, NULL);
}
END_TEST

/* ---- quantiles ------------------------------------------------------------------------------ */

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

START_TEST(test_selected_quantiles_are_those_of_a_sort)
{
	static double v[5000];
	static uint64_t keys[5000];
	static const double q[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 1};
	bn_rng r;
	bn_rng_init(&r, 2, "keys", 0);
	for (int turn = 0; turn < 60; turn++) {
		size_t n = turn < 6 ? (size_t)turn + 1 : 1 + bn_rng_below(&r, 5000);
		double got[7];
		for (size_t i = 0; i < n; i++) {
			double x = bn_rng_normal(&r);
			v[i] = turn % 3 == 0   ? x
			       : turn % 3 == 1 ? round(x * 2) + 0.0
					       : ldexp(x, (int)bn_rng_below(&r, 1800) - 900);
			keys[i] = bn_key_of(v[i]);
			ck_assert_double_eq(bn_key_value(keys[i]), v[i]);
		}
		bn_keys_quantiles(got, keys, n, q, 7);
		qsort(v, n, sizeof *v, rising);
		for (size_t i = 0; i < 7; i++) {
			double at = q[i] * (double)(n - 1);
			size_t low = (size_t)at;
			double want = low + 1 < n
					      ? v[low] + (v[low + 1] - v[low]) * (at - (double)low)
					      : v[low];
			ck_assert_double_eq(got[i], want);
		}
		bn_keys_sort(keys, n);
		for (size_t i = 0; i < n; i++)
			ck_assert_double_eq(bn_key_value(keys[i]), v[i]);
	}
}
END_TEST

BN_TEST_MAIN("core/learn/rows", test_blocks_of_any_size_give_the_same_bytes,
	test_any_split_of_tiles_over_processes_gives_the_same_sum,
	test_processes_that_share_the_rows_fit_the_same_bytes,
	test_ridge_loses_nothing_to_large_means,
	test_numbers_too_large_and_holes_are_refused_with_their_place,
	test_a_fit_that_was_killed_goes_on_to_the_same_bytes,
	test_a_fit_that_is_stopped_keeps_where_it_was, test_a_checkpoint_says_what_computed_it,
	test_a_checkpoint_of_another_recipe_is_not_used,
	test_selected_quantiles_are_those_of_a_sort)

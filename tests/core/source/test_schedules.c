/*
 * The order of work in an ingest under random schedules: the real crew and chunk pool, on threads scheduled by
 * the test, with chunks that take time, fail, or are abandoned at every point.
 * BINNACLE_SCHEDULES=100000 tries that many schedules (default 5000).
 */
#include "core/base/rng.h"
#include "tests/support/check_main.h"
#include "tests/support/sim_pthread.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sources under test, renamed: the library contains them too. */
#define bn_crew sim_bn_crew
#define bn_crew_new sim_bn_crew_new
#define bn_crew_new_default sim_bn_crew_new_default
#define bn_crew_free sim_bn_crew_free
#define bn_crew_threads sim_bn_crew_threads
#define bn_crew_ahead sim_bn_crew_ahead
#define bn_crew_wake sim_bn_crew_wake
#define bn_crew_fan sim_bn_crew_fan
#define bn_csv_pool_new sim_bn_csv_pool_new
#define bn_csv_pool_next sim_bn_csv_pool_next
#define bn_csv_pool_stop sim_bn_csv_pool_stop
#define bn_csv_pool_free sim_bn_csv_pool_free
#define bn_csv_input_fill sim_input_fill
#define bn_csv_find_rows sim_find_rows
#define bn_csv_convert_chunk sim_convert_chunk
#define bn_csv_chunk_release sim_chunk_release
#define work crew_work /* defined in both */
#include "core/base/crew.c"
#undef work
#include "core/source/csv_pool.c"

#define CHUNKS_MAX 24
#define TASKS 5

static unsigned long long schedule; /* the current one */
#define NEVER(x) \
	do { \
		if (x) { \
			fprintf(stderr, "schedule %llu: %s\n", schedule, #x); \
			abort(); \
		} \
	} while (0)

/* The course of one ingest. */
typedef struct story {
	bn_rng dice;
	size_t chunks;  /* in the input */
	size_t threads; /* in the crew */
	size_t bad_read,
		bad_convert;       /* chunk whose reading or conversion fails; CHUNKS_MAX: none */
	size_t restart_at;         /* the consumer restarts there, once */
	size_t leave_at;           /* the consumer stops there */
	size_t read, out;          /* chunks read and delivered since the start */
	int reading;               /* threads in sim_input_fill */
	size_t held, held_most;    /* chunks read and not yet returned */
	bool busy[CHUNKS_MAX + 1]; /* chunk k is being converted */
	bool failed;
} story;

static story *now;

/* ---- chunks that consist of their number ------------------------------------------------------- */

int sim_input_fill(csv_input *in, const csv_dialect *d, csv_chunk *c, bn_err *err)
{
	(void)in;
	(void)d;
	NEVER(now->reading++); /* only one thread reads at a time */
	sim_pause();
	size_t k = now->read;
	c->len = k < now->chunks;
	c->line = k;
	now->read += c->len;
	NEVER(--now->reading);
	if (c->len && k == now->bad_read)
		return bn_err_set(err, BN_EIO, "read %zu", k);
	now->held += c->len;
	now->held_most = now->held > now->held_most ? now->held : now->held_most;
	return 0;
}

int sim_find_rows(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	(void)plan;
	(void)err;
	NEVER(now->busy[c->line]); /* only one thread holds a chunk */
	now->busy[c->line] = true;
	sim_pause();
	return 0;
}

int sim_convert_chunk(csv_chunk *c, const csv_plan *plan, bn_err *err)
{
	(void)plan;
	sim_pause();
	NEVER(!now->busy[c->line]);
	now->busy[c->line] = false;
	c->rows = 1000 + (size_t)c->line;
	return c->line == now->bad_convert
		       ? bn_err_set(err, BN_EINVAL, "convert %zu", (size_t)c->line)
		       : 0;
}

void sim_chunk_release(csv_chunk *c, size_t columns)
{
	(void)c;
	(void)columns;
}

/* ---- the consumer --------------------------------------------------------------------------------- */

typedef struct written {
	size_t done[TASKS];
	size_t bad; /* the lowest task that fails; TASKS: none */
} written;

static int write_task(void *ctx, size_t i, bn_err *err)
{
	written *w = ctx;
	sim_pause();
	w->done[i]++;
	return i >= w->bad ? bn_err_set(err, BN_EIO, "task %zu", i) : 0;
}

/* Like the table writer with a batch: the crew helps, and the lowest failing task is reported. */
static void fan_out(story *s, bn_crew *crew)
{
	bn_err err = BN_ERR_INIT;
	char said[32];
	written w = {.bad = bn_rng_below(&s->dice, 4) ? TASKS : bn_rng_below(&s->dice, TASKS)};
	int rc = bn_crew_fan(crew, TASKS, write_task, &w, &err);
	for (size_t i = 0; i < TASKS; i++)
		NEVER(w.done[i] > 1 || (w.bad == TASKS && w.done[i] != 1) ||
			(i <= w.bad && i < TASKS && !w.done[i]));
	if (w.bad == TASKS) {
		NEVER(rc);
		return;
	}
	snprintf(said, sizeof said, "task %zu", w.bad);
	NEVER(rc != BN_EIO || strcmp(err.msg, said));
}

/* Starts again from the first chunk, as after a column was widened. */
static void restart(story *s, csv_pool *pool)
{
	bn_csv_pool_stop(pool);
	NEVER(s->reading);
	for (size_t k = 0; k <= CHUNKS_MAX; k++)
		NEVER(s->busy[k]); /* no step is running */
	s->read = s->out = s->held = 0;
	s->restart_at = CHUNKS_MAX + 1;
}

static void consume(story *s, csv_pool *pool, bn_crew *crew)
{
	for (;;) {
		bn_err err = BN_ERR_INIT;
		csv_chunk *c = NULL;
		if (s->out)
			s->held--; /* returns the last one */
		int rc = bn_csv_pool_next(pool, &c, &err);
		size_t bad = s->bad_read < s->bad_convert ? s->bad_read : s->bad_convert;
		if (rc < 0) { /* the first failure in file order */
			NEVER(s->out != bad);
			s->failed = true;
			return;
		}
		if (!c) {
			NEVER(s->out != s->chunks);
			NEVER(bn_csv_pool_next(pool, &c, &err) || c); /* the end is final */
			return;
		}
		NEVER(c->line != s->out || c->rows != 1000 + s->out); /* in order, and converted */
		s->out++;
		fan_out(s, crew);
		if (s->out == s->leave_at)
			return;
		if (s->out == s->restart_at)
			restart(s, pool);
	}
}

static void ingest(void *ctx)
{
	story *s = ctx;
	bn_crew *crew = NULL;
	csv_pool *pool = NULL;
	const csv_plan plan = {0};
	NEVER(bn_crew_new(&crew, s->threads, NULL));
	NEVER(bn_csv_pool_new(&pool, NULL, &plan, crew, NULL, NULL));
	consume(s, pool, crew);
	bn_csv_pool_free(pool);
	bn_crew_free(crew);
	NEVER(sim_threads_left());
}

static size_t some_chunk(story *s)
{
	return bn_rng_below(&s->dice, 3) ? CHUNKS_MAX : bn_rng_below(&s->dice, s->chunks + 1);
}

static void tell(story *s, uint64_t seed)
{
	*s = (story){0};
	bn_rng_init(&s->dice, seed, "story", 0);
	s->chunks = bn_rng_below(&s->dice, CHUNKS_MAX);
	s->threads = bn_rng_below(&s->dice, 5);
	s->bad_read = some_chunk(s);
	s->bad_convert = some_chunk(s);
	s->restart_at = some_chunk(s);
	s->leave_at = some_chunk(s);
	if (s->bad_read >= s->chunks)
		s->bad_read = CHUNKS_MAX;
	if (s->bad_convert >= s->chunks)
		s->bad_convert = CHUNKS_MAX;
}

START_TEST(test_an_ingest_is_the_same_in_every_schedule)
{
#if defined(__SANITIZE_THREAD__)
	printf("SKIP: schedules: fibres mean nothing to ThreadSanitizer\n");
#else
	const char *asked = getenv("BINNACLE_SCHEDULES");
	uint64_t n = asked ? strtoull(asked, NULL, 10) : 5000, switches = 0, failed = 0;
	for (uint64_t seed = 1; seed <= n; seed++) {
		story s;
		uint64_t some;
		tell(&s, seed);
		now = &s;
		schedule = seed;
		ck_assert_msg(sim_run(seed, ingest, &s, &some), "schedule %llu: nobody can go on",
			(unsigned long long)seed);
		/* one slot more than threads and consumer hold may be read ahead */
		ck_assert_msg(s.held_most <= s.threads + 2,
			"schedule %llu: %zu chunks at once, %zu threads", (unsigned long long)seed,
			s.held_most, s.threads);
		switches += some;
		failed += s.failed;
	}
	printf("NOTE: schedules: %llu, %llu switches, %llu ingests that failed\n",
		(unsigned long long)n, (unsigned long long)switches, (unsigned long long)failed);
#endif
}
END_TEST

BN_TEST_MAIN("core/source/schedules", test_an_ingest_is_the_same_in_every_schedule)

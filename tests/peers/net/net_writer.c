/*
 * net_writer.c - writes to a workspace on a network file system, and checks it afterwards.
 *
 *	net_writer create WORKSPACE WRITER...
 *	net_writer write WORKSPACE WRITER GENERATION JOURNAL SECONDS
 *	net_writer follow WORKSPACE SECONDS
 *	net_writer settle WORKSPACE WRITER
 *	net_writer check WORKSPACE JOURNAL...
 *
 * A writer has a number and a run of its own. `write` sets tags, logs metric points and takes claims, and adds a
 * line to JOURNAL, a file on a local disk, for each acknowledged one; it can be killed at any moment and started
 * again with the next generation. `follow` keeps an index up to date meanwhile. `settle` runs with a clock a
 * quarter of an hour ahead: it adopts what dead writers of this host left open. `check` folds the log and looks up
 * each line of the journals:
 *
 *	tag RUN KEY       the run has the tag KEY with the value KEY
 *	point RUN STEP    the series "step" of the run has exactly one point at STEP
 *	claim N VALUE     number N is claimed once, with VALUE
 *	error TEXT        an operation was refused, so not acknowledged
 *
 * It prints one line of counts with the hash of the index's dump, and fails if anything was lost.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "core/store/claim.h"
#include "core/store/inspect.h"
#include "core/track/run.h"
#include "core/track/series.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLAIMS "peers/number"
#define SERIES "step"

enum {
	PAUSE_US = 10000,
	RETRY_US = 200000,
	POINT_EVERY = 4,
	CLAIM_EVERY = 16,
	STEPS_PER_GENERATION = 1000000,
	SETTLE_TRIES = 64,
	LATER_S = 20 * 60,
	SHOWN_MAX = 10,
};

static bn_env env; /* the real one, or with a later clock */

static int64_t later_ns(const bn_env *e)
{
	(void)e;
	return bn_env_now_ns(bn_env_real()) + LATER_S * (int64_t)1000000000;
}

static int64_t monotonic_ms(void)
{
	return bn_env_monotonic_ns(&env) / 1000000;
}

static void run_of(char id[BN_RUN_ID_TEXT], int writer)
{
	snprintf(id, BN_RUN_ID_TEXT, "%032x", (unsigned)writer);
}

static int fail(const char *what, const bn_err *err)
{
	fprintf(stderr, "net_writer: %s: %s\n", what, err->msg);
	return 1;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct writer {
	const char *dir;
	int number, generation, journal;
	char run[BN_RUN_ID_TEXT];
	bn_workspace *ws; /* NULL after a failure */
	int64_t turn;
} writer;

__attribute__((format(printf, 2, 3))) static void note(writer *w, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	line[n] = '\n';
	if (write(w->journal, line, (size_t)n + 1) != n + 1)
		abort(); /* without a complete journal the check is useless */
}

static int write_point(writer *w, int64_t step, bn_err *err)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	int rc;
	if (bn_metric_set_add(&set, SERIES, step, bn_env_now_ms(&env), (double)step))
		rc = bn_err_nomem(err, "a metric point");
	else
		rc = bn_runlog_metrics(w->ws, w->run, &set, err);
	bn_metric_set_release(&set);
	return rc;
}

static int write_turn(writer *w, bn_err *err)
{
	char key[64];
	int64_t claimed = 0, step = w->generation * (int64_t)STEPS_PER_GENERATION + w->turn;
	bool point = w->turn % POINT_EVERY == 0;
	int rc;
	if (!w->ws && (rc = bn_workspace_open(&w->ws, &env, bn_fold_classes, w->dir, err)) < 0)
		return rc;
	snprintf(key, sizeof key, "g%d.%" PRId64, w->generation, w->turn);
	if ((rc = bn_runlog_tag(w->ws, w->run, key, key, err)) < 0)
		return rc;
	if (point && (rc = write_point(w, step, err)) < 0)
		return rc;
	if ((rc = bn_workspace_commit(w->ws, err)) < 0)
		return rc;
	note(w, "tag %s %s", w->run, key);
	if (point)
		note(w, "point %s %" PRId64, w->run, step);
	if (w->turn % CLAIM_EVERY == 0) {
		char value[80];
		snprintf(value, sizeof value, "w%d.%s", w->number, key);
		if ((rc = bn_claim_next(w->ws, CLAIMS, value, &claimed, err)) < 0)
			return rc;
		note(w, "claim %" PRId64 " %s", claimed, value);
	}
	return bn_workspace_tick(w->ws, err);
}

static int write_until(
	const char *dir, int number, int generation, const char *journal, int seconds)
{
	int64_t end = monotonic_ms() + seconds * (int64_t)1000;
	writer w = {.dir = dir, .number = number, .generation = generation};
	run_of(w.run, number);
	w.journal = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (w.journal < 0) {
		perror(journal);
		return 1;
	}
	while (monotonic_ms() < end) {
		bn_err err = BN_ERR_INIT;
		int rc = write_turn(&w, &err);
		w.turn++;
		if (rc < 0) {
			note(&w, "error %s", err.msg);
			bn_workspace_close(w.ws);
			w.ws = NULL;
		}
		usleep(rc < 0 ? RETRY_US : PAUSE_US);
	}
	bn_workspace_close(w.ws);
	close(w.journal);
	return 0;
}

static int create(const char *dir, int count, char **numbers)
{
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	int rc = bn_workspace_open(&ws, &env, bn_fold_classes, dir, &err);
	for (int i = 0; rc >= 0 && i < count; i++) {
		char id[BN_RUN_ID_TEXT];
		bn_run_created birth = {.name = numbers[i], .kind = "api", .title = "net_writer"};
		run_of(id, atoi(numbers[i]));
		rc = bn_runlog_created(ws, id, &birth, &err);
	}
	if (rc >= 0)
		rc = bn_workspace_seal(ws, &err);
	bn_workspace_close(ws);
	return rc < 0 ? fail("create", &err) : 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int follow(const char *dir, int seconds)
{
	int64_t end = monotonic_ms() + seconds * (int64_t)1000;
	int good = 0, bad = 0;
	bn_workspace *ws = NULL;
	while (monotonic_ms() < end) {
		bn_err err = BN_ERR_INIT;
		int rc = ws ? 0 : bn_workspace_open(&ws, &env, bn_fold_classes, dir, &err);
		if (rc >= 0)
			rc = bn_workspace_refresh(ws, NULL, &err);
		if (rc < 0) {
			bad++;
			bn_workspace_close(ws);
			ws = NULL;
		} else {
			good++;
		}
		usleep(500000);
	}
	bn_workspace_close(ws);
	printf("refreshed=%d failed=%d\n", good, bad);
	return 0;
}

/* The number of open segments in the log; -1 if it cannot be listed. */
static int count_open(const bn_workspace *ws)
{
	bn_names names = BN_NAMES_INIT;
	char *log = bn_workspace_path(ws, "log");
	int n = 0;
	if (!log || bn_fs_list_dir(&env, log, &names, NULL) < 0)
		n = -1;
	for (size_t i = 0; n >= 0 && i < names.count; i++) {
		char *path = bn_strf("%s/%s/open.seg", log, names.items[i]);
		n += path && bn_fs_exists(&env, path);
		bn_free(path);
	}
	bn_names_release(&names);
	bn_free(log);
	return n;
}

/* Every writer that opens adopts a few dead ones; repeated until none is left. */
static int settle(const char *dir, int number)
{
	int open = -1, before = -2;
	char id[BN_RUN_ID_TEXT];
	run_of(id, number);
	for (int i = 0; i < SETTLE_TRIES && open != before; i++) {
		bn_err err = BN_ERR_INIT;
		bn_workspace *ws = NULL;
		int rc = bn_workspace_open(&ws, &env, bn_fold_classes, dir, &err);
		if (rc >= 0)
			rc = bn_runlog_tag(ws, id, "settled", "yes", &err);
		if (rc >= 0)
			rc = bn_workspace_seal(ws, &err);
		before = open;
		open = rc < 0 ? -1 : count_open(ws);
		bn_workspace_close(ws);
		if (rc < 0)
			return fail("settle", &err);
	}
	printf("open=%d\n", open);
	return 0;
}

typedef struct claim {
	int64_t number;
	char *value;
} claim;

typedef struct result {
	bn_workspace *ws;
	char run[BN_RUN_ID_TEXT]; /* the run whose tags and points are loaded */
	bn_pairs tags;
	bn_points points;
	claim *claims;
	size_t claim_count, claim_room;
	int64_t acknowledged, lost, errors, twice;
	bool failed; /* the workspace could not be read */
} result;

static void lose(result *r, const char *line)
{
	if (r->lost++ < SHOWN_MAX)
		fprintf(stderr, "net_writer: lost: %s\n", line);
}

static void load_run(result *r, const char *run)
{
	bn_err err = BN_ERR_INIT;
	if (!strcmp(r->run, run))
		return;
	bn_pairs_release(&r->tags);
	bn_points_release(&r->points);
	r->tags = (bn_pairs)BN_PAIRS_INIT;
	r->points = (bn_points)BN_POINTS_INIT;
	snprintf(r->run, sizeof r->run, "%s", run);
	if (bn_run_tags(&r->tags, r->ws, run, &err) < 0 ||
		bn_series_read(&r->points, r->ws, run, SERIES, &err) < 0) {
		fail(run, &err);
		r->failed = true;
	}
	for (size_t i = 1; i < r->points.count; i++)
		r->twice += r->points.step[i] == r->points.step[i - 1];
}

static bool has_point(const bn_points *p, int64_t step)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->step[mid] < step)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->count && p->step[low] == step;
}

static void add_claim(result *r, int64_t number, const char *value)
{
	if (r->claim_count == r->claim_room) {
		r->claim_room = r->claim_room ? r->claim_room * 2 : 256;
		r->claims = realloc(r->claims, r->claim_room * sizeof *r->claims);
		if (!r->claims)
			abort();
	}
	r->claims[r->claim_count++] = (claim){number, strdup(value)};
}

static void check_line(result *r, const char *line)
{
	char run[BN_RUN_ID_TEXT], word[128];
	int64_t n;
	if (!strncmp(line, "error ", 6)) {
		r->errors++;
		return;
	}
	r->acknowledged++;
	if (sscanf(line, "tag %32s %127s", run, word) == 2) {
		load_run(r, run);
		const char *value = bn_pairs_get(&r->tags, word);
		if (!value || strcmp(value, word))
			lose(r, line);
	} else if (sscanf(line, "point %32s %" SCNd64, run, &n) == 2) {
		load_run(r, run);
		if (!has_point(&r->points, n))
			lose(r, line);
	} else if (sscanf(line, "claim %" SCNd64 " %127s", &n, word) == 2) {
		add_claim(r, n, word);
	} else {
		fprintf(stderr, "net_writer: not a line of a journal: %s\n", line);
		r->failed = true;
	}
}

/* A line without an end is ignored: the writer was killed before the acknowledgement. */
static void check_journal(result *r, const char *path)
{
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	char *at, *end;
	int rc = bn_fs_read_file(bn_env_real(), path, &text, &err);
	bn_buf_add(&text, "", 1);
	if (rc >= 0)
		rc = bn_buf_check(&text, &err, "a journal");
	if (rc < 0) {
		fail(path, &err);
		r->failed = true;
	}
	for (at = text.ptr; rc >= 0 && (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		check_line(r, at);
	}
	bn_buf_release(&text);
}

static int by_number(const void *a, const void *b)
{
	const claim *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void check_claims(result *r)
{
	if (r->claim_count)
		qsort(r->claims, r->claim_count, sizeof *r->claims, by_number);
	for (size_t i = 0; i < r->claim_count; i++) {
		const claim *c = &r->claims[i];
		char name[80];
		bn_buf value = BN_BUF_INIT;
		bn_err err = BN_ERR_INIT;
		snprintf(name, sizeof name, CLAIMS "/%" PRId64, c->number);
		if (i && c->number == r->claims[i - 1].number) {
			r->twice++;
			fprintf(stderr, "net_writer: number %" PRId64 " given twice: %s, %s\n",
				c->number, r->claims[i - 1].value, c->value);
		} else if (bn_claim_get(r->ws, name, &value, &err) < 0 ||
			   value.len != strlen(c->value) ||
			   memcmp(value.ptr, c->value, value.len)) {
			lose(r, name);
		}
		bn_buf_release(&value);
	}
}

static int check(const char *dir, int count, char **journals)
{
	result r = {.tags = BN_PAIRS_INIT, .points = BN_POINTS_INIT};
	bn_index_status status = {0};
	bn_err err = BN_ERR_INIT;
	char hash[65] = "";
	int rc;
	if ((rc = bn_workspace_open(&r.ws, &env, bn_fold_classes, dir, &err)) < 0 ||
		(rc = bn_index_status_get(&status, r.ws, &err)) < 0 ||
		(rc = bn_index_dump_hash(r.ws, hash, &err)) < 0)
		goto out;
	for (int i = 0; i < count; i++)
		check_journal(&r, journals[i]);
	check_claims(&r);
	printf("acknowledged=%" PRId64 " lost=%" PRId64 " claims=%zu twice=%" PRId64
	       " errors=%" PRId64 " events=%" PRId64 " writers=%" PRId64 " invalid=%" PRId64
	       " gaps=%zu dump=%s\n",
		r.acknowledged, r.lost, r.claim_count, r.twice, r.errors, status.events,
		status.writers, status.invalid, status.gap_count, hash);
out:
	if (rc < 0)
		fail("check", &err);
	bn_index_status_release(&status);
	bn_pairs_release(&r.tags);
	bn_points_release(&r.points);
	for (size_t i = 0; i < r.claim_count; i++)
		free(r.claims[i].value);
	free(r.claims);
	bn_workspace_close(r.ws);
	return rc < 0 || r.failed || r.lost || r.twice || status.gap_count ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	env = *bn_env_real();
	if (!strcmp(verb, "create") && argc > 3)
		return create(argv[2], argc - 3, argv + 3);
	if (!strcmp(verb, "write") && argc == 7)
		return write_until(argv[2], atoi(argv[3]), atoi(argv[4]), argv[5], atoi(argv[6]));
	if (!strcmp(verb, "follow") && argc == 4)
		return follow(argv[2], atoi(argv[3]));
	if (!strcmp(verb, "check") && argc > 2)
		return check(argv[2], argc - 3, argv + 3);
	if (!strcmp(verb, "settle") && argc == 4) {
		env.now_ns = later_ns;
		return settle(argv[2], atoi(argv[3]));
	}
	fprintf(stderr, "net_writer: no such words\n");
	return 2;
}

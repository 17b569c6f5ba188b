/* queue_read.c - see queue.h: reading a queue from the index, and why a run in it waits. */
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/_queue_files.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/run/supervisor.h"
#include "core/store/index/fold.h"
#include "core/store/log/clock.h"

#include <stdio.h>
#include <string.h>

#define RUN_COLUMNS 40

/* ---- does it fit ---------------------------------------------------------------------------- */

bool bn_queue_is_beyond(const bn_queue *q, const bn_queue_item *item, char why[160])
{
	const bn_queue_amounts *l = &q->limits;
	if (l->cores > 0 && item->cores > l->cores) {
		snprintf(why, 160, "asks for %lld cores; the queue's limit is %lld",
			(long long)item->cores, (long long)l->cores);
		return true;
	}
	if (l->memory_bytes > 0 && item->memory_bytes > l->memory_bytes) {
		char need[BN_FMT], limit[BN_FMT];
		snprintf(why, 160, "asks for %s of memory; the queue's limit is %s",
			bn_fmt_bytes((uint64_t)item->memory_bytes, need),
			bn_fmt_bytes((uint64_t)l->memory_bytes, limit));
		return true;
	}
	return false;
}

bool bn_queue_fits(const bn_queue *q, const bn_queue_item *item, char why[160])
{
	const bn_queue_amounts *l = &q->limits, *u = &q->used;
	if (l->at_once > 0 && u->at_once >= l->at_once) {
		snprintf(why, 160, "%lld running, at most %lld at once", (long long)u->at_once,
			(long long)l->at_once);
		return false;
	}
	if (l->cores > 0 && u->cores + item->cores > l->cores) {
		snprintf(why, 160, "needs %lld core%s, %lld of %lld are taken",
			(long long)item->cores, item->cores == 1 ? "" : "s", (long long)u->cores,
			(long long)l->cores);
		return false;
	}
	if (l->memory_bytes > 0 && item->memory_bytes > 0 &&
		u->memory_bytes + item->memory_bytes > l->memory_bytes) {
		char need[BN_FMT], taken[BN_FMT], limit[BN_FMT];
		snprintf(why, 160, "needs %s, %s of %s are taken",
			bn_fmt_bytes((uint64_t)item->memory_bytes, need),
			bn_fmt_bytes((uint64_t)u->memory_bytes, taken),
			bn_fmt_bytes((uint64_t)l->memory_bytes, limit));
		return false;
	}
	return true;
}

/* Strict order: runs after one that does not fit wait for it. */
static void give_reasons(bn_queue *q, bn_workspace *ws)
{
	char failure[BN_QUEUE_WHY];
	const bn_queue_item *first = NULL;
	for (size_t i = 0; i < q->count; i++) {
		bn_queue_item *item = &q->items[i];
		if (item->position == 0 || bn_queue_is_beyond(q, item, item->reason))
			continue;
		if (q->paused_ms >= 0)
			snprintf(item->reason, sizeof item->reason, "the queue is paused");
		else if (!q->own)
			snprintf(item->reason, sizeof item->reason,
				"in line on another host, or of "
				"another user");
		else if (first)
			snprintf(item->reason, sizeof item->reason, "behind %.150s", first->name);
		else if (bn_queue_fits(q, item, item->reason))
			snprintf(item->reason, sizeof item->reason,
				bn_queue_read_failure(failure, ws, item->run)
					? "next; could not be started yet: %.120s"
					: "next",
				failure);
		first = first ? first : item;
	}
}

/* ---- reading -------------------------------------------------------------------------------- */

static int read_settings(bn_queue *q, sqlite3 *db, int64_t owner, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT coalesce(cores, 0), coalesce(memory_bytes, 0), coalesce(at_once, 0), "
		"coalesce(paused_ms, -1) FROM queue_setting WHERE queue = ? AND owner = ?",
		"si", q->name, owner);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		q->set = (bn_queue_amounts){sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2)};
		q->paused_ms = sqlite3_column_int64(st, 3);
		rc = 0;
	}
	sqlite3_finalize(st);
	q->limits = q->set;
	if (q->own && !q->limits.cores)
		q->limits.cores = bn_process_cpus();
	if (q->own && !q->limits.memory_bytes) {
		int64_t all = bn_process_machine_bytes();
		q->limits.memory_bytes = all > 0 ? all : 0;
	}
	return rc;
}

static int add_items(bn_queue *q, size_t *cap, sqlite3_stmt *st, bn_err *err)
{
	int64_t position = 0;
	int rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&q->items, cap, q->count + 1, sizeof *q->items) != 0)
			return bn_err_nomem(err, "a queue");
		bn_queue_item *item = &q->items[q->count++];
		int64_t cores = sqlite3_column_int64(st, 1);
		if (cores == 0) /* all */
			cores = q->limits.cores > 0 ? q->limits.cores : 1;
		*item = (bn_queue_item){.cores = cores,
			.memory_bytes = sqlite3_column_int64(st, 2),
			.since_ms = bn_clock_ms((uint64_t)sqlite3_column_int64(st, 3)),
			.stop = sqlite3_column_int(st, 4) != 0,
			.position = sqlite3_column_int(st, 5) ? 0 : ++position};
		snprintf(item->run, sizeof item->run, "%s",
			(const char *)sqlite3_column_text(st, 0));
		const char *name = (const char *)sqlite3_column_text(st, 6);
		name = name ? name : "";
		snprintf(item->name, sizeof item->name, "%.*s",
			(int)bn_utf8_head(name, strlen(name), RUN_COLUMNS), name);
	}
	return rc;
}

static int read_items(bn_queue *q, sqlite3 *db, int64_t owner, size_t most, bn_err *err)
{
	static const char sql[] =
		"SELECT (SELECT id FROM index_entity_text WHERE no = e.run), cores, memory_bytes, "
		"clock, stop, started, (SELECT name FROM run WHERE no = e.run) "
		"FROM queue_entry e WHERE owner = ?1 AND queue = ?2 AND "
		"started = ?3 ORDER BY clock, (SELECT name FROM index_name WHERE no = e.writer), "
		"seq LIMIT ?4";
	int64_t no = bn_index_name(db, BN_NAME_TEXT, q->name);
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = 0;
	for (int started = 1; started >= 0 && rc == 0; started--) {
		if ((rc = bn_sql_prepare(&st, db, err, sql, "iiii", owner, no, (int64_t)started,
			     started || !most ? (int64_t)-1 : (int64_t)most)) < 0)
			return rc;
		rc = add_items(q, &cap, st, err);
		sqlite3_finalize(st);
	}
	if (rc < 0)
		return rc;
	q->waiting = (size_t)bn_sql_int(db, 0,
		"SELECT count(*) FROM queue_entry WHERE owner = ? AND queue = ? AND started = 0",
		"ii", owner, no);
	return 0;
}

/* A started run holds its share until its supervisor is known to be dead. */
static int count_used(bn_queue *q, bn_workspace *ws, int64_t owner, bn_err *err)
{
	for (size_t i = 0; i < q->count; i++) {
		bn_queue_item *item = &q->items[i];
		bn_supervisor s;
		int rc;
		if (item->position > 0)
			continue;
		if ((rc = bn_supervisor_find(&s, ws, item->run, (uid_t)owner, err)) < 0)
			return rc;
		item->gone = s.state == BN_SUPERVISOR_DEAD;
		if (item->gone)
			continue;
		q->used.cores += item->cores;
		q->used.memory_bytes += item->memory_bytes;
		q->used.at_once++;
	}
	return 0;
}

/* The owner of the queue: among the owners of its runs. */
static int64_t owner_of(const bn_queue *q, sqlite3 *db)
{
	return bn_sql_int(db, -1, "SELECT owner FROM queue_entry WHERE queue = ? LIMIT 1", "i",
		bn_index_name(db, BN_NAME_TEXT, q->name));
}

int bn_queue_read(bn_queue **out, bn_workspace *ws, const char *name, size_t most, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db = bn_workspace_index(ws);
	char own[BN_QUEUE_NAME];
	int64_t owner = (int64_t)env->uid(env);
	bn_dir *at = NULL;
	int rc = db ? 0 : bn_workspace_read(&db, ws, err); /* says why there is none */
	if (rc < 0)
		return rc;
	bn_queue *q = bn_alloc_zeroed(1, sizeof *q);
	if (!q)
		return bn_err_nomem(err, "a queue");
	bn_queue_own_name(own, env);
	snprintf(q->name, sizeof q->name, "%s", name ? name : own);
	q->paused_ms = -1;
	q->own = !strcmp(q->name, own);
	if (!q->own)
		owner = owner_of(q, db);
	if ((rc = read_settings(q, db, owner, err)) < 0)
		goto out;
	if ((rc = read_items(q, db, owner, most, err)) < 0)
		goto out;
	if ((rc = count_used(q, ws, owner, err)) < 0)
		goto out;
	if (q->own && q->count > 0 && bn_queue_dir(&at, ws, NULL) == 0)
		q->runner = bn_queue_has_runner(at);
	give_reasons(q, ws);
	/* If the index failed, runs may seem not to wait. */
	if ((rc = bn_sql_failed(db, err)) < 0)
		goto out;
	*out = q;
	q = NULL;
out:
	bn_dir_close(at);
	bn_queue_free(q);
	return rc;
}

void bn_queue_free(bn_queue *q)
{
	if (!q)
		return;
	bn_free(q->items);
	bn_free(q);
}

int bn_queue_names(bn_names *out, bn_workspace *ws, bn_err *err)
{
	char own[BN_QUEUE_NAME];
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0)
		return rc;
	bn_queue_own_name(own, bn_workspace_env(ws));
	if (bn_names_add(out, own) < 0)
		return bn_err_nomem(err, "names of queues");
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT DISTINCT n.name FROM queue_entry e JOIN index_name n ON n.no = "
		     "e.queue "
		     "WHERE n.name <> ? ORDER BY n.name",
		     "s", own)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if (bn_names_add(out, (const char *)sqlite3_column_text(st, 0)) < 0) {
			rc = bn_err_nomem(err, "names of queues");
			break;
		}
	sqlite3_finalize(st);
	return rc;
}

bool bn_queue_waited(bn_workspace *ws, const char *id)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db = bn_workspace_index(ws);
	char own[BN_QUEUE_NAME], entity[8 + BN_RUN_ID_TEXT];
	if (!db)
		return true;
	bn_queue_own_name(own, env);
	snprintf(entity, sizeof entity, "run/%.32s", id);
	return bn_sql_int(db, 1,
		       "SELECT count(*) FROM queue_entry WHERE run = ? AND started = 0 AND owner = "
		       "? AND queue = ?",
		       "iii", bn_index_entity(db, entity), (int64_t)env->uid(env),
		       bn_index_name(db, BN_NAME_TEXT, own)) == 1;
}

int bn_queue_waits(bool *out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc >= 0)
		*out = bn_queue_waited(ws, id);
	return rc;
}

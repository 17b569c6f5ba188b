/*
 * Times the store next to SQLite used as the log: the same events, durable after every 100, in a workspace and in a
 * table of a WAL database with synchronous = FULL, on the same disk.
 *	bench_store DIR
 * Prints JSON lines for tests/bench/run.sh.
 */
#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "core/store/inspect.h"
#include "core/store/workspace.h"

#include <stdio.h>
#include <string.h>

enum { EVENTS = 80000, PER_COMMIT = 100 };

static const char payload[] = "{\"key\":\"loss\",\"step\":1234,\"value\":0.123456}";

static double seconds(void)
{
	return (double)bn_env_monotonic_ns(bn_env_real()) / 1e9;
}

static int tick_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc = bn_sql_run(db, err,
		"CREATE TABLE IF NOT EXISTS tick (writer TEXT, seq INTEGER, payload TEXT, "
		"PRIMARY KEY (writer, seq)) WITHOUT ROWID",
		"");
	return rc ? rc
		  : bn_sql_run(db, err, "INSERT INTO tick VALUES (?, ?, ?)", "sib", ev->key.writer,
			    (int64_t)ev->key.seq, ev->raw, ev->raw_len);
}

static const bn_fold_kind kinds[] = {{"bench.tick", .commuting = true}, {NULL}};
static const bn_fold_class bench_class = {.name = "bench", .kinds = kinds, .apply = tick_apply};
static const bn_fold_class *const classes[] = {&bench_class, NULL};

static int ours(const char *dir, double *append_s, double *fold_s, bn_err *err)
{
	bn_workspace *ws = NULL;
	const bn_env *env = bn_env_real();
	int rc = bn_workspace_init(env, dir, err);
	if (!rc)
		rc = bn_workspace_open(&ws, env, classes, dir, err);
	double t = seconds();
	for (int i = 0; !rc && i < EVENTS; i++) {
		rc = bn_workspace_append_raw(
			ws, "bench.tick", "bench/run", payload, sizeof payload - 1, err);
		if (!rc && (i + 1) % PER_COMMIT == 0)
			rc = bn_workspace_commit(ws, err);
	}
	*append_s = seconds() - t;
	t = seconds();
	if (!rc)
		rc = bn_workspace_refresh(ws, NULL, err);
	*fold_s = seconds() - t;
	bn_workspace_close(ws);
	return rc;
}

static int sqlites(const char *dir, double *append_s, bn_err *err)
{
	sqlite3 *db = NULL;
	char *path = bn_strf("%s/peer.db", dir);
	int rc = 0;
	sqlite3_open(path, &db);
	sqlite3_exec(db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"CREATE TABLE event (seq INTEGER PRIMARY KEY, kind TEXT, entity TEXT, payload "
		"BLOB)",
		NULL, NULL, NULL);
	double t = seconds();
	for (int i = 0; !rc && i < EVENTS; i++) {
		if (i % PER_COMMIT == 0)
			sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		rc = bn_sql_run(db, err,
			"INSERT INTO event (kind, entity, payload) VALUES (?, ?, ?)", "ssb",
			"bench.tick", "bench/run", payload, sizeof payload - 1);
		if ((i + 1) % PER_COMMIT == 0)
			sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	*append_s = seconds() - t;
	bn_free(path);
	return rc;
}

int main(int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	double append_s = 0, fold_s = 0, peer_s = 0;
	if (argc < 2 || ours(argv[1], &append_s, &fold_s, &err) ||
		sqlites(argv[1], &peer_s, &err)) {
		fprintf(stderr, "bench_store: %s\n", argc < 2 ? "needs a directory" : err.msg);
		return 1;
	}
	printf("{\"area\":\"store\",\"what\":\"80 000 durable events by 100\",\"ours_s\":%.4f,"
	       "\"peer\":\"SQLite WAL FULL\",\"peer_s\":%.4f}\n",
		append_s, peer_s);
	printf("{\"area\":\"store\",\"what\":\"fold 80 000 commuting events\",\"ours_s\":%.4f}\n",
		fold_s);
	return 0;
}

/* toy.c - see toy.h. */
#include "tests/support/toy.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/index/ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void toy_dir_make(toy_dir *d)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(d->path, sizeof d->path, "%.200s/binnacle-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(d->path)) {
		perror(d->path);
		abort();
	}
}

void toy_dir_remove(toy_dir *d)
{
	bn_fs_remove_tree(bn_env_real(), d->path, NULL);
}

static const char *toy_get(const bn_env *env, const char *name)
{
	const toy_env *e = env->ctx;
	if (!strcmp(name, "XDG_STATE_HOME"))
		return e->state_dir;
	if (!strcmp(name, "BINNACLE_INDEX"))
		return e->index_dir[0] ? e->index_dir : NULL;
	return strcmp(name, "BINNACLE_HOME") ? getenv(name) : NULL;
}

static int64_t toy_now(const bn_env *env)
{
	toy_env *e = env->ctx;
	if (!e->clock_step_ns)
		return bn_env_now_ns(bn_env_real());
	return e->clock_ns += e->clock_step_ns;
}

void toy_empty_log(const toy_dir *d)
{
	char *log = bn_strf("%s/.binnacle/log", d->path);
	if (!log || bn_fs_remove_tree(bn_env_real(), log, NULL) || mkdir(log, 0755))
		abort();
	bn_free(log);
}

void toy_env_init(toy_env *e, const toy_dir *d)
{
	*e = (toy_env){.env = *bn_env_real()};
	e->env.ctx = e;
	e->env.get = toy_get;
	e->env.now_ns = toy_now;
	snprintf(e->state_dir, sizeof e->state_dir, "%s/state", d->path);
}

void toy_env_own_index(toy_env *e, const char *dir)
{
	snprintf(e->index_dir, sizeof e->index_dir, "%s", dir);
}

/* ---- the class ------------------------------------------------------------------------------ */

static int toy_tables(bn_fold *f, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc = bn_sql_run(db, err,
		"CREATE TABLE IF NOT EXISTS toy (entity TEXT PRIMARY KEY, value INTEGER)", "");
	if (!rc)
		rc = bn_sql_run(db, err,
			"CREATE TABLE IF NOT EXISTS toy_need (entity TEXT, dep TEXT, "
			"PRIMARY KEY (entity, dep))",
			"");
	if (!rc)
		rc = bn_sql_run(db, err,
			"CREATE TABLE IF NOT EXISTS toy_tick (entity TEXT PRIMARY KEY, n INTEGER)",
			"");
	return rc;
}

static int toy_set(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int64_t value =
		bn_sql_int(db, 0, "SELECT value FROM toy WHERE entity = ?", "s", ev->entity);
	int64_t others = bn_sql_int(db, 0,
		"SELECT sum(ifnull(t.value, 0) * 7 + 1) FROM toy_need n LEFT JOIN toy t "
		"ON t.entity = n.dep WHERE n.entity = ?",
		"s", ev->entity);
	value = (value * 31 + bn_json_int(ev->payload, "v", 0) + others) % 1000000007;
	return bn_sql_run(
		db, err, "INSERT OR REPLACE INTO toy VALUES (?, ?)", "si", ev->entity, value);
}

static int toy_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const char *text;
	int rc = toy_tables(f, err);
	if (rc)
		return rc;
	if (!strcmp(ev->kind, "toy.tick"))
		return bn_sql_run(db, err,
			"INSERT INTO toy_tick VALUES (?, ?) "
			"ON CONFLICT (entity) DO UPDATE SET n = n + excluded.n",
			"si", ev->entity, bn_json_int(ev->payload, "n", 0));
	if (!strcmp(ev->kind, "toy.set"))
		return toy_set(f, ev, err);
	if (!strcmp(ev->kind, "toy.needs") && (text = bn_json_str(ev->payload, "on", NULL))) {
		rc = bn_fold_depends(f, text, err);
		return rc ? rc
			  : bn_sql_run(db, err, "INSERT OR IGNORE INTO toy_need VALUES (?, ?)",
				    "ss", ev->entity, text);
	}
	if (!strcmp(ev->kind, "toy.object") && (text = bn_json_str(ev->payload, "hash", NULL)))
		return bn_fold_object_ref(f, text, "toy", err);
	if (!strcmp(ev->kind, "toy.refuse"))
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "uid-%u may not", (unsigned)ev->uid);
	else
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "it lacks its field");
	return 0;
}

static int toy_clear(bn_fold *f, const char *entity, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc = toy_tables(f, err);
	if (!rc)
		rc = bn_sql_run(db, err, "DELETE FROM toy WHERE entity = ?", "s", entity);
	if (!rc)
		rc = bn_sql_run(db, err, "DELETE FROM toy_need WHERE entity = ?", "s", entity);
	return rc;
}

static const bn_fold_kind toy_kinds[] = {
	{"toy.tick", .fields = BN_FIELDS("n"), .commuting = true},
	{"toy.set", .fields = BN_FIELDS("v", "of.*", "in.x", "in.y.z", "list.a")},
	{"toy.needs", .fields = BN_FIELDS("on")},
	{"toy.object", .fields = BN_FIELDS("hash")},
	{.name = "toy.refuse"},
	{0},
};
static const bn_fold_class toy_class = {
	.name = "toy",
	.kinds = toy_kinds,
	.apply = toy_apply,
	.clear = toy_clear,
};
const bn_fold_class *const toy_classes[] = {&toy_class, NULL};

/* ---- events --------------------------------------------------------------------------------- */

static int append_taking(bn_workspace *ws, const char *kind, const char *entity, json_t *payload)
{
	int rc = payload ? bn_workspace_append(ws, kind, entity, payload, NULL) : BN_ENOMEM;
	json_decref(payload);
	return rc;
}

int toy_append_set(bn_workspace *ws, const char *entity, int v)
{
	return append_taking(ws, "toy.set", entity, json_pack("{s:i}", "v", v));
}

int toy_append_needs(bn_workspace *ws, const char *entity, const char *on)
{
	return append_taking(ws, "toy.needs", entity, json_pack("{s:s}", "on", on));
}

int toy_append_tick(bn_workspace *ws, const char *entity, int n)
{
	return append_taking(ws, "toy.tick", entity, json_pack("{s:i}", "n", n));
}

int64_t toy_value(bn_workspace *ws, const char *entity)
{
	sqlite3 *db = bn_workspace_index(ws);
	int64_t value = bn_sql_int(db, -1, "SELECT value FROM toy WHERE entity = ?", "s", entity);
	bn_sql_failed(db, NULL); /* before the first event there is no table */
	return value;
}

int64_t toy_ticks(bn_workspace *ws, const char *entity)
{
	sqlite3 *db = bn_workspace_index(ws);
	int64_t n = bn_sql_int(db, -1, "SELECT n FROM toy_tick WHERE entity = ?", "s", entity);
	bn_sql_failed(db, NULL); /* as above */
	return n;
}

/* run_state.c - see run_state.h. */
#include "core/api/run_state.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/admit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUCKETS = 4096, RUNS_MOST = 8192 };
#define OLD_NS ((int64_t)3 * 1000000000) /* then other programs' writes are looked for */

struct bn_api_runs {
	bn_api_run *buckets[BUCKETS];
	bn_api_run *opened; /* by the request that runs; NULL: none */
	size_t count;
};

/* ---- memory --------------------------------------------------------------------------------- */

int bn_api_runs_new(bn_api_runs **out, bn_err *err)
{
	*out = bn_alloc_zeroed(1, sizeof **out);
	return *out ? 0 : bn_err_nomem(err, "the server's runs");
}

static void empty_run(bn_api_run *r)
{
	bn_free(r->name);
	bn_free(r->user);
	bn_free(r->root);
	json_decref(r->params);
	json_decref(r->tags);
	r->name = r->user = r->root = NULL;
	r->params = r->tags = NULL;
}

void bn_api_runs_forget(bn_api_runs *r)
{
	for (size_t i = 0; r->count && i < BUCKETS; i++)
		while (r->buckets[i]) {
			bn_api_run *one = r->buckets[i];
			r->buckets[i] = one->next;
			empty_run(one);
			bn_free(one);
			r->count--;
		}
	r->opened = NULL;
}

void bn_api_runs_begin(bn_api_runs *r)
{
	r->opened = NULL;
}

void bn_api_runs_written(bn_api_runs *r, uint64_t generation)
{
	if (r->opened)
		r->opened->written = generation;
}

void bn_api_runs_free(bn_api_runs *r)
{
	if (r)
		bn_api_runs_forget(r);
	bn_free(r);
}

void bn_api_runs_trim(bn_api_runs *r)
{
	if (r->count > RUNS_MOST)
		bn_api_runs_forget(r);
}

static bn_api_run **bucket_of(bn_api_runs *r, const char *id)
{
	size_t h = 5381;
	for (const char *p = id; *p; p++)
		h = h * 33 + (unsigned char)*p;
	return &r->buckets[h % BUCKETS];
}

static bn_api_run *look_up(bn_api_runs *r, const char *id)
{
	bn_api_run *one = *bucket_of(r, id);
	while (one && strcmp(one->id, id) != 0)
		one = one->next;
	return one;
}

static bn_api_run *insert(bn_api_runs *r, const char *id)
{
	bn_api_run **bucket = bucket_of(r, id), *one = bn_alloc_zeroed(1, sizeof *one);
	if (!one)
		return NULL;
	snprintf(one->id, sizeof one->id, "%s", id);
	one->next = *bucket;
	*bucket = one;
	r->count++;
	return one;
}

static void drop(bn_api_runs *r, bn_api_run *one)
{
	bn_api_run **at = bucket_of(r, one->id);
	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	if (r->opened == one)
		r->opened = NULL;
	empty_run(one);
	bn_free(one);
	r->count--;
}

/* ---- reading -------------------------------------------------------------------------------- */

const char *bn_api_run_status(bn_run_status status)
{
	static const char *const words[BN_RUN_STATUSES] = {[BN_RUN_SCHEDULED] = "SCHEDULED",
		[BN_RUN_RUNNING] = "RUNNING",
		[BN_RUN_FINISHED] = "FINISHED",
		[BN_RUN_FAILED] = "FAILED",
		[BN_RUN_KILLED] = "KILLED",
		[BN_RUN_LOST] = "FAILED",
		[BN_RUN_QUEUED] = "SCHEDULED"};
	return words[status];
}

const char *bn_api_experiment_name(const char *name)
{
	return strcmp(name, BN_EXPERIMENT_DEFAULT) != 0 ? name : "Default";
}

void bn_api_experiment_root(bn_buf *out, const char *id, const char *location)
{
	if (!location) {
		bn_buf_addf(out, "mlflow-artifacts:/%s", id);
		return;
	}
	bn_buf_adds(out, location);
	while (out->len && out->ptr[out->len - 1] == '/')
		bn_buf_truncate(out, out->len - 1);
}

static json_t *object_of(const bn_pairs *pairs)
{
	json_t *o = json_object();
	for (size_t i = 0; o && i < pairs->count; i++)
		if (bn_json_set(o, pairs->items[i].key, json_string(pairs->items[i].value), NULL) <
			0) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static int set_root(bn_api_run *r, const bn_experiment *e, bn_err *err)
{
	bn_buf root = BN_BUF_INIT;
	snprintf(r->experiment, sizeof r->experiment, "%s", e->id);
	bn_api_experiment_root(&root, e->id, e->artifact_location);
	bn_buf_addf(&root, "/%s/artifacts", r->id);
	r->root = bn_buf_take(&root, NULL);
	return r->root ? 0 : bn_err_nomem(err, "a run");
}

static int read_texts(bn_api_run *r, bn_workspace *ws, bn_err *err)
{
	bn_pairs params = BN_PAIRS_INIT, tags = BN_PAIRS_INIT;
	int rc = 0;
	if ((rc = bn_run_params(&params, ws, r->id, err)) < 0 ||
		(rc = bn_run_tags(&tags, ws, r->id, err)) < 0)
		goto out;
	r->params = object_of(&params);
	r->tags = object_of(&tags);
	if (!r->params || !r->tags)
		rc = bn_err_nomem(err, "a run");
out:
	bn_pairs_release(&params);
	bn_pairs_release(&tags);
	return rc;
}

static int read_run(bn_api_run *r, bn_workspace *ws, bn_err *err)
{
	bn_run_info *info = NULL;
	bn_experiment *e = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc = 0;
	if ((rc = bn_run_get(&info, ws, r->id, err)) < 0 ||
		(rc = bn_experiment_by_name(&e, ws, info->experiment, err)) < 0)
		goto out;
	r->name = bn_strdup(info->name);
	const char *user = info->reported ? info->reported_user : info->user;
	r->user = bn_strdup(user ? user : "");
	r->status = bn_api_run_status(info->status);
	r->start_ms = info->started_ms >= 0 || info->reported ? info->started_ms : info->created_ms;
	r->end_ms = info->finished_ms;
	r->removed = info->removed;
	r->reported = info->reported;
	r->is_own = info->uid == env->uid(env);
	if (!r->name || !r->user) {
		rc = bn_err_nomem(err, "a run");
		goto out;
	}
	if ((rc = set_root(r, e, err)) < 0 || (rc = read_texts(r, ws, err)) < 0)
		goto out;
	r->read_ns = bn_env_monotonic_ns(env);
out:
	bn_run_info_free(info);
	bn_experiment_free(e);
	return rc;
}

static int not_found(bn_api_call *c, const char *id)
{
	return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST, "Run with id=%s not found", id);
}

/* A run is not read again while what was written to it here waits for its commit (R1). */
static bool is_old(const bn_api_run *r, const bn_api *a)
{
	return bn_env_monotonic_ns(a->env) - r->read_ns > OLD_NS &&
	       atomic_load(&a->generation) >= r->written;
}

/* Makes the index fit for reading the run: it has what was written to it here (R1), and what other programs wrote a
 * while ago; all of that if the run is not known yet. */
static int freshen(bn_api *a, const bn_api_run *r, bn_err *err)
{
	int64_t age_ns = bn_env_monotonic_ns(a->env) - atomic_load(&a->folded_ns);
	if (r && age_ns <= OLD_NS && atomic_load(&a->folded) >= r->written)
		return 0;
	return bn_api_writer_refresh(a, err);
}

static int find_run(bn_api_run **out, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_api_run *r = look_up(c->runs, id);
	int rc = 0;
	if (r && !is_old(r, c->api)) {
		*out = r;
		return 0;
	}
	if (!bn_run_id_is_valid(id))
		return not_found(c, id);
	if ((rc = freshen(c->api, r, err)) < 0)
		return rc;
	if (!r && !(r = insert(c->runs, id)))
		return bn_err_nomem(err, "a run");
	empty_run(r);
	if ((rc = read_run(r, c->ws, &why)) < 0) {
		drop(c->runs, r);
		return rc == BN_ENOTFOUND ? not_found(c, id) : bn_err_move(err, &why);
	}
	*out = r;
	return 0;
}

static int check_active(bn_api_call *c, const bn_api_run *r)
{
	if (!r->removed)
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"The run %s must be in the 'active' state. Current state is deleted.", r->id);
}

int bn_api_run_open(bn_api_run **out, bn_api_call *c, const char *id, bn_err *err)
{
	int rc = find_run(out, c, id, err);
	if (rc < 0 || (rc = check_active(c, *out)) < 0)
		return rc;
	c->runs->opened = *out;
	return (*out)->is_own ? 0 : bn_run_admits_owner(c->ws, id, err);
}

int bn_api_run_act(bn_api_run **out, bn_api_call *c, const char *id, int act, bn_err *err)
{
	int rc = find_run(out, c, id, err);
	if (rc < 0 || (act == BN_ACT_TAG && (rc = check_active(c, *out)) < 0))
		return rc;
	c->runs->opened = *out;
	return (*out)->is_own ? 0 : bn_run_admits_act(c->ws, id, (bn_act)act, err);
}

int bn_api_run_add(bn_api_run **out, bn_api_call *c, const char *id,
	const bn_experiment *experiment, bn_err *err)
{
	bn_api_run *r = insert(c->runs, id);
	int rc = 0;
	if (!r)
		return bn_err_nomem(err, "a run");
	r->params = json_object();
	r->tags = json_object();
	r->status = "RUNNING";
	r->start_ms = r->end_ms = -1;
	r->is_own = r->reported = true;
	r->read_ns = bn_env_monotonic_ns(c->api->env);
	c->runs->opened = r;
	if (!r->params || !r->tags)
		rc = bn_err_nomem(err, "a run");
	if (rc < 0 || (rc = set_root(r, experiment, err)) < 0) {
		drop(c->runs, r);
		return rc;
	}
	*out = r;
	return 0;
}

void bn_api_run_drop(bn_api_call *c, bn_api_run *r)
{
	drop(c->runs, r);
}

void bn_api_put_info(bn_wire *w, const char *name, const bn_api_run *r)
{
	bn_wire_open(w, name, '{');
	bn_wire_put_text(w, "run_uuid", r->id);
	bn_wire_put_text(w, "run_id", r->id);
	bn_wire_put_text(w, "experiment_id", r->experiment);
	bn_wire_put_text(w, "run_name", r->name);
	bn_wire_put_text(w, "user_id", r->user);
	bn_wire_put_text(w, "status", r->status);
	bn_wire_put_int(w, "start_time", r->start_ms < 0 ? 0 : r->start_ms);
	bn_wire_put_ms(w, "end_time", r->end_ms);
	bn_wire_put_text(w, "artifact_uri", r->root);
	bn_wire_put_text(w, "lifecycle_stage", r->removed ? "deleted" : "active");
	bn_wire_close(w, '}');
}

/* ---- experiments ---------------------------------------------------------------------------- */

int bn_api_experiment_find(bn_experiment **out, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (!id[0])
		id = "0";
	/* What was created, renamed or removed here a moment ago. */
	if (c->runs && atomic_load(&c->api->folded) < atomic_load(&c->api->experiments_changed) &&
		(rc = bn_api_writer_refresh(c->api, err)) < 0)
		return rc;
	rc = bn_experiment_by_id(out, c->ws, id, &why);
	if (rc == BN_ENOTFOUND && c->runs) { /* the writer's index may be behind */
		bn_err_clear(&why);
		if ((rc = bn_api_writer_refresh(c->api, err)) < 0)
			return rc;
		rc = bn_experiment_by_id(out, c->ws, id, &why);
	}
	if (rc != BN_ENOTFOUND)
		return rc < 0 ? bn_err_move(err, &why) : 0;
	if (id[strspn(id, "0123456789")])
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid experiment ID '%s'. Experiment ID must be a valid integer.", id);
	return bn_api_refuse(
		c, BN_API_RESOURCE_DOES_NOT_EXIST, "No Experiment with id=%s exists", id);
}

/* runs.c - the routes of a run's life: create, get, update, delete, restore. */
#include "core/api/_routes.h"
#include "core/api/names.h"
#include "core/api/run_log.h"
#include "core/api/run_state.h"
#include "core/api/run_wire.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"

#include <string.h>

static const bn_wire_field pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};

const char *bn_api_run_id(const json_t *request)
{
	const char *id = bn_wire_text(request, "run_id");
	return id && id[0] ? id : bn_wire_text(request, "run_uuid");
}

/* ---- reading -------------------------------------------------------------------------------- */

static const bn_wire_field id_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE), {0}};

static int get(bn_api_call *c, bn_err *err)
{
	bn_api_places places = BN_API_PLACES_INIT;
	bn_wire w = bn_api_answer(c);
	int rc = bn_api_put_run(&w, "run", c, &places, bn_api_run_id(c->body), err);
	bn_wire_close(&w, '}');
	bn_api_places_release(&places);
	return rc;
}
const bn_api_about bn_api_runs_get = {get, id_fields, BN_API_READER, BN_API_BRIEF, NULL, NULL};

/* ---- creating ------------------------------------------------------------------------------- */

static const char *tag_of(const json_t *tags, const char *key)
{
	size_t i;
	json_t *tag;
	const char *found = NULL;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *name = bn_wire_text(tag, "key"), *value = bn_wire_text(tag, "value");
		if (name && !strcmp(name, key))
			found = value ? value : "";
	}
	return found;
}

/* The run's tags as one object; values are cut as MLflow cuts them. */
static int collect_tags(json_t *out, bn_api_call *c, const json_t *tags)
{
	size_t i;
	json_t *tag;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *key = bn_wire_text(tag, "key");
		if (bn_api_take_tag(out, "key", key ? key : "", bn_wire_text(tag, "value"), &c->fault) < 0)
			return BN_EINVAL;
	}
	return 0;
}

static int choose_name(char **out, bn_api_call *c, const json_t *tags, const char *id, bn_err *err)
{
	char made_up[64];
	const char *name = bn_wire_text(c->body, "run_name"), *tag = tag_of(tags, "mlflow.runName");
	if (name && name[0] && tag && tag[0] && strcmp(name, tag) != 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
			"different values (run_name='%s', mlflow.runName='%s').",
			name, tag);
	bn_readable_name(id, made_up, sizeof made_up);
	if (!name || !name[0])
		name = tag && tag[0] ? tag : made_up;
	*out = bn_strndup(name, bn_api_cut(name, BN_API_KEY_MOST));
	return *out ? 0 : bn_err_nomem(err, "a name");
}

static int append_created(bn_api_call *c, const bn_run_id *id, const bn_experiment *e,
	const bn_api_run *r, bn_err *err)
{
	const bn_run_created created = {.name = r->name,
		.experiment = e->first,
		.kind = "api",
		.title = bn_json_str(r->tags, "mlflow.source.name", NULL),
		.parent = bn_json_str(r->tags, "mlflow.parentRunId", NULL),
		.note = bn_json_str(r->tags, "mlflow.note.content", NULL),
		.nonce = id->nonce,
		.reported = true,
		.start_ms = r->start_ms,
		.user = r->user[0] ? r->user : NULL,
		.source = "mlflow"};
	int rc = bn_runlog_created(c->ws, id->id, &created, err);
	return rc < 0 ? rc : bn_runlog_tags(c->ws, id->id, r->tags, err);
}

static void answer_created(bn_api_call *c, const bn_api_run *r)
{
	const char *key;
	json_t *value;
	bn_wire w = bn_api_answer(c);
	bn_wire_open(&w, "run", '{');
	bn_api_put_info(&w, "info", r);
	bn_wire_open(&w, "data", '{');
	bn_wire_open(&w, "tags", '[');
	json_object_foreach(r->tags, key, value)
		bn_wire_put_pair(&w, key, json_string_value(value));
	bn_wire_close(&w, ']');
	bn_wire_close(&w, '}');
	bn_wire_open(&w, "inputs", '{');
	bn_wire_close(&w, '}');
	bn_wire_close(&w, '}');
	bn_wire_close(&w, '}');
}

static const bn_wire_field create_fields[] = {BN_WIRE_FIELD("experiment_id", TEXT, 0),
	BN_WIRE_FIELD("user_id", TEXT, BN_WIRE_LOOSE), BN_WIRE_FIELD("start_time", INT, 0),
	BN_WIRE_FIELD("run_name", TEXT, 0), BN_WIRE_OF("tags", LIST, BN_WIRE_LOOSE, pair_fields),
	{0}};

static int create_in(bn_api_call *c, const bn_experiment *e, bn_err *err)
{
	bn_api_run *r = NULL;
	bn_run_id id;
	char *name = NULL;
	const json_t *tags = bn_wire_list(c->body, "tags");
	const char *user = bn_wire_text(c->body, "user_id");
	int rc = 0;
	if (e->removed)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"The experiment %s must be in the 'active' state. Current state is "
			"deleted.",
			e->id);
	if ((rc = bn_run_id_make(&id, c->ws, err)) < 0 ||
		(rc = choose_name(&name, c, tags, id.id, err)) < 0 ||
		(rc = bn_api_run_add(&r, c, id.id, e, err)) < 0)
		goto out;
	r->name = name;
	name = NULL;
	r->user = bn_strdup(user ? user : "");
	bn_wire_int(c->body, "start_time", &r->start_ms);
	if ((rc = collect_tags(r->tags, c, tags)) < 0)
		goto out;
	if ((rc = bn_json_set(r->tags, "mlflow.runName", json_string(r->name), err)) < 0)
		goto out;
	if (!r->user)
		rc = bn_err_nomem(err, "a run");
	if (rc < 0 || (rc = append_created(c, &id, e, r, err)) < 0)
		goto out;
	answer_created(c, r);
out:
	if (rc < 0 && r)
		bn_api_run_drop(c, r);
	bn_free(name);
	return rc;
}

static int create(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	const char *experiment = bn_wire_text(c->body, "experiment_id");
	int rc = bn_api_experiment_find(&e, c, experiment ? experiment : "", err);
	if (rc >= 0)
		rc = create_in(c, e, err);
	bn_experiment_free(e);
	return rc;
}
const bn_api_about bn_api_runs_create = {
	create, create_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- updating ------------------------------------------------------------------------------- */

/* MLflow's enumeration RunStatus. */
static const char *const statuses[] = {
	"", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", NULL};
static const bn_wire_field update_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE), BN_WIRE_FIELD("end_time", INT, 0),
	BN_WIRE_WORD("status", ENUM, 0, statuses), BN_WIRE_FIELD("run_name", TEXT, 0), {0}};

static int report(bn_api_call *c, bn_api_run *r, bn_err *err)
{
	bn_run_report said = BN_RUN_REPORT_INIT;
	int status = bn_wire_enum(c->body, "status", statuses);
	bool ends = bn_wire_int(c->body, "end_time", &said.end_ms);
	if (status > 0)
		said.status = statuses[status];
	if (!r->reported || (status < 0 && !ends))
		return 0;
	int rc = bn_runlog_status(c->ws, r->id, &said, err);
	if (rc < 0)
		return rc;
	if (said.status)
		r->status = said.status;
	if (said.end_ms >= 0)
		r->end_ms = said.end_ms;
	return 0;
}

static int update(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	const char *name = bn_wire_text(c->body, "run_name");
	int rc = 0;
	if ((rc = bn_api_run_open(&r, c, bn_api_run_id(c->body), err)) < 0 ||
		(name && name[0] && (rc = bn_api_run_rename(c, r, name, err)) < 0) ||
		(rc = report(c, r, err)) < 0)
		return rc;
	bn_wire w = bn_api_answer(c);
	bn_api_put_info(&w, "run_info", r);
	bn_wire_close(&w, '}');
	return 0;
}
const bn_api_about bn_api_runs_update = {
	update, update_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- the trash ------------------------------------------------------------------------------ */

static int set_removed(bn_api_call *c, bool removed, bn_err *err)
{
	bn_api_run *r = NULL;
	int rc = bn_api_run_act(&r, c, bn_api_run_id(c->body), BN_ACT_REMOVE, err);
	if (rc >= 0 && r->removed != removed)
		rc = removed ? bn_runlog_removed(c->ws, r->id, err)
			     : bn_runlog_restored(c->ws, r->id, err);
	if (rc >= 0)
		r->removed = removed;
	bn_rights_end(c->ws);
	return rc;
}

static int delete (bn_api_call *c, bn_err *err)
{
	return set_removed(c, true, err);
}
const bn_api_about bn_api_runs_delete = {
	delete, id_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int restore(bn_api_call *c, bn_err *err)
{
	return set_removed(c, false, err);
}
const bn_api_about bn_api_runs_restore = {
	restore, id_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/*
 * The index is the same whatever events the program's classes receive, and in any order of arrival (invariant 5):
 * random events of all kinds of all classes, by two users with four writers and wrong clocks; signed acts, malformed
 * payloads, entities without a name, and unknown kinds, class versions and record types.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/govern/identity.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/metric_chunk.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/people.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEEDS = 20, STEPS = 80, WRITERS = 4, FIRST_UNKNOWN_TYPE = 6, LAST_UNKNOWN_TYPE = 127 };

static bn_err err = BN_ERR_INIT;

/*
 * '#' stands for 1 or 2, '@' for a hash, '^' for the id of a run: few of each, so that events interact. Without a
 * payload: points of metrics.
 */
static const struct {
	const char *entity, *kind, *payload;
	bool is_signed;
} kinds[] = {
	{"user/500#", "user.key", "{'public_key':'@','signature':{'public_key':'@','value':'00'}}",
		0},
	{"policy", "policy.set", "{'policy':{'approvals':#},'reason':'r#'}", true},
	{"policy", "policy.set", "{'policy':{'self_approval':true,'approvals':1}}", true},
	{"policy", "role.grant", "{'uid':500#,'user':'u','role':'approver'}", true},
	{"policy", "role.grant", "{'uid':500#,'role':'admin','reason':'r'}", true},
	{"policy", "role.revoke", "{'uid':500#,'role':'admin','seen':{}}", true},
	{"policy", "role.revoke", "{'uid':500#,'role':'approver'}", false},
	{"policy", "workspace.founded", "{'uid':500#}", false},
	{"authority", "authority.founded",
		"{'founder':{'key':'@','name':'n#'},'host':'h','nonce':'@','policy':{},'uid':500#,"
		"'user':'u'}",
		false},
	{"authority", "authority.link",
		"{'changes':[],'cuts':{'@':{'w':#}},'horizon':{'w':[#,'@']},'n':#,'prev':'@',"
		"'void':['@']}",
		false},
	{"authority", "authority.signed", "{'id':'@'}", false},
	{"authority", "authority.bot",
		"{'key':'@','name':'b#','patterns':['*'],'proof':'@','until':#,'verbs':['run']}",
		false},
	{"authority", "authority.bot_ended", "{'horizon':{'w':#},'key':'@'}", false},
	{"authority", "authority.request",
		"{'host':'h','key':'@','name':'n#','uid':500#,'user':'u'}", false},
	{"dataset/d#", "dataset.version",
		"{'version':#,'hash':'@','manifest':'@','content':'@','parts':2,'schema_hash':'@',"
		"'rows':3,'columns':#,'size':9,'profile':'@','source':{'kind':'csv','sha256':'@'},"
		"'parents':[{'name':'d#','version':#,'hash':'@'}],'recipe':{'a':#}}",
		false},
	{"dataset/d#", "dataset.checked",
		"{'version':#,'suite':'@','result':'@','success':true,'evaluated':#,'failed':0}",
		0},
	{"dataset/d#", "dataset.tag", "{'version':#,'key':'k#','value':'v#'}", false},
	{"dataset/d#", "dataset.removed", "{'version':#}", false},
	{"dataset/d#", "dataset.restored", "{'version':0}", false},
	{"protection/d#", "protection.set",
		"{'class':'personal','owner':'o#','keep_days':#,'personal':['c#'],'reason':'r'}", true},
	{"protection/d#", "protection.set", "{'class':'public','cleared':['c#'],'remotes':['r#']}", true},
	{"protection/d#", "protection.set", "{'class':'none'}", false},
	{"protection/d#", "protection.unmasked", "{'version':#,'columns':['c#'],'reason':'why'}", false},
	{"suite/d#", "suite.attached", "{'name':'s#','suite':'@','policy':'require'}", false},
	{"suite/d#", "suite.attached", "{'name':'s#','suite':'@','policy':'warn'}", true},
	{"suite/d#", "suite.detached", "{'name':'s#'}", false},
	{"forget/f#", "forget.rows",
		"{'versions':[{'name':'d#','version':#,'rows':3,'stand_in':2}],'objects':[{'hash':'@','name':'d#','version':#}],"
		"'batches':[{'hash':'@','instead':'@','rows':#}],'reason':'r#','mark':'m'}",
		true},
	{"forget/f#", "forget.rows", "{'versions':[{'name':'d#','version':#,'rows':1}],'objects':[]}", true},
	{"forget/f#", "forget.rows", "{'versions':[],'objects':[{'hash':'x'}]}", false},
	{"archive/^", "archive.exported",
		"{'to':'/t#','host':'h','model':'m/#','reason':'r','personal':true,'private':false}", false},
	{"archive/^", "archive.exported", "{'host':'h'}", false},
	{"run/^", "run.created",
		"{'name':'n#','experiment':'x#','spec':'@','diff':'@','dataset':'d#/#','note':'n'}",
		false},
	{"run/^", "run.created", "{'name':'n#','experiment':'x#'}", false},
	{"run/^", "run.queued", "{'queue':'q#','cores':#,'memory_bytes':#}", false},
	{"run/^", "run.queued", "{'queue':'q#','cores':-1}", false},
	{"run/^", "run.submitted", "{'executor':'e#','job':'#'}", false},
	{"run/^", "run.submitted", "{'executor':'e#'}", false},
	{"queue/q#", "queue.set", "{'cores':#,'at_once':null}", false},
	{"queue/q#", "queue.set", "{'memory_bytes':#,'cores':'many'}", false},
	{"queue/q#", "queue.paused", "{}", false},
	{"queue/q#", "queue.resumed", "{}", false},
	{"run/^", "run.started", "{'host':'h#','boot_id':'b#','pid':#,'interval_ms':#}", false},
	{"run/^", "run.finished", "{'status':'FAILED','exit_code':#,'reason':'r#'}", false},
	{"run/^", "run.finished", "{'status':'LOST'}", false},
	{"run/^", "run.param", "{'params':{'lr':'0.#','depth':'#'}}", false},
	{"run/^", "run.tag", "{'tags':{'t#':'v#','u':null}}", false},
	{"run/^", "run.note", "{'note':'n#'}", false},
	{"run/^", "run.artifact",
		"{'artifacts':[{'path':'a/#','hash':'@','size':#}],'manifest':'@','model':'@'}", 0},
	{"run/^", "run.stop", "{}", false},
	{"run/^", "run.created",
		"{'name':'p#','experiment':'x#','reported':true,'start_ms':1#,'user':'u#','source':"
		"'mlflow'}",
		false},
	{"run/^", "run.status", "{'status':'FINISHED','start_ms':#,'end_ms':2#}", false},
	{"run/^", "run.status", "{'status':'RUNNING'}", false},
	{"run/^", "run.renamed", "{'name':'q#'}", false},
	{"run/^", "run.artifact_removed", "{'paths':['a/#']}", false},
	{"run/^", "run.inputs",
		"{'datasets':[{'name':'d#','digest':'#','source_type':'local','source':'f','schema'"
		":'s',"
		"'schema_hash':'@','profile':'p','profile_hash':'@','tags':{'t#':'v#'}}],'models':["
		"'m-#']}",
		false},
	{"run/^", "run.outputs", "{'models':[{'id':'m-#','step':#}]}", false},
	{"run/^", "run.removed", "{}", false},
	{"run/^", "run.restored", "{}", false},
	{"run/^", "run.metrics", NULL, false},
	{"run/^", "run.heartbeat", "{'interval_ms':#}", false},
	{"run/^", "run.resources", "{'processes':#,'rss_bytes':#,'energy_joules':1.5}", false},
	{"experiment/x#", "experiment.created",
		"{'note':'n#','id':'#','artifact_location':'s3://b','created_ms':#}", false},
	{"experiment/x#", "experiment.renamed", "{'name':'x#'}", false},
	{"experiment/x#", "experiment.tag", "{'tags':{'t#':'v#','u':null}}", false},
	{"experiment/x#", "experiment.note", "{'note':'m#'}", false},
	{"experiment/x#", "experiment.removed", "{}", false},
	{"experiment/x#", "experiment.restored", "{}", false},
	{"logged/m-^", "logged.created",
		"{'name':'l#','experiment':'x#','run':'^','type':'t','artifact_location':'s3://b',"
		"'created_ms':#,'params':{'p#':'#'},'tags':{'t#':'#'}}",
		false},
	{"logged/m-^", "logged.status", "{'status':'READY','message':'m#'}", false},
	{"logged/m-^", "logged.param", "{'params':{'p#':'#'}}", false},
	{"logged/m-^", "logged.tag", "{'tags':{'t#':'v#','u':null}}", false},
	{"logged/m-^", "logged.metrics",
		"{'metrics':[{'key':'k#','value':#,'time_ms':#,'step':#,'run':'^','dataset_name':'"
		"d',"
		"'dataset_digest':'#'},{'key':'k','value':'nan'}]}",
		false},
	{"logged/m-^", "logged.artifact", "{'artifacts':[{'path':'a/#','hash':'@','size':#}]}",
		false},
	{"logged/m-^", "logged.artifact_removed", "{'paths':['a/#']}", false},
	{"logged/m-^", "logged.removed", "{}", false},
	{"logged/m-^", "logged.restored", "{}", false},
	{"model/m#", "model.registered",
		"{'version':#,'uuid':'00000000-0000-8000-8000-000000000000','run':'^',"
		"'author_uid':500#,'digest':'@','manifest':'@','data':[],'metrics':{'rmse':#},"
		"'files':[{'path':'model','sha256':'@'}]}",
		false},
	{"model/m#", "model.requested", "{'version':#,'reason':'r'}", false},
	{"model/m#", "model.approved",
		"{'version':#,'uuid':'00000000-0000-8000-8000-000000000000','digest':'@',"
		"'reason':'good','policy':'@','gates':[]}",
		true},
	{"model/m#", "model.rejected",
		"{'version':#,'uuid':'00000000-0000-8000-8000-000000000000','digest':'@',"
		"'reason':'bad','gates':[]}",
		true},
	{"model/m#", "model.attested", "{'version':#,'check':'c#','verdict':'pass'}", false},
	{"model/m#", "model.alias", "{'version':#,'alias':'a#'}", true},
	{"model/m#", "model.alias_removed", "{'alias':'a#'}", true},
	{"model/m#", "model.tag", "{'version':#,'key':'k#','value':'v#'}", false},
	{"model/m#", "model.created", "{'description':'d#'}", false},
	{"model/m#", "model.described", "{'version':#,'description':'d#'}", false},
	{"model/m#", "model.stage", "{'version':#,'stage':'Staging'}", true},
	{"model/m#", "model.deleted", "{'reason':'r#'}", true},
	{"model/m#", "model.registered",
		"{'version':3,'uuid':'00000000-0000-8000-8000-00000000000#','author_uid':500#,"
		"'digest':'@','manifest':'@','source':'s#','external':true,'run_link':'l',"
		"'logged_model':'m-#'}",
		false},
	{"model/m#", "model.removed", "{'version':#,'reason':'r'}", true},
	{"model/m#", "model.evidence",
		"{'version':#,'registration':'@','model':'@','metric':'rmse','part':'test','value':"
		"1.#,"
		"'rows':#,'dataset':{'name':'d#','version':#,'digest':'@'},'how':'h','tool':'t',"
		"'rules':1,'answers':['@']}",
		false},
	{"endpoint/e#", "endpoint.started",
		"{'models':['m#/#'],'url':'http://h:#','host':'h#','pid':#,'port':#}", false},
	{"endpoint/e#", "endpoint.seen", "{'requests':#,'errors':#,'p50_ms':0.#}", false},
	{"endpoint/e#", "endpoint.stopped", "{'requests':#,'errors':#,'p99_ms':#}", false},
	{"webhook/w#", "webhook.created",
		"{'name':'n#','origin':'https://h#','events':['model_version.created','x.y'],"
		"'active':true,'signed':false}",
		false},
	{"webhook/w#", "webhook.updated", "{'origin':'https://o#','active':false}", false},
	{"webhook/w#", "webhook.deleted", "{}", false},
	{"remote/r#", "remote.added",
		"{'url':'s3://b#/p','endpoint':'https://h#','region':'r#','style':'path',"
		"'allow_http':true,'anonymous':false}",
		true},
	{"remote/r#", "remote.removed", "{}", true},
	{"predictions/e#", "prediction.batch",
		"{'model':'m#','object':'@','rows':#,'endpoint':'e#','from_ms':#}", false},
	{"monitor/m#", "monitor.report",
		"{'id':'r#','object':'@','version':'#','dataset':{'verdict':'no "
		"drift','share':0.#},"
		"'window':{'rows':#},'reference':{'kind':'dataset','dataset':'d#'}}",
		false},
	{"package/@", "package.built",
		"{'model':'m#','version':#,'model_digest':'@','format':'oci','path':'/"
		"p#','host':'h#',"
		"'bytes':#,'unapproved':true}",
		false},
	{"package/@", "package.pushed",
		"{'manifest_digest':'sha256:@','registry':'r#','name':'n/#','tag':'#','model':'m#',"
		"'version':#}",
		false},
	{"ci/^", "ci.checked",
		"{'verdict':'fail','commit':'@','ref':'b#','url':'https://h/#','model':'m#',"
		"'run_name':'r#','failed':['c#'],'cases':{'pass':#,'fail':#,'inconclusive':#,"
		"'skipped':#}}",
		false},
	{"gc", "gc.removing", "{'objects':['@'],'bytes':#}", false},
	{"writer/w#", "writer.opened", "{'uid':500#,'host':'h#'}", false},
	{"novelty/n#", "novelty.came", "{'hash':'@'}", false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static char *fill(const char *form, bn_rng *r)
{
	bn_buf b = BN_BUF_INIT;
	for (const char *p = form; *p; p++) {
		int one = (int)bn_rng_below(r, 2), times = *p == '@' ? 64 : *p == '^' ? 32 : 1;
		char c = *p == '#' || *p == '^' ? (char)('1' + one)
			 : *p == '@'            ? (char)('a' + one)
			 : *p == '\''           ? '"'
						: *p;
		while (times--)
			bn_buf_addch(&b, c);
	}
	return bn_buf_take(&b, NULL);
}

static char *points(size_t *n, bn_rng *r)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 3; i++)
		bn_metric_set_add(&set, i ? "rmse" : "loss", (int64_t)bn_rng_below(r, 9),
			1790000000000 + (int64_t)bn_rng_below(r, 9), bn_rng_normal(r));
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &set, &err), &err);
	bn_metric_set_release(&set);
	return bn_buf_take(&b, n);
}

/* Removes a field, or gives it an unexpected type. */
static void spoil(json_t *payload, bn_rng *r)
{
	static const char *const instead[] = {
		"null", "-7", "\"\"", "[1]", "{\"a\":{}}", "true", "1e300", "9223372036854775807"};
	size_t n = json_object_size(payload);
	void *at = json_object_iter(payload);
	if (!n)
		return;
	for (uint64_t skip = bn_rng_below(r, n); skip; skip--)
		at = json_object_iter_next(payload, at);
	uint64_t what = bn_rng_below(r, sizeof instead / sizeof *instead + 1);
	if (what == sizeof instead / sizeof *instead)
		json_object_del(payload, json_object_iter_key(at));
	else
		json_object_iter_set_new(
			payload, at, json_loads(instead[what], JSON_DECODE_ANY, NULL));
}

static bool one_in(bn_rng *r, uint64_t n)
{
	return bn_rng_below(r, n) == 0;
}

/* Alterations of an event by append_random. */
enum {
	NAMELESS = 1,
	UNKNOWN_TYPE = 2,
	MALFORMED = 4,
	UNKNOWN_KIND = 8,
	LATER_VERSION = 16,
	LATER_FIELD = 32
};

static void append_draft(bn_workspace *ws, size_t which, unsigned how, bn_rng *r)
{
	size_t n;
	char *entity = fill(kinds[which].entity, r), *slash = strchr(entity, '/');
	char *payload = kinds[which].payload ? fill(kinds[which].payload, r) : points(&n, r);
	bn_draft d = {.type = kinds[which].payload ? BN_RECORD_JSON : BN_RECORD_RAW,
		.kind = how & UNKNOWN_KIND ? "later.kind" : kinds[which].kind,
		.entity = entity};
	if (kinds[which].payload && (how & (MALFORMED | LATER_FIELD))) {
		json_t *p = json_loads(payload, 0, NULL);
		if (how & LATER_FIELD)
			json_object_set_new(p, "later", json_true());
		if (how & MALFORMED)
			spoil(p, r);
		bn_free(payload);
		char *text = json_dumps(p, JSON_COMPACT);
		payload = bn_strdup(text);
		free(text);
		json_decref(p);
	}
	if (kinds[which].payload)
		n = strlen(payload);
	if ((how & MALFORMED) && one_in(r, 4))
		n = bn_rng_below(r, n + 1);
	if (how & MALFORMED && one_in(r, 8))
		d.type = d.type == BN_RECORD_JSON ? BN_RECORD_RAW : BN_RECORD_JSON;
	if ((how & NAMELESS) && slash)
		slash[bn_rng_below(r, 2)] = '\0'; /* "run", or "run/" */
	if (how & LATER_VERSION)
		d.version = 2 + (unsigned)bn_rng_below(r, 2);
	if (how & UNKNOWN_TYPE)
		d.type = (bn_record_type)(FIRST_UNKNOWN_TYPE +
					  bn_rng_below(
						  r, LAST_UNKNOWN_TYPE - FIRST_UNKNOWN_TYPE + 1));
	d.payload = payload;
	d.n = n;
	ck_assert_bn_ok(bn_writer_append(ws->writer, &d, 0, &err), &err);
	bn_free(entity);
	bn_free(payload);
}

static void append_signed(bn_workspace *ws, size_t which, bool malformed, bn_rng *r)
{
	char *entity = fill(kinds[which].entity, r), *text = fill(kinds[which].payload, r);
	json_t *payload = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(payload);
	if (malformed)
		spoil(payload, r);
	ck_assert_bn_ok(
		bn_identity_append_signed(ws, kinds[which].kind, entity, payload, &err), &err);
	json_decref(payload);
	bn_free(entity);
	bn_free(text);
}

static void append_random(bn_workspace *ws, bn_rng *r)
{
	size_t which = bn_rng_below(r, KINDS);
	unsigned how = 0;
	for (unsigned bit = NAMELESS; bit <= LATER_FIELD; bit <<= 1)
		if (one_in(r, bit == MALFORMED ? 6 : 18))
			how |= bit;
	if (kinds[which].is_signed && !(how & ~(unsigned)MALFORMED))
		append_signed(ws, which, how != 0, r);
	else
		append_draft(ws, which, how, r);
}

/* A writer without an index, whose log has one record. */
static bn_workspace *writer_open(team *t, const person *p)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &p->env, NULL, t->dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(ws, "writer.opened", "writer/w", NULL, &err), &err);
	return ws;
}

static void random_history(team *t, bn_rng *r)
{
	bn_workspace *w[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		t->people[i % 2].clock_offset_ms = (int64_t)bn_rng_below(r, STEPS);
		w[i] = writer_open(t, &t->people[i % 2]);
	}
	for (int i = 0; i < STEPS; i++) {
		bn_workspace *ws = w[bn_rng_below(r, WRITERS)];
		append_random(ws, r);
		if (one_in(r, 4))
			ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	}
	for (int i = 0; i < WRITERS; i++) {
		ck_assert_bn_ok(bn_workspace_seal(w[i], &err), &err);
		bn_workspace_close(w[i]);
	}
}

/* ---- arrival ---------------------------------------------------------------------------------- */

/* Removes all segments from the log; out gets their names, "writer/segment", in order. */
static void hold_back(const team *t, bn_names *out)
{
	bn_names writers = BN_NAMES_INIT;
	char *log = bn_strf("%s/.binnacle/log", t->dir), *held = bn_strf("%s/held", t->dir);
	ck_assert_int_eq(rename(log, held), 0);
	ck_assert_int_eq(mkdir(log, 0755), 0);
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), held, &writers, &err), &err);
	for (size_t i = 0; i < writers.count; i++) {
		bn_names files = BN_NAMES_INIT;
		char *from = bn_path_join(held, writers.items[i]);
		char *to = bn_path_join(log, writers.items[i]);
		ck_assert_int_eq(mkdir(to, 0755), 0);
		ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), from, &files, &err), &err);
		for (size_t k = 0; k < files.count; k++)
			if (strstr(files.items[k], ".seg")) {
				char *name = bn_path_join(writers.items[i], files.items[k]);
				ck_assert_int_eq(bn_names_add(out, name), 0);
				bn_free(name);
			}
		bn_names_release(&files);
		bn_free(from);
		bn_free(to);
	}
	bn_names_release(&writers);
	bn_free(log);
	bn_free(held);
}

static void bring(const team *t, const char *segment)
{
	char *from = bn_strf("%s/held/%s", t->dir, segment);
	char *to = bn_strf("%s/.binnacle/log/%s", t->dir, segment);
	ck_assert_int_eq(rename(from, to), 0);
	bn_free(from);
	bn_free(to);
}

/* The view of a reader: its dump, and the unknown fields of each record. */
static char *knows(person *reader)
{
	sqlite3_stmt *st = NULL;
	bn_buf b = BN_BUF_INIT;
	char *dump = person_dump(reader);
	bn_buf_adds(&b, dump);
	bn_free(dump);
	ck_assert_bn_ok(
		bn_sql_prepare(&st, bn_workspace_index(reader->ws), &err,
			"SELECT w.name, u.seq, n.name, k.name, t.entity, u.clock, u.version "
			"FROM index_unknown_field u JOIN index_name w ON w.no = u.writer "
			"JOIN index_name n ON n.no = u.field "
			"JOIN index_name k ON k.no = u.kind "
			"JOIN index_entity_text t ON t.no = u.entity ORDER BY 1, 2, 3",
			""),
		&err);
	while (bn_sql_step(st, &err) == 1)
		for (int i = 0; i < sqlite3_column_count(st); i++)
			bn_buf_addf(&b, "%s%s", (const char *)sqlite3_column_text(st, i),
				i + 1 < sqlite3_column_count(st) ? "|" : "\n");
	sqlite3_finalize(st);
	return bn_buf_take(&b, NULL);
}

/* The view of a new reader after the segments arrived in an order, with refreshes at random or after each writer. */
enum looks { AT_RANDOM, AFTER_EACH_WRITER };

static char *dump_of_arrival(team *t, enum looks looks, bn_rng *r)
{
	bn_names segments = BN_NAMES_INIT;
	char *held = bn_strf("%s/held", t->dir);
	person *reader = &t->people[3];
	hold_back(t, &segments);
	person_reopen(t, reader, true);
	uint32_t *order = bn_alloc((segments.count + 1) * sizeof *order);
	bn_rng_permutation(r, order, segments.count);
	for (size_t i = 0; i < segments.count; i++) {
		/* Sorted by writer: one writer after the other, the last one first. */
		size_t at = looks == AT_RANDOM ? order[i] : segments.count - 1 - i;
		const char *name = segments.items[at];
		bool last =
			at == 0 || strncmp(segments.items[at - 1], name, strcspn(name, "/") + 1);
		bring(t, name);
		if (looks == AT_RANDOM ? one_in(r, 3) : last)
			ck_assert_bn_ok(bn_workspace_refresh(reader->ws, NULL, &err), &err);
	}
	bn_fs_remove_tree(bn_env_real(), held, NULL);
	bn_free(order);
	bn_free(held);
	bn_names_release(&segments);
	return knows(reader);
}

static void expect_equal(const char *a, const char *b, int seed, const char *how)
{
	const char *line_a = a, *line_b = b;
	for (; *a && *a == *b; a++, b++)
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	ck_assert_msg(*a == *b, "seed %d, %s: the dump says\n%.*s\nand not\n%.*s", seed, how,
		(int)strcspn(line_b, "\n"), line_b, (int)strcspn(line_a, "\n"), line_a);
}

START_TEST(test_all_classes_fold_to_the_same_in_any_order_of_arrival)
{
	int64_t outcomes[BN_OUTCOME_NEWER + 1] = {0}, fields = 0;
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	for (int seed = 1; seed <= SEEDS; seed++) {
		team t;
		bn_rng r;
		bn_rng_init(&r, (uint64_t)seed, "test.arrival", 0);
		team_make(&t, bn_fold_classes);
		random_history(&t, &r);
		person_reopen(&t, &t.people[3], true);
		char *at_once = knows(&t.people[3]);
		for (int o = 0; o <= BN_OUTCOME_NEWER; o++)
			outcomes[o] += bn_sql_int(bn_workspace_index(t.people[3].ws), 0,
				"SELECT count(*) FROM event WHERE outcome = ?", "i", (int64_t)o);
		fields += bn_sql_int(bn_workspace_index(t.people[3].ws), 0,
			"SELECT count(*) FROM index_unknown_field", "");
		char *shuffled = dump_of_arrival(&t, AT_RANDOM, &r);
		expect_equal(at_once, shuffled, seed, "segments in random order");
		char *by_writer = dump_of_arrival(&t, AFTER_EACH_WRITER, &r);
		expect_equal(at_once, by_writer, seed, "writer by writer");
		bn_free(at_once);
		bn_free(shuffled);
		bn_free(by_writer);
		team_remove(&t);
	}
	printf("NOTE: %d random histories of all classes: %lld events applied, %lld refused, %lld "
	       "invalid, %lld newer; %lld unknown fields\n",
		SEEDS, (long long)outcomes[0], (long long)outcomes[1], (long long)outcomes[2],
		(long long)outcomes[3], (long long)fields);
	for (int o = 0; o <= BN_OUTCOME_NEWER; o++)
		ck_assert_int_gt(outcomes[o], SEEDS);
	ck_assert_int_gt(fields, SEEDS);
}
END_TEST

/* ---- what no class may see -------------------------------------------------------------------- */

/* Rows of all tables except those of the store, without the founding record. */
static int64_t rows_of_classes(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int64_t rows = 0;
	ck_assert_int_eq(bn_sql_prepare(&st, db, &err,
				 "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT "
				 "GLOB 'index_*' AND name NOT GLOB 'sqlite_*' AND name NOT IN "
				 "('event', 'writer', 'workspace_founder')",
				 ""),
		0);
	while (bn_sql_step(st, &err) == 1) {
		char *sql = bn_strf("SELECT count(*) FROM %s", sqlite3_column_text(st, 0));
		sqlite3_stmt *count = NULL;
		ck_assert_bn_ok(bn_sql_prepare(&count, db, &err, sql, ""), &err);
		ck_assert_int_eq(bn_sql_step(count, &err), 1);
		rows += sqlite3_column_int64(count, 0);
		sqlite3_finalize(count);
		bn_free(sql);
	}
	sqlite3_finalize(st);
	return rows;
}

/* Appends an event of each kind with that alteration; returns a reader that has indexed them. */
static person *read_each(team *t, unsigned how)
{
	bn_rng r;
	bn_rng_init(&r, 1, "test.arrival.kinds", 0);
	bn_workspace *w = writer_open(t, &t->people[0]);
	for (size_t i = 0; i < KINDS; i++)
		if (how != NAMELESS || strchr(kinds[i].entity, '/'))
			append_draft(w, i, how, &r);
	ck_assert_bn_ok(bn_workspace_seal(w, &err), &err);
	bn_workspace_close(w);
	person *reader = &t->people[3];
	person_reopen(t, reader, true);
	char *dump = person_dump(reader);
	bn_free(dump);
	return reader;
}

/* Checks that none of these events made a row; returns how many have the outcome. */
static int64_t outcomes_of(team *t, unsigned how, bn_outcome outcome)
{
	person *reader = read_each(t, how);
	ck_assert_int_eq(rows_of_classes(bn_workspace_index(reader->ws)), 0);
	return bn_sql_int(bn_workspace_index(reader->ws), -1,
		"SELECT count(*) FROM event WHERE outcome = ?", "i", (int64_t)outcome);
}

START_TEST(test_every_kind_is_tried_and_has_no_field_that_is_unknown)
{
	bn_index_status s;
	team t;
	team_make(&t, bn_fold_classes);
	for (size_t c = 0; bn_fold_classes[c]; c++)
		for (const bn_fold_kind *k = bn_fold_classes[c]->kinds; k->name; k++) {
			size_t i = 0;
			while (i < KINDS && strcmp(kinds[i].kind, k->name) != 0)
				i++;
			ck_assert_msg(i < KINDS, "%s", k->name);
		}
	ck_assert_bn_ok(bn_index_status_get(&s, read_each(&t, 0)->ws, &err), &err);
	ck_assert_msg(s.field_count == 0, "%s of %s", s.fields[0].field, s.fields[0].kind);
	bn_index_status_release(&s);
	team_remove(&t);
}
END_TEST

START_TEST(test_a_record_of_an_unknown_type_is_newer_and_changes_no_row)
{
	team t;
	team_make(&t, bn_fold_classes);
	ck_assert_int_eq(outcomes_of(&t, UNKNOWN_TYPE, BN_OUTCOME_NEWER), KINDS);
	team_remove(&t);
}
END_TEST

START_TEST(test_an_unknown_kind_is_newer_and_changes_no_row)
{
	team t;
	team_make(&t, bn_fold_classes);
	ck_assert_int_eq(outcomes_of(&t, UNKNOWN_KIND, BN_OUTCOME_NEWER), KINDS);
	team_remove(&t);
}
END_TEST

START_TEST(test_an_entity_without_a_name_is_invalid_and_changes_no_row)
{
	int64_t named = 0;
	team t;
	team_make(&t, bn_fold_classes);
	for (size_t i = 0; i < KINDS; i++)
		named += strchr(kinds[i].entity, '/') &&
			 strncmp(kinds[i].entity, "novelty/", 8) != 0;
	ck_assert_int_eq(outcomes_of(&t, NAMELESS, BN_OUTCOME_INVALID), named);
	team_remove(&t);
}
END_TEST

/* ---- rows that several could claim -------------------------------------------------------------- */

static void append_text(bn_workspace *ws, const char *kind, const char *entity, const char *form)
{
	bn_rng r;
	bn_rng_init(&r, 1, "test.arrival.same", 0);
	char *text = fill(form, &r);
	json_t *payload = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(payload);
	ck_assert_bn_ok(bn_workspace_append(ws, kind, entity, payload, &err), &err);
	json_decref(payload);
	bn_free(text);
}

START_TEST(test_no_row_is_claimed_by_another_entity_or_user)
{
	static const char report[] = "{'id':'r','object':'@','dataset':{'verdict':'drift'}}";
	team t;
	team_make(&t, bn_fold_classes);
	for (int i = 0; i < 2; i++) {
		bn_workspace *w = writer_open(&t, &t.people[i]);
		append_text(w, "endpoint.seen", "endpoint/e", "{'requests':1}");
		append_text(w, "monitor.report", i ? "monitor/a" : "monitor/b", report);
		ck_assert_bn_ok(bn_workspace_seal(w, &err), &err);
		bn_workspace_close(w);
	}
	ck_assert_bn_ok(bn_workspace_refresh(t.people[3].ws, NULL, &err), &err);
	sqlite3 *db = bn_workspace_index(t.people[3].ws);
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT count(*) FROM monitor_report WHERE id = 'r'", ""), 2);
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT count(*) FROM endpoint_seen WHERE id = 'e'", ""), 2);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/pipeline/arrival", test_all_classes_fold_to_the_same_in_any_order_of_arrival,
	test_every_kind_is_tried_and_has_no_field_that_is_unknown,
	test_a_record_of_an_unknown_type_is_newer_and_changes_no_row,
	test_an_unknown_kind_is_newer_and_changes_no_row,
	test_an_entity_without_a_name_is_invalid_and_changes_no_row,
	test_no_row_is_claimed_by_another_entity_or_user)

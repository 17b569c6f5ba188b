/*
 * Times the cost of signatures and the chain of authority for the index: 100 000 records of 300 writers, 2 000 of them
 * about models, by 20 persons.
 *	bench_signed make DIR plain|signed [FLOOD]   makes a workspace in DIR; FLOOD further records have invalid
 *	                                             signatures of unknown keys
 *	bench_signed make DIR members N              the same with N records of the entity "authority" by persons who
 *	                                             are not admins: links, signatures of links, requests in turn
 *	bench_signed fold DIR                        folds it into a new BINNACLE_INDEX; if there is a chain, adds a
 *	                                             link and folds that
 * Prints seconds of processor time and the number of verified signatures.
 */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "tests/support/forged_log.h"
#include "tests/support/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WRITERS = 300, RECORDS = 100000, PERSONS = 20, MODELS = 100, TAGS = 18, ID = 32 };
/* Before the founding: the clock of a flooded log may be set back. */
#define START_MS ((int64_t)1790000000000)

static bn_err err = BN_ERR_INIT;

static void must(int rc)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "bench_signed: %s\n", err.msg);
	exit(1);
}

/* The processor time of this process, which does not depend on others. */
static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- making ---------------------------------------------------------------------------------- */

typedef struct maker {
	toy_dir dir;
	char workspace[80];
	bool is_signed;
	bn_signer persons[PERSONS];
	uint8_t epoch[ID];
} maker;

/* Link 1 admits everybody. */
static void admit(maker *m)
{
	bn_workspace *ws = NULL;
	sqlite3 *db = NULL;
	bn_change changes[PERSONS];
	char names[PERSONS][8];
	must(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, m->dir.path, &err));
	must(bn_workspace_read(&db, ws, &err));
	for (size_t i = 0; i < PERSONS; i++) {
		snprintf(names[i], sizeof names[i], "p%zu", i);
		changes[i] = (bn_change){.kind = BN_CHANGE_PERSON, .text = names[i]};
		memcpy(changes[i].key, m->persons[i].key, ID);
	}
	const bn_link link = {.changes = changes, .n_changes = PERSONS};
	must(bn_authority_change(ws, &link, (uint8_t[32]){0}, &err));
	bn_authority_newest(db, m->epoch);
	bn_workspace_close(ws);
}

/* An act on a model, signed or not; id: set to that of the record. */
static void act(maker *m, forged_log *l, const bn_signer *by, const char *kind, size_t model,
	const char *payload, char id[2 * ID + 1])
{
	char entity[32];
	uint8_t raw[ID];
	size_t at = l->records.len;
	snprintf(entity, sizeof entity, "model/m%zu", model);
	if (m->is_signed)
		forged_sign(l, by, m->epoch, kind, entity, payload);
	else
		forged_add(l, kind, entity, payload);
	bn_sha256(l->records.ptr + at, l->records.len - at, raw);
	bn_hex(raw, ID, id);
}

static void model(maker *m, forged_log *l, const bn_signer *by, size_t n)
{
	char payload[1000], id[2 * ID + 1], tag[2 * ID + 1], zeros[65];
	memset(zeros, '0', 64);
	zeros[64] = '\0';
	snprintf(payload, sizeof payload,
		"{\"author_uid\":1000,\"digest\":\"%s\",\"files\":[],\"manifest\":\"%s\","
		"\"uuid\":\"00000000-0000-4000-8000-%012zu\",\"version\":1}",
		zeros, zeros, n);
	act(m, l, by, "model.registered", n, payload, id);
	for (int i = 0; i < TAGS + 1; i++) {
		snprintf(payload, sizeof payload,
			"{\"answers\":[\"%s\"],\"key\":\"k%d\",\"value\":\"v\",\"version\":1}", id,
			i);
		act(m, l, by, "model.tag", n, payload, tag);
	}
}

/* Three events of a run. */
static void run(forged_log *l, size_t writer, size_t n)
{
	char entity[60];
	snprintf(entity, sizeof entity, "run/%016zx%016zx", writer + 1, n);
	forged_add(l, "run.created", entity,
		"{\"experiment\":\"night\",\"kind\":\"trainer\",\"name\":\"one\",\"title\":"
		"\"ridge\"}");
	forged_add(l, "run.started", entity, "{\"host\":\"vm\",\"interval_ms\":5000,\"pid\":1}");
	forged_add(l, "run.finished", entity, "{\"exit_code\":0,\"status\":\"FINISHED\"}");
}

static void write_writer(maker *m, size_t w)
{
	char name[40];
	forged_log l;
	const bn_signer *by = &m->persons[w % PERSONS];
	snprintf(name, sizeof name, "p%zu@host-boot-%zu", w % PERSONS, w);
	forged_begin(&l, m->workspace, name, START_MS + (int64_t)w);
	if (m->is_signed)
		forged_card(&l, by);
	if (w < MODELS)
		model(m, &l, by, w);
	for (size_t i = 0; l.tip.seq + 3 <= RECORDS / WRITERS + 1; i++)
		run(&l, w, i);
	forged_seal(&l, &m->dir, m->is_signed ? by : NULL);
	forged_end(&l);
}

/* Records by unknown keys, with invalid signatures. */
static void write_flood(maker *m, size_t n)
{
	forged_log l;
	uint8_t key[ID] = {0}, bytes[64] = {1};
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = ID,
		.epoch = m->epoch,
		.epoch_bytes = ID,
		.bytes = bytes,
		.signature_bytes = sizeof bytes};
	forged_begin(&l, m->workspace, "mal@host-boot-0", START_MS);
	for (size_t i = 0; i < n; i++) {
		char entity[32];
		memcpy(key, &i, sizeof i);
		key[ID - 1] = 0x55;
		snprintf(entity, sizeof entity, "model/m%zu", i % MODELS);
		forged_add_block(&l, &block, "model.tag", entity,
			"{\"key\":\"k\",\"value\":\"v\",\"version\":1}");
	}
	forged_seal(&l, &m->dir, NULL);
	forged_end(&l);
}

/* Records about authority by persons who may not decide about it. */
static void write_members(maker *m, size_t n)
{
	char payload[400], prev[2 * ID + 1], hex[2 * ID + 1];
	forged_log l;
	forged_begin(&l, m->workspace, "p0@host-boot-900", START_MS);
	bn_hex(m->epoch, ID, prev);
	for (size_t i = 0; i < n; i++) {
		uint8_t key[ID] = {0x77};
		memcpy(key + 1, &i, sizeof i);
		bn_hex(key, ID, hex);
		if (i % 3 == 0)
			snprintf(payload, sizeof payload,
				"{\"changes\":[{\"person\":{\"key\":\"%s\",\"name\":\"x%zu\"}}],"
				"\"horizon\":{},\"n\":2,\"prev\":\"%s\"}",
				hex, i, prev);
		else if (i % 3 == 1)
			snprintf(payload, sizeof payload, "{\"id\":\"%s\"}", hex);
		else
			snprintf(payload, sizeof payload,
				"{\"host\":\"h\",\"key\":\"%s\",\"name\":\"n\",\"uid\":1,"
				"\"user\":\"u\"}",
				hex);
		forged_sign(&l, &m->persons[0], m->epoch,
			i % 3 == 0   ? "authority.link"
			: i % 3 == 1 ? "authority.signed"
				     : "authority.request",
			"authority", payload);
	}
	forged_seal(&l, &m->dir, &m->persons[0]);
	forged_end(&l);
}

static void make(const char *dir, bool is_signed, size_t flood, size_t members)
{
	maker m = {.is_signed = is_signed};
	snprintf(m.dir.path, sizeof m.dir.path, "%s", dir);
	for (size_t i = 0; i < PERSONS; i++)
		test_signer_init(&m.persons[i], (uint8_t)(i + 1));
	if (is_signed)
		must(bn_authority_init(bn_env_real(), dir, NULL, NULL, &err));
	else
		must(bn_workspace_init(bn_env_real(), dir, &err));
	bn_workspace *ws = NULL;
	must(bn_workspace_open(&ws, bn_env_real(), NULL, dir, &err));
	snprintf(m.workspace, sizeof m.workspace, "%s", bn_workspace_id(ws));
	bn_workspace_close(ws);
	if (is_signed)
		admit(&m);
	for (size_t w = 0; w < WRITERS; w++)
		write_writer(&m, w);
	if (flood)
		write_flood(&m, flood);
	if (members)
		write_members(&m, members);
	for (size_t i = 0; i < PERSONS; i++)
		test_signer_release(&m.persons[i]);
}

/* ---- folding --------------------------------------------------------------------------------- */

static int64_t count(sqlite3 *db, const char *sql)
{
	return bn_sql_int(db, -1, sql, "");
}

static void fold(const char *dir)
{
	bn_workspace *ws = NULL;
	sqlite3 *db = NULL;
	double t0 = seconds();
	must(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err));
	must(bn_workspace_read(&db, ws, &err));
	double folded = seconds() - t0, linked = 0;
	if (bn_authority_is_founded(db)) {
		bn_change change = {.kind = BN_CHANGE_POLICY, .signers = 1, .policy = "{}"};
		const bn_link link = {.changes = &change, .n_changes = 1};
		t0 = seconds();
		must(bn_authority_change(ws, &link, (uint8_t[32]){0}, &err));
		linked = seconds() - t0;
	}
	printf("{\"records\": %lld, \"signed\": %lld, \"verified\": %lld, \"refused\": %lld, "
	       "\"fold_s\": "
	       "%.3f, \"link_s\": %.3f}\n",
		(long long)count(db, "SELECT sum(events) FROM writer"),
		(long long)count(db, "SELECT count(*) FROM signed_record"),
		(long long)count(db, "SELECT count(*) FROM index_signed_verdict"),
		(long long)count(db, "SELECT count(*) FROM dump_event WHERE outcome <> 'applied'"),
		folded, linked);
	bn_workspace_close(ws);
}

int main(int argc, char **argv)
{
	size_t n = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	bool members = argc > 4 && !strcmp(argv[3], "members");
	if (argc >= 4 && !strcmp(argv[1], "make"))
		make(argv[2], members || !strcmp(argv[3], "signed"), members ? 0 : n,
			members ? n : 0);
	else if (argc == 3 && !strcmp(argv[1], "fold"))
		fold(argv[2]);
	else
		return 2;
	return 0;
}

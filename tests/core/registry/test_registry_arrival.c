/* test_registry_arrival.c - models under the chain of authority: the same rows in any order of arrival, of acts whose
 * authors had different views. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/registry/evidence.h"
#include "core/registry/late.h"
#include "core/registry/model.h"
#include "tests/support/arrival.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <stdlib.h>
#include <string.h>

#define GOOD "{\"test\":{\"rmse\":11.5}}"

enum { PIECES = 4096 };

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];
static bn_err err = BN_ERR_INIT;

static bn_change policy_of(char *text, size_t size, int approvals, bool rechecks)
{
	snprintf(text, size,
		"{\"approvals\":%d,\"gate_override\":true,\"gates\":[{\"metric\":\"rmse\",\"op\":"
		"\"<=\","
		"\"threshold\":12},{\"check\":\"reviewed\",\"severity\":\"warn\"}],\"recheck\":%s}",
		approvals, rechecks ? "true" : "false");
	return (bn_change){.kind = BN_CHANGE_POLICY, .policy = text, .signers = 1};
}

/* The run of p, created after p's first signature. */
static const char *run_of(const person *p)
{
	static char id[40];
	snprintf(id, sizeof id, "%08x%024x", (unsigned)p->uid, 7);
	return id;
}

static void give(person *p, const char *spec, bn_rng *rng)
{
	const bn_measured m = {.metric = "rmse",
		.part = "test",
		.value = 10.5 + (double)bn_rng_below(rng, 3),
		.rows = 10,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = TEAM_DATA};
	bn_evidence_give(p->ws, spec, &m, 1, "recomputed", "test", NULL);
}

/* Registers an existing number again, as a modified program can. */
static void register_again(person *p, int version, bn_rng *rng)
{
	char uuid[40], digest[65];
	snprintf(uuid, sizeof uuid, "%08x-0000-4000-8000-%012x", (unsigned)p->uid,
		(unsigned)bn_rng_below(rng, 5));
	bn_sha256_hex(uuid, strlen(uuid), digest);
	json_t *r = json_pack("{s:i, s:s, s:i, s:s, s:s, s:[], s:[{s:s, s:i, s:s}]}", "version",
		version, "uuid", uuid, "author_uid", (int)p->uid, "digest", digest, "manifest",
		digest, "files", "data", "name", "jobs", "version", 3, "digest", TEAM_DATA);
	bn_authority_append(p->ws, 2, "model.registered", "model/power", r, NULL);
	bn_workspace_sync(p->ws, NULL);
	json_decref(r);
}

/* The uuid of a contested version; spec if there is none. */
static const char *contested(person *p, const char *spec)
{
	static char uuid[40];
	sqlite3_stmt *st = NULL;
	snprintf(uuid, sizeof uuid, "%s", spec);
	ck_assert_bn_ok(
		bn_sql_prepare(&st, bn_workspace_index(p->ws), &err,
			"SELECT uuid FROM model_version WHERE version < 0 ORDER BY uuid LIMIT 1",
			""),
		&err);
	if (bn_sql_step(st, NULL) == 1)
		snprintf(uuid, sizeof uuid, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return uuid;
}

/* As a modified program can, whether the model exists or has versions. */
static void created(person *p, int i)
{
	json_t *r = i & 1 ? json_pack("{s:s}", "description", p->name) : json_object();
	const char *kind = i % 3 ? "model.created" : "model.deleted";
	bn_authority_append(p->ws, 2, kind, "model/power", r, NULL);
	bn_workspace_sync(p->ws, NULL);
	json_decref(r);
}

static void act(person *p, bn_rng *rng, int i)
{
	char spec[40];
	int64_t version = 0;
	size_t n;
	int number = (int)bn_rng_below(rng, 4) + 1;
	snprintf(spec, sizeof spec, "power/%d", number);
	switch (bn_rng_below(rng, 20)) {
	case 0:
		team_try_register(p, "power", p, GOOD, &version);
		break;
	case 1:
		if (number < 3)
			team_try_register_run(p, "power", p, run_of(p), GOOD, &version);
		break;
	case 2:
		register_again(p, number, rng);
		break;
	case 3:
	case 4:
		bn_version_request(p->ws, i % 3 ? spec : contested(p, spec), "week", NULL);
		break;
	case 5:
	case 6:
	case 7:
		bn_version_approve(
			p->ws, i % 3 ? spec : contested(p, spec), "week", i % 5 == 0, NULL);
		break;
	case 8:
		bn_version_reject(p->ws, spec, "week", NULL);
		break;
	case 9:
	case 10:
		give(p, spec, rng);
		break;
	case 11:
		bn_version_attest(p->ws, spec, "reviewed",
			i & 1 ? BN_VERDICT_PASS : BN_VERDICT_FAIL, NULL, NULL);
		break;
	case 12:
		bn_version_set_alias(p->ws, spec, i & 1 ? "champion" : "canary", NULL);
		break;
	case 13:
	case 14:
		bn_version_set_tag(p->ws, spec, i & 2 ? "place" : "season", p->name, NULL);
		break;
	case 17:
		bn_version_set_stage(p->ws, spec, bn_model_stages[i & 3], i & 4, NULL);
		break;
	case 18:
		if (i & 1)
			bn_model_describe(p->ws, "power", p->name, NULL);
		else
			bn_version_describe(p->ws, spec, p->name, NULL);
		break;
	case 19:
		created(p, i);
		break;
	case 15:
		if (i % 3 == 0)
			bn_version_remove(p->ws, spec, NULL, NULL);
		break;
	default:
		bn_registry_repeat(p->ws, &n, NULL);
	}
}

static void maybe_link(bn_rng *rng, int i)
{
	char text[300];
	bn_change changes[] = {policy_of(text, sizeof text, 1 + (i & 1), bn_rng_below(rng, 2)),
		person_role(dan, BN_ROLE_REVIEWER, i & 1)};
	json_t *doc = NULL;
	bn_buf canonical = BN_BUF_INIT;
	if (bn_rng_below(rng, 4))
		return;
	ck_assert_bn_ok(bn_json_parse(&doc, text, strlen(text), "policy", &err), &err);
	ck_assert_bn_ok(bn_json_canonical(doc, &canonical, &err), &err);
	changes[0].policy = canonical.ptr;
	person_try_link(ann, changes, 1 + bn_rng_below(rng, 2), &err);
	bn_err_clear(&err);
	json_decref(doc);
	bn_buf_release(&canonical);
}

/* Random acts, each with the view of its author, in which recent records of others may be missing. */
static void busy_week(uint64_t seed, int acts)
{
	static arrival_piece pieces[PIECES];
	bn_rng rng;
	bn_rng_init(&rng, seed, "busy week", 0);
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	for (int i = 0; i < PEOPLE; i++)
		team_run(&t.people[i], run_of(&t.people[i]));
	for (int i = 0; i < acts; i++) {
		person *p = &t.people[bn_rng_below(&rng, PEOPLE)];
		for (int k = 0; k < PEOPLE; k++)
			ck_assert_bn_ok(bn_workspace_seal(t.people[k].ws, &err), &err);
		size_t n = 0;
		if (bn_rng_below(&rng, 3) == 0) {
			n = arrival_list(&t, pieces, PIECES);
			arrival_hide_last(&t, pieces, n, p, &rng);
			person_reopen(&t, p, true);
		}
		p->clock_offset_ms = ((int64_t)bn_rng_below(&rng, 3) - 1) * 86400 * 1000;
		act(p, &rng, i);
		p->clock_offset_ms = 0;
		if (n) {
			ck_assert_bn_ok(bn_workspace_seal(p->ws, &err), &err);
			arrival_show_all(&t, pieces, n);
			person_reopen(&t, p, true);
		}
		maybe_link(&rng, i);
	}
}

START_TEST(test_rows_of_models_are_the_same_in_any_order_of_arrival)
{
	const char *more = getenv("BINNACLE_ARRIVAL_WEEKS");
	uint64_t weeks = more ? strtoull(more, NULL, 10) : 3;
	size_t applied = 0, refused = 0, late = 0, invalid = 0, segments = 0;
	static arrival_piece pieces[PIECES];
	for (uint64_t week = 0; week < weeks; week++) {
		team_make_signed(&t, registry_team_classes);
		busy_week(week, 60);
		team_expect_one_view(&t);
		person_reopen(&t, cleo, true);
		char *expected = person_dump(cleo);
		applied += team_count(cleo, "model.*", BN_OUTCOME_APPLIED);
		refused += team_count(cleo, "model.*", BN_OUTCOME_REFUSED);
		late += team_count(cleo, "model.*", BN_OUTCOME_LATE);
		invalid += team_count(cleo, "model.*", BN_OUTCOME_INVALID);
		segments += arrival_list(&t, pieces, PIECES);
		arrival_try_orders(&t, dan, expected, 4);
		bn_free(expected);
		team_remove(&t);
	}
	ck_assert_uint_gt(late, 0);
	ck_assert_uint_gt(invalid, 0);
	printf("NOTE: %zu segments in %d orders of arrival: %zu applied, %zu refused, %zu late, "
	       "%zu "
	       "invalid, equal rows\n",
		segments, 4 * (int)weeks, applied, refused, late, invalid);
}
END_TEST

BN_TEST_MAIN(
	"core/registry/registry_arrival", test_rows_of_models_are_the_same_in_any_order_of_arrival)

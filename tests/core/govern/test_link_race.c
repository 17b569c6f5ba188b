/*
 * test_link_race.c - links that several processes sign at the same time: for one person on one host, for one person
 * on two hosts that share a home, and for two admins. If a link was acknowledged and loses, that is reported.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/identity.h"
#include "core/govern/lost.h"
#include "core/govern/people.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/human.h"

#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RACERS = 4, ROUNDS = 6 };

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static char team[300];

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static bn_workspace *open_as(const human *h)
{
	bn_workspace *ws = NULL;
	must(bn_workspace_open(&ws, &h->toy.env, classes, team, &err));
	return ws;
}

/* ---- the team ------------------------------------------------------------------------------------- */

static human ann, ann_elsewhere, bob;

static void person_number(uint8_t key[32], int i)
{
	uint8_t seed[8] = {(uint8_t)i, (uint8_t)(i >> 8), 77};
	bn_sha256(seed, sizeof seed, key);
}

static void team_begin(void)
{
	bn_change changes[2 + RACERS * ROUNDS] = {{.kind = BN_CHANGE_PERSON, .text = "bob"},
		{.kind = BN_CHANGE_ROLE, .role = BN_ROLE_ADMIN, .grant = true}};
	static char names[RACERS * ROUNDS][12];
	uint8_t id[32];
	toy_dir_make(&dir);
	snprintf(team, sizeof team, "%.200s/team", dir.path);
	human_make(&ann, &dir, "ann", "node1");
	human_make(&ann_elsewhere, &dir, "ann", "node2");
	human_make(&bob, &dir, "bob", "node1");
	must(bn_authority_init(&ann.toy.env, team, NULL, NULL, &err));
	human_key(&bob, changes[0].key);
	human_key(&bob, changes[1].person);
	for (int i = 0; i < RACERS * ROUNDS; i++) {
		snprintf(names[i], sizeof names[i], "p%d", i);
		changes[2 + i] = (bn_change){.kind = BN_CHANGE_PERSON, .text = names[i]};
		person_number(changes[2 + i].key, i);
	}
	const bn_link link = {.changes = changes, .n_changes = 2 + RACERS * ROUNDS};
	bn_workspace *ws = open_as(&ann);
	must(bn_authority_change(ws, &link, id, &err));
	bn_workspace_close(ws);
}

/* ---- the race ------------------------------------------------------------------------------------- */

typedef struct told {
	int rc;
	uint8_t id[32];
	char words[512], hint[256];
} told;

static int role_set(bn_workspace *ws, int i, bool grant, uint8_t id[32], bn_err *why)
{
	char person[65];
	uint8_t key[32];
	person_number(key, i);
	bn_hex(key, 32, person);
	return bn_people_set_role(ws, person, BN_ROLE_REVIEWER, grant, NULL, id, why);
}

static int grant(bn_workspace *ws, int i, uint8_t id[32], bn_err *why)
{
	return role_set(ws, i, true, id, why);
}

/* All processes have read the workspace, and grant roles to different persons at the same moment. */
static void race(const human *const *who, int round, told *all)
{
	pid_t pids[RACERS];
	int gate[2], status;
	char c;
	ck_assert_int_eq(pipe(gate), 0);
	for (int i = 0; i < RACERS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i])
			continue;
		bn_err why = BN_ERR_INIT;
		bn_workspace *ws = open_as(who[i]);
		must(bn_workspace_refresh(ws, NULL, &err));
		close(gate[1]);
		if (read(gate[0], &c, 1) != 0)
			_exit(1);
		all[i].rc = grant(ws, round * RACERS + i, all[i].id, &why);
		snprintf(all[i].words, sizeof all[i].words, "%s", why.msg);
		snprintf(all[i].hint, sizeof all[i].hint, "%s", why.hint);
		bn_workspace_close(ws);
		_exit(0);
	}
	close(gate[0]);
	usleep(100000);
	close(gate[1]);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
}

static int64_t has_role(bn_workspace *ws, int i)
{
	char person[65];
	uint8_t key[32];
	sqlite3 *db = NULL;
	person_number(key, i);
	bn_hex(key, 32, person);
	must(bn_workspace_read(&db, ws, &err));
	return bn_sql_int(db, -1,
		"SELECT count(*) FROM authority_role WHERE person = ? AND role = 'reviewer' AND "
		"to_n IS "
		"NULL",
		"s", person);
}

static void races(const human *const *who, const char *what, bool all_hold)
{
	told *all = mmap(NULL, RACERS * sizeof *all, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int held = 0, silent = 0;
	ck_assert(all != MAP_FAILED);
	team_begin();
	for (int round = 0; round < ROUNDS; round++) {
		memset(all, 0, RACERS * sizeof *all);
		race(who, round, all);
		bn_workspace *ws = open_as(&ann);
		for (int i = 0; i < RACERS; i++) {
			int64_t holds = has_role(ws, round * RACERS + i);
			held += holds == 1;
			silent += all[i].rc == 0 && holds != 1;
			ck_assert_msg(all[i].rc == 0 || strstr(all[i].hint, "repeat it"),
				"%s: %d %s", what, all[i].rc, all[i].words);
		}
		bn_workspace_close(ws);
	}
	printf("NOTE: %s: %d of %d links hold\n", what, held, RACERS * ROUNDS);
	ck_assert_msg(!silent, "%s: %d were told that a link holds which does not", what, silent);
	ck_assert_msg(!all_hold || held == RACERS * ROUNDS, "%s: %d of %d hold", what, held,
		RACERS * ROUNDS);
	munmap(all, RACERS * sizeof *all);
	toy_dir_remove(&dir);
}

START_TEST(test_processes_of_one_person_wait_for_each_other)
{
	const human *who[RACERS] = {&ann, &ann, &ann, &ann};
	races(who, "one person on one host", true);
}
END_TEST

START_TEST(test_two_hosts_of_one_home_wait_for_each_other)
{
	const human *who[RACERS] = {&ann, &ann_elsewhere, &ann, &ann_elsewhere};
	races(who, "two hosts of one home", true);
}
END_TEST

START_TEST(test_two_admins_wait_for_each_other)
{
	const human *who[RACERS] = {&ann, &bob, &ann, &bob};
	races(who, "two admins", true);
}
END_TEST

/* Signed by hand after the link `prev`, as on a host without a shared lock and with an old view. */
static void link_by_hand(bn_workspace *ws, uint32_t n, const uint8_t prev[32], int person)
{
	bn_buf text = BN_BUF_INIT;
	json_t *payload = NULL;
	bn_change c = {.kind = BN_CHANGE_ROLE, .role = BN_ROLE_REVIEWER, .grant = true};
	bn_link link = {.n = n, .changes = &c, .n_changes = 1};
	person_number(c.person, person);
	memcpy(link.prev, prev, 32);
	must(bn_authority_sign(ws, &err));
	must(bn_link_encode(&text, &link, &err));
	must(bn_json_parse(&payload, text.ptr, text.len, "link", &err));
	must(bn_workspace_append_signed(
		ws, 1, BN_AUTHORITY_LINK, BN_AUTHORITY_ENTITY, payload, prev, &err));
	must(bn_workspace_seal(ws, &err));
	json_decref(payload);
	bn_buf_release(&text);
}

static void expect_lost(bn_workspace *ws, const human *who, const char *command)
{
	uint8_t key[32];
	char person[65];
	sqlite3 *db = NULL;
	bn_lost_links lost = {0};
	human_key(who, key);
	bn_hex(key, 32, person);
	must(bn_workspace_read(&db, ws, &err));
	must(bn_lost_links_read(&lost, db, person, &err));
	ck_assert_uint_eq(lost.count, command ? 1 : 0);
	if (command) {
		ck_assert_str_eq(lost.items[0].command, command);
		ck_assert_ptr_nonnull(strstr(lost.items[0].words, "beaten by link 2"));
	}
	bn_lost_links_release(&lost);
}

START_TEST(test_link_that_loses_after_it_was_acknowledged_is_listed_until_it_is_repeated)
{
	uint8_t prev[32], id[32];
	sqlite3 *db = NULL;
	team_begin();
	bn_workspace *anns = open_as(&ann), *bobs = open_as(&bob);
	must(bn_workspace_read(&db, anns, &err));
	ck_assert_int_eq(bn_authority_newest(db, prev), 1);
	ck_assert_int_eq(grant(bobs, 0, id, &err), BN_LINK_TAKEN);
	link_by_hand(anns, 2, prev, 1);
	ck_assert_int_eq(has_role(bobs, 0), 0);
	ck_assert_int_eq(has_role(bobs, 1), 1);
	expect_lost(bobs, &bob, "binnacle role grant 'p0' reviewer");
	expect_lost(anns, &ann, NULL);
	ck_assert_int_eq(grant(bobs, 0, id, &err), BN_LINK_TAKEN);
	expect_lost(bobs, &bob, NULL);
	ck_assert_int_eq(has_role(anns, 0), 1);
	bn_workspace_close(anns);
	bn_workspace_close(bobs);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_lost_grant_of_who_decided_otherwise_since_is_not_listed)
{
	uint8_t prev[32], id[32];
	sqlite3 *db = NULL;
	team_begin();
	bn_workspace *anns = open_as(&ann), *bobs = open_as(&bob);
	must(bn_workspace_read(&db, anns, &err));
	ck_assert_int_eq(bn_authority_newest(db, prev), 1);
	ck_assert_int_eq(grant(bobs, 0, id, &err), BN_LINK_TAKEN);
	link_by_hand(anns, 2, prev, 1);
	expect_lost(bobs, &bob, "binnacle role grant 'p0' reviewer");
	/* Grants to other persons, and grants by ann: bob's may still be missing. */
	ck_assert_int_eq(grant(bobs, 2, id, &err), BN_LINK_TAKEN);
	ck_assert_int_eq(grant(anns, 0, id, &err), BN_LINK_TAKEN);
	ck_assert_int_eq(role_set(anns, 0, false, id, &err), BN_LINK_TAKEN);
	expect_lost(bobs, &bob, "binnacle role grant 'p0' reviewer");
	ck_assert_int_eq(grant(bobs, 0, id, &err), BN_LINK_TAKEN);
	ck_assert_int_eq(role_set(bobs, 0, false, id, &err), BN_LINK_TAKEN);
	ck_assert_int_eq(has_role(anns, 0), 0);
	expect_lost(bobs, &bob, NULL);
	bn_workspace_close(anns);
	bn_workspace_close(bobs);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_who_keeps_the_lock_of_the_directory_stops_nobody)
{
	uint8_t id[32];
	char root[330];
	team_begin();
	bn_workspace *ws = open_as(&ann);
	snprintf(root, sizeof root, "%s/.binnacle", team);
	FILE *held = fopen(root, "r");
	ck_assert_ptr_nonnull(held);
	ck_assert_int_eq(flock(fileno(held), LOCK_EX), 0);
	ck_assert_int_eq(grant(ws, 0, id, &err), BN_LINK_TAKEN);
	fclose(held);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/govern/link_race", test_processes_of_one_person_wait_for_each_other,
	test_two_hosts_of_one_home_wait_for_each_other, test_two_admins_wait_for_each_other,
	test_link_that_loses_after_it_was_acknowledged_is_listed_until_it_is_repeated,
	test_lost_grant_of_who_decided_otherwise_since_is_not_listed,
	test_who_keeps_the_lock_of_the_directory_stops_nobody)

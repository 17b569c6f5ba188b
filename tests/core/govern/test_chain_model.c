/*
 * test_chain_model.c - the choice among forked links (rule 5) against random attackers, with the real code.
 *
 * An honest history of a few admins ends with a removal. Attackers, the removed admin and others, have their keys
 * (some have two), sock puppet keys and perhaps the recovery key. They write links wherever they may sign, sign
 * honest links and their own, and leave records under both. Three claims:
 *
 *	a removal by a majority is not undone by any minority, even by admins who signed the removal themselves;
 *	a removal by one senior admin is not undone by any minority of admins junior to them;
 *	a minority without the most senior admin, at the end of a chain, adds no admin, and removes none who is
 *	senior to all of them.
 *
 * "Wherever": at each link on the chain where the attackers are less than half of the admins, and, for the first
 * claim, more than half of the admins have acted behind it (always the case if the admins did not change until the
 * removal); for the second claim, the admin who removed is an admin there and senior to all attackers.
 */
#include "tests/support/chain_world.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 12, LINKS_MAX = 24, PART = 3000 };

typedef struct state {
	int admins[PEOPLE], n; /* persons, most senior first */
} state;

typedef struct history {
	chain_world w;
	char ids[LINKS_MAX][4];
	state after[LINKS_MAX];    /* [0]: link 0 */
	unsigned acted[LINKS_MAX]; /* bit a: person a signed link i, or acted under it */
	int n;                     /* links on the chain, including link 0 */
	bool has_key2[PEOPLE];
	unsigned ever_removed;
} history;

static uint64_t seed;

static unsigned dice(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static bool chance(unsigned percent)
{
	return dice(100) < percent;
}

static int position(const state *s, int person)
{
	for (int i = 0; i < s->n; i++)
		if (s->admins[i] == person)
			return i;
	return -1;
}

static unsigned mask(const state *s)
{
	unsigned m = 0;
	for (int i = 0; i < s->n; i++)
		m |= 1u << s->admins[i];
	return m;
}

static int count(unsigned m)
{
	return __builtin_popcount(m);
}

static const char *key_of(const history *h, int person)
{
	static char names[4][4];
	static int next;
	char *name = names[next++ % 4];
	snprintf(name, sizeof *names, h->has_key2[person] && chance(50) ? "%c2" : "%c",
		'A' + person);
	return name;
}

/* A random majority of the admins, as a set. */
static unsigned some_majority(const state *s)
{
	unsigned m = 0;
	while (count(m) * 2 <= s->n)
		m |= 1u << s->admins[dice((unsigned)s->n)];
	return m;
}

/* "C A2 B": the author, the first one, is any of them. */
static void signers_text(const history *h, unsigned who, char out[64])
{
	int first = (int)dice(PEOPLE);
	out[0] = '\0';
	for (int i = 0; i < PEOPLE; i++) {
		int p = (first + i) % PEOPLE;
		if (who >> p & 1) {
			strcat(out, key_of(h, p));
			strcat(out, " ");
		}
	}
}

/* ---- the honest history --------------------------------------------------------------------- */

static void honest_link(history *h, unsigned by, const char *changes, const state *after)
{
	char signers[64];
	snprintf(h->ids[h->n], sizeof *h->ids, "%c%d", 'h' + (char)dice(2), h->n);
	signers_text(h, by, signers);
	world_link(&h->w, h->ids[h->n], h->ids[h->n - 1], signers, changes);
	h->after[h->n] = *after;
	h->acted[h->n] = by;
	h->acted[h->n - 1] |= by;
	h->n++;
}

static void records(history *h, unsigned percent)
{
	const state *s = &h->after[h->n - 1];
	for (int i = 0; i < s->n; i++)
		if (chance(percent)) {
			world_act_add(&h->w, key_of(h, s->admins[i]), h->ids[h->n - 1]);
			h->acted[h->n - 1] |= 1u << s->admins[i];
		}
}

static void admit(history *h, int person)
{
	state s = h->after[h->n - 1];
	unsigned by = chance(60) ? 1u << s.admins[0] : some_majority(&s);
	char change[8];
	snprintf(change, sizeof change, "+%c", 'A' + person);
	s.admins[s.n++] = person;
	honest_link(h, by, change, &s);
}

static void dismiss(history *h, int person, unsigned by)
{
	state s = h->after[h->n - 1];
	char change[16];
	int at = position(&s, person);
	snprintf(change, sizeof change, chance(50) ? "remove:%c" : "unadmin:%c", 'A' + person);
	for (int i = at; i + 1 < s.n; i++)
		s.admins[i] = s.admins[i + 1];
	s.n--;
	h->ever_removed |= 1u << person;
	honest_link(h, by, change, &s);
}

static void second_key(history *h, int person)
{
	char change[16];
	state s = h->after[h->n - 1];
	if (h->has_key2[person])
		return;
	snprintf(change, sizeof change, "key:%c:%c2", 'A' + person, 'A' + person);
	honest_link(h, 1u << person, change, &s);
	h->has_key2[person] = true;
}

/* Adds links; unless the admins must not change, some of them add or remove admins. */
static void live(history *h, int steps, bool is_stable, int *next_person)
{
	for (int i = 0; i < steps && h->n < LINKS_MAX - 2; i++) {
		const state s = h->after[h->n - 1];
		unsigned what = is_stable ? 50 + dice(50) : dice(100);
		int one = s.admins[dice((unsigned)s.n)];
		if (what < 25 && *next_person < PEOPLE)
			admit(h, (*next_person)++);
		else if (what < 35 && s.n > 3)
			dismiss(h, s.admins[1 + dice((unsigned)s.n - 1)], 1u << s.admins[0]);
		else if (what < 40 && s.n > 3)
			dismiss(h, one, some_majority(&s));
		else if (what < 60)
			second_key(h, one);
		else
			honest_link(h, 1u << one, "", &s);
		records(h, 25);
	}
}

static void begin(history *h, bool is_stable)
{
	int people = 3 + (int)dice(5), next = 1;
	*h = (history){.n = 1, .ids = {"0"}, .after = {{.admins = {0}, .n = 1}}};
	world_init(&h->w, "A");
	if (chance(40)) {
		h->w.root.has_recovery = true;
		world_bytes(h->w.root.recovery, "R");
	}
	while (next < people)
		admit(h, next++);
	live(h, (int)dice(6), is_stable, &next);
}

/* ---- the attack ----------------------------------------------------------------------------- */

typedef struct attack {
	history *h;
	unsigned who; /* persons, as bits */
	bool has_recovery;
	char where[64][4]; /* links that they may extend */
	int n_where, n_own;
} attack;

static const char *attacker_key(const attack *a)
{
	static const char *const socks[] = {"X", "Y", "Z"};
	if (chance(15))
		return socks[dice(3)];
	if (a->has_recovery && chance(20))
		return "R";
	for (;;) {
		int p = (int)dice(PEOPLE);
		if (a->who >> p & 1)
			return key_of(a->h, p);
	}
}

static void evil_change(char *out, size_t size)
{
	int p = (int)dice(8);
	static const char *const forms[] = {"remove:%c", "unadmin:%c", "admin:%c", "key:%c:X",
		"key:%c:Y", "reviewer:%c", "revoke:%c", "revoke:%c2", "cut:%c:w:1"};
	static const char *const fixed[] = {"+X", "+Y", "+X +Y +Z", "policy:1", "policy:5", "newer",
		"restored head:w:1:x", "person:X", "revoke:R"};
	if (chance(60))
		snprintf(out, size, "%s", fixed[dice(sizeof fixed / sizeof *fixed)]);
	else {
		const char *form = forms[dice(sizeof forms / sizeof *forms)];
		const char *letter = strstr(form, "%c");
		snprintf(out, size, "%.*s%c%s", (int)(letter - form), form, 'A' + p, letter + 2);
	}
}

static void evil_link(attack *a)
{
	char id[4], signers[64] = "", changes[64] = "";
	int more = (int)dice(3);
	snprintf(id, sizeof id, "%c%d", chance(50) ? '!' : 'z', a->n_own++);
	for (int i = 0; i <= more; i++) {
		strcat(signers, attacker_key(a));
		strcat(signers, " ");
	}
	for (int i = (int)dice(3); i > 0; i--) {
		char change[24];
		evil_change(change, sizeof change);
		strcat(changes, change);
		strcat(changes, " ");
	}
	world_link(&a->h->w, id, a->where[dice((unsigned)a->n_where)], signers, changes);
	memcpy(a->where[a->n_where++], id, sizeof id);
}

static void attack_run(attack *a)
{
	history *h = a->h;
	for (int i = 1 + (int)dice(8); i > 0; i--) {
		evil_link(a);
		const uint8_t *any = h->w.links[dice((unsigned)h->w.n)].id;
		if (chance(40))
			world_sign(&h->w, (const char *)any, attacker_key(a));
		if (chance(40))
			world_act_add(&h->w, attacker_key(a),
				(const char *)h->w.links[dice((unsigned)h->w.n)].id);
	}
}

/* Draws attackers, including the removed admin, who are less than half of the admins at each link in `where`; false if
 * there is no such link. */
static bool attackers_draw(
	attack *a, int removed, bool (*may)(const attack *, int at, int by), int by)
{
	history *h = a->h;
	a->who = 1u << removed;
	for (int p = 0; p < PEOPLE; p++)
		if (p != by && chance(30) && (mask(&h->after[h->n - 2]) | h->ever_removed) >> p & 1)
			a->who |= 1u << p;
	for (int i = 0; i < h->n - 1; i++) {
		const state *s = &h->after[i];
		if (count(mask(s) & a->who) * 2 < s->n && may(a, i, by))
			memcpy(a->where[a->n_where++], h->ids[i], sizeof h->ids[i]);
	}
	a->has_recovery = h->w.root.has_recovery && chance(50);
	return a->n_where > 0;
}

/* Whether more than half of the admins after link `at` have acted behind it. acted[at] also contains records under
 * `at`, which may belong to another branch, so only links from at + 1 on are counted. */
static bool most_acted(const attack *a, int at, int by)
{
	unsigned acted = 0, admins = mask(&a->h->after[at]);
	(void)by;
	for (int i = at + 1; i < a->h->n; i++) {
		acted |= a->h->acted[i] & admins;
		admins &= mask(&a->h->after[i]); /* removed later, even if admitted again */
	}
	return count(acted) * 2 > a->h->after[at].n;
}

/* The admin who removed is an admin after link `at`, and senior to all attackers. */
static bool is_senior(const attack *a, int at, int by)
{
	const state *s = &a->h->after[at];
	int rank = position(s, by);
	for (int i = 0; i < rank; i++)
		if (a->who >> s->admins[i] & 1)
			return false;
	return rank >= 0;
}

static bool is_on(chain_world *w, const char *id)
{
	bn_chain *c = world_choose(w);
	bool found = false;
	for (uint32_t i = 0; i < c->newest; i++)
		found = found || !strcmp((const char *)w->links[c->on[i]].id, id);
	bn_chain_free(c);
	return found;
}

static void explain(const attack *a, const char *id)
{
	chain_world *w = &a->h->w;
	char words[512];
	printf("undone: %s; attackers %x; R %d\n", id, a->who, a->has_recovery);
	for (size_t i = 0; i < w->n; i++) {
		const bn_chain_link *l = &w->links[i];
		printf("  %s <- %s by %s", (const char *)l->link->prev, (const char *)l->id,
			(const char *)l->author);
		for (size_t k = 0; k < l->n_signers; k++)
			printf(" %s", (const char *)l->signers[k]);
		for (size_t k = 0; k < l->link->n_changes; k++)
			printf(" [%d %s %s]", l->link->changes[k].kind,
				(const char *)l->link->changes[k].person,
				(const char *)l->link->changes[k].key);
		world_standing(w, (const char *)l->id, words, sizeof words);
		printf(": %s\n", words);
	}
	for (size_t i = 0; i < w->n_acts; i++)
		printf("  %s acts under %s\n", (const char *)w->acts[i].key,
			(const char *)w->acts[i].epoch);
}

/* The choice does not depend on the order of links and signers, or on repeated ones. */
static void shuffled_is_same(chain_world *w)
{
	char before[512], after[512];
	world_chain(w, before, sizeof before);
	world_act_add(w, "X", "0");
	for (size_t i = w->n; i > 1; i--) {
		size_t k = dice((unsigned)i);
		bn_chain_link l = w->links[i - 1];
		w->links[i - 1] = w->links[k];
		w->links[k] = l;
	}
	for (size_t i = w->n_acts; i > 1; i--) {
		size_t k = dice((unsigned)i);
		world_act act = w->acts[i - 1];
		w->acts[i - 1] = w->acts[k];
		w->acts[k] = act;
	}
	const bn_chain_link *any = &w->links[dice((unsigned)w->n)];
	if (any->n_signers)
		world_sign(w, (const char *)any->id, (const char *)any->signers[0]);
	ck_assert_str_eq(before, world_chain(w, after, sizeof after));
}

/* ---- the claims ----------------------------------------------------------------------------- */

/* The last link of the honest history is on the chain, in any order of arrival. */
static void removal_stands(const attack *a, int number)
{
	history *h = a->h;
	if (!is_on(&h->w, h->ids[h->n - 1])) {
		explain(a, h->ids[h->n - 1]);
		ck_abort_msg("attack %d undid a removal", number);
	}
	if (number % 3 == 0)
		shuffled_is_same(&h->w);
}

/* One part of the attacks, since each test has a time limit. */
static void majority_part(int part)
{
	int tried = 0;
	seed = 0x9e3779b97f4a7c15u * (unsigned)(2 * part + 1);
	while (tried < PART) {
		history h;
		begin(&h, tried % 2);
		attack a = {.h = &h};
		const state s = h.after[h.n - 1];
		int removed = s.admins[dice((unsigned)s.n)];
		if (s.n > 2) {
			dismiss(&h, removed, some_majority(&s));
			records(&h, 20);
			if (attackers_draw(&a, removed, most_acted, -1)) {
				attack_run(&a);
				removal_stands(&a, tried++);
			}
		}
		world_release(&h.w);
	}
}

static void senior_part(int part)
{
	int tried = 0;
	seed = 0xd1b54a32d192ed03u * (unsigned)(2 * part + 1);
	while (tried < PART) {
		history h;
		begin(&h, tried % 2);
		attack a = {.h = &h};
		const state s = h.after[h.n - 1];
		int rank = (int)dice((unsigned)s.n), by = s.admins[rank];
		if (rank + 1 < s.n) {
			dismiss(&h, s.admins[rank + 1 + (int)dice((unsigned)(s.n - rank - 1))],
				1u << by);
			int removed = 0;
			while (position(&s, removed) < 0 ||
				position(&h.after[h.n - 1], removed) >= 0)
				removed++;
			if (attackers_draw(&a, removed, is_senior, by)) {
				attack_run(&a);
				removal_stands(&a, tried++);
			}
		}
		world_release(&h.w);
	}
}

/* Nobody became an admin, and the admins senior to all attackers still are. */
static void seniors_stand(const attack *a, const state *before)
{
	chain_world *w = &a->h->w;
	char admins[128];
	world_admins(w, admins, sizeof admins);
	for (int i = 0; i < before->n && !(a->who >> before->admins[i] & 1); i++)
		ck_assert_msg(strchr(admins, 'A' + before->admins[i]) != NULL, "%c is gone: %s",
			'A' + before->admins[i], admins);
	for (const char *c = admins; *c; c++)
		ck_assert_msg(
			*c == ' ' || position(before, *c - 'A') >= 0, "%c is new: %s", *c, admins);
}

START_TEST(test_no_minority_of_juniors_takes_over_a_chain_at_its_end)
{
	int tried = 0;
	seed = 0xa0761d6478bd642fu;
	while (tried < PART) {
		history h;
		begin(&h, tried % 2);
		attack a = {.h = &h, .n_where = 1};
		const state s = h.after[h.n - 1];
		memcpy(a.where[0], h.ids[h.n - 1], sizeof a.where[0]);
		for (int i = 1; i < s.n; i++)
			if (chance(50) && (count(a.who) + 1) * 2 <= s.n)
				a.who |= 1u << s.admins[i];
		if (a.who && count(a.who) * 2 < s.n) {
			attack_run(&a);
			seniors_stand(&a, &s);
			tried++;
		}
		world_release(&h.w);
	}
}
END_TEST

#define MAJORITY(part) \
	START_TEST(test_no_minority_undoes_a_removal_by_a_majority_##part) \
	{ \
		majority_part(part); \
	} \
	END_TEST
#define SENIOR(part) \
	START_TEST(test_no_juniors_undo_a_removal_by_a_senior_##part) \
	{ \
		senior_part(part); \
	} \
	END_TEST

MAJORITY(1)
MAJORITY(2)
MAJORITY(3)
MAJORITY(4)
MAJORITY(5)
MAJORITY(6)
MAJORITY(7)
MAJORITY(8)
MAJORITY(9)
MAJORITY(10)
MAJORITY(11)
MAJORITY(12)
MAJORITY(13)
MAJORITY(14)
MAJORITY(15)
MAJORITY(16)
MAJORITY(17)
MAJORITY(18)
MAJORITY(19)
MAJORITY(20)
SENIOR(1)
SENIOR(2)
SENIOR(3)
SENIOR(4)
SENIOR(5)
SENIOR(6)
SENIOR(7)
SENIOR(8)
SENIOR(9)
SENIOR(10)

START_TEST(test_nothing_of_an_honest_history_is_refused)
{
	seed = 0x2545f4914f6cdd1du;
	for (int t = 0; t < PART; t++) {
		history h;
		begin(&h, t % 2);
		bn_chain *c = world_choose(&h.w);
		ck_assert_uint_eq(c->newest, (uint32_t)h.n - 1);
		ck_assert(!c->has_fork);
		for (size_t i = 0; i < h.w.n; i++)
			ck_assert_int_eq(c->standings[i], BN_CHAIN_CHOSEN);
		bn_chain_free(c);
		char got[128], want[128] = "";
		const state *s = &h.after[h.n - 1];
		for (int i = 0; i < s->n; i++)
			snprintf(want + strlen(want), sizeof want - strlen(want), "%s%c",
				i ? " " : "", 'A' + s->admins[i]);
		ck_assert_str_eq(world_admins(&h.w, got, sizeof got), want);
		world_release(&h.w);
	}
}
END_TEST

BN_TEST_MAIN("core/govern/chain (model)", test_no_minority_undoes_a_removal_by_a_majority_1,
	test_no_minority_undoes_a_removal_by_a_majority_2,
	test_no_minority_undoes_a_removal_by_a_majority_3,
	test_no_minority_undoes_a_removal_by_a_majority_4,
	test_no_minority_undoes_a_removal_by_a_majority_5,
	test_no_minority_undoes_a_removal_by_a_majority_6,
	test_no_minority_undoes_a_removal_by_a_majority_7,
	test_no_minority_undoes_a_removal_by_a_majority_8,
	test_no_minority_undoes_a_removal_by_a_majority_9,
	test_no_minority_undoes_a_removal_by_a_majority_10,
	test_no_minority_undoes_a_removal_by_a_majority_11,
	test_no_minority_undoes_a_removal_by_a_majority_12,
	test_no_minority_undoes_a_removal_by_a_majority_13,
	test_no_minority_undoes_a_removal_by_a_majority_14,
	test_no_minority_undoes_a_removal_by_a_majority_15,
	test_no_minority_undoes_a_removal_by_a_majority_16,
	test_no_minority_undoes_a_removal_by_a_majority_17,
	test_no_minority_undoes_a_removal_by_a_majority_18,
	test_no_minority_undoes_a_removal_by_a_majority_19,
	test_no_minority_undoes_a_removal_by_a_majority_20,
	test_no_juniors_undo_a_removal_by_a_senior_1, test_no_juniors_undo_a_removal_by_a_senior_2,
	test_no_juniors_undo_a_removal_by_a_senior_3, test_no_juniors_undo_a_removal_by_a_senior_4,
	test_no_juniors_undo_a_removal_by_a_senior_5, test_no_juniors_undo_a_removal_by_a_senior_6,
	test_no_juniors_undo_a_removal_by_a_senior_7, test_no_juniors_undo_a_removal_by_a_senior_8,
	test_no_juniors_undo_a_removal_by_a_senior_9, test_no_juniors_undo_a_removal_by_a_senior_10,
	test_no_minority_of_juniors_takes_over_a_chain_at_its_end,
	test_nothing_of_an_honest_history_is_refused)

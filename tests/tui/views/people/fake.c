/* fake.c - the people of the canned workspace, and its chain of authority. See fake_source.h. */
#include "tests/support/fake_source.h"

#include <stdio.h>

#define NOW BN_FAKE_NOW_MS
#define MIN (60 * 1000LL)
#define HOUR (60 * MIN)

static bn_people_key ada_keys[] = {
	{"9318de3100000000000000000000000000000000000000000000000000000001",
		"ed25519:9318de31aa00bb11"},
	{"77ab01c200000000000000000000000000000000000000000000000000000002",
		"ed25519:77ab01c2cc22dd33"}};
static bn_people_key grace_key = {
	"5c0ffee500000000000000000000000000000000000000000000000000000003",
	"ed25519:5c0ffee5ee44ff55"};
static bn_person_row persons[] = {
	{.person = "9318de3100000000000000000000000000000000000000000000000000000001",
		.name = (char *)"ada",
		.roles = 1u << BN_ROLE_VIEWER | 1u << BN_ROLE_REVIEWER | 1u << BN_ROLE_ADMIN,
		.rank = 1,
		.keys = ada_keys,
		.n_keys = 2,
		.since_ms = NOW - 90 * 24 * HOUR,
		.is_me = true},
	{.person = "5c0ffee500000000000000000000000000000000000000000000000000000003",
		.name = (char *)"grace",
		.roles = 1u << BN_ROLE_VIEWER | 1u << BN_ROLE_REVIEWER,
		.keys = &grace_key,
		.n_keys = 1,
		.since_link = 1,
		.since_ms = NOW - 60 * 24 * HOUR}};
static bn_request_row requests[] = {
	{.key = {"1111aaaa00000000000000000000000000000000000000000000000000000004",
		 "ed25519:1111aaaa66007711"},
		.name = (char *)"lin",
		.user = (char *)"lin",
		.host = (char *)"n12",
		.uid = 1004,
		.owner = 1004,
		.time_ms = NOW - 12 * MIN},
	{.key = {"2222bbbb00000000000000000000000000000000000000000000000000000005",
		 "ed25519:2222bbbb88229933"},
		.name = (char *)"grace",
		.user = (char *)"grace",
		.host = (char *)"login1",
		.uid = 1003,
		.owner = 1066,
		.time_ms = NOW - 3 * HOUR}};
static bn_people people = {
	.epoch = 2, .persons = persons, .count = 2, .requests = requests, .n_requests = 2};
static bn_link_row links[] = {{.id = {0xa1, 0xf0},
				      .n = -1,
				      .author = (char *)"grace",
				      .summary = (char *)"removes eve",
				      .words = (char *)"waits for the signature of one more admin",
				      .time_ms = NOW - HOUR,
				      .waits = true},
	{.id = {0xb2},
		.n = 2,
		.author = (char *)"ada",
		.summary = (char *)"sets the policy: 2 approvals",
		.time_ms = NOW - 24 * HOUR,
		.mine = true},
	{.id = {0xc3},
		.n = 1,
		.author = (char *)"ada",
		.summary = (char *)"admits grace; grants reviewer to grace",
		.time_ms = NOW - 60 * 24 * HOUR,
		.mine = true},
	{.id = {0xd4},
		.n = 0,
		.author = (char *)"ada",
		.summary = (char *)"founds the workspace",
		.time_ms = NOW - 90 * 24 * HOUR,
		.mine = true},
	{.id = {0xe5},
		.n = -1,
		.author = (char *)"eve",
		.summary = (char *)"grants admin to eve",
		.words = (char *)"its author was no admin under the link that it follows",
		.time_ms = NOW - 20 * 24 * HOUR}};
static bn_link_list link_list = {links, 5};
/* After an action: without the first request, the last person and the first link. */
static bn_people people_left = {
	.epoch = 2, .persons = persons, .count = 1, .requests = requests + 1, .n_requests = 1};
static bn_link_list links_left = {links + 1, 4};
static bn_late_act late_acts[] = {{.writer = (char *)"w1",
	.seq = 71,
	.kind = (char *)"model.approved",
	.entity = (char *)"model/power",
	.reason = (char *)"late: link 2 was signed without having seen it",
	.command = (char *)"binnacle model approve power/3 --reason 'gates pass, card read'",
	.time_ms = NOW - 25 * HOUR}};
static bn_late_list late_list = {late_acts, 1};

int bn_fake_authority(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_fake *fake = context;
	(void)arg;
	(void)job;
	bn_authority_page p = {.is_chained = fake->has_chain};
	if (fake->has_chain) {
		p.people = fake->is_gone ? &people_left : &people;
		p.links = fake->is_gone ? &links_left : &link_list;
		p.late = &late_list;
		p.me.has_key = true;
	}
	if (fake->has_chain && !fake->is_nobody) {
		snprintf(p.me.person, sizeof p.me.person, "%s", persons[0].person);
		snprintf(p.me.name, sizeof p.me.name, "ada");
		p.roles = persons[0].roles;
	}
	bn_authority_page *copy = bn_arena_alloc(&page->arena, sizeof p);
	if (!copy)
		return bn_err_nomem(err, "people");
	*copy = p;
	page->data = copy;
	return 0;
}

/* fake.c - a canned protection. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#include "core/base/mem.h"

int bn_fake_protection(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const char *const columns[] = {"job_id", "user_id", "group_id", "account", "power", NULL};
	static const char *const remotes[] = {"lab", "vault", NULL};
	static char *own[] = {(char *)"user_id"}, *all[] = {(char *)"user_id", (char *)"group_id"};
	static bn_protect_entry history[] = {{NOW - HOUR, 3, (char *)"lin", (char *)"{\"columns\":[\"user_id\"]}", (char *)"a ticket"},
		{NOW - 50 * HOUR, 0, (char *)"ada", (char *)"{\"class\":\"personal\",\"personal\":[\"user_id\"]}", NULL}};
	static const bn_protect_page p = {.own = {.level = BN_CLASS_PERSONAL,
						  .owner = (char *)"HPC operations",
						  .keep_days = 365,
						  .personal = own,
						  .personal_count = 1},
		.holds = {.level = BN_CLASS_RESTRICTED,
			.level_from = (char *)"contracts",
			.keep_days = 180,
			.personal = all,
			.personal_count = 2},
		.history = {history, 2},
		.ref = "jobs@v3",
		.created_ms = NOW - 100 * HOUR,
		.columns = columns,
		.remotes = remotes,
		.proposed = "account"};
	bn_fake_take(page, &p, sizeof p);
	return 0;
}

/* Keeps what was asked for. */
int bn_fake_protect(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	fake->protect = *(const bn_protect_arg *)arg;
	fake->actions++;
	page->data = bn_arena_strdup(&page->arena, "the protection of jobs is set");
	return 0;
}

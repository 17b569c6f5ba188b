/* cmd_late.c - binnacle audit late: what a signer must repeat, and how. */
#include "core/govern/bots.h"
#include "core/govern/lost.h"
#include "core/govern/rights.h"
#include "core/registry/late.h"
#include "tui/cli/_cli.h"
#include "tui/cli/verbs.h"

#include <jansson.h>

/* A link that held when it was signed, and lost against one that appeared later. */
static void warn_of_lost(bn_cli *cli)
{
	bn_self me;
	bn_lost_links lost = {0};
	sqlite3 *db = bn_workspace_index(cli->workspace);
	if (db && bn_self_read(&me, cli->workspace, db, NULL) == 0 && me.is_chained &&
		me.person[0] && bn_lost_links_read(&lost, db, me.person, NULL) == 0 && lost.count)
		bn_cli_warn(cli,
			"%zu of your links do not hold because others were made at the same time: "
			"binnacle audit late says how to repeat them",
			lost.count);
	bn_lost_links_release(&lost);
}

void bn_cli_repeat_late(bn_cli *cli)
{
	size_t n = 0, ended = 0;
	bn_err why = BN_ERR_INIT;
	if (bn_registry_repeat(cli->workspace, &n, &why) < 0)
		bn_cli_warn(cli, "cannot repeat what the newest link did not know: %s", why.msg);
	bn_err_clear(&why);
	if (bn_bots_end_due(cli->workspace, &ended, &why) < 0)
		bn_cli_warn(cli, "cannot end expired bots: %s", why.msg);
	if (ended)
		bn_cli_say(cli, "ended %zu of your bots, which had expired", ended);
	if (n)
		bn_cli_say(cli,
			"repeated %zu of your registrations, which the newest link did not know",
			n);
	warn_of_lost(cli);
}

static int run_late(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"time_ms", "WHEN", BN_AS_TIME_MS},
		{"kind", "WHAT", BN_AS_TEXT}, {"entity", "ON", BN_AS_TEXT},
		{"reason", "WHY IT DOES NOT COUNT", BN_AS_TEXT},
		{"command", "REPEAT IT WITH", BN_AS_WHOLE}, {0}};
	bn_workspace *ws = NULL;
	bn_late_list *l = NULL;
	json_t *items;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0 || (rc = bn_registry_late(&l, ws, err)) < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < l->count; i++) {
		const bn_late_act *a = &l->items[i];
		json_array_append_new(
			items, json_pack("{s:I, s:s, s:s, s:s?, s:s, s:s, s:I}", "time_ms",
				       (json_int_t)a->time_ms, "kind", a->kind, "entity", a->entity,
				       "reason", a->reason, "command", a->command, "writer",
				       a->writer, "seq", (json_int_t)a->seq));
	}
	bn_late_list_free(l);
	return bn_cli_list(cli, items, cols, "nothing that you signed was too late", err);
}

const bn_verb bn_verbs_late[] = {
	{"audit", "late", "", 0, 0,
		"what you signed too late for the next link, and how to repeat it",
		"A link of the chain of authority closes the epoch before it: what its signer had "
		"not "
		"seen does not count. Your registrations are repeated by your next command that "
		"signs; "
		"everything else is listed here, with the command, until there is nothing left to "
		"repeat. "
		"So "
		"are your links that lost against others made at the same time.",
		{"binnacle audit late", "binnacle audit late --json", NULL}, NULL, BN_VERB_LISTS,
		run_late},
	{0},
};

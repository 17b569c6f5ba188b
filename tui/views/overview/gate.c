/*
 * gate.c - the newest verdict of the project's gate (binnacle ci check): it needs the user while it is a day old at most
 * and did not pass; else it stands beside what is in use. Its line opens the candidate's run. See _overview.h.
 */
#include "core/ci/check_log.h"
#include "tui/views/overview/_overview.h"

#include <string.h>

#define A_DAY_MS (24 * 3600 * 1000LL)

/* "failed on main at 2adf5c6: error, no worse" */
static const char *words(bn_overview_gather *g, const bn_ci_checked *c)
{
	static const char *const verdicts[] = {"passed", "failed", "inconclusive"};
	bool has_failed = c->verdict == BN_CI_FAIL && c->failed[0];
	return bn_arena_strf(g->arena, "%s%s%.80s%s%.7s%s%.120s", verdicts[c->verdict],
		c->ref ? " on " : "", c->ref ? c->ref : "", c->commit ? " at " : "",
		c->commit ? c->commit : "", has_failed ? ": " : "", has_failed ? c->failed : "");
}

/* The same without the branch, for a narrow screen. */
static const char *brief_words(bn_overview_gather *g, const bn_ci_checked *c)
{
	if (c->verdict == BN_CI_FAIL && c->failed[0])
		return bn_arena_strf(g->arena, "failed: %.120s", c->failed);
	return bn_arena_strf(g->arena, "%lld passed, %lld failed, %lld open", (long long)c->passes,
		(long long)c->fails, (long long)c->inconclusives);
}

int bn_overview_gate(bn_overview_gather *g, bn_line_part part)
{
	static const bn_state states[] = {BN_STATE_OK, BN_STATE_FAIL, BN_STATE_WARN};
	bn_ci_checked *c = NULL;
	int rc = bn_ci_last_checked(&c, g->r->ws, g->err);
	if (rc < 0 || !c)
		return rc;
	bool needs = c->verdict != BN_CI_PASS && g->now_ms - c->time_ms <= A_DAY_MS;
	bn_line *l = needs == (part == BN_LINE_NEED) ? bn_overview_line(g, part, states[c->verdict])
						     : NULL;
	if (l) {
		const char *subject = c->model ? c->model : c->run_name;
		l->word = "gate";
		l->subject = bn_arena_strdup(g->arena, subject ? subject : c->run);
		l->detail = words(g, c);
		l->brief = brief_words(g, c);
		l->time_ms = c->time_ms;
		l->opens = BN_OPENS_RUN;
		l->ref = bn_arena_strdup(g->arena, c->run);
	}
	bn_ci_checked_free(c);
	return 0;
}

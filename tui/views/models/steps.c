/* steps.c - the steps in the life of a version beside the decision: asking for approval, aliases, withdrawing it, and
 * registering a run as a version. See _models.h. */
#include "tui/views/models/_models.h"
#include "tui/views/models/_sheet.h"

#include <stdio.h>
#include <string.h>

static void spec_of(const bn_version *m, char spec[BN_REF_BYTES])
{
	snprintf(spec, BN_REF_BYTES, "%.120s/%lld", m->name, (long long)m->version);
}

static bool may_ask(const bn_version *m)
{
	return m->state == BN_MODEL_REGISTERED || m->state == BN_MODEL_REJECTED;
}

static bool promote(bn_view *view, const bn_version *m)
{
	char title[160], body[400];
	if (may_ask(m)) {
		snprintf(title, sizeof title, "Ask for approval of %.60s/%lld?", m->name,
			(long long)m->version);
		bn_frame_ask(view->frame, view, BN_CMD_PROMOTE, title,
			"Its gates are checked and those who may sign see it in their inbox. Why "
			"should "
			"it be approved?",
			"ask for it");
	} else {
		snprintf(title, sizeof title, "Make %.60s/%lld the champion?", m->name,
			(long long)m->version);
		snprintf(body, sizeof body,
			"%.60s@champion means this version from now on: new comparisons are with "
			"it, and "
			"whoever serves the champion gets it with the next start. u takes it back.",
			m->name);
		bn_frame_confirm(
			view->frame, view, BN_CMD_PROMOTE, title, body, "make it champion");
	}
	return true;
}

/* Of the champion it is known which version was it before, so that can be taken back. */
static void alias_set(
	bn_view *view, const bn_version *m, const bn_version *champion, const char *alias)
{
	char what[160];
	bn_deed_arg act = {.deed = BN_DEED_ALIAS}, back = {.deed = BN_DEED_ALIAS_REMOVE};
	spec_of(m, act.ref);
	snprintf(act.reason, sizeof act.reason, "%s", alias);
	snprintf(back.reason, sizeof back.reason, "%s", alias);
	snprintf(back.ref, sizeof back.ref, "%.120s", m->name);
	if (champion) {
		back.deed = BN_DEED_ALIAS;
		spec_of(champion, back.ref);
	}
	snprintf(what, sizeof what, "the alias %.40s of %.60s", alias, m->name);
	bn_view_act(view, &act, strcmp(alias, "champion") == 0 ? &back : NULL, what);
}

static void alias_take(bn_view *view, const bn_version *m, const char *alias)
{
	char what[160];
	bn_deed_arg act = {.deed = BN_DEED_ALIAS_REMOVE}, back = {.deed = BN_DEED_ALIAS};
	spec_of(m, back.ref);
	snprintf(act.ref, sizeof act.ref, "%.120s", m->name);
	snprintf(act.reason, sizeof act.reason, "%s", alias);
	snprintf(back.reason, sizeof back.reason, "%s", alias);
	snprintf(what, sizeof what, "taking the alias %.40s off %.60s", alias, m->name);
	bn_view_act(view, &act, &back, what);
}

bool bn_version_command(bn_view *view, const bn_version *m, const bn_version *champion,
	bn_command_id id, const char *arg)
{
	char title[160];
	switch (id) {
	case BN_CMD_PROMOTE:
		return promote(view, m);
	case BN_CMD_ALIAS:
		if (!arg || !*arg) {
			bn_frame_prompt(view->frame, "alias ");
			bn_frame_message(view->frame, "which alias? -NAME takes one off");
		} else if (arg[0] == '-') {
			alias_take(view, m, arg + 1);
		} else {
			alias_set(view, m, champion, arg);
		}
		return true;
	case BN_CMD_WITHDRAW:
		snprintf(title, sizeof title, "Withdraw %.60s/%lld?", m->name,
			(long long)m->version);
		bn_frame_ask(view->frame, view, BN_CMD_WITHDRAW, title,
			"The version is removed from the lists and cannot be approved or served by "
			"its "
			"name any more; the audit log keeps it. There is no way back but "
			"registering "
			"it again. Why?",
			"withdraw it");
		return true;
	default:
		return false;
	}
}

bool bn_version_answer(bn_view *view, const bn_version *m, const bn_version *champion,
	bn_command_id id, const char *text)
{
	char spec[BN_REF_BYTES];
	spec_of(m, spec);
	switch (id) {
	case BN_CMD_PROMOTE:
		if (may_ask(m))
			bn_view_do(view, BN_DEED_ASK, spec, text, false);
		else
			alias_set(view, m, champion, "champion");
		return true;
	case BN_CMD_WITHDRAW:
		bn_view_do(view, BN_DEED_WITHDRAW, spec, text, false);
		return true;
	default:
		return false;
	}
}

bool bn_version_refuses(const bn_version *m, bn_command_id id, char *why, size_t size)
{
	if (id != BN_CMD_PROMOTE)
		return false;
	if (m->state == BN_MODEL_REQUESTED)
		snprintf(why, size, "approval is asked for; A approves");
	else if (m->state == BN_MODEL_REMOVED)
		snprintf(why, size, "it was withdrawn");
	else if (m->state == BN_MODEL_APPROVED && bn_version_is_champion(m))
		snprintf(why, size, "it is the champion: binnacle serve %s@champion", m->name);
	else
		return false;
	return true;
}

int bn_version_words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	(void)view;
	if (id != BN_CMD_ALIAS || most < 1)
		return 0;
	out[0] = "champion";
	return 1;
}

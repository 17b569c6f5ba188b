/* steps.c - the steps in the life of a version other than the decision: asking for approval, aliases, withdrawing, and
 * registering a run as a version. See _models.h. */
#include "core/base/str.h"
#include "tui/views/models/_models.h"
#include "tui/views/models/_sheet.h"

#include <stdio.h>
#include <string.h>

void bn_version_ref(char ref[BN_REF_BYTES], const bn_version *m)
{
	char spec[BN_VERSION_SPEC];
	snprintf(ref, BN_REF_BYTES, "%.*s", BN_REF_BYTES - 1, bn_version_spec(m, spec));
}

void bn_version_action(bn_action_arg *out, bn_ui_action action, const bn_version *m)
{
	*out = (bn_action_arg){.action = action};
	bn_version_ref(out->ref, m);
	snprintf(out->digest, sizeof out->digest, "%s", m->digest ? m->digest : "");
}

static bool may_ask(const bn_version *m)
{
	return m->state == BN_MODEL_REGISTERED || m->state == BN_MODEL_REJECTED;
}

/* Setting the champion can be undone, since the previous champion is known. */
static void alias_action(
	bn_version_asked *out, const bn_version *m, const bn_version *champion, const char *alias)
{
	bn_version_action(&out->act, BN_ACTION_ALIAS, m);
	snprintf(out->act.reason, sizeof out->act.reason, "%s", alias);
	out->back = (bn_action_arg){.action = BN_ACTION_ALIAS_REMOVE};
	snprintf(out->back.ref, sizeof out->back.ref, "%.*s", BN_NAME_MAX, m->name);
	if (champion)
		bn_version_action(&out->back, BN_ACTION_ALIAS, champion);
	snprintf(out->back.reason, sizeof out->back.reason, "%s", alias);
	out->has_back = strcmp(alias, "champion") == 0;
	out->measures = false;
	snprintf(out->what, sizeof out->what, "the alias %.40s of %.60s", alias, m->name);
}

static void alias_remove_action(bn_version_asked *out, const bn_version *m, const char *alias)
{
	out->act = (bn_action_arg){.action = BN_ACTION_ALIAS_REMOVE};
	snprintf(out->act.ref, sizeof out->act.ref, "%.*s", BN_NAME_MAX, m->name);
	snprintf(out->act.reason, sizeof out->act.reason, "%s", alias);
	bn_version_action(&out->back, BN_ACTION_ALIAS, m);
	snprintf(out->back.reason, sizeof out->back.reason, "%s", alias);
	out->has_back = true;
	snprintf(out->what, sizeof out->what, "removing the alias %.40s from %.60s", alias, m->name);
}

static bool promote(
	bn_view *view, bn_version_asked *asked, const bn_version *m, const bn_version *champion)
{
	char title[160], body[400];
	if (may_ask(m)) {
		bn_version_action(&asked->act, BN_ACTION_ASK, m);
		asked->has_back = asked->measures = false;
		snprintf(title, sizeof title, "Ask for approval of %.60s/%lld?", m->name,
			(long long)m->version);
		bn_frame_ask(view->frame, view, BN_CMD_PROMOTE, title,
			"Its gates are checked and those who may sign see it in their inbox. Why "
			"should "
			"it be approved?",
			"ask for it");
	} else {
		alias_action(asked, m, champion, "champion");
		snprintf(title, sizeof title, "Make %.60s/%lld the champion?", m->name,
			(long long)m->version);
		snprintf(body, sizeof body,
			"%.60s@champion means this version from now on: new comparisons are with "
			"it, and servers of the champion use it from their next start. u undoes it.",
			m->name);
		bn_frame_confirm(
			view->frame, view, BN_CMD_PROMOTE, title, body, "make it champion");
	}
	return true;
}

static void withdraw_ask(bn_view *view, bn_version_asked *asked, const bn_version *m)
{
	char title[160];
	bn_version_action(&asked->act, BN_ACTION_WITHDRAW, m);
	asked->has_back = asked->measures = false;
	snprintf(title, sizeof title, "Withdraw %.60s/%lld?", m->name, (long long)m->version);
	bn_frame_ask(view->frame, view, BN_CMD_WITHDRAW, title,
		"The version is removed from the lists and cannot be approved or served by its "
		"name any more; the audit log keeps it. It can only be registered again. Why?",
		"withdraw it");
}

bool bn_version_command(bn_view *view, bn_version_asked *asked, const bn_version *m,
	const bn_version *champion, bn_command_id id, const char *arg)
{
	bn_version_asked now = {.has_back = false};
	switch (id) {
	case BN_CMD_PROMOTE:
		return promote(view, asked, m, champion);
	case BN_CMD_ALIAS:
		if (!arg || !*arg) {
			bn_frame_prompt(view->frame, "alias ");
			bn_frame_message(view->frame, "which alias? -NAME removes one");
			return true;
		}
		if (arg[0] == '-')
			alias_remove_action(&now, m, arg + 1);
		else
			alias_action(&now, m, champion, arg);
		bn_version_answer(view, &now, NULL);
		return true;
	case BN_CMD_WITHDRAW:
		withdraw_ask(view, asked, m);
		return true;
	default:
		return false;
	}
}

void bn_version_answer(bn_view *view, bn_version_asked *asked, const char *text)
{
	if (text)
		snprintf(asked->act.reason, sizeof asked->act.reason, "%s", text);
	if (asked->measures) {
		char title[BN_REF_BYTES + 16];
		snprintf(title, sizeof title, "approve %s", asked->act.ref);
		bn_view_start(view, &(bn_job_spec){.title = title,
					    .fn = bn_view_source(view)->action,
					    .arg = &asked->act,
					    .arg_bytes = sizeof asked->act,
					    .kind = BN_KIND_ACTION});
		return;
	}
	bn_view_act(view, &asked->act, asked->has_back ? &asked->back : NULL, asked->what);
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

void bn_version_undecided(const bn_version *m, char *why, size_t size)
{
	snprintf(why, size, "only an open request can be decided; this one is %s%s",
		bn_model_state_name(m->state), may_ask(m) ? ": P asks for approval" : "");
}

bool bn_item_lacks_reproduction(const bn_inbox_item *d)
{
	for (size_t i = 0; d->gates && i < d->gates->count; i++) {
		const bn_gate_result *g = &d->gates->items[i];
		if (g->severity == BN_GATE_BLOCK && g->verdict == BN_VERDICT_INCONCLUSIVE &&
			g->claim && strstr(g->claim, "reproducible"))
			return true;
	}
	return false;
}

bool bn_item_waits_for_gates(const bn_inbox_item *d)
{
	return d->waits_for_me && !d->can_approve && d->gates && d->gates->blocked;
}

bool bn_item_refuses(const bn_inbox_item *d, bn_command_id id, char *why, size_t size)
{
	const char *run = d->version->run_id;
	if (id == BN_CMD_REJECT ? d->can_reject : d->can_approve || d->override_allowed)
		return false;
	int n = snprintf(why, size, "%.180s",
		d->why_not ? d->why_not : "the policy does not allow it");
	if (id == BN_CMD_APPROVE && run && bn_item_lacks_reproduction(d) && n > 0 && (size_t)n < size)
		snprintf(why + n, size - (size_t)n, "; :reproduce on its sheet attests it");
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

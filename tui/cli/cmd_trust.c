/* cmd_trust.c - binnacle trust: whether this is the workspace that I know. These verbs always work. */
#include "core/base/hash.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/govern/people.h"
#include "core/govern/rights.h"
#include "tui/cli/_cli.h"
#include "tui/cli/people.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* The workspace, its trust state, and what to compare. */
typedef struct known {
	bn_workspace *ws;
	bn_trust *trust;
	bn_trust_about *about; /* yours */
} known;

static int known_open(known *k, bn_cli *cli, bn_err *err)
{
	*k = (known){0};
	int rc = bn_cli_workspace(cli, &k->ws, err);
	if (rc < 0 || (rc = bn_cli_trust(&k->trust, cli, BN_ALLOWS_TRUST, err)) < 0)
		return rc;
	if (!(k->about = bn_alloc_zeroed(1, sizeof *k->about)))
		return bn_err_nomem(err, "what is known of a workspace");
	return bn_trust_about_read(k->about, k->trust, err);
}

/* ---- show ----------------------------------------------------------------------------------- */

static const char *allows_word(bn_memory_allows allows)
{
	static const char *const words[] = {"all", "reading", "trust"};
	return words[allows];
}

static const char *state_word(bn_memory_state state)
{
	static const char *const words[] = {"none", "known", "nowhere", "damaged"};
	return words[state];
}

static json_t *person_json(const bn_trust_person *p)
{
	return json_pack("{s:s, s:s}", "name", p->name, "key", p->fingerprint);
}

static json_t *findings_json(const bn_memory_verdict *v)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < v->count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s?}", "allows",
				allows_word(v->findings[i].allows), "words", v->findings[i].words,
				"hint", v->findings[i].hint, "writer", v->findings[i].writer));
	return list;
}

static json_t *memory_json(const bn_memory *m)
{
	size_t writers = 0;
	const bn_memory_answer *first = bn_memory_first(m);
	const bn_memory_link *newest = bn_memory_newest(m);
	bn_memory_heads(m, &writers);
	if (!first)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:o, s:I}", "by", first->by, "words", first->words,
		"when_ms", (json_int_t)first->when_ms, "newest_link",
		newest ? json_integer(newest->n) : json_null(), "writers", (json_int_t)writers);
}

static json_t *known_json(const known *k)
{
	const bn_trust_about *a = k->about;
	const bn_memory_verdict *v = bn_trust_verdict(k->trust);
	const bn_memory *m = bn_trust_memory(k->trust);
	json_t *admins = json_array();
	for (size_t i = 0; admins && i < a->n_admins; i++)
		json_array_append_new(admins, person_json(&a->admins[i]));
	const char *dir = bn_workspace_dir(k->ws);
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:s, s:s, s:o, s:o, "
			 "s:I, s:s}",
		"workspace", bn_json_lossy(dir, strlen(dir)), "id", bn_workspace_id(k->ws),
		"allows", allows_word(bn_trust_allows(k->trust)), "invitation",
		a->has_chain ? json_string(a->invitation) : json_null(), "newest_link",
		a->has_chain ? json_integer(a->newest) : json_null(), "founder",
		a->has_chain ? person_json(&a->founder) : json_null(), "founded_ms",
		a->has_chain ? json_integer(a->founded_ms) : json_null(), "upgraded",
		(int)a->is_upgraded, "not_vouched_for", (json_int_t)a->doubts, "admins", admins,
		"memory", state_word(bn_memory_state_of(m)), "memory_words", bn_memory_why(m),
		"remembered", memory_json(m), "findings", findings_json(v), "findings_left_out",
		(json_int_t)v->left_out, "note", bn_trust_note(k->trust));
}

static void remembered_add(bn_buf *b, const bn_cli *cli, const bn_memory *m)
{
	char when[BN_TIMESTAMP_TEXT];
	size_t writers = 0;
	const bn_memory_answer *first = bn_memory_first(m);
	const bn_memory_link *newest = bn_memory_newest(m);
	bn_memory_heads(m, &writers);
	if (!first) {
		bn_buf_addf(b, "  %-12s%s\n", "remembered",
			bn_memory_why(m)[0] ? bn_memory_why(m) : "nothing");
		return;
	}
	bn_buf_addf(b, "  %-12ssince %s, by %s%s%s%s\n", "remembered",
		bn_timestamp_short(first->when_ms * 1000000, cli->utc, when), first->by,
		first->words[0] ? " (" : "", first->words, first->words[0] ? ")" : "");
	if (newest)
		bn_buf_addf(b, "  %-12slink %u of the chain of authority, logs of %zu writer%s\n",
			"", newest->n, writers, writers == 1 ? "" : "s");
}

static void findings_add(bn_buf *b, const bn_memory_verdict *v)
{
	static const char *const titles[] = {"note", "reads only", "STOPS"};
	if (v->allows == BN_ALLOWS_ALL)
		bn_buf_addf(b, "  %-12s%s\n", "trusted", "yes");
	for (size_t i = 0; i < v->count; i++) {
		const bn_memory_finding *f = &v->findings[i];
		bn_buf_addf(b, "  %-12s%s\n", titles[f->allows], f->words);
		if (f->hint[0])
			bn_buf_addf(b, "  %-12s%s\n", "", f->hint);
	}
	if (v->left_out)
		bn_buf_addf(b, "  %-12sand %zu writers more\n", "", v->left_out);
}

static int known_text(bn_buf *b, const bn_cli *cli, const known *k, bn_err *err)
{
	bn_cli_about_add(b, cli, k->about);
	remembered_add(b, cli, bn_trust_memory(k->trust));
	findings_add(b, bn_trust_verdict(k->trust));
	return bn_buf_check(b, err, "what is known of a workspace");
}

static int run_show(bn_cli *cli, bn_err *err)
{
	known k;
	bn_buf text = BN_BUF_INIT;
	int rc = known_open(&k, cli, err);
	if (rc < 0)
		goto out;
	if (!bn_cli_is_text(cli)) {
		rc = bn_cli_document(cli, known_json(&k), err);
		goto out;
	}
	if ((rc = known_text(&text, cli, &k, err)) < 0)
		goto out;
	bn_cli_print(cli, "%s", text.ptr);
	if (bn_trust_note(k.trust)[0])
		bn_cli_warn(cli, "%s", bn_trust_note(k.trust));
out:
	bn_buf_release(&text);
	bn_free(k.about);
	return rc;
}

/* ---- accept --------------------------------------------------------------------------------- */

/* Shows what is there, and asks. */
static int look_and_confirm(bn_cli *cli, const known *k, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = known_text(&text, cli, k, err);
	if (rc < 0)
		goto out;
	bn_cli_say(cli, "%s", text.ptr);
	rc = bn_cli_confirm(cli, err, "Is this the intended workspace in the right state?");
	if (rc < 0 && k->about->has_chain)
		bn_err_hint(err, "or give the invitation: binnacle trust accept bn1:...");
out:
	bn_buf_release(&text);
	return rc;
}

static int accept(bn_cli *cli, const known *k, const char *invitation, bn_err *err)
{
	int rc = invitation ? bn_trust_compare(k->trust, invitation, err) : 0;
	if (rc < 0)
		return rc;
	/* An invitation confirms a first use. A stop means that there was more, or something else: the
	 * invitation may be older. */
	if ((!invitation || !bn_trust_asks(k->trust)) && (rc = look_and_confirm(cli, k, err)) < 0)
		return rc;
	if ((rc = bn_trust_accept(
		     k->trust, "accept", invitation ? "invitation compared" : "", err)) < 0)
		return rc;
	bn_cli_say(cli, "remembered: workspace %s in '%s'", bn_workspace_id(k->ws),
		bn_workspace_dir(k->ws));
	bn_cli_ask_admission(cli, k->ws);
	/* An installed invitation may still contradict it. */
	return bn_trust_require(k->trust, BN_ALLOWS_ALL, err);
}

static int run_accept(bn_cli *cli, bn_err *err)
{
	known k;
	const char *invitation = bn_cli_arg(cli, 0);
	int rc = known_open(&k, cli, err);
	if (rc < 0)
		goto out;
	if (bn_trust_allows(k.trust) == BN_ALLOWS_ALL && !invitation) {
		bn_cli_say(cli, "nothing to accept: this workspace needs no confirmation");
		goto out;
	}
	rc = accept(cli, &k, invitation, err);
out:
	bn_free(k.about);
	return rc;
}

/* ---- forget, restore ------------------------------------------------------------------------ */

static int run_forget(bn_cli *cli, bn_err *err)
{
	known k;
	int rc = known_open(&k, cli, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_cli_confirm(cli, err,
		     "Forget workspace %s: the next use is a first use, on all your hosts?",
		     bn_workspace_id(k.ws))) < 0)
		goto out;
	if ((rc = bn_trust_forget(k.trust, err)) < 0)
		goto out;
	bn_cli_say(cli, "forgotten: workspace %s", bn_workspace_id(k.ws));
out:
	bn_free(k.about);
	return rc;
}

static size_t count_lost(const bn_memory_verdict *v)
{
	size_t n = v->left_out;
	for (size_t i = 0; i < v->count; i++)
		n += v->findings[i].writer != NULL;
	return n;
}

/* Writers whose logs differ from what this user has seen, one per line. */
static void say_lost(bn_cli *cli, const bn_memory_verdict *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->findings[i].writer)
			bn_cli_say(cli, "  %s", v->findings[i].words);
}

/* BN_ECONFLICT if there is nothing to restore: the link would permanently claim a loss. */
static int need_lost(const bn_memory_verdict *v, bn_err *err)
{
	if (count_lost(v))
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"nothing that you have seen is lost: there is nothing to restore");
	bn_err_hint(err, "only a user who has seen the lost records can settle the loss; to see "
			 "what is missing: binnacle trust show");
	return BN_ECONFLICT;
}

static int run_restore(bn_cli *cli, bn_err *err)
{
	known k;
	const bn_change restored = {.kind = BN_CHANGE_RESTORED, .text = bn_cli_opt(cli, "reason")};
	const bn_link link = {.changes = &restored, .n_changes = 1};
	uint8_t id[BN_CHAIN_ID_BYTES];
	int rc = known_open(&k, cli, err);
	if (rc < 0)
		goto out;
	if (!restored.text || !restored.text[0]) {
		rc = bn_err_set(err, BN_EINVAL,
			"--reason is missing: it is recorded permanently in the chain of "
			"authority");
		goto out;
	}
	if ((rc = bn_trust_require(k.trust, BN_ALLOWS_READING, err)) < 0 ||
		(rc = bn_rights_may(k.ws, BN_ACT_POLICY, err)) < 0 ||
		(rc = need_lost(bn_trust_verdict(k.trust), err)) < 0)
		goto out;
	bn_cli_say(
		cli, "Settles for all readers, by a link that a majority of the admins must sign:");
	say_lost(cli, bn_trust_verdict(k.trust));
	if ((rc = bn_cli_confirm(cli, err, "Accept the present log as complete?")) < 0 ||
		(rc = bn_authority_change(k.ws, &link, id, err)) < 0)
		goto out;
	if (rc == BN_LINK_WAITS)
		bn_cli_say_waits(cli, id);
	else
		bn_cli_say(cli, "restored: link %u settles the loss", k.about->newest + 1);
	rc = 0;
out:
	bn_free(k.about);
	return rc;
}

/* ---- the chain as a list ---------------------------------------------------------------------- */

static json_t *link_json(const bn_link_row *l)
{
	char id[2 * BN_CHAIN_ID_BYTES + 1];
	bn_hex(l->id, BN_CHAIN_ID_BYTES, id);
	const char *state = l->n >= 0 ? "holds" : "beaten";
	if (l->waits)
		state = "waits";
	return json_pack("{s:s, s:o, s:s, s:s, s:I, s:s, s:s?, s:b}", "id", id, "n",
		l->n >= 0 ? json_integer(l->n) : json_null(), "state", state, "by", l->author,
		"time_ms", (json_int_t)l->time_ms, "summary", l->summary, "why", l->words, "mine",
		(int)l->mine);
}

static int run_log(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"n", "LINK", BN_AS_INT}, {"id", "ID", BN_AS_ID},
		{"state", "STATE", BN_AS_TEXT}, {"time_ms", "WHEN", BN_AS_TIME_MS},
		{"by", "BY", BN_AS_TEXT}, {"summary", "WHAT", BN_AS_TEXT},
		{"why", "REMARK", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_link_list *l = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 || (rc = bn_links_read(&l, ws, err)) < 0)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(items, link_json(&l->items[i]));
	bn_links_free(l);
	return bn_cli_list(cli, items, cols, "this workspace has no chain of authority", err);
}

/* Signs a link of another admin. */
static int sign_link(bn_cli *cli, bn_workspace *ws, const bn_link_row *l, bn_err *err)
{
	int rc;
	if (!l->waits)
		return bn_err_set(err, BN_ECONFLICT, "that link does not wait for signatures: %s",
			l->n >= 0 ? "it already holds" : l->words);
	if (l->mine)
		return bn_err_set(err, BN_ECONFLICT, "you have already signed that link");
	bn_cli_say(cli, "%s, by %s", l->summary, l->author);
	if ((rc = bn_rights_may(ws, BN_ACT_POLICY, err)) < 0 || bn_cli_dry_run(cli) ||
		(rc = bn_cli_confirm(cli, err, "Sign it?")) < 0 ||
		(rc = bn_authority_cosign(ws, l->id, err)) < 0)
		return rc;
	bn_cli_say(cli, rc == BN_LINK_WAITS ? "signed; it waits for more signatures"
					    : "signed; it now holds");
	return 0;
}

static int run_sign(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_link_list *l = NULL;
	const bn_link_row *link;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 || (rc = bn_links_read(&l, ws, err)) < 0)
		return rc;
	if ((rc = bn_links_find(&link, l, bn_cli_arg(cli, 0), err)) == 0)
		rc = sign_link(cli, ws, link, err);
	bn_links_free(l);
	return rc;
}

static const bn_opt restore_options[] = {
	{"reason", 'r', "TEXT", "what was lost, and how; recorded permanently"}, {0}};

const bn_verb bn_verbs_trust[] = {
	{"trust", "show", "", 0, 0, "whether this is the workspace that you know; its invitation",
		"Shows id, founder and admins with their keys, the invitation (bn1:...), the\n"
		"memory of the workspace, and objections.",
		{"binnacle trust show", "binnacle -C /scratch/team trust show --json", NULL}, NULL,
		BN_VERB_UNJUDGED, run_show},
	{"trust", "accept", "[INVITATION]", 0, 1, "trust this workspace in its present state",
		"An invitation (bn1:..., from an admin) is compared without a question.\n"
		"Without one, check what is shown: this also lifts a stop of any kind.",
		{"binnacle trust accept "
		 "bn1:0f8b1c2d00008000800000000000000a.0.5e884898da28047151d0e56f8dc62927",
			"binnacle trust accept", NULL},
		NULL, BN_VERB_UNJUDGED, run_accept},
	{"trust", "forget", "", 0, 0, "forget the memory of this workspace", NULL,
		{"binnacle trust forget", "binnacle trust forget --yes", NULL}, NULL,
		BN_VERB_UNJUDGED, run_forget},
	{"trust", "restore", "", 0, 0, "settle a loss of records for all readers; for admins",
		"Signs a link that accepts the present log as complete after a writer's records\n"
		"were lost. A majority of the admins must sign it.",
		{"binnacle trust restore --reason 'disk of node 7 died on May 3'",
			"binnacle trust restore --reason 'bob removed his log' --yes"},
		restore_options, BN_VERB_UNJUDGED, run_restore},
	{"trust", "log", "", 0, 0, "the chain of authority: changes, and links that wait", NULL,
		{"binnacle trust log", "binnacle trust log --json", NULL}, NULL,
		BN_VERB_UNJUDGED | BN_VERB_LISTS, run_log},
	{"trust", "sign", "LINK", 1, 1, "sign another admin's link that waits for signatures",
		"LINK: digits of its id; see binnacle trust log.",
		{"binnacle trust sign 7763411ff850", "binnacle trust sign 7763411ff850 --dry-run",
			NULL},
		NULL, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_sign},
	{0},
};

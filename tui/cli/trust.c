/*
 * trust.c - what a verb may do in the workspace it opens: core/govern/trust.h for the command line.
 *
 * A first use is confirmed once, on a terminal; --yes does not confirm it, since scripts use that for other
 * reasons. Without a terminal reading works, and a verb that needs more fails with the command that resolves
 * it.
 */
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "tui/cli/_cli.h"
#include "tui/cli/people.h"

#include <string.h>
#include <unistd.h>

enum { WARNINGS_MOST = 3 };

static bool show_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "s");
	return !bn_cli_interrupted();
}

int bn_cli_trust(bn_trust **out, bn_cli *cli, bn_memory_allows need, bn_err *err)
{
	bn_progress progress = {show_progress, cli};
	const bn_trust_options opt = {.start = cli->start_dir,
		.invitation = cli->invitation,
		.need = need,
		.progress = &progress};
	int rc = 0;
	if (!cli->trust)
		rc = bn_trust_look(&cli->trust, cli->workspace, &opt, err);
	bn_cli_progress_end(cli);
	*out = cli->trust;
	return rc;
}

/* ---- what is shown ------------------------------------------------------------------------------ */

static void say_hint(bn_cli *cli, const char *hint)
{
	if (hint[0])
		bn_cli_say(cli, "  hint: %s", hint);
}

/* Findings that do not stop the command, but deserve a line. */
static void warn_of_findings(bn_cli *cli, const bn_trust *t, bn_memory_allows need)
{
	const bn_memory_verdict *v = bn_trust_verdict(t);
	size_t said = 0;
	if (cli->quiet)
		return;
	for (size_t i = 0; i < v->count && said < WARNINGS_MOST; i++) {
		const bn_memory_finding *f = &v->findings[i];
		if (f->allows > need)
			continue;
		bn_cli_warn(cli, "%s%s", f->words,
			f->allows == BN_ALLOWS_READING ? ": reading, and runs and data of your own"
						       : "");
		say_hint(cli, f->hint);
		said++;
	}
	if (v->count + v->left_out > WARNINGS_MOST)
		bn_cli_say(cli, "  hint: `binnacle trust show` lists all %zu findings",
			v->count + v->left_out);
	if (bn_trust_note(t)[0])
		bn_cli_warn(cli, "%s", bn_trust_note(t));
}

static void person_add(bn_buf *b, const char *title, const bn_trust_person *p)
{
	bn_buf_addf(b, "  %-12s%s, key %s\n", title, p->name, p->fingerprint);
}

void bn_cli_about_add(bn_buf *b, const bn_cli *cli, const bn_trust_about *a)
{
	char when[BN_TIMESTAMP_TEXT];
	bn_buf_addf(b, "  %-12s%s\n", "path", bn_workspace_dir(cli->workspace));
	bn_buf_addf(b, "  %-12s%s\n", "id", bn_workspace_id(cli->workspace));
	if (!a->has_chain) {
		bn_buf_addf(b, "  %-12s%s\n", "authority",
			"no chain: permissions are judged by the owners of files");
		return;
	}
	person_add(b, a->is_upgraded ? "upgraded by" : "founded by", &a->founder);
	bn_buf_addf(b, "  %-12s%s\n", a->is_upgraded ? "upgraded" : "founded",
		bn_timestamp_short(a->founded_ms * 1000000, cli->utc, when));
	if (a->is_upgraded)
		bn_buf_addf(b,
			"  %-12severything before is vouched for only by %s; %zu items without a "
			"key: binnacle audit verify\n",
			"", a->founder.name, a->doubts);
	for (size_t i = 0; i < a->n_admins; i++)
		person_add(b, i ? "" : "admins", &a->admins[i]);
	bn_buf_addf(b, "  %-12s%s\n", "invitation", a->invitation);
}

/* ---- first use ---------------------------------------------------------------------------------- */

static bool can_ask(const bn_cli *cli)
{
	return bn_cli_is_text(cli) && !cli->quiet && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* One line, without surrounding blanks. */
static const char *read_answer(char *line, size_t size)
{
	if (!fgets(line, (int)size, stdin))
		line[0] = '\0';
	char *answer = line + strspn(line, " \t");
	size_t n = strlen(answer);
	while (n && strchr(" \t\r\n", answer[n - 1]))
		answer[--n] = '\0';
	return answer;
}

static int show_first_use(bn_cli *cli, const bn_trust *t, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_trust_about *about = bn_alloc_zeroed(1, sizeof *about);
	int rc = about ? bn_trust_about_read(about, t, err)
		       : bn_err_nomem(err, "what is known of a workspace");
	if (rc < 0)
		goto out;
	bn_cli_about_add(&text, cli, about);
	if ((rc = bn_buf_check(&text, err, "what is known of a workspace")) < 0)
		goto out;
	bn_cli_note(cli, "%s.", bn_trust_verdict(t)->findings[0].words);
	bn_cli_say(cli, "%s%s", text.ptr,
		about->has_chain
			? "Compare the invitation with the one that an admin gave you. Paste that "
			  "one "
			  "here to have it\ncompared, or answer yes if they are the same."
			: "Anyone could have put one there. Answer yes if you know who made it.");
	bn_stream_printf(
		&cli->err, "Use this workspace? [y/N%s] ", about->has_chain ? ", or bn1:..." : "");
	bn_stream_flush(&cli->err);
out:
	bn_buf_release(&text);
	bn_free(about);
	return rc;
}

/* Yes or a matching invitation confirms; anything else leaves it open. */
static int ask_first_use(bn_cli *cli, bn_trust *t, bn_err *err)
{
	char line[256];
	bn_err why = BN_ERR_INIT;
	int rc = show_first_use(cli, t, err);
	if (rc < 0)
		return rc;
	const char *answer = read_answer(line, sizeof line);
	bool pasted = !strncmp(answer, "bn1:", 4);
	if (pasted && (rc = bn_trust_compare(t, answer, err)) < 0)
		return rc;
	if (!pasted && strcmp(answer, "y") && strcmp(answer, "Y") && strcmp(answer, "yes"))
		return 0;
	if (bn_trust_accept(t, "terminal", pasted ? "invitation compared" : "", &why) < 0)
		bn_cli_warn(cli, "%s", why.msg);
	else
		bn_cli_say(cli,
			"Recorded. `binnacle trust show` shows it, `binnacle trust forget` undoes "
			"it.");
	bn_cli_ask_admission(cli, cli->workspace);
	return 0;
}

/* ---- a verb and its workspace ------------------------------------------------------------------- */

int bn_cli_need_trust(bn_cli *cli, bn_err *err)
{
	bn_trust *t;
	int rc = bn_cli_trust(&t, cli, BN_ALLOWS_ALL, err);
	return rc < 0 ? rc : bn_trust_require(t, BN_ALLOWS_ALL, err);
}

int bn_cli_trust_again(bn_cli *cli, bn_err *err)
{
	const bn_trust_options opt = {
		.start = cli->start_dir, .invitation = cli->invitation, .need = BN_ALLOWS_ALL};
	bn_err why = BN_ERR_INIT;
	bn_trust *t = NULL;
	if (!cli->workspace)
		return 0;
	int rc = bn_trust_look(&t, cli->workspace, &opt, &why);
	if (rc < 0)
		bn_cli_warn(cli, "%s", why.msg);
	rc = rc < 0 ? 0 : bn_trust_require(t, BN_ALLOWS_ALL, err);
	bn_trust_free(t);
	return rc;
}

int bn_cli_need_trust_of(bn_cli *cli, uid_t author, bn_err *err)
{
	return author == cli->env->uid(cli->env) ? 0 : bn_cli_need_trust(cli, err);
}

int bn_cli_judge_workspace(bn_cli *cli, bn_err *err)
{
	bn_trust *t;
	unsigned flags = cli->verb->flags;
	bn_memory_allows need = flags & BN_VERB_NEEDS_TRUST ? BN_ALLOWS_ALL : BN_ALLOWS_READING;
	if (flags & BN_VERB_UNJUDGED)
		return 0;
	int rc = bn_cli_trust(&t, cli, need, err);
	if (rc < 0)
		return rc;
	if (bn_trust_asks(t) && can_ask(cli) && (rc = ask_first_use(cli, t, err)) < 0)
		return rc;
	if ((rc = bn_trust_require(t, need, err)) < 0)
		return rc;
	warn_of_findings(cli, t, need);
	if (bn_trust_met_by_invitation(t) && !cli->dry_run)
		bn_cli_ask_admission(cli, cli->workspace);
	return 0;
}

/* cmd_bot.c - binnacle bot: keys that act for a person unattended. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/govern/bots.h"
#include "core/govern/key.h"
#include "tui/cli/verbs.h"

#include <string.h>

enum { WORDS_MOST = 64 };

static int run_bot_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"name", "BOT", BN_AS_TEXT}, {"person", "OF", BN_AS_TEXT},
		{"verbs", "MAY", BN_AS_TEXT}, {"patterns", "ON", BN_AS_TEXT},
		{"key", "KEY", BN_AS_WHOLE}, {"until_ms", "UNTIL", BN_AS_TIME_MS},
		{"ended", "ENDED", BN_AS_BOOL}, {0}};
	bn_workspace *ws = NULL;
	bn_bot_list *l = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 || (rc = bn_bots_read(&l, ws, err)) < 0)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < l->count; i++) {
		const bn_bot_row *b = &l->items[i];
		json_array_append_new(
			items, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:b}", "name",
				       b->name, "person", b->person, "verbs", b->verbs, "patterns",
				       b->patterns, "key", b->print, "until_ms",
				       b->until_ms >= 0 ? json_integer(b->until_ms) : json_null(),
				       "ended", (int)b->is_ended, "mine", (int)b->is_mine));
	}
	bn_bots_free(l);
	return bn_cli_list(cli, items, cols, "no bots; binnacle bot add creates one", err);
}

/* The words of an option that is repeated or comma-separated; NULL-terminated, yours with the texts in
 * *copies. */
static int words_option(
	bn_cli *cli, const char *name, const char **out, char **copies, size_t *n, bn_err *err)
{
	const char *value;
	for (size_t i = 0; (value = bn_cli_opt_nth(cli, name, i)); i++) {
		char *copy = bn_strdup(value), *rest = NULL;
		if (!copy || i == WORDS_MOST) {
			bn_free(copy);
			return copy ? bn_err_set(err, BN_EINVAL, "--%s: too many", name)
				    : bn_err_nomem(err, "words");
		}
		copies[i] = copy;
		for (char *w = strtok_r(copy, ", ", &rest); w; w = strtok_r(NULL, ", ", &rest)) {
			if (*n == WORDS_MOST)
				return bn_err_set(err, BN_EINVAL, "--%s: too many", name);
			out[(*n)++] = w;
		}
	}
	return 0;
}

/* --until: an instant, or a time from now on, in ms; -1 without it. */
static int until_option(bn_cli *cli, int64_t *ms, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "until");
	int64_t ns;
	*ms = -1;
	if (!text)
		return 0;
	if (bn_timestamp_parse(text, strlen(text), &ns))
		*ms = ns / 1000000;
	else if (bn_parse_duration_ns(text, &ns))
		*ms = bn_env_now_ms(bn_cli_env(cli)) + ns / 1000000;
	else
		return bn_err_set(err, BN_EINVAL,
			"--until '%s': expected a date such as 2027-01-31 or a time such as 90d",
			text);
	if (*ms <= bn_env_now_ms(bn_cli_env(cli))) /* an end before 1970 would mean no end */
		return bn_err_set(err, BN_EINVAL, "--until '%s' is in the past", text);
	return 0;
}

static int add(bn_cli *cli, const bn_bot_wish *wish, const char *file, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_key *key = NULL;
	char print[25];
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 || (rc = bn_bot_check(ws, wish, err)) < 0 ||
		(rc = bn_key_create(&key, bn_cli_env(cli), file, err)) < 0)
		return rc;
	if ((rc = bn_bot_add(ws, key, wish, err)) < 0)
		goto out;
	bn_key_fingerprint(bn_key_public(key), print);
	bn_cli_say(cli, "bot %s has key %s in %s; its programs run with BINNACLE_KEY=%s",
		wish->name, print, file, file);
out:
	bn_key_free(key);
	return rc;
}

static int run_bot_add(bn_cli *cli, bn_err *err)
{
	static const char *const all_models[] = {"*", NULL};
	const char *verbs[WORDS_MOST + 1] = {0}, *patterns[WORDS_MOST + 1] = {0};
	char *copies[2][WORDS_MOST] = {{0}};
	const char *file = bn_cli_opt(cli, "key");
	size_t n_verbs = 0, n_patterns = 0;
	char *own = NULL;
	bn_bot_wish wish = {.name = bn_cli_arg(cli, 0), .verbs = verbs, .patterns = patterns};
	int rc;
	if ((rc = words_option(cli, "may", verbs, copies[0], &n_verbs, err)) < 0 ||
		(rc = words_option(cli, "on", patterns, copies[1], &n_patterns, err)) < 0 ||
		(rc = until_option(cli, &wish.until_ms, err)) < 0)
		goto out;
	if (!n_patterns)
		wish.patterns = all_models;
	if (!file && !(file = own = bn_strf("%s.pem", wish.name))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	rc = add(cli, &wish, file, err);
out:
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < WORDS_MOST; i++)
			bn_free(copies[k][i]);
	bn_free(own);
	return rc;
}

static int run_bot_end(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_bot_end(ws, bn_cli_arg(cli, 0), err)) < 0)
		return rc;
	bn_cli_say(cli, "bot %s has ended: what it signs from now on does not count",
		bn_cli_arg(cli, 0));
	return 0;
}

static const bn_opt add_options[] = {
	{"may", 0, "ACTS", "register, request, alias, tag, attest, remove; with commas (none)"},
	{"on", 0, "GLOBS", "models and datasets by name: 'power*,cooling' (all)"},
	{"until", 0, "WHEN", "a date, or a time from now such as 90d"},
	{"key", 0, "FILE", "where the bot's new key is stored (NAME.pem)"}, {0}};

const bn_verb bn_verbs_bot[] = {
	{"bot", "ls", "", 0, 0, "keys that act for persons: servers, nightly jobs", NULL,
		{"binnacle bot ls", "binnacle bot ls --json", NULL}, NULL, BN_VERB_LISTS,
		run_bot_ls},
	{"bot", "add", "NAME", 1, 1, "create a key that acts for you unattended",
		"It acts as you, within your rights. It never approves, gives no evidence, and "
		"changes\nneither policy nor roles nor keys.",
		{"binnacle bot add nightly --may register,request --on 'power*' --until 90d",
			"binnacle bot add server --key /srv/power/server.pem", NULL},
		add_options, BN_VERB_NEEDS_TRUST, run_bot_add},
	{"bot", "end", "NAME", 1, 1, "end a bot of yours", NULL,
		{"binnacle bot end nightly", "binnacle bot end server", NULL}, NULL,
		BN_VERB_NEEDS_TRUST, run_bot_end},
	{0},
};

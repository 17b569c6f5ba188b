/*
 * cli.c - reads a command line against the verb table and runs the verb. See cli.h.
 *
 * Options may stand anywhere before "--". --name=value, --name value, -n value and -nvalue are the
 * same. A word that starts with '-' and is a number is an argument.
 */
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/govern/rights.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/inspect.h"
#include "tui/cli/_cli.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const bn_opt bn_global_options[] = {
	{"help", 'h', NULL, "show how to use this command"},
	{"version", 0, NULL, "show the version of this program"},
	{"json", 0, NULL, "results as JSON"},
	{"tsv", 0, NULL, "results as tab-separated values"},
	{"quiet", 'q', NULL, "no messages, only results and errors"},
	{"yes", 'y', NULL, "answer yes to all questions"},
	{"dry-run", 0, NULL,
		"show what would change without changing it (if the verb supports it)"},
	{"no-color", 0, NULL, "no colours (also NO_COLOR)"},
	{"utc", 0, NULL, "times in UTC instead of local"},
	{"", 'C', "DIR", "use the workspace around DIR"},
	{"trust", 0, "INVITATION", "the workspace must match this invitation (bn1:...)"},
	{"store", 0, "ADDRESS", "work on an MLflow server instead of a workspace (http://..., https://..., unix:PATH)"},
	{0},
};

const bn_opt bn_store_options[] = {
	{"token-file", 0, "FILE",
		"with --store: its token, or user:password (else MLFLOW_TRACKING_TOKEN and the like)"},
	{"cached", 0, NULL, "with --store: what is known of it here, without asking it"},
	{0},
};

/* ---- parsing -------------------------------------------------------------------------------- */

static const bn_opt *option_find(const bn_opt *table, const char *name, size_t n, char letter)
{
	for (; table && table->help; table++) {
		if (name && table->name[0] && strlen(table->name) == n &&
			!strncmp(table->name, name, n))
			return table;
		if (letter && table->letter == letter)
			return table;
	}
	return NULL;
}

static const bn_opt *list_options(const bn_verb *v)
{
	return v && v->flags & BN_VERB_LISTS ? bn_list_options : NULL;
}

static const bn_opt *store_options(const bn_verb *v)
{
	return v && v->flags & BN_VERB_REMOTE ? bn_store_options : NULL;
}

static int option_unknown(const bn_cli *cli, const char *word, bn_err *err)
{
	const char *names[64] = {NULL};
	size_t n = 0;
	const bn_opt *tables[] = {
		cli->verb ? cli->verb->options : NULL, list_options(cli->verb), bn_global_options,
		store_options(cli->verb)};
	for (size_t t = 0; t < 4; t++)
		for (const bn_opt *o = tables[t]; o && o->help && n < 63; o++)
			if (o->name[0])
				names[n++] = o->name;
	char bare[64];
	snprintf(bare, sizeof bare, "%s", word + strspn(word, "-"));
	bare[strcspn(bare, "=")] = '\0';
	const char *near = bn_nearest_word(bare, names);
	const char *other = bn_cli_other_option(cli->verb, bare);
	bn_err_set(err, BN_EINVAL, "no option '%s'", word);
	if (other)
		bn_err_hint(err, "%s", other);
	else if (near)
		bn_err_hint(err, "did you mean --%s?", near);
	return BN_EINVAL;
}

static void option_apply_global(bn_cli *cli, const bn_opt *o, const char *value)
{
	if (o->letter == 'C')
		cli->start_dir = value;
	else if (!strcmp(o->name, "trust"))
		cli->invitation = value;
	else if (!strcmp(o->name, "store"))
		cli->store = value;
	else if (!strcmp(o->name, "token-file"))
		cli->token_file = value;
	else if (!strcmp(o->name, "cached"))
		cli->cached = true;
	else if (!strcmp(o->name, "version"))
		cli->version = true;
	else if (!strcmp(o->name, "help"))
		cli->help = true;
	else if (!strcmp(o->name, "json"))
		cli->json = true;
	else if (!strcmp(o->name, "tsv"))
		cli->tsv = true;
	else if (!strcmp(o->name, "quiet"))
		cli->quiet = true;
	else if (!strcmp(o->name, "yes"))
		cli->yes = true;
	else if (!strcmp(o->name, "dry-run"))
		cli->dry_run = true;
	else if (!strcmp(o->name, "no-color")) {
		cli->no_color = true;
		cli->out.has_color = false;
	} else if (!strcmp(o->name, "utc"))
		cli->utc = true;
}

/* Reads the option at argv[*i]; advances *i when the value is the next word. */
static int option_read(bn_cli *cli, int argc, char **argv, int *i, bn_err *err)
{
	const char *word = argv[*i], *value = NULL;
	const bn_opt *own = cli->verb ? cli->verb->options : NULL, *o;
	bool global = false;
	if (word[1] == '-') {
		size_t n = strcspn(word + 2, "=");
		o = option_find(own, word + 2, n, 0);
		o = o ? o : option_find(list_options(cli->verb), word + 2, n, 0);
		if (!o && ((o = option_find(bn_global_options, word + 2, n, 0)) ||
				  (o = option_find(store_options(cli->verb), word + 2, n, 0))))
			global = true;
		if (word[2 + n] == '=')
			value = word + 3 + n;
	} else {
		o = option_find(own, NULL, 0, word[1]);
		if (!o && (o = option_find(bn_global_options, NULL, 0, word[1])))
			global = true;
		if (word[2])
			value = word + 2;
	}
	if (!o || (!o->arg && value && word[1] != '-'))
		return option_unknown(cli, word, err);
	if (!o->arg && value)
		return bn_err_set(err, BN_EINVAL, "option --%s takes no value", o->name);
	if (o->arg && !value) {
		if (*i + 1 >= argc)
			return bn_err_set(
				err, BN_EINVAL, "option %s needs a value: %s", word, o->arg);
		value = argv[++*i];
	}
	if (global) {
		option_apply_global(cli, o, value);
		return 0;
	}
	if (bn_grow(&cli->options, &cli->cap_options, cli->n_options + 1, sizeof *cli->options))
		return bn_err_nomem(err, "options");
	cli->options[cli->n_options++] = (cli_option){o->name, value ? value : ""};
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !((word[1] >= '0' && word[1] <= '9') || word[1] == '.');
}

/* Whether the option word takes the next word as its value. Before the verb is known that can only
 * be a global option or one of the workbench's. */
static bool takes_next(const bn_verb *workbench, const char *word)
{
	const bn_opt *tables[] = {
		bn_global_options, bn_store_options, workbench ? workbench->options : NULL};
	bool is_long = word[1] == '-';
	if (is_long ? strchr(word, '=') != NULL : word[2] != '\0')
		return false;
	for (size_t t = 0; t < 3; t++) {
		const bn_opt *o = option_find(tables[t], is_long ? word + 2 : NULL,
			is_long ? strlen(word + 2) : 0, is_long ? '\0' : word[1]);
		if (o)
			return o->arg != NULL;
	}
	return false;
}

/* First pass: finds the verb, looking past options and their values. */
static const bn_verb *find_verb(int argc, char **argv, int *noun_at, int *verb_at)
{
	static const char *const alone[] = {"workbench"};
	const char *words[2];
	int at[2];
	size_t n = 0, used = 0;
	const bn_verb *workbench = bn_verb_find(alone, 1, &used);
	for (int i = 1; i < argc && n < 2 && strcmp(argv[i], "--"); i++) {
		if (is_option(argv[i])) {
			i += takes_next(n == 0 ? workbench : NULL, argv[i]);
		} else {
			at[n] = i;
			words[n++] = argv[i];
		}
	}
	*noun_at = n > 0 ? at[0] : -1;
	*verb_at = -1;
	if (!n)
		return workbench;
	const bn_verb *v = bn_verb_find(words, n, &used);
	if (v && used == 2)
		*verb_at = at[1];
	return v;
}

/* A wrong word may stand before --json; its error is JSON all the same. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

static int parse(bn_cli *cli, int argc, char **argv, int *noun, bn_err *err)
{
	int noun_at, verb_at, rc = 0;
	cli->verb = find_verb(argc, argv, &noun_at, &verb_at);
	*noun = noun_at;
	for (int i = 1; i < argc && !rc; i++) {
		if (i == noun_at || i == verb_at)
			continue;
		bool rest_begins = cli->verb && (cli->verb->flags & BN_VERB_REST) &&
				   cli->verb->max_args >= 0 &&
				   (int)cli->n_args == cli->verb->max_args && !is_option(argv[i]);
		if (!strcmp(argv[i], "--") || rest_begins) {
			if (!rest_begins)
				i++;
			while (i < argc)
				cli->rest[cli->n_rest++] = argv[i++];
		} else if (is_option(argv[i])) {
			rc = option_read(cli, argc, argv, &i, err);
		} else {
			cli->args[cli->n_args++] = argv[i];
		}
	}
	if (!rc && !cli->verb && noun_at > 0) {
		const char *words[2] = {argv[noun_at], cli->n_args ? cli->args[0] : NULL};
		if (cli->help && bn_noun_summary(words[0]))
			return 0;
		return bn_cli_word_unknown(words, words[1] ? 2 : 1, err);
	}
	return rc;
}

/* ---- access --------------------------------------------------------------------------------- */

int bn_cli_nargs(const bn_cli *cli)
{
	return (int)cli->n_args;
}

const char *bn_cli_arg(const bn_cli *cli, int i)
{
	return i >= 0 && (size_t)i < cli->n_args ? cli->args[i] : NULL;
}

const char *const *bn_cli_rest(const bn_cli *cli, size_t *count)
{
	if (count)
		*count = cli->n_rest;
	return (const char *const *)cli->rest;
}

/* Looking up an option that the verb does not list would silently fail: an internal bug. */
static void check_declared(const bn_cli *cli, const char *name)
{
	BN_BUG(!option_find(cli->verb->options, name, strlen(name), 0) &&
		!option_find(list_options(cli->verb), name, strlen(name), 0));
}

const char *bn_cli_opt_nth(const bn_cli *cli, const char *name, size_t i)
{
	check_declared(cli, name);
	for (size_t k = 0; k < cli->n_options; k++)
		if (!strcmp(cli->options[k].name, name) && i-- == 0)
			return cli->options[k].value;
	return NULL;
}

const char *bn_cli_opt(const bn_cli *cli, const char *name)
{
	check_declared(cli, name);
	for (size_t k = cli->n_options; k-- > 0;)
		if (!strcmp(cli->options[k].name, name))
			return cli->options[k].value;
	return NULL;
}

bool bn_cli_flag(const bn_cli *cli, const char *name)
{
	return bn_cli_opt(cli, name) != NULL;
}

int bn_cli_opt_int(
	const bn_cli *cli, const char *name, int64_t min, int64_t max, int64_t *out, bn_err *err)
{
	const char *s = bn_cli_opt(cli, name);
	if (!s)
		return 0;
	if (!bn_parse_i64(s, strlen(s), out) || *out < min || *out > max)
		return bn_err_set(err, BN_EINVAL, "--%s %s: must be an integer from %lld to %lld",
			name, s, (long long)min, (long long)max);
	return 0;
}

int bn_cli_opt_num(
	const bn_cli *cli, const char *name, double min, double max, double *out, bn_err *err)
{
	const char *s = bn_cli_opt(cli, name);
	if (!s)
		return 0;
	if (!bn_parse_f64(s, strlen(s), out) || !(*out >= min && *out <= max))
		return bn_err_set(err, BN_EINVAL, "--%s %s: must be a number from %g to %g", name,
			s, min, max);
	return 0;
}

int bn_cli_opt_duration(const bn_cli *cli, const char *name, int64_t *ns, bn_err *err)
{
	const char *s = bn_cli_opt(cli, name);
	if (s && strcmp(s, "0") == 0) { /* without a unit too */
		*ns = 0;
		return 0;
	}
	if (s && !bn_parse_duration_ns(s, ns))
		return bn_err_set(err, BN_EINVAL,
			"--%s %s: must be a duration such as 250ms, 10s, 5m or 1h30m", name, s);
	return 0;
}

int bn_cli_opt_past(const bn_cli *cli, const char *name, int64_t *ms, bn_err *err)
{
	const char *text = bn_cli_opt(cli, name);
	int64_t ns;
	if (!text)
		return 0;
	if (bn_timestamp_parse(text, strlen(text), &ns))
		*ms = ns / 1000000;
	else if (bn_parse_duration_ns(text, &ns))
		*ms = bn_env_now_ms(bn_cli_env(cli)) - ns / 1000000;
	else
		return bn_err_set(err, BN_EINVAL,
			"--%s '%s': expected a date such as 2026-01-31T09:00 or an age such as 2h",
			name, text);
	return 0;
}

#define LEAST_BARE (1 << 20) /* bytes below this may not be given as a bare number */

int bn_cli_opt_bytes(const bn_cli *cli, const char *name, int64_t *bytes, bn_err *err)
{
	const char *s = bn_cli_opt(cli, name);
	if (s && !bn_parse_bytes(s, bytes))
		return bn_err_set(
			err, BN_EINVAL, "--%s %s: must be a size such as 512K or 1.5GiB", name, s);
	/* 8 means 8G, never 8 bytes. */
	if (s && *bytes > 0 && *bytes < LEAST_BARE && !s[strspn(s, "0123456789.")]) {
		bn_err_set(err, BN_EINVAL, "--%s %s means %lld bytes: add a unit", name, s,
			(long long)*bytes);
		bn_err_hint(err, "--%s %.20sG for GiB, --%s %.20sM for MiB", name, s, name, s);
		return BN_EINVAL;
	}
	return 0;
}

const bn_env *bn_cli_env(const bn_cli *cli)
{
	return cli->env;
}

static void workspace_close(bn_cli *cli)
{
	bn_trust_free(cli->trust);
	cli->trust = NULL;
	if (cli->mirror)
		bn_mirror_close(cli->mirror);
	else
		bn_workspace_close(cli->workspace);
	cli->mirror = NULL;
	cli->workspace = NULL;
}

int bn_cli_workspace(bn_cli *cli, bn_workspace **out, bn_err *err)
{
	const char *address;
	int rc = 0;
	if (cli->workspace)
		goto out;
	if ((rc = bn_cli_store_address(&address, cli, err)) < 0)
		return rc;
	if (address) { /* written by this user alone, and evidence for nothing: there is nothing to trust */
		rc = bn_cli_store_open(cli, address, err);
		goto out;
	}
	rc = bn_workspace_open(&cli->workspace, cli->env, bn_fold_classes, cli->start_dir, err);
	if (rc == BN_ENOTFOUND)
		bn_trust_explain_missing(cli->env, cli->start_dir, err);
	if (rc < 0)
		return rc;
	bn_rights_seal(cli->workspace);
	if ((rc = bn_cli_judge_workspace(cli, err)) < 0)
		workspace_close(cli);
	else if (cli->verb->flags & BN_VERB_NEEDS_TRUST && !cli->dry_run)
		bn_cli_repeat_late(cli);
out:
	*out = cli->workspace;
	return rc;
}

const char *bn_cli_start_dir(const bn_cli *cli)
{
	return cli->start_dir;
}

const char *bn_cli_program(const bn_cli *cli)
{
	return cli->program;
}

bool bn_cli_dry_run(const bn_cli *cli)
{
	return cli->dry_run;
}

bool bn_cli_is_json(const bn_cli *cli)
{
	return cli->json;
}

bool bn_cli_is_text(const bn_cli *cli)
{
	return !cli->json && !cli->tsv;
}

bool bn_cli_no_color(const bn_cli *cli)
{
	return cli->no_color;
}

bool bn_cli_utc(const bn_cli *cli)
{
	return cli->utc;
}

/* ---- running -------------------------------------------------------------------------------- */

static void show_error(bn_cli *cli, const bn_err *err)
{
	bn_cli_progress_end(cli);
	bn_stream_flush(&cli->out);
	if (cli->json) {
		json_t *e = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", bn_code_name(err->code),
			"message", err->msg, "hint", err->hint);
		char *text = e ? json_dumps(e, JSON_SORT_KEYS) : NULL;
		bn_stream_json(&cli->err, text ? text : "{\"error\":{}}",
			text ? strlen(text) : strlen("{\"error\":{}}"));
		bn_stream_put(&cli->err, "\n");
		free(text);
		json_decref(e);
		return;
	}
	bn_stream_printf(&cli->err, "binnacle: %s\n", err->msg);
	if (err->hint[0])
		bn_stream_printf(&cli->err, "  hint: %s\n", err->hint);
}

/* Warns that the output is incomplete. */
static void warn_of_gaps(bn_cli *cli)
{
	size_t n = 0;
	if (cli->workspace && !(cli->verb->flags & BN_VERB_NAMES_GAPS))
		n = bn_workspace_left_out(cli->workspace);
	if (n == 0)
		return;
	bn_cli_warn(cli,
		"%zu writer%s of the log %s partly left out: a segment is damaged, missing or "
		"unreadable",
		n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
	bn_stream_put(&cli->err, "  hint: `binnacle index status` lists them\n");
}

int bn_cli_warn_newer(
	bn_cli *cli, bn_workspace *ws, const char *class, const char *name, bn_err *err)
{
	char *entity = bn_strf("%s/%s", class, name), *words = NULL;
	sqlite3 *db = NULL;
	int rc;
	if (!entity) {
		rc = bn_err_nomem(err, "a name");
		goto out;
	}
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_index_newer_words(&words, db, entity, err)) < 0)
		goto out;
	if (words)
		bn_cli_warn(cli, "%s: a newer binnacle wrote %s: kept, not shown", entity, words);
out:
	bn_free(words);
	bn_free(entity);
	return rc;
}

static int run_verb(bn_cli *cli, bn_err *err)
{
	const bn_verb *v = cli->verb;
	if (cli->help)
		return bn_help_verb(cli, v);
	if ((int)cli->n_args < v->min_args ||
		(v->max_args >= 0 && (int)cli->n_args > v->max_args)) {
		bool few = (int)cli->n_args < v->min_args;
		bn_err_set(err, BN_EINVAL, "%s: %s%s%s", few ? "too few words" : "too many words",
			v->noun, v->verb ? " " : "", v->verb ? v->verb : "");
		bn_err_hint(err, "usage: binnacle %s%s%s %s", v->noun, v->verb ? " " : "",
			v->verb ? v->verb : "", v->args);
		return BN_EINVAL;
	}
	if (cli->n_rest && !(v->flags & BN_VERB_REST))
		return bn_err_set(err, BN_EINVAL, "nothing may follow '--' here");
	/* "Change nothing" is a promise: a verb that cannot keep it does not run. */
	if (cli->dry_run && !(v->flags & BN_VERB_DRY_RUN))
		return bn_err_set(err, BN_EINVAL,
			"%s%s%s does not support --dry-run: nothing was done", v->noun,
			v->verb ? " " : "", v->verb ? v->verb : "");
	if (cli->store && !(v->flags & BN_VERB_REMOTE))
		return bn_cli_store_open(cli, cli->store, err);
	if ((cli->token_file || cli->cached) && !cli->store && !bn_env_get(cli->env, "BINNACLE_STORE"))
		return bn_err_set(err, BN_EINVAL, "%s is of a store elsewhere: --store ADDRESS names it",
			cli->cached ? "--cached" : "--token-file");
	bn_settings_limit_process(cli->env);
	return v->run(cli, err);
}

static char *program_path(const char *argv0)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n <= 0)
		return bn_strdup(argv0);
	path[n] = '\0';
	return bn_strdup(path);
}

/* With --json every successful verb prints a document: one without a result says what it did. */
static int say_done(bn_cli *cli, bn_err *err)
{
	const bn_verb *v = cli->verb;
	if (!cli->json || cli->out.has_written || cli->out.is_held || (v->flags & BN_VERB_HIDDEN) ||
		!strcmp(v->noun, "workbench"))
		return 0;
	json_t *words = json_array();
	for (size_t i = 0; i < cli->n_args; i++)
		json_array_append_new(words, json_string(cli->args[i]));
	char name[64];
	snprintf(name, sizeof name, "%s%s%s", v->noun, v->verb ? " " : "", v->verb ? v->verb : "");
	return bn_cli_document(cli,
		json_pack("{s:s, s:o, s:b}", "done", name, "of", words, "dry_run", cli->dry_run),
		err);
}

/* Done, or a check's verdict: a verdict with truncated output must not be relied on. */
static bool is_answer(int rc)
{
	int status = rc ? bn_code_exit_status(rc) : 0;
	return status == 0 || status == 1 || status == 7;
}

int bn_cli_main(const bn_env *env, int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	bn_cli cli = {.env = env};
	const char *no_color = bn_env_get(env, "NO_COLOR"), *term = bn_env_get(env, "TERM");
	char *program = program_path(argv[0]);
	int rc = 0, noun_at = -1;
	cli.program = program;
	cli.no_color = no_color && *no_color;
	bn_stream_open(&cli.out, stdout);
	bn_stream_open(&cli.err, stderr);
	cli.out.has_color =
		cli.out.is_terminal && !cli.no_color && term && strcmp(term, "dumb") != 0;
	cli.args = bn_alloc_zeroed((size_t)argc + 1, sizeof *cli.args);
	cli.rest = bn_alloc_zeroed((size_t)argc + 1, sizeof *cli.rest);
	if (!cli.args || !cli.rest || !program) {
		rc = bn_err_nomem(&err, "the command line");
		goto out;
	}
	if ((rc = parse(&cli, argc, argv, &noun_at, &err))) {
		cli.json = cli.json || wants_json(argc, argv);
		goto out;
	}
	if (cli.version) {
		bn_cli_begin_text(&cli);
		bn_stream_put(&cli.out, "binnacle " BN_VERSION "\n");
		goto out;
	}
	if (!cli.verb || (cli.help && noun_at < 0)) {
		rc = noun_at > 0 ? bn_help_noun(&cli, argv[noun_at], &err) : bn_help_all(&cli);
		goto out;
	}
	bn_cli_catch_interrupts(cli.json);
	rc = run_verb(&cli, &err);
	bn_cli_progress_end(&cli);
	warn_of_gaps(&cli);
	if (rc)
		goto out;
	rc = say_done(&cli, &err);
out:
	if (rc && !err.code)
		bn_err_set(&err, rc, "failed without a message (%s)", bn_code_name(rc));
	workspace_close(&cli);
	if (!rc)
		rc = bn_cli_end_text(&cli, &err);
	if (bn_stream_flush(&cli.out) != 0 && errno != EPIPE && is_answer(rc)) {
		int errnum = errno;
		bn_err_clear(&err);
		rc = bn_err_sys(&err, BN_EIO, errnum, "cannot write the result");
	}
	if (rc)
		show_error(&cli, &err);
	bn_free(cli.args);
	bn_free(cli.rest);
	bn_free(cli.options);
	bn_buf_release(&cli.out.held);
	bn_free(program);
	return rc ? bn_err_exit_status(&err) : 0;
}

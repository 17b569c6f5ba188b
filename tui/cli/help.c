/*
 * help.c - everything generated from the verb table: help, the man page, completion.
 */
#include "core/base/buf.h"
#include "core/base/embedded.h"
#include "core/base/str.h"
#include "tui/cli/_cli.h"
#include "tui/cli/verbs.h"
#include "tui/ui/command.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *noun, *summary;
} nouns[] = {
	{"workbench", "the workbench in the terminal"},
	{"init", "make a workspace"},
	{"upgrade", "give a workspace of an older version a chain of authority"},
	{"demo", "take one model through its whole life cycle"},
	{"tour", "learn the workbench in ten steps on a demo's workspace"},
	{"doctor", "what works on this machine, and what is disabled"},
	{"data", "datasets: add, check, split, describe"},
	{"dvc", "files that a DVC repository tracks: status, pull, push, add"},
	{"suite", "checks that run at each new version of a dataset"},
	{"run", "training runs: start, watch, compare, reproduce"},
	{"experiment", "the groups that runs belong to"},
	{"remote", "places that keep copies of data"},
	{"queue", "runs waiting on this host"},
	{"log", "log to the current run"},
	{"model", "the registry: register, request, approve, verify"},
	{"predict", "predict with a model"},
	{"serve", "inference server over HTTP"},
	{"server", "tracking server for MLflow clients"},
	{"package", "container images of model versions"},
	{"endpoint", "running servers"},
	{"monitor", "drift of served models"},
	{"ci", "the pipeline of a project, its gate, and its notes on GitLab and GitHub"},
	{"user", "people of the workspace"},
	{"role", "grant and revoke roles"},
	{"bot", "keys that act for you unattended"},
	{"policy", "gates and rules of approval"},
	{"trust", "whether this is the workspace that you know: first use, invitations"},
	{"audit", "who did what, and proof that nobody changed it"},
	{"workspace", "carry a workspace, or what one model needs, elsewhere"},
	{"index", "the SQLite index, which can always be rebuilt"},
	{"cache", "cached results on this host"},
	{"gc", "remove objects that nothing names"},
	{"help", "this help"},
	{"completion", "shell completion"},
};

const char *bn_noun_summary(const char *noun)
{
	for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
		if (!strcmp(nouns[i].noun, noun))
			return nouns[i].summary;
	return NULL;
}

static void print_usage(bn_stream *out, const bn_verb *v)
{
	bn_stream_printf(out, "binnacle %s%s%s%s%s", v->noun, v->verb ? " " : "",
		v->verb ? v->verb : "", v->args[0] ? " " : "", v->args);
}

/* A list option that the verb implements itself, or does not have; an option of stores elsewhere. */
static bool is_hidden(const bn_verb *v, const bn_opt *o)
{
	bool of_lists = o >= bn_list_options && o < bn_list_options + 3;
	bool of_stores = o >= bn_store_options && o < bn_store_options + 2;
	return (of_lists && !bn_cli_lists_by(v, o->name)) || (of_stores && !(v->flags & BN_VERB_REMOTE));
}

static void print_options(bn_stream *out, const bn_verb *v, const bn_opt *o)
{
	for (; o && o->help; o++) {
		if (is_hidden(v, o))
			continue;
		char left[64], letter[5] = "    ";
		if (o->letter)
			snprintf(letter, sizeof letter, "-%c%s", o->letter,
				o->name[0] ? ", " : "  ");
		snprintf(left, sizeof left, "%s%s%s%s%s", letter, o->name[0] ? "--" : "", o->name,
			o->arg ? " " : "", o->arg ? o->arg : "");
		bn_stream_printf(out, "  %-28s %s\n", left, o->help);
	}
}

typedef struct listing {
	bn_stream *out;
	const char *noun;
	bool others; /* without the noun alone: "package MODEL" */
	size_t shown;
} listing;

static int list_verb(const bn_verb *v, void *ctx)
{
	listing *l = ctx;
	if ((v->flags & BN_VERB_HIDDEN) || strcmp(v->noun, l->noun) || (l->others && !v->verb))
		return 0;
	if (l->others && !l->shown)
		bn_stream_put(l->out, "\nalso:\n");
	char left[96];
	snprintf(left, sizeof left, "%s%s%s %s", v->noun, v->verb ? " " : "",
		v->verb ? v->verb : "", v->args);
	bn_stream_printf(l->out, "  %-38s %s\n", left, v->summary);
	l->shown++;
	return 0;
}

int bn_help_verb(bn_cli *cli, const bn_verb *v)
{
	bn_stream *out = &cli->out;
	bn_cli_begin_text(cli);
	bn_stream_printf(out, "%s\n\nusage: ", v->summary);
	print_usage(out, v);
	bool lists = v->flags & (BN_VERB_LISTS | BN_VERB_REMOTE);
	bn_stream_printf(out, "%s\n", v->options || lists ? " [options]" : "");
	if (v->details)
		bn_stream_printf(out, "\n%s\n", v->details);
	if (v->options || lists) {
		bn_stream_put(out, "\noptions:\n");
		print_options(out, v, v->options);
		print_options(out, v, bn_list_options);
		print_options(out, v, bn_store_options);
	}
	if (v->examples[0])
		bn_stream_put(out, "\nexamples:\n");
	for (size_t i = 0; i < 3 && v->examples[i]; i++)
		bn_stream_printf(out, "  %s\n", v->examples[i]);
	listing also = {out, v->noun, true, 0};
	if (!v->verb)
		bn_verbs_each(list_verb, &also);
	bn_stream_printf(out,
		"\neverywhere: --json --tsv --quiet --yes%s --no-color --utc -C DIR\n",
		v->flags & BN_VERB_DRY_RUN ? " --dry-run" : "");
	return 0;
}

int bn_help_noun(bn_cli *cli, const char *noun, bn_err *err)
{
	listing l = {&cli->out, noun, false, 0};
	const char *words[1] = {noun};
	size_t used;
	const bn_verb *single = bn_verb_find(words, 1, &used);
	if (single)
		return bn_help_verb(cli, single);
	const char *summary = bn_noun_summary(noun);
	if (!summary) {
		bn_err_set(err, BN_ENOTFOUND, "no command '%s'", noun);
		bn_err_hint(err, "see: binnacle help");
		return BN_ENOTFOUND;
	}
	bn_cli_begin_text(cli);
	bn_stream_printf(&cli->out, "binnacle %s: %s\n\n", noun, summary);
	bn_verbs_each(list_verb, &l);
	bn_stream_printf(
		&cli->out, "\nbinnacle %s VERB --help shows options and examples.\n", noun);
	return 0;
}

int bn_help_all(bn_cli *cli)
{
	bn_cli_begin_text(cli);
	bn_stream_put(&cli->out, "binnacle: the life of a machine-learning model, over SSH\n\n"
				 "usage: binnacle                     open the workbench\n"
				 "       binnacle NOUN VERB [ARGS]    do one thing and exit\n\n");
	for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
		bn_stream_printf(&cli->out, "  %-12s %s\n", nouns[i].noun, nouns[i].summary);
	bn_stream_put(&cli->out, "\noptions everywhere:\n");
	print_options(&cli->out, NULL, bn_global_options);
	bn_stream_put(&cli->out,
		"\nbinnacle help NOUN lists its verbs; binnacle help expressions and checks explain these. "
		"The first step:\nbinnacle init, or binnacle demo.\n");
	return 0;
}

/* ---- man page ------------------------------------------------------------------------------- */

/* roff: a leading '.' or '\'' and backslashes are special. */
static void man_text(bn_stream *out, const char *s)
{
	bn_buf text = BN_BUF_INIT;
	bool line_start = true;
	for (; *s; s++) {
		if (line_start && (*s == '.' || *s == '\''))
			bn_buf_adds(&text, "\\&");
		if (*s == '\\')
			bn_buf_adds(&text, "\\e");
		else if (*s == '-')
			bn_buf_adds(&text, "\\-");
		else
			bn_buf_addch(&text, *s);
		line_start = *s == '\n';
	}
	bn_stream_text(out, text.ptr ? text.ptr : "", text.len);
	bn_buf_release(&text);
}

static void man_options(bn_stream *out, const bn_verb *v, const bn_opt *o)
{
	for (; o && o->help; o++) {
		if (is_hidden(v, o))
			continue;
		bn_stream_printf(out, ".br\n\\fB\\-\\-%s\\fR%s%s: ", o->name, o->arg ? " " : "",
			o->arg ? o->arg : "");
		man_text(out, o->help);
		bn_stream_put(out, "\n");
	}
}

static int man_verb(const bn_verb *v, void *ctx)
{
	bn_stream *out = ctx;
	if (v->flags & BN_VERB_HIDDEN)
		return 0;
	bn_stream_put(out, ".TP\n.B \"");
	print_usage(out, v);
	bn_stream_put(out, "\"\n");
	man_text(out, v->summary);
	bn_stream_put(out, ".\n");
	if (v->details) {
		bn_stream_put(out, ".br\n");
		man_text(out, v->details);
		bn_stream_put(out, "\n");
	}
	man_options(out, v, v->options);
	man_options(out, v, bn_list_options);
	man_options(out, v, bn_store_options);
	for (size_t i = 0; i < 3 && v->examples[i]; i++) {
		bn_stream_put(out, ".br\nExample: \\fI");
		man_text(out, v->examples[i]);
		bn_stream_put(out, "\\fR\n");
	}
	return 0;
}

static int write_man(bn_cli *cli)
{
	bn_stream *out = &cli->out;
	bn_cli_begin_text(cli);
	bn_stream_put(out,
		".TH BINNACLE 1 \"\" \"binnacle " BN_VERSION "\" \"User Commands\"\n"
		".SH NAME\nbinnacle \\- the life of a machine\\-learning model, over SSH\n"
		".SH SYNOPSIS\n.B binnacle\n[\\fIoptions\\fR]\n.br\n.B binnacle\n"
		"\\fINOUN VERB\\fR [\\fIarguments\\fR]\n"
		".SH DESCRIPTION\nAlone,\n.B binnacle\nopens the workbench on the workspace around "
		"the "
		"working directory. With words it does one thing and exits.\n.SH OPTIONS\n");
	for (const bn_opt *o = bn_global_options; o->help; o++) {
		bn_stream_put(out, ".TP\n.B ");
		if (o->letter)
			bn_stream_printf(out, "\\-%c%s", o->letter, o->name[0] ? ", " : "");
		bn_stream_printf(out, "%s%s%s%s\n", o->name[0] ? "\\-\\-" : "", o->name,
			o->arg ? " " : "", o->arg ? o->arg : "");
		man_text(out, o->help);
		bn_stream_put(out, "\n");
	}
	bn_stream_put(out, ".SH COMMANDS\n");
	bn_verbs_each(man_verb, out);
	bn_buf keys = BN_BUF_INIT;
	bn_stream_put(out,
		".SH WORKBENCH\nEverything that a key does can be typed after ':' and scripted.\n");
	bn_command_write_man(&keys);
	bn_stream_put(out, keys.ptr);
	bn_buf_release(&keys);
	bn_stream_put(out,
		".SH EXIT STATUS\n.nf\n0 done\n1 a check, gate or test said no\n2 the command line "
		"or an "
		"input file is wrong\n3 no such thing, file or directory\n4 refused: role, policy, "
		"state or a file's mode does not allow it\n5 the file system, network or another "
		"program failed\n6 conflict or busy\n"
		"7 inconclusive: the evidence needed is missing\n130 interrupted\n.fi\n"
		".SH ENVIRONMENT\n.TP\n.B BINNACLE_HOME\nthe workspace, when it is not around the "
		"working "
		"directory\n.TP\n.B BINNACLE_BACKEND\ncpu, cuda, "
		"cuda:N (its device N) or auto\n.TP\n.B BINNACLE_KERNELS\nvariants of the CPU's "
		"operations, as adam=avx2,gemv_t=portable; portable alone is all that have "
		"it\n.TP\n.B NO_COLOR\nno "
		"colours\n");
	return 0;
}

/* ---- completion ----------------------------------------------------------------------------- */

/* Prints the possible next words, for the shells' scripts. */
typedef struct completion {
	bn_stream *out;
	const char *noun, *verb;
} completion;

static int complete_verb(const bn_verb *v, void *ctx)
{
	completion *c = ctx;
	if (v->flags & BN_VERB_HIDDEN)
		return 0;
	if (strcmp(v->noun, c->noun) != 0)
		return 0;
	bool chosen = !v->verb || (c->verb && !strcmp(c->verb, v->verb));
	if (!c->verb && v->verb)
		bn_stream_printf(c->out, "%s\n", v->verb);
	for (const bn_opt *o = chosen ? v->options : NULL; o && o->help; o++)
		bn_stream_printf(c->out, "--%s\n", o->name);
	for (const bn_opt *o = bn_list_options; chosen && o->help; o++)
		if (bn_cli_lists_by(v, o->name))
			bn_stream_printf(c->out, "--%s\n", o->name);
	for (const bn_opt *o = bn_store_options; chosen && v->flags & BN_VERB_REMOTE && o->help; o++)
		bn_stream_printf(c->out, "--%s\n", o->name);
	return 0;
}

/* Its words come after "--", so that they are not parsed as a command. */
static int run_complete(bn_cli *cli, bn_err *err)
{
	(void)err;
	size_t n = 0;
	const char *const *words = bn_cli_rest(cli, &n);
	completion c = {&cli->out, n > 0 ? words[0] : NULL, n > 1 ? words[1] : NULL};
	bn_cli_begin_text(cli);
	if (!c.noun) {
		for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
			bn_stream_printf(c.out, "%s\n", nouns[i].noun);
		return 0;
	}
	bn_verbs_each(complete_verb, &c);
	for (const bn_opt *o = bn_global_options; o->help; o++)
		if (o->name[0])
			bn_stream_printf(&cli->out, "--%s\n", o->name);
	return 0;
}

static int run_completion(bn_cli *cli, bn_err *err)
{
	static const char *const shells[] = {"bash", "zsh", "fish", NULL};
	const char *shell = bn_cli_arg(cli, 0);
	bn_cli_begin_text(cli);
	if (!strcmp(shell, "bash"))
		bn_stream_put(&cli->out,
			"_binnacle() {\n"
			"\tlocal w=() i\n"
			"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			"\t\t[[ ${COMP_WORDS[i]} == -* ]] || w+=(\"${COMP_WORDS[i]}\")\n"
			"\tdone\n"
			"\tCOMPREPLY=($(compgen -W \"$(binnacle complete -- \"${w[@]:0:2}\")\" -- "
			"\"${COMP_WORDS[COMP_CWORD]}\"))\n"
			"}\n"
			"complete -o default -F _binnacle binnacle\n");
	else if (!strcmp(shell, "zsh"))
		bn_stream_put(&cli->out, "#compdef binnacle\n"
					 "_binnacle() {\n"
					 "\tlocal -a w c\n"
					 "\tw=(${${words[2,CURRENT-1]}:#-*})\n"
					 "\tc=(${(f)\"$(binnacle complete -- ${w[1,2]})\"})\n"
					 "\tcompadd -a c || _files\n"
					 "}\n"
					 "compdef _binnacle binnacle\n");
	else if (!strcmp(shell, "fish"))
		bn_stream_put(&cli->out,
			"complete -c binnacle -a '(binnacle complete -- (string match -v -- \"-*\" "
			"(commandline -opc)[2..-1])[1..2])'\n");
	else {
		const char *near = bn_nearest_word(shell, shells);
		bn_err_set(err, BN_EINVAL, "no completion for shell '%s'", shell);
		bn_err_hint(err, "bash, zsh or fish%s%s%s", near ? "; did you mean " : "",
			near ? near : "", near ? "?" : "");
		return BN_EINVAL;
	}
	return 0;
}

/* What several verbs need, as a part of the documentation that is built into the program. */
typedef struct topic {
	const char *name, *page;
	const char *section; /* "Checks": only this one; NULL: the whole page */
} topic;

static const topic topics[] = {{"expressions", "docs/expressions.md", NULL}, {"checks", "docs/data.md", "Checks"}};
enum { TOPICS = sizeof topics / sizeof *topics };

/* Prints the text from the heading of the section to the next one. */
static void topic_print(bn_cli *cli, const char *text, const char *section)
{
	char heading[64];
	const char *from = text, *end = NULL;
	if (section) {
		snprintf(heading, sizeof heading, "\n## %s\n", section);
		from = strstr(text, heading);
		from = from ? from + 1 : text;
		end = strstr(from + 1, "\n## ");
	}
	bn_cli_begin_text(cli);
	bn_cli_print(cli, "%.*s\n", end ? (int)(end - from) : (int)strlen(from), from);
}

static bool topic_show(bn_cli *cli, const char *name)
{
	for (size_t i = 0; i < TOPICS; i++) {
		const bn_embedded_file *f = bn_embedded_get(topics[i].page);
		if (strcmp(topics[i].name, name) != 0 || !f)
			continue;
		topic_print(cli, f->data, topics[i].section);
		return true;
	}
	return false;
}

static int run_help(bn_cli *cli, bn_err *err)
{
	const char *noun = bn_cli_arg(cli, 0), *verb = bn_cli_arg(cli, 1);
	if (bn_cli_flag(cli, "man"))
		return write_man(cli);
	if (!noun)
		return bn_help_all(cli);
	if (!verb && topic_show(cli, noun))
		return 0;
	if (!verb)
		return bn_help_noun(cli, noun, err);
	const char *words[2] = {noun, verb};
	size_t used = 0;
	const bn_verb *v = bn_verb_find(words, 2, &used);
	if (!v || used != 2) {
		bn_err_set(err, BN_ENOTFOUND, "no command '%s %s'", noun, verb);
		bn_err_hint(err, "see: binnacle help %s", noun);
		return BN_ENOTFOUND;
	}
	return bn_help_verb(cli, v);
}

static const bn_opt help_options[] = {
	{"man", 0, NULL, "write the man page (roff) to stdout"},
	{0},
};

const bn_verb bn_verbs_help[] = {
	{"help", NULL, "[NOUN [VERB]|TOPIC]", 0, 2, "show help",
		"Topics: expressions (of --where, of columns and filters), checks (of data, and their "
		"patterns).",
		{"binnacle help data", "binnacle help run start", "binnacle help expressions"}, help_options,
		BN_VERB_NO_WORKSPACE, run_help},
	{"completion", NULL, "bash|zsh|fish", 1, 1, "write a shell completion script", NULL,
		{"binnacle completion bash >~/.local/share/bash-completion/completions/binnacle",
			"source <(binnacle completion zsh)"},
		NULL, BN_VERB_NO_WORKSPACE, run_completion},
	{"complete", NULL, "-- [WORDS]", 0, 0, "words that may follow (for completion scripts)",
		NULL, {NULL}, NULL, BN_VERB_HIDDEN | BN_VERB_REST, run_complete},
	{0},
};

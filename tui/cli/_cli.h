/*
 * _cli.h - the inside of bn_cli, for cli.c (parsing), words.c, out.c (results) and help.c alone.
 */
#ifndef BN_TUI_CLI_PRIVATE_H
#define BN_TUI_CLI_PRIVATE_H
#include "tui/cli/cli.h"

#include <stdio.h>

typedef struct cli_option {
	const char *name, *value; /* value "" for flags */
} cli_option;

struct bn_cli {
	const bn_env *env;
	FILE *out, *err;
	const bn_verb *verb;
	const char **args; /* positional words after the verb's own */
	size_t n_args;
	const char **rest; /* after "--", NULL-terminated */
	size_t n_rest;
	cli_option *options;
	size_t n_options, cap_options;
	const char *start_dir, *program;
	bool json, tsv, quiet, yes, dry_run, utc, color, no_color, help, version;
	bn_workspace *workspace;
	struct {
		int64_t started_ns, shown_ns;
		bool visible;
	} progress;
};

/* words.c: the error for words[0..n) that name no verb, n >= 1, with a hint at what was meant. */
int bn_cli_word_unknown(const char *const *words, size_t n, bn_err *err);

#endif

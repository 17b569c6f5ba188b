/*
 * _cli.h - the inside of bn_cli, for cli.c (parsing), words.c, trust.c and cmd_trust.c (may it be used), out.c and
 * out_table.c (results) and help.c alone.
 */
#ifndef BN_TUI_CLI_PRIVATE_H
#define BN_TUI_CLI_PRIVATE_H
#include "core/base/buf.h"
#include "tui/cli/cli.h"
#include "tui/cli/stream.h"

typedef struct cli_option {
	const char *name, *value; /* value "" for flags */
} cli_option;

struct bn_cli {
	const bn_env *env;
	bn_stream out, err;
	const bn_verb *verb;
	const char **args; /* positional words after the verb's own */
	size_t n_args;
	const char **rest; /* after "--", NULL-terminated */
	size_t n_rest;
	cli_option *options;
	size_t n_options, cap_options;
	const char *start_dir, *program, *invitation; /* invitation: of --trust, or NULL */
	bool json, tsv, quiet, yes, dry_run, utc, no_color, help, version;
	bn_workspace *workspace;
	bn_trust *trust; /* of workspace; NULL: nobody has looked */
	struct {
		int64_t started_ns, shown_ns;
		bool visible;
	} progress;
};

/* interrupt.c: from here on SIGINT and SIGTERM are heard; json: how it is told where the verb does not notice. */
void bn_cli_catch_interrupts(bool json);

/* words.c: the error for words[0..n) that name no verb, n >= 1, with a hint at what was meant. */
int bn_cli_word_unknown(const char *const *words, size_t n, bn_err *err);
/* What does it instead of an option that the verb does not have (run ls --status); NULL: nothing known. */
const char *bn_cli_other_option(const bn_verb *verb, const char *name);

/* trust.c: whether the verb may use the workspace that was opened just now; lines for people that say what there
 * is to compare. */
int bn_cli_judge_workspace(bn_cli *cli, bn_err *err);
/* cmd_late.c: registrations of who runs this that a link did not know, once more. A failure is a warning. */
void bn_cli_repeat_late(bn_cli *cli);
void bn_cli_about_add(bn_buf *b, const bn_cli *cli, const bn_trust_about *a);

/* out.c: the end of what bn_cli_begin_text began, if it did; what a key reaches in an object; a value as people read it. */
int bn_cli_end_text(bn_cli *cli, bn_err *err);
const json_t *bn_cli_value_at(const json_t *object, const char *key);
void bn_cli_add_value(bn_buf *b, const json_t *v, bn_format format, const bn_cli *cli);

/* out_list.c: --sort, --columns and --match of a verb with BN_VERB_LISTS. *items may become
 * another list (its reference is taken), *cols those in chosen. */
enum { BN_LIST_COLUMNS = 24 };
typedef struct bn_list_columns {
	bn_col cols[BN_LIST_COLUMNS + 1];
	char names[BN_LIST_COLUMNS][64];
} bn_list_columns;
/* Whether the verb leaves that option of lists to out_list.c; some have one of the name for themselves. */
bool bn_cli_lists_by(const bn_verb *v, const char *option);
int bn_cli_arrange(
	bn_cli *cli, json_t **items, const bn_col **cols, bn_list_columns *chosen, bn_err *err);

/* out_table.c: text in a field, cut where it is wider; text in lines of at most width columns, broken at blanks,
 * those after the first indented. */
void bn_cli_add_padded(bn_buf *b, const char *text, size_t width, bool right, bool last);
void bn_cli_add_wrapped(bn_buf *b, const char *text, size_t width, size_t indent);
void bn_cli_list_text(bn_cli *cli, const json_t *items, const bn_col *cols);

#endif

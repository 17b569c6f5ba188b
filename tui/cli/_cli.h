/*
 * _cli.h - internals of bn_cli, only for cli.c (parsing), words.c, trust.c and cmd_trust.c (trust), cmd_workbench.c, out.c and
 * out_table.c (results) and help.c.
 */
#ifndef BN_TUI_CLI_PRIVATE_H
#define BN_TUI_CLI_PRIVATE_H
#include "core/base/buf.h"
#include "core/mlflow/mirror.h"
#include "tui/cli/cli.h"
#include "tui/cli/stream.h"

typedef struct cli_option {
	const char *name, *value; /* value "" for flags */
} cli_option;

struct bn_cli {
	const bn_env *env;
	bn_stream out, err;
	const bn_verb *verb;
	const char **args; /* positional words after the verb */
	size_t n_args;
	const char **rest; /* after "--", NULL-terminated */
	size_t n_rest;
	cli_option *options;
	size_t n_options, cap_options;
	const char *start_dir, *program, *invitation; /* invitation: of --trust, or NULL */
	const char *store, *token_file; /* of --store and --token-file, or NULL */
	bool cached;
	bool has_new, has_all; /* the newest runs of the store were read, all of them */
	bn_mirror *mirror; /* the workspace is its; NULL: none is open */
	bn_mlflow_access access;
	bool json, tsv, quiet, yes, dry_run, utc, no_color, help, version;
	bn_workspace *workspace;
	bn_trust *trust; /* of workspace; NULL: not checked yet */
	struct {
		int64_t started_ns, shown_ns;
		bool visible;
	} progress;
};

/* interrupt.c: handles SIGINT and SIGTERM from now on; json: form of the message if the verb does not react. */
void bn_cli_catch_interrupts(bool json);
/* From now on SIGHUP does not end the program. */
void bn_cli_catch_hangup(void);
bool bn_cli_was_hung_up(void); /* whether SIGHUP came since the last call */

/* words.c: the error for words[0..n) that name no verb, n >= 1, with a suggestion. */
int bn_cli_word_unknown(const char *const *words, size_t n, bn_err *err);
/* The replacement of an option that the verb does not have (run ls --status); NULL: none known. */
const char *bn_cli_other_option(const bn_verb *verb, const char *name);

/* trust.c: whether the verb may use the workspace just opened; lines of text with what to compare. */
int bn_cli_judge_workspace(bn_cli *cli, bn_err *err);
/* cmd_late.c: repeats registrations of this user that a link did not know. A failure is a warning. */
void bn_cli_repeat_late(bn_cli *cli);
void bn_cli_about_add(bn_buf *b, const bn_cli *cli, const bn_trust_about *a);

/* out.c: ends what bn_cli_begin_text began, if any; the value of a key in an object; a value for display. */
int bn_cli_end_text(bn_cli *cli, bn_err *err);
const json_t *bn_cli_value_at(const json_t *object, const char *key);
void bn_cli_add_value(bn_buf *b, const json_t *v, bn_format format, const bn_cli *cli);

/* out_list.c: --sort, --columns and --match of a verb with BN_VERB_LISTS. *items may be
 * replaced (its reference is taken), *cols become those in chosen. */
enum { BN_LIST_COLUMNS = 24 };
typedef struct bn_list_columns {
	bn_col cols[BN_LIST_COLUMNS + 1];
	char names[BN_LIST_COLUMNS][64];
} bn_list_columns;
/* Whether the verb leaves that list option to out_list.c; some have their own of that name. */
bool bn_cli_lists_by(const bn_verb *v, const char *option);
int bn_cli_arrange(
	bn_cli *cli, json_t **items, const bn_col **cols, bn_list_columns *chosen, bn_err *err);

/* out_table.c: text in a field, truncated to its width; text in lines of at most width columns, broken at
 * blanks, indented after the first. */
void bn_cli_add_padded(bn_buf *b, const char *text, size_t width, bool right, bool last);
void bn_cli_add_wrapped(bn_buf *b, const char *text, size_t width, size_t indent);
void bn_cli_list_text(bn_cli *cli, const json_t *items, const bn_col *cols);

#endif

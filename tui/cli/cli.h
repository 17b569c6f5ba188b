/*
 * cli.h - the command line: one table of verbs, one option parser, one way to show results.
 *
 * A verb is an entry of a table (tui/cli/cmd_*.c, collected in verbs.c). The same table feeds
 * dispatch, --help, `binnacle help`, the man page, shell completion and "did you mean".
 *
 * Results go to stdout through bn_cli_list / bn_cli_object: the verb builds JSON once, and the
 * frame shows it as --json (unchanged), --tsv (raw values) or aligned text. Messages and progress
 * go to stderr. A verb returns 0 or a bn_code with err set; main turns it into the exit status and
 * prints the message. Nothing but main.c calls exit().
 *
 * Ownership: a bn_cli exists during one verb; everything borrowed from it is valid as long.
 */
#ifndef BN_TUI_CLI_H
#define BN_TUI_CLI_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/govern/trust.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_cli bn_cli;

typedef struct bn_opt {
	const char *name; /* long name without dashes */
	char letter;      /* short form, or 0 */
	const char *arg;  /* name of its value ("FILE"), or NULL for a flag */
	const char *help; /* one line */
} bn_opt;

enum {
	BN_VERB_HIDDEN = 1, /* works, but is not listed */
	BN_VERB_REST = 2, /* everything after "--" (or after the last fixed argument) is the rest */
	BN_VERB_NO_WORKSPACE = 4, /* documentation only: needs no workspace */
	BN_VERB_NAMES_GAPS = 16,  /* reports unreadable parts of the log itself */
	BN_VERB_DRY_RUN = 8,      /* supports --dry-run; the frame refuses it for other verbs */
	/* It works on a store elsewhere too (tui/cli/store.h). */
	BN_VERB_REMOTE = 256,
	BN_VERB_REMOTE_READS = 512, /* and changes nothing there: --cached is possible */
	BN_VERB_REMOTE_POINTS = 1024, /* it shows all points of the runs that it is given */
	BN_VERB_LISTS = 128, /* its result is one list: --sort, --columns and --match arrange it */
	/* The trust it needs in a workspace (core/govern/trust.h). Without a flag: that reading is
	 * allowed. */
	BN_VERB_NEEDS_TRUST =
		32, /* signs, serves, verifies, exports, removes, or runs things made by others */
	BN_VERB_UNJUDGED =
		64, /* nothing: it continues a run that this user started, repairs, or diagnoses */
};

typedef struct bn_verb {
	const char *noun, *verb; /* verb NULL for one-word commands such as `binnacle init` */
	const char *args;        /* for help: "NAME FILE..." or "" */
	int min_args, max_args;  /* max_args < 0: any number */
	const char *summary;     /* one line, no full stop */
	const char *details;     /* more lines for --help, or NULL */
	const char *examples[3]; /* two are expected: complete command lines */
	const bn_opt *options;   /* ends with {0}; NULL for none */
	unsigned flags;
	int (*run)(bn_cli *cli, bn_err *err);
} bn_verb;

/* ---- what the user gave --------------------------------------------------------------------- */

int bn_cli_nargs(const bn_cli *cli);
const char *bn_cli_arg(const bn_cli *cli, int i);                 /* NULL when there are fewer */
const char *const *bn_cli_rest(const bn_cli *cli, size_t *count); /* after "--"; NULL-terminated */
const char *bn_cli_opt(const bn_cli *cli, const char *name);      /* last value given, or NULL */
bool bn_cli_flag(const bn_cli *cli, const char *name);
/* The i-th value of an option that may be repeated, or NULL. */
const char *bn_cli_opt_nth(const bn_cli *cli, const char *name, size_t i);
/* Typed values; *out keeps its value when the option is absent. BN_EINVAL names option and form. */
int bn_cli_opt_int(
	const bn_cli *cli, const char *name, int64_t min, int64_t max, int64_t *out, bn_err *err);
int bn_cli_opt_num(
	const bn_cli *cli, const char *name, double min, double max, double *out, bn_err *err);
int bn_cli_opt_duration(const bn_cli *cli, const char *name, int64_t *ns, bn_err *err);
/* A date, or an age ("2h", "7d" before now), in ms since 1970. */
int bn_cli_opt_past(const bn_cli *cli, const char *name, int64_t *ms, bn_err *err);
int bn_cli_opt_bytes(const bn_cli *cli, const char *name, int64_t *bytes, bn_err *err);

/* KEY=VALUE, a word of the command line or of an option (NULL: none, its name is for messages). *key is yours, *value is
 * borrowed from word. BN_EINVAL. */
int bn_cli_pair(char **key, const char **value, const char *word, const char *option, bn_err *err);
/* The same for a tag; one that is removed is its key alone, and *value is NULL. */
int bn_cli_tag(char **key, const char **value, const char *word, bool remove, bn_err *err);

const bn_env *bn_cli_env(const bn_cli *cli);
/* The workspace around us (-C, BINNACLE_HOME, working directory), or the mirror of a store elsewhere, opened at the first
 * call and closed by the frame. Borrowed. At the first call it is checked against the verb's needs: BN_EREFUSED or
 * BN_ECONFLICT with the command that resolves it; a first use is confirmed on a terminal. */
int bn_cli_workspace(bn_cli *cli, bn_workspace **out, bn_err *err);
/* For needs of only some calls of a verb: 0 if the open workspace is fully trusted. */
int bn_cli_need_trust(bn_cli *cli, bn_err *err);
/* Checks again, in a long-running verb: 0, or why the workspace no longer matches the memory. If it cannot be
 * checked, that is a warning. */
int bn_cli_trust_again(bn_cli *cli, bn_err *err);
/* The same before running something written by that user; 0 if it is this user. */
int bn_cli_need_trust_of(bn_cli *cli, uid_t author, bn_err *err);
/* The trust state of the open workspace; determined at the first call, without asking. Borrowed. */
int bn_cli_trust(bn_trust **out, bn_cli *cli, bn_memory_allows need, bn_err *err);
const char *bn_cli_start_dir(const bn_cli *cli); /* -C, or NULL */
const char *bn_cli_program(
	const bn_cli *cli);             /* absolute path of this binary, to start children with */
bool bn_cli_dry_run(const bn_cli *cli); /* --dry-run */
bool bn_cli_is_json(const bn_cli *cli);
bool bn_cli_is_text(const bn_cli *cli);  /* neither --json nor --tsv */
bool bn_cli_no_color(const bn_cli *cli); /* --no-color or NO_COLOR */
bool bn_cli_utc(const bn_cli *cli);      /* --utc: times in UTC, else local */
bool bn_cli_interrupted(
	void); /* SIGINT or SIGTERM came; long work checks this and ends with BN_EINTR */

/* ---- output --------------------------------------------------------------------- */

/* How a value of the JSON result is displayed as text; --json and --tsv show it raw. null shows as
 * "-". */
typedef enum bn_format {
	BN_AS_TEXT,
	BN_AS_COUNT,   /* 1 234 567 */
	BN_AS_INT,     /* plain integer */
	BN_AS_NUM,     /* 6 significant digits */
	BN_AS_PERCENT, /* 0.123 -> 12.3 % */
	BN_AS_BYTES,
	BN_AS_DURATION, /* nanoseconds */
	BN_AS_TIME_MS,  /* milliseconds since 1970 -> date and time */
	BN_AS_AGE,      /* milliseconds since 1970 -> how long ago */
	BN_AS_BOOL,     /* yes / no */
	BN_AS_ID,       /* first 8 characters of a hex id or hash */
	BN_AS_WHOLE,    /* text that is useless in part: an id, a URL; never truncated */
	BN_AS_GROUP,    /* text shared by many rows; the first to be left out if there is no room */
	BN_AS_WORDS,    /* sentences: complete if the output is not a terminal */
	BN_AS_LONG,     /* text of any length, such as a command: truncated more than names */
} bn_format;

typedef struct bn_col {
	const char *key;   /* of the JSON object; "a.b" reaches into an object */
	const char *title; /* column head, or label of a field */
	bn_format format;
} bn_col;

/* Shows a list. On a terminal a row fits into a line: the widest text column shrinks first, down to its
 * head; before names get short, groups equal in all rows are left out, then times, with a note on stderr. A
 * text in the last column wraps. Elsewhere a text takes at most 80 columns, except the last. items: array
 * of objects (reference taken). cols ends with {0}. --json prints {"items": [...], "count": n} with every
 * key, also those without a column. empty: the message for an empty list ("no runs yet; start one with:
 * binnacle run start ..."). */
int bn_cli_list(bn_cli *cli, json_t *items, const bn_col *cols, const char *empty, bn_err *err);
/* Shows one object as labelled lines. object: reference taken. */
int bn_cli_object(bn_cli *cli, json_t *object, const bn_col *fields, bn_err *err);
/* Prints JSON unchanged in every output form (for results that are documents). Reference taken.
 */
int bn_cli_document(bn_cli *cli, json_t *document, bn_err *err);

/* Prints text on stdout; nothing with --json or --tsv. It may contain untrusted names and notes: '?'
 * replaces what is not shown (core/base/shown.h, stream.h). The same holds for lists, objects and messages;
 * --json escapes such characters. */
void bn_cli_print(bn_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same in a role: "bold", "dim", "good", "bad", "warn". Plain where colours are off. */
void bn_cli_print_in(bn_cli *cli, const char *role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An untrusted text as one line, in a field of that many terminal columns: negative aligns to the right; wider
 * text is not truncated. role as above, or NULL; text NULL: "-". */
void bn_cli_print_field(bn_cli *cli, const char *role, const char *text, int width);
/* The verb's further output is its result as plain text: with --json it becomes the document {"text": ...}. */
void bn_cli_begin_text(bn_cli *cli);
/* The content of a file or output of a program (a run's log, a card, CSV), in every form: unchanged into a file
 * or a pipe, on a terminal as with bn_cli_print. Pieces end with a complete character. */
void bn_cli_write_data(bn_cli *cli, const void *bytes, size_t n);
/* Unchanged on a terminal too: only for `run log --raw`. */
void bn_cli_write_raw(bn_cli *cli, const void *bytes, size_t n);
/* A line on stderr, unless --quiet. */
void bn_cli_say(bn_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a longer line: on a terminal it wraps at blanks. At most 511 bytes. */
void bn_cli_note(bn_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bn_cli_warn(bn_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Warns if the entity "class/name" has records of a newer binnacle, so the output is incomplete. */
int bn_cli_warn_newer(
	bn_cli *cli, bn_workspace *ws, const char *class, const char *name, bn_err *err);
/* Progress on stderr if that is a terminal and the work has lasted over a second: n/N, rate, ETA.
 * total 0: unknown. unit "rows", "B" (shown as bytes). Call as often as you like. */
void bn_cli_progress(
	bn_cli *cli, const char *what, uint64_t done, uint64_t total, const char *unit);
void bn_cli_progress_end(bn_cli *cli);
/* The same as a bn_progress (bytes): it stops at Ctrl-C. */
bn_progress bn_cli_watch(bn_cli *cli);
/* Asks on the terminal; default No. --yes answers; without a terminal and --yes: BN_EREFUSED. */
int bn_cli_confirm(bn_cli *cli, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- frame (main.c, tests) ------------------------------------------------------------------ */

/* Runs a whole command line and returns the exit status. No words at all open the workbench. */
int bn_cli_main(const bn_env *env, int argc, char **argv);

#endif

/*
 * command.h - the one table of everything the workbench can be told to do.
 *
 * Each line has: id, the name typed after ':', the keys, flags, the views where it means something,
 * and one line of help. Dispatch, ':' completion, the '?' list, the key bar, the manual page and
 * the tests all read this table; nothing else names a key.
 *
 * A key may stand in several lines as long as no view has two of them; a test holds that.
 */
#ifndef BN_TUI_UI_COMMAND_H
#define BN_TUI_UI_COMMAND_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_CMD_DESTRUCTIVE 1u /* asks first, naming object and effect */
#define BN_CMD_ARGUMENT 2u    /* takes the rest of the ':' line */
#define BN_CMD_WRITES 4u      /* refused with --readonly */
#define BN_CMD_BAR 8u         /* worth a place in the key bar */
#define BN_CMD_MOTION 16u     /* moves the selection; handled by the table of the view */

/* Every kind of screen: id, what it is called, whether it is a list with a table (tui/ui/grid.h). */
#define BN_VIEWS(X) \
	X(OVERVIEW, "Overview (1)", 0) \
	X(DATA, "Data (2)", 1) \
	X(VERSIONS, "the versions of a dataset", 1) \
	X(ROWS, "rows", 1) \
	X(PROFILE, "a profile", 1) \
	X(FREQUENCY, "frequencies", 1) \
	X(CHECKS, "checks", 1) \
	X(RUNS, "Runs (3)", 1) \
	X(RUN, "a run", 0) \
	X(COMPARE, "a comparison", 1) \
	X(MODELS, "Models (4)", 1) \
	X(MODEL, "a model", 0) \
	X(MONITOR, "Monitor (6)", 1) \
	X(FEATURE, "a feature", 1) \
	X(AUDIT, "Audit (9)", 1) \
	X(DETAIL, "details", 0) \
	X(JOBS, "jobs (B)", 1) \
	X(JOB, "a job", 0) \
	X(FINDINGS, "findings", 1) \
	X(ENDPOINTS, "servers (:endpoints)", 1) \
	X(ENDPOINT, "a server", 0) \
	X(PEOPLE, "people (:people)", 1) \
	X(CHAIN, "the chain (:chain)", 1) \
	X(LATE, "late acts (:late)", 1)

typedef enum bn_screen_kind {
#define X(id, title, is_list) BN_SCREEN_##id,
	BN_VIEWS(X)
#undef X
		BN_SCREEN_COUNT
} bn_screen_kind;

/* Kinds of screens, a bit each. */
typedef uint64_t bn_view_set;
_Static_assert(BN_SCREEN_COUNT < 64, "a bn_view_set has a bit for each kind of screen");

#define BN_ON(id) (UINT64_C(1) << BN_SCREEN_##id)
#define BN_ON_ALL ((UINT64_C(1) << BN_SCREEN_COUNT) - 1)
#define BN_ON_IF_LIST(id, title, is_list) | ((is_list) ? BN_ON(id) : 0)
#define BN_ON_TABLES (UINT64_C(0) BN_VIEWS(BN_ON_IF_LIST))

#define BN_COMMANDS(X) \
	X(OPEN, "open", "Enter", BN_CMD_BAR, BN_ON_ALL, "open what is selected") \
	X(BACK, "back", "Esc q Backspace", 0, BN_ON_ALL, "clear the filter, or go back one step") \
	X(DESCRIBE, "describe", "I", BN_CMD_BAR, BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(ROWS), \
		"profile: missing, distinct, quantiles and a histogram of each column") \
	X(FREQUENCY, "frequency", "F", BN_CMD_BAR, BN_ON(ROWS) | BN_ON(PROFILE), \
		"how often each value of the column occurs") \
	X(CHECKS, "checks", "V", BN_CMD_BAR, BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(ROWS), \
		"expectations checked on this data, with failing rows") \
	X(CHECK, "check", "", BN_CMD_ARGUMENT | BN_CMD_WRITES, BN_ON(CHECKS), \
		"check this version again, by the suite used last or by a file: :check " \
		"SUITE.json") \
	X(ADD, "add", "", BN_CMD_ARGUMENT | BN_CMD_WRITES, BN_ON(DATA) | BN_ON(VERSIONS), \
		"bring a table in as a version of a dataset: :add [--private] NAME FILE.csv") \
	X(WHERE, "where", "w", BN_CMD_ARGUMENT, BN_ON(RUNS), \
		"only runs that match: metrics.test_rmse < 12 AND params.lr = 0.1; nothing: all") \
	X(COMPARE, "compare", "x", BN_CMD_BAR, BN_ON(RUNS), \
		"compare the marked runs side by side") \
	X(PIN, "pin", "p", BN_CMD_BAR, BN_ON(RUNS) | BN_ON(COMPARE), \
		"make this run the baseline of comparisons") \
	X(DIFFERENCES, "differences", "d", BN_CMD_BAR, BN_ON(COMPARE), \
		"show all rows, or only those that differ") \
	X(STOP, "stop", "S", BN_CMD_DESTRUCTIVE | BN_CMD_WRITES | BN_CMD_BAR, \
		BN_ON(RUNS) | BN_ON(RUN), "stop the run") \
	X(STOP_JOB, "stop-job", "S", BN_CMD_DESTRUCTIVE | BN_CMD_BAR, BN_ON(JOBS) | BN_ON(JOB), \
		"stop the job") \
	X(IN_FULL, "in-full", "i", BN_CMD_BAR, BN_ON(JOBS), \
		"all about the job: how far it is, its error, its log") \
	X(QUEUE_PAUSE, "queue-pause", "", BN_CMD_WRITES, BN_ON(RUNS), \
		"start nothing more from the queue; what runs goes on") \
	X(QUEUE_RESUME, "queue-resume", "", BN_CMD_WRITES, BN_ON(RUNS), \
		"start runs from the queue again") \
	X(NEXT_METRIC, "next-metric", ".", BN_CMD_BAR, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE), \
		"chart the next metric") \
	X(PREVIOUS_METRIC, "previous-metric", ",", 0, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE), \
		"chart the metric before") \
	X(LOG_SCALE, "log-scale", "L", BN_CMD_BAR, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE), \
		"logarithmic or linear y axis") \
	X(SMOOTH, "smooth", "m", BN_CMD_BAR, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE), \
		"smoothing of charts: none, 0.6, 0.9, 0.98; the raw line stays behind") \
	X(APPROVE, "approve", "A", BN_CMD_WRITES | BN_CMD_BAR | BN_CMD_DESTRUCTIVE, \
		BN_ON(MODELS) | BN_ON(MODEL), "approve the request, with your signature") \
	X(REJECT, "reject", "R", BN_CMD_WRITES | BN_CMD_BAR | BN_CMD_DESTRUCTIVE, \
		BN_ON(MODELS) | BN_ON(MODEL), "reject the request; a reason is required") \
	X(REQUEST, "request", "", BN_CMD_WRITES | BN_CMD_ARGUMENT, \
		BN_ON(OVERVIEW) | BN_ON(PEOPLE), \
		"ask for your key to be admitted: :request, or :request NAME to be called so") \
	X(ACCEPT, "accept", "A", BN_CMD_WRITES | BN_CMD_BAR | BN_CMD_DESTRUCTIVE, BN_ON(PEOPLE), \
		"admit the key that asks; shows its fingerprint, and lets you choose roles") \
	X(GRANT, "grant", "", BN_CMD_WRITES | BN_CMD_ARGUMENT | BN_CMD_DESTRUCTIVE, BN_ON(PEOPLE), \
		"give the person a role: :grant reviewer") \
	X(REVOKE, "revoke", "", BN_CMD_WRITES | BN_CMD_ARGUMENT | BN_CMD_DESTRUCTIVE, \
		BN_ON(PEOPLE), "take a role from the person: :revoke reviewer") \
	X(REMOVE, "remove", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(PEOPLE), \
		"remove the person from the workspace; what was signed before stands") \
	X(SIGN, "sign", "A", BN_CMD_WRITES | BN_CMD_BAR | BN_CMD_DESTRUCTIVE, BN_ON(CHAIN), \
		"sign the link that waits") \
	X(VERIFY, "verify", "", 0, BN_ON(AUDIT) | BN_ON(MODEL), \
		"hash everything again and check every signature") \
	X(REPORT, "report", "", BN_CMD_WRITES, BN_ON(MONITOR) | BN_ON(MODEL), \
		"a new drift report: what the model was asked about, against its training data") \
	X(UP, "up", "k Up", BN_CMD_MOTION, BN_ON_ALL, "up one row") \
	X(DOWN, "down", "j Down", BN_CMD_MOTION, BN_ON_ALL, "down one row") \
	X(LEFT, "left", "h Left", BN_CMD_MOTION, BN_ON_ALL, \
		"left one column; in a chart, the cursor") \
	X(RIGHT, "right", "l Right", BN_CMD_MOTION, BN_ON_ALL, \
		"right one column; in a chart, the cursor") \
	X(PAGE_UP, "page-up", "PgUp ^B", BN_CMD_MOTION, BN_ON_ALL, "up one page") \
	X(PAGE_DOWN, "page-down", "PgDn ^F", BN_CMD_MOTION, BN_ON_ALL, "down one page") \
	X(HALF_UP, "half-up", "^U", BN_CMD_MOTION, BN_ON_ALL, "up half a page") \
	X(HALF_DOWN, "half-down", "^D", BN_CMD_MOTION, BN_ON_ALL, "down half a page") \
	X(TOP, "top", "g Home", BN_CMD_MOTION, BN_ON_ALL, "to the first row") \
	X(BOTTOM, "bottom", "G End", BN_CMD_MOTION, BN_ON_ALL, "to the last row") \
	X(FIRST_COLUMN, "first-column", "0", BN_CMD_MOTION, BN_ON_TABLES, "to the first column") \
	X(LAST_COLUMN, "last-column", "$", BN_CMD_MOTION, BN_ON_TABLES, "to the last column") \
	X(NEXT_PANE, "next-pane", "Tab", BN_CMD_BAR, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(FEATURE), \
		"to the next pane, or the next picture of the same thing") \
	X(FILTER, "filter", "/", BN_CMD_BAR | BN_CMD_ARGUMENT, BN_ON_TABLES, \
		"show only rows that hold these words") \
	X(MARK, "mark", "Space", 0, BN_ON_TABLES, "mark the row, or take the mark away") \
	X(INVERT, "invert-marks", "*", 0, BN_ON_TABLES, \
		"mark what is not marked, and the reverse") \
	X(UNMARK, "unmark-all", "U", 0, BN_ON_TABLES, "take all marks away") \
	X(SORT, "sort", "s", BN_CMD_ARGUMENT, BN_ON_TABLES, \
		"sort by this column: one way, the other way, not. What sorted before decides " \
		"between equal rows; or :sort COLUMN,-COLUMN") \
	X(SORT_UP, "sort-up", "[", 0, BN_ON_TABLES, "sort by this column, smallest first") \
	X(SORT_DOWN, "sort-down", "]", 0, BN_ON_TABLES, "sort by this column, largest first") \
	X(COLUMNS, "columns", "c", BN_CMD_ARGUMENT, BN_ON_TABLES, \
		"choose which columns are shown, or go to one; or :columns A,B, +A, -A, all, " \
		"default") \
	X(WIDER, "wider", "+", 0, BN_ON_TABLES, "make this column wider") \
	X(NARROWER, "narrower", "-", 0, BN_ON_TABLES, "make this column narrower") \
	X(OVERVIEW, "overview", "1", 0, BN_ON_ALL, "the life of a model in one line") \
	X(DATA, "data", "2", 0, BN_ON_ALL, "datasets and their versions") \
	X(RUNS, "runs", "3", 0, BN_ON_ALL, "runs, live") \
	X(MODELS, "models", "4", 0, BN_ON_ALL, "models and requests for approval") \
	X(MONITOR, "monitor", "6", 0, BN_ON_ALL, "drift of models in use") \
	X(AUDIT, "audit", "9", 0, BN_ON_ALL, "who did what") \
	X(JOBS, "jobs", "B", 0, BN_ON_ALL, \
		"what works in the background: progress, results, logs") \
	X(ENDPOINTS, "endpoints", "", 0, BN_ON_ALL, \
		"servers: what they serve, where, and how fast they answered") \
	X(PEOPLE, "people", "", 0, BN_ON_ALL, \
		"who is who here, with roles and keys, and who asks to be admitted") \
	X(USERS, "users", "", 0, BN_ON_ALL, "the same as :people") \
	X(CHAIN, "chain", "", 0, BN_ON_ALL, \
		"the chain of authority: its links, and those that wait for signatures") \
	X(LATE, "late", "", 0, BN_ON_ALL, \
		"what you signed too late for the next link, and how to repeat it") \
	X(COPY, "copy", "y", 0, BN_ON_TABLES, \
		"copy the row to the clipboard (OSC 52), tab-separated") \
	X(COPY_CLI, "copy-cli", "Y", 0, BN_ON_ALL, \
		"copy the command line that prints what you see") \
	X(EXPORT, "export", "e", BN_CMD_ARGUMENT, BN_ON_TABLES, \
		"write all rows shown to a file: .csv, .tsv or .json") \
	X(REFRESH, "refresh", "r", 0, BN_ON_ALL, "look again now") \
	X(CANCEL, "cancel", "^C", 0, BN_ON_ALL, "stop what is being loaded or made") \
	X(HELP, "help", "? F1", BN_CMD_BAR, BN_ON_ALL, "every command here, to search and to run") \
	X(PALETTE, "palette", "^P", 0, BN_ON_ALL, "every command, to search and to run") \
	X(PROMPT, "prompt", ":", BN_CMD_BAR, BN_ON_ALL, "type a command") \
	X(THEME, "theme", "", BN_CMD_ARGUMENT, BN_ON_ALL, \
		"colours: default, dark, light, high-contrast, colour-blind, mono, or a file") \
	X(GLYPHS, "glyphs", "", BN_CMD_ARGUMENT, BN_ON_ALL, "draw with ascii, block or braille") \
	X(REPAINT, "repaint", "^L", 0, BN_ON_ALL, "draw the whole screen again") \
	X(SUSPEND, "suspend", "^Z", 0, BN_ON_ALL, "back to the shell; fg returns") \
	X(SAVE_SCREEN, "save-screen", "", BN_CMD_ARGUMENT, BN_ON_ALL, \
		"write this screen to a text file") \
	X(QUIT, "quit", "Q", 0, BN_ON_ALL, "leave; runs go on, jobs are asked for")

typedef enum bn_command_id {
#define X(id, name, keys, flags, views, help) BN_CMD_##id,
	BN_COMMANDS(X)
#undef X
		BN_CMD_COUNT,
	BN_CMD_NONE = -1
} bn_command_id;

typedef struct bn_command {
	const char *name, *keys, *help;
	unsigned flags;
	bn_view_set views;
} bn_command;

const bn_command *bn_command_get(bn_command_id id);
/* What key does in a view of that kind, or BN_CMD_NONE. */
bn_command_id bn_command_for_key(int key, bn_view_set view);
/* Exact name, or a prefix that only one command of this view has. BN_CMD_NONE otherwise. */
bn_command_id bn_command_for_name(const char *name, size_t n, bn_view_set view);
/* Appends the screens where the command means something ("Runs (3)"); nothing when they are many. */
void bn_command_where(bn_command_id id, bn_buf *out);
/* Appends what a name that is none was meant to be: the commands of any screen that begin so, else the one
 * nearest to it (":queue-pause, :queue-resume"). Nothing when none is near. */
void bn_command_near(const char *name, size_t n, bn_buf *out);
/* The first key of a command as a word; false when it has none. */
bool bn_command_first_key(bn_command_id id, char out[16]);
/* True when every word of query occurs in the name, the help or the keys. */
bool bn_command_matches(bn_command_id id, const char *query);
/* The table as man(7) text, for docs. */
void bn_command_write_man(bn_buf *out);

#endif

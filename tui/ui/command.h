/*
 * command.h - the table of all commands of the workbench.
 *
 * Each line has: id, the name typed after ':', the keys, flags, the views in which it is available,
 * and one line of help. Dispatch, ':' completion, the '?' list, the key bar, the manual page and
 * the tests all read this table; keys are defined nowhere else.
 *
 * A key has one meaning: it is in exactly one line, and only the object that it acts on differs. A
 * screen may lack a key, but never gives it another meaning. Lower case views; capitals open a
 * derived screen or ask first. Tests and tests/lint/keys.sh check that, and that docs/workbench.md
 * names the same keys.
 */
#ifndef BN_TUI_UI_COMMAND_H
#define BN_TUI_UI_COMMAND_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_CMD_DESTRUCTIVE 1u /* asks first, naming object and effect */
#define BN_CMD_ARGUMENT 2u    /* takes the rest of the ':' line: part of BN_CMD_TAKES */
#define BN_CMD_WRITES 4u      /* rejected with --readonly */
#define BN_CMD_MOTION 8u      /* moves the selection; handled by the table of the view */
#define BN_CMD_ACT \
	16u /* in the menu of actions (a) although it writes nothing itself; those that write always are */

/*
 * The kind of a word in an argument, which determines how Tab completes it (frame_words.c): the
 * flags of every command with an argument give it. The last word of a command is the rest of the
 * line.
 */
typedef enum bn_word_kind {
	BN_WORD_NONE,    /* the command takes no argument */
	BN_WORD_TEXT,    /* any text */
	BN_WORD_COLUMN,  /* columns of the table, one or more */
	BN_WORD_FILTER,  /* an expression: names of the screen, and values of these */
	BN_WORD_FILE,    /* a path */
	BN_WORD_DATASET, /* names of the workspace's objects */
	BN_WORD_MODEL,
	BN_WORD_RUN,
	BN_WORD_ROLE,
	BN_WORD_VIEW, /* a saved view of the screen */
	BN_WORD_OWN,  /* known only to the screen */
	BN_WORD_THEME,
	BN_WORD_GLYPHS,
	BN_WORD_SWITCH, /* on, off */
} bn_word_kind;

#define BN_CMD_TAKES(kind) (BN_CMD_ARGUMENT | (unsigned)BN_WORD_##kind << 8)
#define BN_CMD_TAKES_TWO(first, second) (BN_CMD_TAKES(first) | (unsigned)BN_WORD_##second << 16)

/*
 * Every kind of screen: id, name, whether it is a list with a table (tui/ui/grid.h), and its key
 * bar: the keys in order, each with its label. Wide screens continue with the other keys of the
 * table; narrow ones end earlier, but keep the help.
 */
#define BN_VIEWS(X) \
	X(OVERVIEW, "Overview (1)", 0, \
		"Enter:open !:needs-me A:approve v:stations Y:copy 2:data 3:runs") \
	X(DATA, "Data (2)", 1, "Enter:open I:profile V:checks s:sort /:filter c:columns e:export") \
	X(VERSIONS, "the versions of a dataset", 1, \
		"Enter:rows I:profile V:checks x:compare s:sort /:filter c:columns") \
	X(ROWS, "rows", 1, "Enter:row F:frequency I:profile s:sort w:where c:columns e:export") \
	X(PROFILE, "a profile", 1, "Enter:rows F:frequency C:correlate V:checks n:odd s:sort") \
	X(CORRELATIONS, "correlations", 1, "Enter:rows s:sort /:filter i:full e:export") \
	X(CHANGES, "what differs between two versions", 1, \
		"Enter:rows v:both-rows n:next s:sort /:filter e:export Y:command") \
	X(ROW_CHANGES, "the rows that differ between two versions", 1, "Enter:row i:full Y:command") \
	X(FREQUENCY, "frequencies", 1, "Enter:rows s:sort /:filter c:columns e:export Y:command") \
	X(CHECKS, "checks", 1, "Enter:rows n:failing H:suites s:sort /:filter i:full e:export") \
	X(SUITES, "suites of checks (H)", 1, "Enter:result n:failing s:sort /:filter i:full e:export Y:command") \
	X(RUNS, "Runs (3)", 1, "Enter:open x:compare L:again s:sort w:where b:group t:label") \
	X(LAUNCH, "the launch form", 0, \
		"Enter:edit ^T:start /:find n:wrong d:changed Y:command") \
	X(SPLIT, "the split form", 0, "Enter:edit ^T:split n:wrong Y:command") \
	X(PROTECT, "the protection form", 0, "Enter:edit ^T:set n:wrong Y:command") \
	X(LABELS, "labels of a run", 0, "Enter:edit u:undo <:previous >:next") \
	X(RUN, "a run", 0, "S:stop L:again .:metric r:log v:axis Tab:pane o:origin /:find") \
	X(ORIGIN, "where a run comes from", 1, "Enter:open i:full /:filter y:copy Y:command") \
	X(COMPARE, "a comparison", 1, \
		"Enter:open n:next p:base r:scale d:all v:chart .:metric Y:command") \
	X(CHARTS, "charts (M)", 0, \
		"Enter:larger .:next r:log v:axis Tab:run /:filter e:export") \
	X(MODELS, "Models (4)", 1, \
		"Enter:sheet A:approve R:reject P:promote x:compare s:sort /:filter") \
	X(MODEL, "a model", 0, \
		"Enter:open A:approve R:reject P:promote o:origin <:previous >:next") \
	X(MONITOR, "Monitor (6)", 1, "Enter:open n:drift s:sort /:filter e:export Y:command") \
	X(FEATURE, "a feature", 1, "Enter:larger n:drift o:rows r:log L:retrain s:sort /:filter") \
	X(AUDIT, "Audit (9)", 1, "Enter:open v:view w:where n:refused s:sort /:filter e:export") \
	X(DETAIL, "details", 0, "/:find n:next <:previous >:next") \
	X(JOBS, "jobs (B)", 1, "Enter:result i:full S:stop /:filter s:sort") \
	X(JOB, "a job", 0, "Enter:result S:stop <:previous >:next") \
	X(FINDINGS, "findings", 1, "n:fault i:full s:sort /:filter e:export Y:command") \
	X(ENDPOINTS, "Serving (5)", 1, "Enter:open n:fault s:sort /:filter Y:command") \
	X(ENDPOINT, "a server", 0, "Enter:model <:previous >:next Y:command") \
	X(PEOPLE, "people (:people)", 1, "Enter:open A:admit s:sort /:filter Y:command") \
	X(CHAIN, "the chain (:chain)", 1, "Enter:open A:sign n:waits /:filter Y:command") \
	X(LATE, "late acts (:late)", 1, "Enter:open Y:repeat-it s:sort /:filter") \
	X(REMOTES, "remotes (:remotes)", 1, "Enter:open s:sort /:filter Y:command")

typedef enum bn_screen_kind {
#define X(id, title, is_list, bar) BN_SCREEN_##id,
	BN_VIEWS(X)
#undef X
		BN_SCREEN_COUNT
} bn_screen_kind;

/* Kinds of screens, one bit each. */
typedef uint64_t bn_view_set;
_Static_assert(BN_SCREEN_COUNT < 64, "a bn_view_set has a bit for each kind of screen");

#define BN_ON(id) (UINT64_C(1) << BN_SCREEN_##id)
#define BN_ON_ALL ((UINT64_C(1) << BN_SCREEN_COUNT) - 1)
#define BN_ON_IF_LIST(id, title, is_list, bar) | ((is_list) ? BN_ON(id) : 0)
#define BN_ON_TABLES (UINT64_C(0) BN_VIEWS(BN_ON_IF_LIST))
#define BN_ON_WHERE (BN_ON(RUNS) | BN_ON(ROWS) | BN_ON(AUDIT)) /* lists with conditions; of others w is / */
#define BN_ON_FORMS (BN_ON(LAUNCH) | BN_ON(SPLIT) | BN_ON(PROTECT) | BN_ON(LABELS))

#define BN_COMMANDS(X) \
	X(OPEN, "open", "Enter", 0, BN_ON_ALL, "open what is selected") \
	X(BACK, "back", "Esc Backspace", 0, BN_ON_ALL, \
		"take away what hides rows, the newest first; then one screen back") \
	X(CLOSE, "close", "q", 0, BN_ON_ALL, "one screen back; on the first one Q leaves") \
	X(DESCRIBE, "describe", "I", 0, \
		BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(ROWS) | BN_ON(FREQUENCY) | BN_ON(CHECKS), \
		"profile: missing, distinct, quantiles and a histogram of each column") \
	X(FREQUENCY, "frequency", "F", BN_CMD_TAKES(COLUMN), BN_ON(ROWS) | BN_ON(PROFILE), \
		"how often each value of the column occurs, counted; or :frequency COLUMN") \
	X(HISTOGRAM, "histogram", "", BN_CMD_TAKES(COLUMN), BN_ON(ROWS) | BN_ON(PROFILE), \
		"the same in the order of the values: :histogram COLUMN") \
	X(CORRELATIONS, "correlations", "C", 0, \
		BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(ROWS) | BN_ON(PROFILE), \
		"how the number columns go together: the strongest pairs first") \
	X(DERIVE, "derive", "=", BN_CMD_TAKES(FILTER), BN_ON(ROWS), \
		"a column by an expression, behind the others: :derive per_node = power / nodes; " \
		"none takes them away") \
	X(KEY, "key", "", BN_CMD_TAKES(OWN), BN_ON(CHANGES), \
		"match the rows of two versions by the columns that tell them apart: :key id, :key " \
		"host,time; none: by their place") \
	X(CHECKS, "checks", "V", 0, BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(ROWS) | BN_ON(PROFILE), \
		"expectations checked on this data, with failing rows") \
	X(CHECK, "check", "", BN_CMD_TAKES(FILE) | BN_CMD_WRITES, BN_ON(CHECKS) | BN_ON(SUITES), \
		"check this version again, by the suite used last or by a file: :check " \
		"SUITE.json; of suites by all that are attached") \
	X(SUITES, "suites", "H", 0, BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(CHECKS), \
		"suites of checks attached to the dataset, and what they found of each version") \
	X(ATTACH, "attach", "", BN_CMD_TAKES(FILE) | BN_CMD_WRITES, BN_ON(SUITES), \
		"let a suite run at each new version: :attach SUITE.json; :attach --require SUITE.json keeps out " \
		"versions that fail it") \
	X(DETACH, "detach", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(SUITES), \
		"the suite of this line does not run at new versions any more; its results are kept") \
	X(ADD, "add", "", BN_CMD_TAKES_TWO(DATASET, FILE) | BN_CMD_WRITES, \
		BN_ON(DATA) | BN_ON(VERSIONS), \
		"bring a table in as a version of a dataset: :add [--private] NAME FILE.csv") \
	X(ASK, "ask", "", BN_CMD_TAKES(TEXT) | BN_CMD_ACT, BN_ON(REMOTES), \
		"ask the remote of this line, or :ask NAME, what it has, as a job") \
	X(PUSH, "push", "", BN_CMD_TAKES(TEXT) | BN_CMD_ACT, \
		BN_ON(REMOTES) | BN_ON(DATA) | BN_ON(VERSIONS), \
		"copy this version to a remote, as a job that continues where it was stopped: :push, or " \
		":push NAME") \
	X(PULL, "pull", "", BN_CMD_WRITES, BN_ON(REMOTES), \
		"get this version, or what is missing of it, from the remote, as a job") \
	X(WHERE, "where", "w", BN_CMD_TAKES(FILTER), BN_ON_TABLES, \
		"only what matches: metrics.test_rmse < 12 AND params.lr = 0.1; of rows power > " \
		"250; nothing: all; of other lists rows that hold these words, as / does") \
	X(COMPARE, "compare", "x", 0, BN_ON(RUNS) | BN_ON(VERSIONS) | BN_ON(MODELS), \
		"compare what is marked, with the pinned run: runs side by side (none marked: this " \
		"one with the best), two versions of a dataset, the runs of versions of models") \
	X(CHARTS, "charts", "M", 0, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE), \
		"charts of all metrics: of the marked runs, or of this one; of the runs of a comparison") \
	X(PIN, "pin", "p", 0, BN_ON(RUNS) | BN_ON(COMPARE) | BN_ON(ROWS), \
		"make this run the baseline of comparisons; of rows: columns up to here stay") \
	X(DIFFERENCES, "differences", "d", 0, BN_ON(COMPARE) | BN_ON(LAUNCH), \
		"show all rows or fields, or only those that differ") \
	X(LAUNCH, "launch", "L", BN_CMD_ACT, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(DATA) | BN_ON(VERSIONS) | BN_ON(LAUNCH) | \
			BN_ON(FEATURE), \
		"launch a run: a form, again but with other settings, or on this dataset") \
	X(SPLIT, "split", "", BN_CMD_ACT, BN_ON(DATA) | BN_ON(VERSIONS), \
		"divide this version for training and testing, or into folds: a form, with the leaks between the " \
		"parts before they are made") \
	X(PROTECT, "protect", "", BN_CMD_ACT, BN_ON(DATA) | BN_ON(VERSIONS), \
		"class, owner, licence, purpose, retention and personal columns of the dataset: a form, with columns " \
		"that may be personal by their names") \
	X(START, "start", "^T", BN_CMD_ACT, BN_ON(LAUNCH) | BN_ON(SPLIT) | BN_ON(PROTECT), \
		"do what the form says: a chord, so that typed words never start a run") \
	X(GROUP, "group", "b", BN_CMD_TAKES(COLUMN), BN_ON(RUNS), \
		"group by this column: mean and deviation, how many, the best; again: not. Or " \
		":group COLUMN, none") \
	X(AGGREGATE, "aggregate", "", BN_CMD_TAKES(OWN), BN_ON(RUNS), \
		"what the line of a group shows of its numbers: :aggregate mean (with deviation), n, std, " \
		"min, max, median") \
	X(LABEL, "label", "t", BN_CMD_WRITES, BN_ON(RUNS) | BN_ON(RUN), \
		"labels of the run, or of all marked ones: star, tags, note") \
	X(STAR, "star", "#", BN_CMD_WRITES, BN_ON(RUNS), \
		"star the run, or all marked ones; again takes the star off; w starred lists them") \
	X(VIEW_SAVE, "view-save", "", BN_CMD_TAKES(VIEW), BN_ON(RUNS), \
		"keep how the list is narrowed, sorted, grouped and what it shows: :view-save " \
		"NAME") \
	X(VIEW_DROP, "view-drop", "", BN_CMD_TAKES(VIEW), BN_ON(RUNS), \
		"forget a view that was saved: :view-drop NAME") \
	X(TRASH, "trash", "D", BN_CMD_DESTRUCTIVE | BN_CMD_WRITES, BN_ON(RUNS), \
		"move the run, or all marked ones, to the trash; u brings them back") \
	X(REMOVED, "removed", "", 0, BN_ON(RUNS), \
		"the runs in the trash instead of the others; again: the others") \
	X(RESTORE, "restore", "", BN_CMD_WRITES, BN_ON(RUNS), \
		"take the run, or all marked ones, out of the trash") \
	X(STOP, "stop", "S", BN_CMD_DESTRUCTIVE, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(JOBS) | BN_ON(JOB), \
		"stop it: the run, all marked runs, the job") \
	X(RESUME, "resume", "", 0, BN_ON(RUNS) | BN_ON(RUN), \
		"continue a training run that was stopped or failed, from its checkpoint, in a " \
		"new run") \
	X(REPRODUCE, "reproduce", "", BN_CMD_WRITES, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(MODEL), \
		"train the run again from its spec, as a job, and compare every byte; of a version " \
		"the result is attested, for gates that ask for it") \
	X(IN_FULL, "in-full", "i", 0, BN_ON_TABLES, \
		"all of the row: what is cut, what is not shown; of a job its log") \
	X(NEXT, "next", "n", 0, BN_ON_TABLES | BN_ON(LAUNCH) | BN_ON(SPLIT) | BN_ON(PROTECT) | BN_ON(RUN) | BN_ON(DETAIL), \
		"to the next row that stands out: what failed, drifted, differs, is missing, or " \
		"was looked for") \
	X(PREVIOUS, "previous", "N", 0, \
		BN_ON_TABLES | BN_ON(LAUNCH) | BN_ON(SPLIT) | BN_ON(PROTECT) | BN_ON(RUN) | BN_ON(DETAIL), \
		"to the row before that stands out") \
	X(NEXT_OBJECT, "next-object", ">", 0, BN_ON_ALL, \
		"the next one of the list that this came from") \
	X(PREVIOUS_OBJECT, "previous-object", "<", 0, BN_ON_ALL, \
		"the one before of the list that this came from") \
	X(NEEDS_ME, "needs-me", "!", 0, BN_ON_ALL, \
		"to the first line of Overview that needs you; again: to the next one") \
	X(VIEW, "view", "v", BN_CMD_TAKES(VIEW), \
		BN_ON(OVERVIEW) | BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(CHARTS) | BN_ON(AUDIT) | \
			BN_ON(CHANGES), \
		"the next way to see the same: the queue, or the stations of a model's life; the " \
		"table, curves, scatter, parallel coordinates, or tests over seeds; a curve along steps, seconds, or time; the next " \
		"saved view of runs, or :view NAME; of two versions the rows that differ, found by a key") \
	X(AXIS, "axis", "", BN_CMD_TAKES(OWN), BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(CHARTS), \
		"the axis of a chart: :axis step, relative, time, epoch; of a scatter the " \
		"parameter, as " \
		":axis learning_rate") \
	X(RELATED, "related", "o", 0, BN_ON(RUN) | BN_ON(MODEL) | BN_ON(FEATURE), \
		"what it comes from and what became of it: data, code, environment, spec, " \
		"versions; of an input the rows of the reference") \
	X(FOLD, "fold", "O", 0, BN_ON(COMPARE) | BN_ON(RUNS), \
		"fold or unfold: the runs below this one, or the group; of a comparison the part " \
		"that one is in") \
	X(TREE, "tree", "", BN_CMD_TAKES(OWN), BN_ON(RUNS), \
		"runs below their parents: :tree folded, :tree open; :tree off lists them all; " \
		"alone: off, or folded again") \
	X(QUEUE_PAUSE, "queue-pause", "", BN_CMD_WRITES, BN_ON(RUNS), \
		"start nothing more from the queue; what runs goes on") \
	X(QUEUE_RESUME, "queue-resume", "", BN_CMD_WRITES, BN_ON(RUNS), \
		"start runs from the queue again") \
	X(NEXT_METRIC, "next-metric", ".", 0, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(CHARTS), \
		"chart the next metric; of charts select the next one") \
	X(PREVIOUS_METRIC, "previous-metric", ",", 0, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(CHARTS), \
		"chart the metric before") \
	X(LOG_SCALE, "log-scale", "r", 0, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(FEATURE) | BN_ON(CHARTS), \
		"the scale of numbers: a chart's axis logarithmic or linear; in a comparison " \
		"per cent, difference, value alone") \
	X(SMOOTH, "smooth", "m", 0, BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(CHARTS), \
		"smoothing of charts: none, 0.6, 0.9, 0.98; the raw line stays behind") \
	X(APPROVE, "approve", "A", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, \
		BN_ON(OVERVIEW) | BN_ON(MODELS) | BN_ON(MODEL) | BN_ON(PEOPLE) | BN_ON(CHAIN), \
		"approve with your signature: the request, the key that asks, the link that " \
		"waits") \
	X(REJECT, "reject", "R", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(MODELS) | BN_ON(MODEL), \
		"reject the request; a reason is required") \
	X(PROMOTE, "promote", "P", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, \
		BN_ON(MODELS) | BN_ON(MODEL), \
		"the next step of the version: ask for approval; approved, make it the champion") \
	X(ALIAS, "alias", "", BN_CMD_WRITES | BN_CMD_TAKES(OWN), BN_ON(MODELS) | BN_ON(MODEL), \
		"give the version an alias: :alias champion; -NAME removes one from the model") \
	X(WITHDRAW, "withdraw", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, \
		BN_ON(MODELS) | BN_ON(MODEL), \
		"withdraw the version for good; a reason is required") \
	X(REGISTER, "register", "", BN_CMD_WRITES | BN_CMD_TAKES_TWO(MODEL, RUN), \
		BN_ON(MODELS) | BN_ON(RUNS) | BN_ON(RUN), \
		"register a run as a version of a model: :register MODEL RUN") \
	X(REQUEST, "request", "", BN_CMD_WRITES | BN_CMD_TAKES(TEXT), \
		BN_ON(OVERVIEW) | BN_ON(PEOPLE), \
		"ask for your key to be admitted: :request, or :request NAME to be called so") \
	X(ACCEPT, "accept", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(PEOPLE), \
		"admit the key that asks; shows its fingerprint, and lets you choose roles") \
	X(GRANT, "grant", "", BN_CMD_WRITES | BN_CMD_TAKES(ROLE) | BN_CMD_DESTRUCTIVE, \
		BN_ON(PEOPLE), "give the person a role: :grant reviewer") \
	X(REVOKE, "revoke", "", BN_CMD_WRITES | BN_CMD_TAKES(ROLE) | BN_CMD_DESTRUCTIVE, \
		BN_ON(PEOPLE), "take a role from the person: :revoke reviewer") \
	X(REMOVE, "remove", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(PEOPLE), \
		"remove the person from the workspace; what was signed before stands") \
	X(SIGN, "sign", "", BN_CMD_WRITES | BN_CMD_DESTRUCTIVE, BN_ON(CHAIN), \
		"sign the link that waits") \
	X(VERIFY, "verify", "", BN_CMD_ACT, BN_ON(AUDIT) | BN_ON(MODEL), \
		"hash everything again and check every signature") \
	X(REPORT, "report", "", BN_CMD_WRITES, BN_ON(MONITOR) | BN_ON(MODEL), \
		"a new drift report: what the model was asked about, against its training data") \
	X(SKEW, "skew", "", BN_CMD_ACT, BN_ON(MONITOR) | BN_ON(MODEL), \
		"compute the rows that were served again, as a job: the prediction, and inputs that the recipe of the " \
		"training data computes; with TFDV's skew of each input") \
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
	X(NEXT_PANE, "next-pane", "Tab", 0, \
		BN_ON(RUNS) | BN_ON(RUN) | BN_ON(COMPARE) | BN_ON(FEATURE) | BN_ON(MODELS) | \
			BN_ON(MONITOR) | BN_ON(CHARTS), \
		"to the next pane, or the next picture of the same thing; of charts the run in front of the others") \
	X(FILTER, "filter", "/", BN_CMD_TAKES(FILTER), \
		BN_ON_TABLES | BN_ON(RUN) | BN_ON(CHARTS) | BN_ON(DETAIL) | BN_ON(LAUNCH), \
		"show only rows that hold these words; of runs charts whose names do, and on " \
		"the console, in a text, and among the fields of a form find them: n goes on") \
	X(FOLLOW, "follow", "f", 0, BN_ON(RUN), \
		"stay at the end of the console as it grows, or stay with these lines") \
	X(MARK, "mark", "Space", 0, BN_ON_TABLES | BN_ON_FORMS, \
		"mark the row, or take the mark away; in a form, the next of a few choices") \
	X(INVERT, "invert-marks", "*", 0, BN_ON_TABLES, \
		"mark what is not marked, and the reverse") \
	X(UNMARK, "unmark-all", "U", 0, BN_ON_TABLES, "take all marks away") \
	X(SORT, "sort", "s", BN_CMD_TAKES(COLUMN), BN_ON_TABLES, \
		"sort by this column: one way, the other way, not. What sorted before decides " \
		"between equal rows; or :sort COLUMN,-COLUMN") \
	X(SORT_UP, "sort-up", "[", 0, BN_ON_TABLES, "sort by this column, smallest first") \
	X(SORT_DOWN, "sort-down", "]", 0, BN_ON_TABLES, "sort by this column, largest first") \
	X(COLUMNS, "columns", "c", BN_CMD_TAKES(COLUMN), BN_ON_TABLES, \
		"choose which columns are shown, or go to one; or :columns A,B, +A, -A, all, " \
		"default") \
	X(COLUMN, "column", "", BN_CMD_TAKES(COLUMN), BN_ON_TABLES, \
		"go to a column, and show it if it is hidden: :column NAME") \
	X(WIDER, "wider", "+", 0, BN_ON_TABLES | BN_ON(RUN) | BN_ON(CHARTS), \
		"bigger: this column, or the part of a curve around the read-out") \
	X(NARROWER, "narrower", "-", 0, BN_ON_TABLES | BN_ON(RUN) | BN_ON(CHARTS), \
		"smaller: this column; more of a curve") \
	X(OVERVIEW, "overview", "1", 0, BN_ON_ALL, "the life of a model in one line") \
	X(DATA, "data", "2", 0, BN_ON_ALL, "datasets and their versions") \
	X(RUNS, "runs", "3", 0, BN_ON_ALL, "runs, live") \
	X(MODELS, "models", "4", 0, BN_ON_ALL, "models and requests for approval") \
	X(ENDPOINTS, "endpoints", "5", 0, BN_ON_ALL, \
		"servers: what they serve, where, how much and how fast they answered") \
	X(MONITOR, "monitor", "6", 0, BN_ON_ALL, "drift of models in use") \
	X(AUDIT, "audit", "9", 0, BN_ON_ALL, "who did what") \
	X(JOBS, "jobs", "B", 0, BN_ON_ALL, \
		"what works in the background: progress, results, logs") \
	X(PEOPLE, "people", "", 0, BN_ON_ALL, \
		"who is who here, with roles and keys, and who asks to be admitted") \
	X(USERS, "users", "", 0, BN_ON_ALL, "the same as :people") \
	X(CHAIN, "chain", "", 0, BN_ON_ALL, \
		"the chain of authority: its links, and those that wait for signatures") \
	X(LATE, "late", "", 0, BN_ON_ALL, \
		"what you signed too late for the next link, and how to repeat it") \
	X(REMOTES, "remotes", "", 0, BN_ON_ALL, \
		"versions at remotes: what is where, as it was seen last") \
	X(COPY, "copy", "y", 0, BN_ON_TABLES, \
		"send the row to the terminal's clipboard (OSC 52), tab-separated") \
	X(COPY_CLI, "copy-cli", "Y", 0, BN_ON_ALL, \
		"show the command line that prints what you see, and send it to the terminal's " \
		"clipboard") \
	X(EXPORT, "export", "e", BN_CMD_TAKES(FILE), BN_ON_TABLES | BN_ON(CHARTS), \
		"write all rows shown to a file: .csv, .tsv or .json, of data also .arrow; charts as .svg; a " \
		"file " \
		"that exists is overwritten after a question; :export! FILE does not ask") \
	X(REFRESH, "refresh", "^R", 0, BN_ON_ALL, "look again now") \
	X(CANCEL, "cancel", "^C", 0, BN_ON_ALL, "stop what is being loaded or made") \
	X(ACTS, "acts", "a", 0, BN_ON_ALL, \
		"all that can be done with what is selected, in a menu: by a letter, or with " \
		"Enter; " \
		"what cannot be done now says why") \
	X(HELP, "help", "? F1", 0, BN_ON_ALL, "every command here, to search and to run") \
	X(PALETTE, "palette", "^P", 0, BN_ON_ALL, \
		"find a run, data, a version of a model, or a command, by words") \
	X(PROMPT, "prompt", ":", 0, BN_ON_ALL, "type a command") \
	X(THEME, "theme", "", BN_CMD_TAKES(THEME), BN_ON_ALL, \
		"colours: default, dark, light, high-contrast, colour-blind, mono, or a file") \
	X(GLYPHS, "glyphs", "", BN_CMD_TAKES(GLYPHS), BN_ON_ALL, \
		"draw with ascii, block or braille") \
	X(MOUSE, "mouse", "", BN_CMD_TAKES(SWITCH), BN_ON_ALL, \
		"on: a click selects, a second one opens, on a title sorts, the wheel moves; off: the " \
		"terminal's") \
	X(REPAINT, "repaint", "^L", 0, BN_ON_ALL, "draw the whole screen again") \
	X(SUSPEND, "suspend", "^Z", 0, BN_ON_ALL, "back to the shell; fg returns") \
	X(SAVE_SCREEN, "save-screen", "", BN_CMD_TAKES(FILE), BN_ON_ALL, \
		"write this screen to a text file") \
	X(UNDO, "undo", "u", BN_CMD_WRITES, BN_ON_ALL, \
		"take back what was done last: a label, the trash; says which, and asks") \
	X(TOUR, "tour", "", BN_CMD_TAKES(TEXT), BN_ON_ALL, \
		"the guided tour through a demo's workspace, or one of its steps: :tour 5") \
	X(TOUR_BACK, "tour-back", "Z", 0, BN_ON_ALL, \
		"of the tour: this step again from its start; then the step before") \
	X(TOUR_SKIP, "tour-skip", "", 0, BN_ON_ALL, \
		"of the tour: pass over what is asked for, when it cannot be done") \
	X(TOUR_END, "tour-end", "E", 0, BN_ON_ALL, "leave the tour; :tour goes on with it") \
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
/* The kind of the i-th word of its argument, from 0; the last kind applies to all further words.
 * BN_WORD_NONE: no argument. */
bn_word_kind bn_command_word(bn_command_id id, int i);
/* The number of kinds; the last one is for the rest of the line. */
int bn_command_words(bn_command_id id);
/* The command of a key in a view of that kind, or BN_CMD_NONE. */
bn_command_id bn_command_for_key(int key, bn_view_set view);
/* Exact name, or a prefix that is unique in this view. BN_CMD_NONE otherwise. */
bn_command_id bn_command_for_name(const char *name, size_t n, bn_view_set view);
/* Appends the screens in which the command is available ("Runs (3)"); nothing if they are many. */
void bn_command_where(bn_command_id id, bn_buf *out);
/* Appends suggestions for an unknown name: the commands of any screen with that prefix, otherwise
 * the nearest one (":queue-pause, :queue-resume"). Nothing if none is near. */
void bn_command_near(const char *name, size_t n, bn_buf *out);
/* The key bar of a kind of screen: key i as a word, and its label; false past the end. */
bool bn_command_bar(bn_view_set view, int i, char key[16], char label[32]);
/* The first key of a command as a word; false if it has none. */
bool bn_command_first_key(bn_command_id id, char out[16]);
/* True when every word of query occurs in the name, the help or the keys. */
bool bn_command_matches(bn_command_id id, const char *query);
/* The table as man(7) text, for docs. */
void bn_command_write_man(bn_buf *out);

#endif

/*
 * tour_steps.c - the ten steps of the guided tour, on the workspace that `binnacle demo` makes. The
 * fields are described in tui/ui/tour.h.
 *
 * A text is at most two lines of 76 columns, and the text of the key one line; tests/cli/demo.sh
 * presses the keys on a demo's workspace, and fails if a part does not end with its key.
 */
#include "tui/views/views.h"

#define STEP(step, title) (step), (title)
#define MORE(step) (step), NULL
#define TO(at) (at), BN_TOUR_SHOWN, NULL
#define TO_SAYING(at, words) (at), BN_TOUR_SHOWN, (words)
#define DONE_ON(at) (at), BN_TOUR_DONE, NULL

/* clang-format off */
const bn_tour_part bn_view_tour[] = {
	/* ---- Overview */
	{STEP(1, "Overview: what needs you"),
		"Overview lists what needs you, what runs, the best runs, and what is in use. To "
		"go on, press the key in the line below; other keys work as always.",
		BN_CMD_NEEDS_ME, "goes to the first line that needs you, from any screen",
		BN_ON_ALL, DONE_ON(BN_ON(OVERVIEW)), NULL},
	{MORE(1),
		"A check failed on jobs-later: jobs of a later month, which the model was asked "
		"about. A line of this list opens its object.",
		BN_CMD_OPEN, "opens the selected line: first go to jobs-later",
		BN_ON(OVERVIEW), TO_SAYING(BN_ON(CHECKS), "jobs-later"),
		"Press 1, then ! until jobs-later is selected, and Enter."},

	/* ---- checks */
	{STEP(2, "Checks: which rows fail"),
		"These are the checks of a suite, made on one version of a dataset. One of 13 "
		"fails.",
		BN_CMD_NEXT, "goes to the next row that stands out: the failure",
		BN_ON(CHECKS), DONE_ON(BN_ON(CHECKS)),
		"Press 1, then ! until jobs-later is selected, and Enter."},
	{MORE(2),
		"ambient, the temperature of the air, must be from 10 to 31 degrees; in 4 rows it "
		"is not. Every number opens the rows that it was counted from.",
		BN_CMD_OPEN, "opens the rows that fail this check",
		BN_ON(CHECKS), TO_SAYING(BN_ON(ROWS), "jobs-later@v1"),
		"Press 1, then ! until jobs-later is selected, Enter, and n."},
	{MORE(2),
		"The 4 rows, with all their columns; the cursor is on the column that fails. They "
		"can be filtered, sorted, counted and exported like any rows.",
		BN_CMD_BACK, "goes back to the number; it never leaves the program",
		BN_ON(ROWS), TO(BN_ON(CHECKS)),
		"Press 1, then ! until jobs-later is selected, and Enter."},

	/* ---- data */
	{STEP(3, "Data: rows, filters, values"),
		"The checks again, at the same row. Next, the datasets: a digit opens a screen, "
		"from anywhere, as it was left.",
		BN_CMD_DATA, "lists the datasets", BN_ON_ALL, TO(BN_ON(DATA)), NULL},
	{MORE(3),
		"jobs has 20 000 rows, one for each job of a supercomputer. Versions of a dataset "
		"never change; a run names the version that it was trained on.",
		BN_CMD_OPEN, "opens jobs, the first line: its versions",
		BN_ON(DATA), TO_SAYING(BN_ON(VERSIONS) | BN_ON(ROWS), "jobs"),
		"Press 2, then choose jobs with the arrows (or j and k)."},
	{MORE(3),
		"There is one version. A changed file would be the next one; x compares two.",
		BN_CMD_OPEN, "opens the rows of v1",
		BN_ON(VERSIONS), TO_SAYING(BN_ON(ROWS), "jobs@v1"),
		"Press 2, choose jobs, and Enter."},
	{MORE(3),
		"The rows of the version, all 20 000, read as you scroll. A filter is words to "
		"look for, or an expression on columns: the jobs that kept the GPUs busy.",
		BN_CMD_FILTER, "then type  gpu_utilization > 90  and Enter",
		BN_ON(ROWS), TO_SAYING(BN_ON(ROWS), "--where"),
		"Press 2, choose jobs, Enter, and Enter again: the rows."},
	{MORE(3),
		"86 rows are left; Esc would take the filter away. There are 34 columns, more than "
		"fit on the screen: this finds one.",
		BN_CMD_COLUMNS, "then type  partition  and Enter: goes to that column",
		BN_ON(ROWS), DONE_ON(BN_ON(ROWS)),
		"Press 2, choose jobs, Enter, and Enter again: the rows."},
	{MORE(3),
		"The cursor is on the column partition: the queue that these jobs were in.",
		BN_CMD_FREQUENCY, "counts its values in the rows that are shown",
		BN_ON(ROWS), TO_SAYING(BN_ON(FREQUENCY), "partition"),
		"Press 2, choose jobs, Enter, Enter, then c, partition, and Enter."},

	/* ---- runs */
	{STEP(4, "Runs: mark and compare"),
		"Values are counted, never estimated, and Enter on one opens its rows. Next: what "
		"was trained on this data?",
		BN_CMD_RUNS, "lists the runs", BN_ON_ALL, TO(BN_ON(RUNS)), NULL},
	{MORE(4),
		"A row is a training run: its error on the test part, the settings that differ "
		"between runs, and its curve. The smallest error is marked best.",
		BN_CMD_MARK, "marks the run and goes down: mark two of them",
		BN_ON(RUNS), BN_ON(RUNS), BN_TOUR_MARKED, NULL, "Press 3 for the runs."},
	{MORE(4),
		"Marks stay when you filter the list or leave it; U takes them away.",
		BN_CMD_COMPARE, "compares the marked runs",
		BN_ON(RUNS), TO(BN_ON(COMPARE)), "Press 3 for the runs, and Space on two of them."},

	/* ---- a curve */
	{STEP(5, "A run: its curves"),
		"Run A is the base. First the settings that differ, then each metric on the test "
		"part and its difference to A. v draws the curves of both.",
		BN_CMD_BACK, "goes back to the list",
		BN_ON(COMPARE), TO(BN_ON(RUNS)), "Press 3 for the runs, where this goes on."},
	{MORE(5),
		"mlp-wide is a neural network, trained epoch by epoch; its row has a small curve.",
		BN_CMD_OPEN, "opens the run: first go up to mlp-wide",
		BN_ON(RUNS), TO(BN_ON(RUN)), "Press 3 for the runs; open mlp-wide with Enter."},
	{MORE(5),
		"The loss on the training and on the validation part. It falls steeply, and then "
		"hardly; a logarithmic axis shows whether the network still learns.",
		BN_CMD_LOG_SCALE, "makes the axis logarithmic, or linear again",
		BN_ON(RUN), DONE_ON(BN_ON(RUN)), "Press 3 for the runs; open mlp-wide with Enter."},

	/* ---- launch */
	{STEP(6, "Launch: again, but"),
		"Of a run that is not over, all of this is live: curve, console, remaining time. "
		"Next: the same training, with one setting changed.",
		BN_CMD_LAUNCH, "opens a form to run it again",
		BN_ON(RUN) | BN_ON(RUNS), TO(BN_ON(LAUNCH)),
		"Press 3 for the runs; go to mlp-wide."},
	{MORE(6),
		"A form, filled in from the run; below it is the command that it makes. ^U "
		"(Ctrl-U) empties a field; a range such as 0.001..0.1 makes a sweep.",
		BN_CMD_OPEN, "edits learning_rate: ^U, then 0.003, then Enter",
		BN_ON(LAUNCH), TO_SAYING(BN_ON(LAUNCH), "--set"),
		"Press 3 for the runs; go to mlp-wide, and press L."},
	{MORE(6),
		"The command now has the change, and the field a mark. Nothing has started yet; "
		"the run will take about a second.",
		BN_CMD_START, "(Ctrl-T) starts it",
		BN_ON(LAUNCH), TO(BN_ON(RUN) | BN_ON(RUNS)),
		"Press 3 for the runs; go to mlp-wide, press L, and change learning_rate."},

	/* ---- models */
	{STEP(7, "Models: decide on evidence"),
		"The run is a separate process, and goes on if you leave. A run becomes a version "
		"of a model when it is registered, and that needs an approval.",
		BN_CMD_MODELS, "lists the versions of models",
		BN_ON_ALL, TO(BN_ON(MODELS)), NULL},
	{MORE(7),
		"power/1 is the champion, the version in use. Approval of power/2 is requested, "
		"and you may decide.",
		BN_CMD_OPEN, "opens the sheet of power/2",
		BN_ON(MODELS), TO_SAYING(BN_ON(MODEL), "power/2"),
		"Press 4, choose power/2, and Enter."},
	{MORE(7),
		"Three gates pass; 'no worse' fails, and warns: the champion is better, by the "
		"metrics below as well. Each line opens its evidence.",
		BN_CMD_OPEN, "opens a line: first go down to 'no worse'",
		BN_ON(MODEL), TO_SAYING(BN_ON(DETAIL), "no worse"), "Press 4, choose power/2, and Enter."},
	{MORE(7),
		"What the gate wants, what was found, and which run or person says so. A gate "
		"without evidence is unclear; it does not pass.",
		BN_CMD_BACK, "goes back to the sheet",
		BN_ON(DETAIL), TO(BN_ON(MODEL)), "Press 4, choose power/2, and Enter."},
	{MORE(7),
		"Decide: A approves; R rejects, and asks for a reason. Your key signs either. A "
		"dialog asks first, and No is selected.",
		BN_CMD_APPROVE, "asks; then Right and Enter sign the approval",
		BN_ON(MODEL), BN_ON(MODEL), BN_TOUR_REFUSED, "power/2",
		"Press 4, choose power/2, and Enter."},

	/* ---- monitor */
	{STEP(8, "Monitor: what drifted"),
		"It is decided. A model in use answers requests that may differ from the data "
		"that it was trained on; a drift report compares the two.",
		BN_CMD_MONITOR, "lists the reports",
		BN_ON_ALL, TO(BN_ON(MONITOR)), NULL},
	{MORE(8),
		"Two reports of 3 000 requests each: first requests like the training data, then "
		"those of the later month.",
		BN_CMD_OPEN, "opens the report that found drift",
		BN_ON(MONITOR), TO(BN_ON(FEATURE)), "Press 6, and Enter on the first line."},
	{MORE(8),
		"The inputs of the model, those that drifted most first: 8 of 10 are further from "
		"the training data than their limit. n goes from one to the next.",
		BN_CMD_OPEN, "shows the distribution of ambient, large",
		BN_ON(FEATURE), DONE_ON(BN_ON(FEATURE)), "Press 6, and Enter on the first line."},

	/* ---- audit */
	{STEP(9, "Audit: who decided what"),
		"At training and now, in one histogram: the air is warmer now. L here would "
		"train again. Next: who approved the model in use, and why?",
		BN_CMD_AUDIT, "lists the decisions", BN_ON_ALL, TO(BN_ON(AUDIT)), NULL},
	{MORE(9),
		"Who did what to which version, with the reason of a rejection; the newest first, "
		"so yours is the first line. v shows all records.",
		BN_CMD_OPEN, "opens the record of the selected decision",
		BN_ON(AUDIT), TO(BN_ON(DETAIL)), "Press 9, and Enter on a line."},

	/* ---- help */
	{STEP(10, "Help, commands, scripts"),
		"The whole record, with the gates as they were. Each record holds a hash of those "
		"before it, so a changed log is found: binnacle audit verify.",
		BN_CMD_HELP, "lists what can be done on a screen",
		BN_ON_ALL, BN_ON_ALL, BN_TOUR_LISTED, NULL, NULL},
	{MORE(10),
		"Each key and its command. Typing narrows the list, and Enter runs a line of it.",
		BN_CMD_BACK, "closes the list", BN_ON_ALL, TO(BN_ON_ALL), NULL},
	{MORE(10),
		"Every command has a name, also those without a key; Tab completes it.",
		BN_CMD_PROMPT, "then type  people  and Enter: who may do what here",
		BN_ON_ALL, TO(BN_ON(PEOPLE)), NULL},
	{MORE(10),
		"The persons of the workspace, with their roles and keys. Every list is a command "
		"of the shell as well: for scripts, with --json, or to send on.",
		BN_CMD_COPY_CLI, "copies the command that prints this list",
		BN_ON_ALL, DONE_ON(BN_ON_ALL), NULL},
	{MORE(10),
		"That was the tour; your run is the first line on 3. For a workspace of your own: "
		"binnacle init, then binnacle data add NAME FILE.",
		BN_CMD_TOUR_END, "ends the tour; :tour 7 would show step 7 again",
		BN_ON_ALL, DONE_ON(BN_ON_ALL), NULL},
};
/* clang-format on */
const int bn_view_tour_count = sizeof bn_view_tour / sizeof *bn_view_tour;

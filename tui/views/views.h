/*
 * views.h - the screens: constructors, and shared functions.
 *
 * Each constructor returns a view to push on a frame whose source is a bn_page_source. Screens have
 * digits that never change: 7 Pipelines and 8 Prompts will be added between the existing ones.
 */
#ifndef BN_TUI_VIEWS_VIEWS_H
#define BN_TUI_VIEWS_VIEWS_H
#include "tui/ui/frame.h"
#include "tui/views/source.h"

extern const bn_tab bn_view_tabs[];
extern const int bn_view_tab_count;
extern const bn_side_screen bn_view_side[];
extern const int bn_view_side_count;

/* The guided tour (tui/ui/tour.h) of the workspace that `binnacle demo` makes. */
extern const bn_tour_part bn_view_tour[];
extern const int bn_view_tour_count;

int bn_view_overview_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_data_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_versions_new(bn_view **out, bn_frame *f, const char *name, bn_err *err);
/* The selected rows, and what is counted of them; the initial column may be NULL. */
int bn_view_rows_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, const char *column, bn_err *err);
/* All rows of a version. */
int bn_view_all_rows_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
int bn_view_profile_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err);
/* The frequencies of a column, given by index and name; in the order of the values: _by_value. */
void bn_view_frequency_by_value(bn_view *frequency);
int bn_view_frequency_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, int at, const char *column, bn_err *err);
int bn_view_correlations_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err);
/* The differences of version b from a ("jobs@v2", "jobs@v3"). */
int bn_view_changes_new(bn_view **out, bn_frame *f, const char *a, const char *b, bn_err *err);
/* The rows in which they differ, found by a key. */
int bn_view_row_changes_new(bn_view **out, bn_frame *f, const bn_changes_arg *of, bn_err *err);
int bn_view_checks_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
/* One result of a version, by its hash, with that check selected; at -1: the first one. */
int bn_view_checks_of_new(
	bn_view **out, bn_frame *f, const char *ref, const char *result, int64_t at, bn_err *err);
/* What is said of a dataset's protection, and a form to change it; ref: of it or of one of its versions. */
int bn_view_protect_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
/* What suites found of the versions of a dataset. */
int bn_view_suites_new(bn_view **out, bn_frame *f, const char *dataset, bn_err *err);
/* The same for the dataset of a reference, as a command. */
bool bn_view_open_suites(bn_frame *f, const char *ref);
int bn_view_runs_new(bn_view **out, bn_frame *f, bn_err *err);
/* id NULL: none yet; see bn_view_run_show. */
int bn_view_run_new(bn_view **out, bn_frame *f, const char *id, bn_err *err);
/* Star, note and tags of an action's runs; name: of the one. */
int bn_view_labels_new(
	bn_view **out, bn_frame *f, const bn_action_arg *of, const char *name, bn_err *err);
/* Repeats a run (its id), or starts one on a dataset ("jobs@v2"); NULL: neither. */
int bn_view_launch_new(
	bn_view **out, bn_frame *f, const char *again, const char *data, bn_err *err);
/* Divides a version ("jobs@v2") for training and testing. */
int bn_view_split_form_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
/* The same form for resuming a run (its id) from its checkpoint. */
int bn_view_resume_new(bn_view **out, bn_frame *f, const char *run, bn_err *err);
/* Opens an object found by ^P (tui/views/find.c). */
void bn_view_open_found(bn_frame *f, const bn_found *found);
/* Why a run cannot be started again: a program reported it. kind: as of bn_run_info; NULL: unknown. */
bool bn_run_again_refused(const char *kind, char *why, size_t size);
/* ":register MODEL RUN"; of a run's own screen or row `run`, which may be left out; NULL: there is none. */
bool bn_view_register(bn_view *v, const char *arg, const char *run);
/* Opens it. */
bool bn_view_launch(bn_view *v, const char *again, const char *data);
bool bn_view_resume(bn_view *v, const char *run);
/* The lineage of a run. */
int bn_view_origin_new(bn_view **out, bn_frame *f, const char *run, bn_err *err);
int bn_view_compare_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err);
/* The metrics of these runs as a grid of charts. */
int bn_view_charts_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err);
int bn_view_models_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_model_new(bn_view **out, bn_frame *f, const char *spec, bn_err *err);
int bn_view_monitor_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_audit_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_report_new(bn_view **out, bn_frame *f, const char *id, bn_err *err);
/* Verifies a model version ("power/3"), or with "" the log. */
int bn_view_findings_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
/* Servers, running ones first. */
int bn_view_endpoints_new(bn_view **out, bn_frame *f, bn_err *err);
/* Persons, and the keys that request admission. */
int bn_view_people_new(bn_view **out, bn_frame *f, bn_err *err);
/* Links of the chain of authority, waiting ones first. */
int bn_view_chain_new(bn_view **out, bn_frame *f, bn_err *err);
/* What the user signed too late. */
int bn_view_late_new(bn_view **out, bn_frame *f, bn_err *err);
/* Versions at remotes. */
int bn_view_remotes_new(bn_view **out, bn_frame *f, bn_err *err);
/* Starts a job that asks a remote, or copies a version to it or from it; remote NULL: the only one, or origin. */
void bn_view_share(bn_view *view, bn_share_what what, const char *ref, const char *remote);
/* Background jobs. */
int bn_view_jobs_new(bn_view **out, bn_frame *f, bn_err *err);
/* One object as a page of lines (an audit record, a run's environment). text is copied. */
int bn_view_text_new(bn_view **out, bn_frame *f, const char *crumb, const char *text, bn_err *err);
/* For a text sheet: wraps lines wider than the screen instead of cutting them at the edge. */
void bn_view_text_wrap(bn_view *text);

/* ---- shared -------------------------------------------------------------------------------------- */

static inline const bn_page_source *bn_view_source(const bn_view *v)
{
	return bn_frame_source(v->frame);
}

/* A view struct of `bytes` whose first member is a bn_view; NULL and err if out of memory. */
void *bn_view_alloc(size_t bytes, const bn_view_class *cls, bn_frame *f, bn_err *err);
/* Pushes what a constructor made, or shows its error. Always returns true: handled. v points to
 * where the constructor, called in the same argument list, has stored it. */
bool bn_view_open(bn_frame *f, int rc, bn_view *const *v, const bn_err *err);

/* A state as word, glyph and ink. */
const char *bn_state_word(bn_state s); /* "OK" "WAIT" "RUN" "WARN" "FAIL" "-" */
bn_ink bn_state_ink(bn_state s);
int bn_state_glyph(bn_state s);
void bn_state_cell(bn_grid_cell *out, bn_state s, const char *word); /* word NULL: the state's */

/* Points as small bars, the least as the lowest, in at most `width` columns. Returns out. */
#define BN_SPARK_TEXT (4 * BN_SPARK + 1)
char *bn_spark_text(
	char out[BN_SPARK_TEXT], const double *y, int count, int width, bn_alphabet alphabet);

/* "name: value" lines; returns the row after. */
enum { BN_FACT_COL = 14 }; /* where its value begins */
int bn_area_fact(bn_area a, int row, const char *name, bn_ink ink, const char *value);

bn_state bn_run_state(bn_run_status s);

/* Runs an action on a worker; its page (kind BN_KIND_ACTION) goes to bn_view_action_done. */
#define BN_KIND_ACTION 90
void bn_view_do(
	bn_view *v, bn_ui_action action, const char *ref, const char *reason, bool override);
/* True if p was the page of an action: shows its description, refreshes, frees p. */
bool bn_view_action_done(bn_view *v, bn_page *p);
/* Why nothing that others see may be stopped; false: it may. */
bool bn_view_stop_refused(const bn_view *v, char *why, size_t size);
/* Asks before a run is stopped. */
void bn_view_ask_stop(
	bn_view *v, const char *id, const char *name, const char *title, bool is_queued);
/* The same for all marked runs; the answer BN_CMD_STOP calls the second. marks: prefixes of ids. */
void bn_view_ask_stop_marked(bn_view *v, size_t count);
void bn_view_stop_marked(bn_view *v, const uint64_t *marks, size_t count);

/* Compares a model's inputs in use with its training data, as a job. */
void bn_view_make_report(bn_view *v, const char *model);
/* Computes what the model was asked again, as a job. */
void bn_view_make_skew(bn_view *v, const char *model);
/* Starts a job that trains a run again and compares its bytes. */
/* name: for the job's title. version: the result is evidence for its gates; NULL: none. */
void bn_view_reproduce(bn_view *v, const char *run, const char *name, const char *version);

/* Runs it on a worker, like bn_view_do; back, if it is not NULL, undoes it: `what` describes it. */
void bn_view_act(bn_view *v, const bn_action_arg *act, const bn_action_arg *back, const char *what);
/* Fills in the runs of an action: all marked ones, otherwise the one. False: more are marked than
 * the limit. */
bool bn_act_runs(bn_action_arg *act, const bn_grid *g, const char *id);
/* "ridge-0", "3 runs" */
void bn_act_words(const bn_action_arg *act, const char *name, char *out, size_t size);

/* The run view is also shown next to the list of runs, where it follows the selection. */
void bn_view_run_show(bn_view *run, const char *id);

#endif

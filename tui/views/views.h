/*
 * views.h - the screens: constructors, and what they share.
 *
 * Each constructor gives a view to push on a frame whose source is a bn_page_source. Screens are reached
 * by digits that never change their place: 5 Serving, 7 Pipelines and 8 Prompts will stand between
 * those that are here.
 */
#ifndef BN_TUI_VIEWS_VIEWS_H
#define BN_TUI_VIEWS_VIEWS_H
#include "tui/ui/frame.h"
#include "tui/views/source.h"

extern const bn_tab bn_view_tabs[];
extern const int bn_view_tab_count;
extern const bn_side_screen bn_view_side[];
extern const int bn_view_side_count;

int bn_view_overview_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_data_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_versions_new(bn_view **out, bn_frame *f, const char *name, bn_err *err);
/* The rows that are meant, and what is counted of them; the column to begin at may be NULL. */
int bn_view_rows_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, const char *column, bn_err *err);
/* All rows of a version. */
int bn_view_all_rows_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
int bn_view_profile_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err);
int bn_view_frequency_new(
	bn_view **out, bn_frame *f, const bn_rows_of *of, const char *column, bn_err *err);
int bn_view_correlations_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err);
/* What differs in version b against a ("jobs@v2", "jobs@v3"). */
int bn_view_changes_new(bn_view **out, bn_frame *f, const char *a, const char *b, bn_err *err);
int bn_view_checks_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
int bn_view_runs_new(bn_view **out, bn_frame *f, bn_err *err);
/* id NULL: none yet; see bn_view_run_show. */
int bn_view_run_new(bn_view **out, bn_frame *f, const char *id, bn_err *err);
/* Star, note and tags of the runs of an act; name: of the one. */
int bn_view_labels_new(
	bn_view **out, bn_frame *f, const bn_deed_arg *of, const char *name, bn_err *err);
/* A run again (its id), or one on a dataset ("jobs@v2"); NULL: of neither. */
int bn_view_launch_new(
	bn_view **out, bn_frame *f, const char *again, const char *data, bn_err *err);
/* Opens what ^P found (tui/views/find.c). */
void bn_view_open_found(bn_frame *f, const bn_found *found);
/* Opens it. */
bool bn_view_launch(bn_view *v, const char *again, const char *data);
/* What a run comes from. */
int bn_view_origin_new(bn_view **out, bn_frame *f, const char *run, bn_err *err);
int bn_view_compare_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err);
int bn_view_models_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_model_new(bn_view **out, bn_frame *f, const char *spec, bn_err *err);
int bn_view_monitor_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_audit_new(bn_view **out, bn_frame *f, bn_err *err);
int bn_view_report_new(bn_view **out, bn_frame *f, const char *id, bn_err *err);
/* Verifies a model version ("power/3"), or with "" the log. */
int bn_view_findings_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err);
/* Servers, those that run first. */
int bn_view_endpoints_new(bn_view **out, bn_frame *f, bn_err *err);
/* Persons, and the keys that ask to be admitted. */
int bn_view_people_new(bn_view **out, bn_frame *f, bn_err *err);
/* Links of the chain of authority, those that wait first. */
int bn_view_chain_new(bn_view **out, bn_frame *f, bn_err *err);
/* What the user signed too late. */
int bn_view_late_new(bn_view **out, bn_frame *f, bn_err *err);
/* What works in the background. */
int bn_view_jobs_new(bn_view **out, bn_frame *f, bn_err *err);
/* One thing as a sheet of lines (an audit record, a run's environment). text is copied. */
int bn_view_text_new(bn_view **out, bn_frame *f, const char *crumb, const char *text, bn_err *err);

/* ---- shared -------------------------------------------------------------------------------------- */

static inline const bn_page_source *bn_view_source(const bn_view *v)
{
	return bn_frame_source(v->frame);
}

/* A view struct of `bytes` whose first member is a bn_view; NULL and err without memory. */
void *bn_view_alloc(size_t bytes, const bn_view_class *cls, bn_frame *f, bn_err *err);
/* Pushes what a constructor made, or shows its error. Returns true always: handled. v points to
 * where the constructor, called in the same argument list, has put it. */
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
int bn_area_fact(bn_area a, int row, const char *name, bn_ink ink, const char *value);

bn_state bn_run_state(bn_run_status s);

/* Does a deed on a worker; its page (kind BN_KIND_DEED) goes to bn_view_deed_done. */
#define BN_KIND_DEED 90
void bn_view_do(bn_view *v, bn_deed deed, const char *ref, const char *reason, bool override);
/* True when p was the page of a deed: says what was done, looks again, frees p. */
bool bn_view_deed_done(bn_view *v, bn_page *p);
/* Why nothing may be stopped that others see; false: it may. */
bool bn_view_stop_refused(const bn_view *v, char *why, size_t size);
/* Asks before a run is stopped. */
void bn_view_ask_stop(
	bn_view *v, const char *id, const char *name, const char *title, bool is_queued);
/* The same for all marked runs; the answer BN_CMD_STOP calls the second. marks: beginnings of ids. */
void bn_view_ask_stop_marked(bn_view *v, size_t count);
void bn_view_stop_marked(bn_view *v, const uint64_t *marks, size_t count);

/* Compares what a model was asked about with what it was trained on, as a job. */
void bn_view_make_report(bn_view *v, const char *model);
/* Starts a job that trains a run again and compares its bytes. */
void bn_view_reproduce(bn_view *v, const char *run, const char *name);

/* Does it on a worker, as bn_view_do; back, when it is not NULL, takes it back: what says what. */
void bn_view_act(bn_view *v, const bn_deed_arg *act, const bn_deed_arg *back, const char *what);
/* Fills in the runs of an act: all marked ones, else the one. False: more are marked than can be at once. */
bool bn_act_runs(bn_deed_arg *act, const bn_grid *g, const char *id);
/* "ridge-0", "3 runs" */
void bn_act_words(const bn_deed_arg *act, const char *name, char *out, size_t size);

/* The run view also stands beside the list of runs, where it follows the selection. */
void bn_view_run_show(bn_view *run, const char *id);

#endif

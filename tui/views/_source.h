/*
 * _source.h - the internals of the source that reads a workspace: source.c (opening, and functions
 * that all share), and NAME/pages.c for the screens of each folder. See source.h.
 *
 * Everything here runs on a worker thread; a bn_reader belongs to one lane.
 */
#ifndef BN_TUI_VIEWS__SOURCE_H
#define BN_TUI_VIEWS__SOURCE_H
#include "core/check/expect.h"
#include "core/govern/trust.h"
#include "core/profile/profiler.h"
#include "core/table/table.h"
#include "core/track/series.h"
#include "core/track/terms.h"
#include "tui/views/source.h"

/* The user's status as a member of the workspace. */
typedef struct bn_waiting {
	char who[240]; /* their identity, as a sentence; "" without a chain of authority */
	bool is_nobody;
	int64_t requests, to_sign, late;
} bn_waiting;

typedef struct bn_reader {
	bn_workspace *ws;
	uint64_t generation; /* increases when the index changes */
	bn_trust *trust;     /* as of looked_ns; NULL: not determined yet */
	int64_t looked_ns;
	/* The last table stays open: scrolling requests windows of it repeatedly. */
	char ref[BN_REF_BYTES], derived[BN_DERIVED_BYTES];
	bn_table_reader *table;
	int64_t masks; /* bn_protect_settings when it was opened */
	bn_waiting waiting;
	/* The number of items that need the user, for the title: of that generation, and when. */
	int64_t alerts, to_approve, needs_ms;
	uint64_t needs_of;
	uint64_t waiting_of;           /* its generation; 0: none */
	bn_run_memory *runs;           /* NULL: not requested yet */
	struct bn_mirror *mirror; /* of a store elsewhere, whose workspace ws is; NULL: none (tui/views/remote) */
	struct bn_remote *remote;
	int64_t turn; /* of the mirror, at the last refresh */
	struct bn_terms_memory *terms; /* of runs seen so far: they do not change; NULL: none yet */
} bn_reader;

/* The current index. Every page function calls this first. From time to time it checks whether this
 * still is the known workspace (core/govern/trust.h): BN_EREFUSED or BN_ECONFLICT if not even
 * reading is allowed. */
int bn_reader_refresh(bn_reader *r, bn_err *err);
/* 0 if the workspace is fully trusted now: call it before signing, verifying, exporting. */
int bn_reader_need_trust(bn_reader *r, bn_err *err);
/* The default series: of those that measure quality, the one with the most points. */
int bn_reader_spark(bn_spark *out, bn_reader *r, bn_arena *arena, const char *run, bn_err *err);
/* The terms on which a run is measured (core/track/terms.h); its texts are borrowed until the next
 * call. */
int bn_reader_terms(bn_run_terms *out, bn_reader *r, const char *run, bn_err *err);
/* The same, but reads at most *left specs, which are files, and counts them down. 1, with *out untouched: it would have
 * to read one more. */
int bn_reader_terms_within(
	bn_run_terms *out, bn_reader *r, const char *run, int *left, bn_err *err);
void bn_terms_memory_free(struct bn_terms_memory *m);
/* The total number of steps of a run, by its parameters; 0 unknown. */
int bn_reader_run_steps(int64_t *out, bn_reader *r, const char *run, bn_err *err);
/* Suites attached and detached (tui/views/suites/pages.c); a description of what was done is written to text. */
int bn_reader_suite_act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err);
/* Labels and the trash (tui/views/runs/acts.c); a description of what was done is written to
 * text. */
int bn_reader_run_act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err);
/* One of the "results" of a document of checks (core/check/expect.h), in words; of a configuration alone
 * {"expectation_config": ...} what it wants. In the arena. */
void bn_check_row_fill(bn_check_row *out, bn_arena *arena, const json_t *result);
/* The number of expectations of the newest check that ended in an error. */
int bn_reader_checks_raised(int64_t *out, bn_reader *r, const bn_dataset_version *v, bn_err *err);
/* The line of a failed run's output with the reason, without leading blanks; NULL: there is none, or the output is not
 * here. In the arena. */
const char *bn_reader_run_error(bn_reader *r, bn_arena *arena, bn_run_info *run);
/* Starts the runner of this user's queue if runs are waiting. */
void bn_reader_wake_queue(bn_reader *r);
/* Table of "name@v3" with derived columns (core/table/derive.h; "": none), borrowed until the next call. */
int bn_reader_table(
	bn_table_reader **out, bn_reader *r, const char *ref, const char *derived, bn_err *err);

/* Wraps a job as the progress of profiles and checks in core. */
bn_profile_progress bn_job_profile_watch(bn_job *job);
bn_expect_progress bn_job_check_watch(bn_job *job);

int bn_source_datasets(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_versions(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_data_answer(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_changes(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_row_changes(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_changed_rows(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_order(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_totals(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_correlations(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_window(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_profile(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_frequency(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_checks(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_runs(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_curves(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_run(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_statistics(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_charts(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_compare(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_objects_find(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_words(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_launch(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_warnings(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_start(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_split_form(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_split_plan(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_split(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_origin(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_object(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_code(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_models(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_card(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_sheet(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_action(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_reports(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_report(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_endpoints(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_profile(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_frequency(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_verify_log(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_verify_model(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_skew(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_report(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_reproduce(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_export_rows(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_export_runs(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_add_data(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_remotes(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_share(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_suites(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_protection(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_protect(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_check(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_audit(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_authority(void *, const void *, bn_page *, bn_job *, bn_err *);
/* Actions on people and the chain; a description of what was done is written to text. */
int bn_reader_authority_action(
	bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err);
/* The data of the authority screens; the caller releases it. */
int bn_reader_authority(bn_authority_page *out, bn_reader *r, bn_err *err);
/* Read again if the index has changed; borrowed until the next call. */
int bn_reader_waiting(const bn_waiting **out, bn_reader *r, bn_err *err);
void bn_authority_page_release(void *page);
int bn_source_overview(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_status(void *, const void *, bn_page *, bn_job *, bn_err *);

/* Row numbers of the selected rows of *table (borrowed), in the requested order; NULL: every row in
 * the table's order. *rows is yours. */
int bn_reader_order(int64_t **rows, size_t *count, bn_table_reader **table, bn_reader *r,
	const bn_order_arg *arg, bn_job *job, bn_err *err);

/* A page that owns more than its arena: data in the arena, and a function to release it. */
#define BN_PAGE_TAKE(page, made, fn) ((page)->data = (made), (page)->release = (fn), 0)

#endif

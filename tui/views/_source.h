/*
 * _source.h - the inside of the source that reads a workspace: source.c (opening, and what all
 * shared), and NAME/pages.c for the screens of each folder. See source.h.
 *
 * Everything here runs on a worker thread; a bn_reader belongs to one lane.
 */
#ifndef BN_TUI_VIEWS__SOURCE_H
#define BN_TUI_VIEWS__SOURCE_H
#include "core/govern/trust.h"
#include "core/table/table.h"
#include "core/track/series.h"
#include "core/track/terms.h"
#include "tui/views/source.h"

/* What concerns the user as one of the people of the workspace. */
typedef struct bn_waiting {
	char who[240]; /* who they are, in a sentence; "" without a chain of authority */
	bool is_nobody;
	int64_t requests, to_sign, late;
} bn_waiting;

typedef struct bn_reader {
	bn_workspace *ws;
	uint64_t generation; /* rises when the index changed */
	bn_trust *trust;     /* as of looked_ns; NULL: nobody has looked */
	int64_t looked_ns;
	/* The table read last stays open: scrolling asks for windows of it again and again. */
	char ref[BN_REF_BYTES], derived[BN_DERIVED_BYTES];
	bn_table_reader *table;
	bn_waiting waiting;
	/* What needs the user, counted for the title: as of that generation, and when. */
	int64_t alerts, to_approve, needs_ms;
	uint64_t needs_of;
	uint64_t waiting_of;           /* the generation that it is of; 0: none */
	bn_run_memory *runs;           /* NULL: no list of them was asked for yet */
	struct bn_terms_memory *terms; /* of runs seen so far: they do not change; NULL: none yet */
} bn_reader;

/* The index as of now. Every page function begins with it. From time to time it looks whether this still is the
 * known workspace (core/govern/trust.h): BN_EREFUSED or BN_ECONFLICT when not even reading is allowed. */
int bn_reader_refresh(bn_reader *r, bn_err *err);
/* 0 when the workspace is trusted in full as of now: before signing, verifying, exporting. */
int bn_reader_need_trust(bn_reader *r, bn_err *err);
/* Of losses and the like the series with most points. */
int bn_reader_spark(bn_spark *out, bn_reader *r, bn_arena *arena, const char *run, bn_err *err);
/* Which part of a series, and along what. */
typedef struct bn_curve_part {
	bn_run_axis axis;
	double from, to; /* to <= from: all of it */
	int64_t started_ms;
	const bn_points *epochs; /* of BN_EPOCH_METRIC, for that axis */
} bn_curve_part;
/* All points of a series, or, of many, least and largest of as many buckets as are worth drawing. */
int bn_curve_read(bn_curve *c, bn_arena *arena, bn_reader *r, const char *run,
	const bn_series_info *info, const bn_curve_part *part, bn_err *err);
/* On what terms a run is measured (core/track/terms.h); its texts are borrowed until the next call. */
int bn_reader_terms(bn_run_terms *out, bn_reader *r, const char *run, bn_err *err);
void bn_terms_memory_free(struct bn_terms_memory *m);
/* How many steps a run will have, by its parameters; 0 unknown. */
int bn_reader_run_steps(int64_t *out, bn_reader *r, const char *run, bn_err *err);
/* Labels and the trash (tui/views/runs/acts.c); what was done goes into text. */
int bn_reader_run_act(bn_reader *r, const bn_deed_arg *a, char *text, size_t size, bn_err *err);
/* How many of the expectations of the newest check ended in an error. */
int bn_reader_checks_raised(int64_t *out, bn_reader *r, const bn_dataset_version *v, bn_err *err);
/* Starts the runner of this user's queue, when something waits. */
void bn_reader_wake_queue(bn_reader *r);
/* Table of "name@v3" with derived columns (core/table/derive.h; "": none), borrowed until the next call. */
int bn_reader_table(
	bn_table_reader **out, bn_reader *r, const char *ref, const char *derived, bn_err *err);

int bn_source_datasets(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_versions(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_data_answer(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_changes(void *, const void *, bn_page *, bn_job *, bn_err *);
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
int bn_source_compare(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_objects_find(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_launch(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_shared(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_start(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_origin(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_object(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_models(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_card(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_sheet(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_deed(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_reports(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_report(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_endpoints(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_profile(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_frequency(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_verify_log(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_verify_model(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_make_report(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_reproduce(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_export_rows(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_add_data(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_check(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_audit(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_authority(void *, const void *, bn_page *, bn_job *, bn_err *);
/* Those of people and of the chain; what was done goes into text. */
int bn_reader_authority_deed(
	bn_reader *r, const bn_deed_arg *a, char *text, size_t size, bn_err *err);
/* What authority shows, to be released; borrowed by nobody. */
int bn_reader_authority(bn_authority_page *out, bn_reader *r, bn_err *err);
/* Read anew when the index has changed; borrowed until the next call. */
int bn_reader_waiting(const bn_waiting **out, bn_reader *r, bn_err *err);
void bn_authority_page_release(void *page);
int bn_source_overview(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_source_status(void *, const void *, bn_page *, bn_job *, bn_err *);

/* Row numbers of *table (borrowed) that are meant, sorted as asked; NULL: every row in its own order. *rows is yours. */
int bn_reader_order(int64_t **rows, size_t *count, bn_table_reader **table, bn_reader *r,
	const bn_order_arg *arg, bn_job *job, bn_err *err);

/* A page that owns more than its arena: data in the arena, and what to do with it at the end. */
#define BN_PAGE_TAKE(page, made, fn) ((page)->data = (made), (page)->release = (fn), 0)

#endif

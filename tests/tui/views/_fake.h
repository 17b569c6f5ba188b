/*
 * _fake.h - internals of the canned pages: each folder of screens next to this file has a
 * fake.c.
 */
#ifndef BN_TEST_VIEWS_FAKE_H
#define BN_TEST_VIEWS_FAKE_H
#include "tests/support/fake_source.h"
#include "tui/views/views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOW BN_FAKE_NOW_MS
#define S 1000LL
#define MIN (60 * S)
#define HOUR (60 * MIN)

#define FAKE_BEGIN(page) \
	bn_fake *fake = context; \
	(void)fake; \
	(void)arg; \
	(void)job; \
	(void)err; \
	if (fake->is_slow) \
	nanosleep(&(struct timespec){0, 30 * 1000000}, NULL)

/* Copies data into the page's arena, as page->data. */
void *bn_fake_take(bn_page *p, const void *data, size_t bytes);
/* The first step of every job. */
int bn_fake_work(bn_fake *fake, bn_job *job, const char *what, bn_err *err);
/* For jobs whose result is a name. */
int bn_fake_named(bn_fake *fake, bn_page *page, bn_job *job, const char *name, bn_err *err);
bn_curve bn_fake_curve(bn_page *page, const char *run, const char *key, size_t n, double speed);

int bn_fake_add(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_audit(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_check(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_protection(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_protect(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_row_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_changed_rows(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_suites(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_checks(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_statistics(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_charts(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_curves(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_find(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_words(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_launch(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_warnings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_start(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_split_form(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_split_plan(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_make_split(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_origin(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_object(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_code(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_datasets(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_action(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_remotes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_endpoints(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_export(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_findings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_make_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_make_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_make_skew(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_make_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_models(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_order(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_report(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_reports(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_reproduce(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_card(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_status(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_versions(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_totals(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_correlations(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_version(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
int bn_fake_window(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);

#endif

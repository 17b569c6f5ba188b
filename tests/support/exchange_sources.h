/*
 * exchange_sources.h - small sources of runs for the tests of core/exchange, as the tools themselves write them.
 */
#ifndef BN_TEST_EXCHANGE_SOURCES_H
#define BN_TEST_EXCHANGE_SOURCES_H
#include "core/exchange/exchange.h"
#include "tests/support/track.h"

#define RUN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Writes a file below the directory, with its parents. */
void source_write(const char *dir, const char *path, const char *text);
/* An MLflow directory of two experiments ("vision", id 7; "Default", id 0) with RUN_A and RUN_B. */
void source_mlruns(const char *dir);
/* MLflow's database with the same; extra: more SQL, or NULL. */
void source_mlflow_db(const char *path, const char *extra);
/* Runs SQL on a database. */
void source_sql(const char *path, const char *sql);

/* Imports, and fails the test on an error. The report is the caller's to release. */
bn_exchange_report source_import(
	track_world *w, const char *source, const bn_import_options *options);
/* The reason with that part in its text; NULL if there is none. */
const bn_exchange_note *source_note(const bn_exchange_report *r, const char *part);
/* The number of events in the log. */
int64_t source_events(track_world *w);

#endif

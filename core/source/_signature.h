/* _signature.h - parts of the recognition of files that are not tables: see signature.h. */
#ifndef BN_SOURCE__SIGNATURE_H
#define BN_SOURCE__SIGNATURE_H
#include "core/base/err.h"

#include <string.h>

typedef struct span {
	const char *s;
	size_t n;
} span;

static inline bool starts(span line, const char *with)
{
	return line.n >= strlen(with) && !memcmp(line.s, with, strlen(with));
}

/* Returns the line at *at without its end and the blanks before it, and advances *at to the next. */
span bn_signature_line(const char *s, size_t n, size_t *at);

/* What a report of LIKWID is, and its cure. */
#define LIKWID_REPORT \
	"a report of LIKWID with several tables", \
		"take one of them: sed -n '/^TABLE,Group 1 Metric/,/^TABLE/{//!p}' FILE | " \
		"binnacle ... -"

/* Sets "PATH is WHAT" and returns BN_EUNSUPPORTED. */
int bn_signature_refuse(const char *path, const char *what, const char *hint, bn_err *err);

/* Whether the text begins with an element of XML: "<log>" or "<log version='1'", and the end of some
 * element after it. */
bool bn_signature_is_markup(const char *s, size_t n);

/* Rejects metrics as monitoring systems write them: Prometheus' text, InfluxDB's line protocol. */
int bn_signature_check_metrics(const char *path, const char *s, size_t n, bn_err *err);

/* Rejects what tools print for people (perf, LIKWID, vmstat, sar, scontrol, error messages), and lines
 * of keys and values. s: without leading blanks. */
int bn_signature_check_report(const char *path, const char *s, size_t n, bn_err *err);

#endif

/*
 * exposition.h - a strict parser of Prometheus' text format 0.0.4, for tests.
 */
#ifndef BN_TEST_EXPOSITION_H
#define BN_TEST_EXPOSITION_H

/* Fails the test unless every line parses, each family has HELP then TYPE before its samples and is
 * contiguous, names and labels are valid, no sample occurs twice, only counters end in _total, and
 * histograms have increasing buckets ending in +Inf that equal _count. */
void exposition_check(const char *text);

#endif

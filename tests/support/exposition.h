/*
 * exposition.h - a strict reader of Prometheus' text format 0.0.4, for tests.
 */
#ifndef BN_TEST_EXPOSITION_H
#define BN_TEST_EXPOSITION_H

/* Fails the test unless every line parses, each family has HELP then TYPE before its samples and
 * stands in one piece, names and labels are valid, no sample is there twice, counters end in _total
 * and nothing else does, histograms have rising buckets ending in +Inf that equal _count. */
void exposition_check(const char *text);

#endif

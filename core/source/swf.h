/*
 * swf.h - logs of jobs in the Standard Workload Format (version 2) of the Parallel Workloads
 * Archive: one job per line, 18 fields separated by blanks, comment lines that begin with ';'.
 * Definition: S. Chapin et al., "Benchmarks and standards for the evaluation of parallel job
 * schedulers", JSSPP 1999, and the archive's page on the format.
 *
 * A field of -1 is unknown, so it is absent. All columns are int64 except: `cpu` (the mean over the
 * processors) is float64, and `submit` is a timestamp if the comments contain UnixStartTime
 * (seconds since 1970, UTC); without it, it is the int64 of seconds since the log's start, in unit
 * s. The other comments of the header (Computer, MaxNodes, ...) are metadata of the table
 * ("swf.Computer").
 */
#ifndef BN_SOURCE_SWF_H
#define BN_SOURCE_SWF_H
#include "core/source/source.h"

extern const bn_source bn_source_swf;

#endif

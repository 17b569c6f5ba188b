/*
 * node.h - samples the counters of this node: processor, memory, load, disks, network,
 * temperatures, energy. A counter that the kernel does not offer, or that is not readable, has no
 * column; one that cannot be read at a sample is absent there. A missing reading is never 0.
 *
 * 	cpu_user .. cpu_steal, cpu_busy       %   of all processors, since the previous sample
 * 	context_switches                      1/s
 * 	procs_running, procs_blocked, load_1, load_5, load_15
 * 	mem_total, mem_free, mem_available, mem_buffers, mem_cached, swap_total, swap_free   B
 * 	disk_read, disk_write                 B/s of all whole disks together; then each disk:
 * 	<disk>_read, <disk>_write, <disk>_busy  B/s, B/s, % of the time (at most 16 disks)
 * 	net_receive, net_transmit             B/s of all interfaces except lo; then each: <if>_receive ..
 * 	temp_<chip>_<label>                   degC (hwmon), temp_<type>_<n> (thermal zones)
 * 	power_<zone>, energy_<zone>           W since the previous sample, J since the start: RAPL of
 * 	                                      the powercap tree, wrap-around handled
 *
 * Zones of RAPL overlap (psys includes package, package includes core): do not add them up. They
 * are the whole node's, not a process's. Counters that exist and are not readable are listed in the
 * schema's metadata ("not_readable").
 *
 * Everything is read below a root directory ("" for the real one), so that tests use directory
 * trees.
 */
#ifndef BN_SOURCE_NODE_H
#define BN_SOURCE_NODE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/source/source.h"
#include "core/table/table.h"

#include <stdint.h>

typedef struct bn_node bn_node;

/* Discovers the counters and takes the first readings, the start of rates. BN_EUNSUPPORTED if there
 * are none at all. */
int bn_node_new(bn_node **out, const bn_env *env, const char *root, bn_err *err);
void bn_node_free(bn_node *n);
/* Column 0 is "time", the others float64. Borrowed. */
const bn_schema *bn_node_schema(const bn_node *n);
/* Reads everything. values: one per column after "time"; NaN is absent. monotonic_ns: the time base
 * of rates. */
int bn_node_sample(bn_node *n, int64_t monotonic_ns, double *values, bn_err *err);

/*
 * The ingest source "proc": uri "proc:" or "proc:/some/root". Samples at start + k * interval, so a
 * slow sample does not shift the next ones; a sample that would be more than an interval late is
 * skipped. options->progress returning false ends it early with the samples so far.
 */
extern const bn_source bn_source_node;

#endif

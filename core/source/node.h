/*
 * node.h - the counters of this very node, sampled: processor, memory, load, disks, network,
 * temperatures, energy. What the kernel does not offer, or does not let us read, is no column; what
 * cannot be read at one moment is absent there. Nothing is ever 0 for want of a reading.
 *
 *	cpu_user .. cpu_steal, cpu_busy       %   of all processors, since the sample before
 *	context_switches                      1/s
 *	procs_running, procs_blocked, load_1, load_5, load_15
 *	mem_total, mem_free, mem_available, mem_buffers, mem_cached, swap_total, swap_free   B
 *	disk_read, disk_write                 B/s of all whole disks together; then each disk:
 *	<disk>_read, <disk>_write, <disk>_busy  B/s, B/s, % of the time (at most 16 disks)
 *	net_receive, net_transmit             B/s of all interfaces but lo; then each: <if>_receive ..
 *	temp_<chip>_<label>                   degC (hwmon), temp_<type>_<n> (thermal zones)
 *	power_<zone>, energy_<zone>           W since the sample before, J since the start: RAPL of the
 *	                                      powercap tree, wrap-around handled
 *
 * Zones of RAPL overlap (psys holds package, package holds core): they are not to be added up. They
 * are the whole node's, not a process's. What was there and could not be read is named in the
 * schema's metadata ("not_readable").
 *
 * Everything is read below a root directory ("" for the real one), so that trees of files test it.
 */
#ifndef BN_SOURCE_NODE_H
#define BN_SOURCE_NODE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/source/source.h"
#include "core/table/table.h"

#include <stdint.h>

typedef struct bn_node bn_node;

/* Finds out what there is, and takes the first readings, from which rates are counted.
 * BN_EUNSUPPORTED when there is nothing at all. */
int bn_node_new(bn_node **out, const bn_env *env, const char *root, bn_err *err);
void bn_node_free(bn_node *n);
/* Column 0 is "time", the others float64. Borrowed. */
const bn_schema *bn_node_schema(const bn_node *n);
/* Reads everything. values: one a column after "time"; NaN is absent. monotonic_ns is what rates are
 * divided by. */
int bn_node_sample(bn_node *n, int64_t monotonic_ns, double *values, bn_err *err);

/*
 * The ingest source "proc": uri "proc:" or "proc:/some/root". Samples at start + k * interval, so a
 * slow sample does not shift the next ones; a sample that would be more than an interval late is left
 * out. options->progress returning false ends it early with what there is.
 */
extern const bn_source bn_source_node;

#endif

/*
 * gc.h - removing objects that nothing names any more.
 *
 * I6: an object is removed only if no live row of the index names it (live.h) and it is older than the
 * retention (by its modification time, which storing it again renews). Objects named only by removed
 * rows are removed when the rows were removed longer ago than the retention. The rows stay, and show
 * that their bytes are gone.
 *
 * Objects that become live while gc runs are kept. Code that makes rows live again renews the objects they
 * name before the event is committed (bn_object_renew, live.h), and gc leaves objects that were renewed
 * since it saw them. Also, gc first sets objects aside, reads the log again, and only then removes or
 * restores them. So a restore either finds an object and has renewed it, or finds it gone and must fail.
 *
 * Only regular files below the workspace, on its device, opened without following links, are removed. If part
 * of the log cannot be folded (a missing segment, say), or a named object hides what it names, gc refuses to
 * remove anything; unless only records that count for nobody name that object.
 *
 * Objects that were erased on request (forgotten.h) go at once, whatever their age and whatever names them.
 *
 * The hashes are written to the log (gc.removing) before their bytes go, so the audit log always
 * shows why an object is gone.
 */
#ifndef BN_STORE_GC_H
#define BN_STORE_GC_H
#include "core/store/object/live.h"
#include "core/store/workspace.h"

#define BN_GC_RETENTION_MS ((int64_t)14 * 86400 * 1000)
#define BN_GC_TMP_MS ((int64_t)86400 * 1000)

typedef struct bn_gc_options {
	int64_t retention_ms; /* for objects and for files in trash/ */
	int64_t tmp_ms;       /* age from which a file in tmp/ is a leftover */
	bool dry_run;         /* only count */
	bool only_forgotten;  /* objects erased on request (forgotten.h), and leftovers in tmp/ */
	const bn_live_judge *
		judge; /* live.h; NULL: any object that hides what it names makes gc inconclusive */
} bn_gc_options;

typedef struct bn_gc_report {
	uint64_t objects, object_bytes;     /* removed, or to be removed in a dry run */
	uint64_t live, live_bytes;          /* kept because something names them */
	uint64_t young, young_bytes;        /* kept because of the retention */
	uint64_t leftovers, leftover_bytes; /* removed from tmp/ and trash/ */
	uint64_t failed;                    /* not removed for lack of permission */
} bn_gc_report;

/* BN_EINCONCLUSIVE when the log has a gap, or a live manifest cannot be read. */
int bn_gc_run(bn_gc_report *report, bn_workspace *ws, const bn_gc_options *options, bn_err *err);

#endif

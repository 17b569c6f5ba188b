/*
 * gc.h - giving back the bytes of objects that nothing names any more.
 *
 * I6: an object goes only when no live row of the index names it (live.h) and it is older than the
 * retention (measured from its modification time, which storing it again renews). What only removed
 * rows name goes when they were removed longer ago than the retention: that is the release date of the
 * trash. The rows stay, and show that their bytes are gone.
 *
 * What becomes live while gc runs is kept. Who makes rows live again renews what they name before the event
 * is committed (bn_object_renew, live.h): gc leaves what was renewed since it was seen. And gc moves what
 * is to go out of sight first, looks at the log once more, and only then removes it, or puts it back.
 * So whoever restores finds an object there and has renewed it, or finds it gone and must not restore.
 *
 * Only regular files go, that were opened below the workspace, on its device and without following a
 * link. When part of the log cannot be folded (a missing segment, say), or a named object hides what it
 * names, gc refuses to remove anything; of an object that only records name that count for nobody it goes on.
 *
 * The hashes are written to the log (gc.removing) before their bytes go, so a reader of the audit
 * log always knows why an object is gone.
 */
#ifndef BN_STORE_GC_H
#define BN_STORE_GC_H
#include "core/store/object/live.h"
#include "core/store/workspace.h"

#define BN_GC_RETENTION_MS ((int64_t)14 * 86400 * 1000)
#define BN_GC_TMP_MS ((int64_t)86400 * 1000)

typedef struct bn_gc_options {
	int64_t retention_ms; /* of objects and of what lies in trash/ */
	int64_t tmp_ms;       /* age from which a file in tmp/ is a leftover */
	bool dry_run;         /* only count */
	const bn_live_judge
		*judge; /* live.h; NULL: whatever hides what it names makes gc inconclusive */
} bn_gc_options;

typedef struct bn_gc_report {
	uint64_t objects, object_bytes;     /* removed, or that would be */
	uint64_t live, live_bytes;          /* kept because something names them */
	uint64_t young, young_bytes;        /* kept because of the retention */
	uint64_t leftovers, leftover_bytes; /* removed from tmp/ and trash/ */
	uint64_t failed;                    /* not removed for lack of permission */
} bn_gc_report;

/* BN_EINCONCLUSIVE when the log has a gap, or a live manifest cannot be read. */
int bn_gc_run(bn_gc_report *report, bn_workspace *ws, const bn_gc_options *options, bn_err *err);

#endif

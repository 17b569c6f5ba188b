/*
 * save.h - the runs of a query as a file: what `run ls --out` and the export of the workbench write.
 */
#ifndef BN_TRACK_SAVE_H
#define BN_TRACK_SAVE_H
#include "core/base/progress.h"
#include "core/source/list_table.h"
#include "core/track/query.h"

typedef struct bn_runs_saved {
	int64_t runs;
	size_t columns;
} bn_runs_saved;

/*
 * Writes the rows of q, at most `most` from q->offset on, with its columns under their own names: instants as times,
 * other numbers, and texts that all are numbers, as numbers, the rest as text. The runs are read twice, in parts, since
 * all values of a column decide its type; both times in one state of the index. q->limit is ignored, as is the place of
 * a page. The file appears when it is complete. BN_EINTR if watch (may be NULL) says so.
 */
int bn_runs_save(bn_runs_saved *out, bn_workspace *ws, const bn_run_query *q, int64_t most,
	const char *path, bn_list_format format, const bn_progress *watch, bn_err *err);

#endif

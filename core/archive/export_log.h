/*
 * export_log.h - what left this workspace in archives: events of class "archive", entity "archive/<32 hex>".
 *
 *	archive.exported  {model?: "power/1" (absent: the whole workspace), to: path, host, reason?, personal: data marked as
 *	                  personal is in it, private: what one user can read is in it}
 *
 * It is written before the first byte leaves, so it also stands for an export that failed. The records are history: nothing
 * is decided by them.
 */
#ifndef BN_ARCHIVE_EXPORT_LOG_H
#define BN_ARCHIVE_EXPORT_LOG_H
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

extern const bn_fold_class bn_archive_class;

typedef struct bn_export {
	const char *model;  /* NULL: the whole workspace */
	const char *to;     /* "-": standard output */
	const char *reason; /* NULL: none */
	bool is_personal, private_too;
} bn_export;

enum { BN_EXPORT_TEXT_MOST = 4096 };

/* Appends the event and makes it durable and visible. */
int bn_export_record(bn_workspace *ws, const bn_export *x, bn_err *err);

#endif

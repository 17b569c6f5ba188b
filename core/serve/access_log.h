/*
 * access_log.h - one line of JSON per request, in files of limited size.
 *
 *	{"time":"2026-03-02T12:00:00.123456Z","peer":"127.0.0.1","method":"POST","path":"/predict","status":200,
 *	 "bytes_in":64,"bytes_out":58,"seconds":0.000213,"handler_seconds":0.000087,"complete":true,
 *	 "model":"power","version":"3","rows":1,"request":"5f0c7a1e9b3d2c41"}
 *
 * time: when the head of the request was complete; seconds: from there until the response was sent, with what the client
 * took to send its body and to receive; handler_seconds: of that, the program's own. bytes: of bodies. complete: the
 * client has received the response. peer: an address, or "uid:1000" for a Unix socket. What does not apply is absent:
 * model and version if the request names none, rows if nothing was predicted, handler_seconds if the request was
 * refused, method and path if its head could not be read, status if the client was gone before. A path is cut at BN_ACCESS_PATH bytes and then followed by "path_cut":true.
 *
 * Queries and headers are not logged, so no token is. Text of the client is escaped: a line is one line, and may be
 * shown on a terminal.
 *
 * A request adds its line to a queue and never waits for the disk; a thread writes, four times a second or when 64 KiB
 * wait. Every line is written, waiting, or lost: when the queue is full, or when the file cannot be written (a full
 * disk). A line is whole in the file or not there at all.
 *
 * A file is created with mode 0600. When a line would make it larger than max_bytes it becomes FILE.1, that FILE.2 and
 * so on up to FILE.<keep>, and a new one begins. A file that was renamed, removed or truncated by others (logrotate) is
 * noticed before the next write, and at once with bn_access_log_reopen. A log belongs to one server.
 */
#ifndef BN_SERVE_ACCESS_LOG_H
#define BN_SERVE_ACCESS_LOG_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/serve/server.h"

#define BN_ACCESS_PATH 1024          /* bytes of a path in a line, escaped */
#define BN_ACCESS_LEAST_BYTES 65536  /* smallest max_bytes: several times the longest line */
#define BN_ACCESS_MOST_KEPT 1000     /* files beside the current one */

typedef struct bn_access_log bn_access_log;

typedef struct bn_access_log_options {
	const char *path;   /* named by the user, a file or a device; NULL: the open descriptor fd */
	int fd;             /* borrowed; neither rotated nor reopened, as a device */
	int64_t max_bytes;  /* of a file; 0: no limit */
	int keep;           /* older files */
	size_t queue_bytes; /* 0: 4 MiB */
	int interval_ms;    /* how long lines wait for more of them; 0: 250 */
} bn_access_log_options;

typedef struct bn_access_log_stats {
	uint64_t written, waiting;        /* lines */
	uint64_t lost_queue, lost_writes; /* the queue was full; the file could not be written */
	uint64_t failures;                /* writes that failed */
	char last_error[512];             /* empty if the last write succeeded */
} bn_access_log_stats;

/* Opens the file and starts the thread. BN_EREFUSED for a file of another user, or one that others may write. */
int bn_access_log_open(
	bn_access_log **out, const bn_env *env, const bn_access_log_options *options, bn_err *err);
/* For bn_server_options.access, with the log as its user pointer. Thread-safe, never waits for the disk. */
void bn_access_log_add(void *log, const bn_access_entry *entry);
/* The file at the path is opened again before the next line. Thread-safe. */
void bn_access_log_reopen(bn_access_log *l);
void bn_access_log_get_stats(bn_access_log *l, bn_access_log_stats *out);
/* Appends Prometheus text. Any thread. */
void bn_access_log_write_metrics(bn_access_log *l, bn_buf *out);
/* Writes what waits, for at most two seconds if a pipe is not read, and ends the thread. The counts can be read until
 * close. A second call does nothing. */
void bn_access_log_finish(bn_access_log *l);
void bn_access_log_close(bn_access_log *l); /* finishes and frees; NULL is fine */

#endif

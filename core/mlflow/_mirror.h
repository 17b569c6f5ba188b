/* _mirror.h - the parts of a mirror: see mirror.h. mirror.c (opening, known.db), mirror_pull.c (walks),
 * mirror_run.c (a run's differences), mirror_points.c (histories), mirror_models.c, mirror_act.c, mirror_files.c. */
#ifndef BN_MLFLOW_MIRROR_INTERNAL_H
#define BN_MLFLOW_MIRROR_INTERNAL_H
#include "core/base/str.h"
#include "core/mlflow/mirror.h"
#include "core/store/index/fold.h"

#include <jansson.h>
#include <sqlite3.h>

#define BN_MIRROR_HASH 33 /* hex digits of a hash in known.db, with the NUL */

struct bn_mirror {
	const bn_env *env;
	char *address, *dir;
	const bn_mlflow_access *access;
	bn_mlflow_client *client; /* NULL: nothing was sent yet */
	bn_workspace *ws;
	sqlite3 *db;
	/* The server (GitLab) refuses the order and the view of a search, and searches one experiment at a time. */
	bool is_plain;
	/* The walk in progress. */
	json_t *experiments; /* ids; NULL: not read yet */
	size_t at;           /* of the experiment that it is in, if is_plain */
	char *token;         /* of its next page; NULL: the first one */
	size_t newest_at;    /* the experiment whose newest runs are next, if is_plain */
	int64_t walk;        /* its number, larger than of those before */
	size_t fresh;        /* runs that it has not seen before, since that was last set to 0 */
	int stale;           /* pages without such a run, one after the other */
	int64_t left_out;    /* since the last commit */
	bool wrote;          /* something, in this turn */
};

/* The client, opened at the first call. */
int bn_mirror_client(bn_mlflow_client **out, bn_mirror *m, bn_err *err);
/* An answer, and the time at which the server gave it; body or query may be NULL (references are taken). */
int bn_mirror_ask(json_t **out, bn_mirror *m, const char *method, const char *path, json_t *query,
	json_t *body, bool repeatable, bn_err *err);

/* A turn of this process: known.db is locked and the index is current. end with rc < 0 discards what known.db got. */
int bn_mirror_begin(bn_mirror *m, bn_err *err);
int bn_mirror_end(bn_mirror *m, int rc, bn_err *err);

int bn_mirror_keep(bn_mirror *m, const char *key, int64_t value, bn_err *err);
int64_t bn_mirror_kept(bn_mirror *m, const char *key, int64_t otherwise);

/* The server's id of a run of the mirror (an id or a unique prefix was resolved before). *out is yours. */
int bn_mirror_remote_id(char **out, bn_mirror *m, const char *id, bn_err *err);
/* The name under which the experiment of an id began in the mirror; *out is yours, NULL if it is not known. */
int bn_mirror_experiment(char **out, bn_mirror *m, const char *id, bn_err *err);

/* A version's number as the server writes it. */
int bn_mirror_version_text(
	char out[BN_FMT], bn_mirror *m, const char *name, int64_t version, bn_err *err);

/* Writes what is new in a run as the server describes it; within a turn. */
int bn_mirror_run_apply(bn_mirror *m, const json_t *run, bn_err *err);
/* All points of a run, after bn_mirror_run_apply, outside a turn. */
int bn_mirror_points_pull(bn_mirror *m, const json_t *run, bn_err *err);

#endif

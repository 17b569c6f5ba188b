/*
 * run_id.h - ids of runs, which identify the writer that creates the run.
 *
 * An entity with a random id would belong to the first record that names it by clock: a stranger could backdate
 * a record and own another user's run. So the id is a function of the writer (the name of the directory with
 * its records) and of a nonce in `run.created`:
 *
 *	bytes 0 to 11    the first of SHA-256("binnacle run\n" writer "\n" nonce)
 *	bytes 12 to 15   the first of SHA-256("binnacle run id\n" bytes 0 to 11)
 *
 * The last four bytes mark this form, so a record is judged by itself, independent of other records, order of
 * arrival and clocks. A `run.created` of another writer, or without the nonce, is refused. Finding a nonce
 * for an existing id takes 2^96 tries. One of 2^32 random ids has the form by chance.
 *
 * It uses the writer's name and not the owner's uid, since user namespaces change the uid of a file. Ids of
 * older programs are random; their runs belong to the first `run.created` in the order of clocks, as before,
 * and after an upgrade of the workspace (core/govern/closed.h) to the first that it closed.
 */
#ifndef BN_RUN_RUN_ID_H
#define BN_RUN_RUN_ID_H
#include "core/base/id.h"
#include "core/store/workspace.h"

typedef struct bn_run_id {
	char id[BN_RUN_ID_TEXT];
	char nonce[BN_RUN_ID_TEXT]; /* 32 hex digits, for bn_run_created */
} bn_run_id;

typedef enum bn_run_maker {
	BN_RUN_MAKER_UNSAID, /* the id has another form */
	BN_RUN_MAKER_WRITER, /* the writer made it */
	BN_RUN_MAKER_OTHER,  /* the writer did not */
} bn_run_maker;

/* A new id for this process's writer, which is opened. */
int bn_run_id_make(bn_run_id *out, bn_workspace *ws, bn_err *err);
/* Checks the creator of a run, for a record of that writer with that nonce (NULL: none). */
bn_run_maker bn_run_id_maker(const char *id, const char *writer, const char *nonce);
/* Before the record is appended: BN_ECONFLICT if this process now writes under another name. */
int bn_run_id_check(const char *id, const char *nonce, bn_workspace *ws, bn_err *err);

#endif

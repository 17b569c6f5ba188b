/*
 * run_id.h - ids of runs, which name the writer that makes the run.
 *
 * A thing with a random id belongs to the first record that names it, and clocks say which is first: a stranger
 * could date a record back and own somebody's run. So the id is a function of the writer (the name of the
 * directory in which its records lie) and of a nonce, which `run.created` holds:
 *
 *	bytes 0 to 11    the first of SHA-256("binnacle run\n" writer "\n" nonce)
 *	bytes 12 to 15   the first of SHA-256("binnacle run id\n" bytes 0 to 11)
 *
 * The last four say that an id has this form, so a record is judged alone: no other record, no order of
 * arrival and no clock has a part in it. A `run.created` of another writer, or without the nonce, is refused.
 * To find a nonce for an id that exists takes 2^96 tries. One of 2^32 random ids has the form by chance.
 *
 * It is the writer's name and not the owner's uid, since user namespaces show another uid for a file. Ids of
 * older programs are random; their runs belong to the first `run.created` in the order of clocks, as before, and after an
 * upgrade of the workspace (core/govern/closed.h) to the first that it closed.
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

/* A new id of this process's writer, which is opened. */
int bn_run_id_make(bn_run_id *out, bn_workspace *ws, bn_err *err);
/* Who made the run, as a record of that writer with that nonce (NULL: none) says. */
bn_run_maker bn_run_id_maker(const char *id, const char *writer, const char *nonce);
/* Before the record is appended: BN_ECONFLICT when this process writes under another name by now. */
int bn_run_id_check(const char *id, const char *nonce, bn_workspace *ws, bn_err *err);

#endif

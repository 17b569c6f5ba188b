/*
 * remote.h - a store elsewhere as a source of pages.
 *
 * Its pages are those of the mirror's workspace (core/mlflow/mirror.h), read by the same functions as those of any
 * workspace; a thread follows the server (core/mlflow/follow.h). Models come from the server's documents, acts are
 * requests to the server, and what a store elsewhere lacks is refused with the reason. The title says how old the data
 * is when the server does not answer.
 */
#ifndef BN_TUI_VIEWS_REMOTE_H
#define BN_TUI_VIEWS_REMOTE_H
#include "core/mlflow/follow.h"
#include "tui/views/source.h"

typedef struct bn_remote bn_remote;

typedef struct bn_remote_source_options {
	const char *address;
	const bn_mlflow_access *access; /* borrowed until it is closed; NULL: none */
	bool is_cached;                 /* the server is not asked, and nothing can be changed */
} bn_remote_source_options;

/* Starts following. Errors as bn_mirror_open. */
int bn_remote_open(bn_remote **out, const bn_env *env, const bn_remote_source_options *o, bn_err *err);
void bn_remote_close(bn_remote *r); /* after all contexts; NULL is fine */
const char *bn_remote_title(const bn_remote *r); /* host and port: "mlflow.example.org:5000"; borrowed */

const bn_page_source *bn_source_remote(void);
/* A context of bn_source_remote, one per lane; closed by bn_source_close. */
int bn_source_remote_open(void **context, bn_remote *r, bn_err *err);

#endif

/* _mlflow_server.h - the parts of an MLflow server as a source: mlflow_server.c, mlflow_server_files.c. */
#ifndef BN_EXCHANGE_MLFLOW_SERVER_H
#define BN_EXCHANGE_MLFLOW_SERVER_H
#include "core/exchange/_roots.h"
#include "core/mlflow/client.h"

typedef struct bn_mlflow_server {
	bn_src base;
	bn_mlflow_client *client;
	bn_src_roots roots;
	json_t *experiments; /* {id: name} */
	bool no_history;
} bn_mlflow_server;

/* bn_mlflow_list; items that are no objects are left out of the import, with a note. */
int bn_mlflow_server_list(bn_mlflow_server *s, const bn_mlflow_request *r, const char *list,
	bn_mlflow_each *each, void *user, bn_err *err);

/* Where the files of a run, of a logged model and of a version are, for the two below; yours, NULL if the server does not
 * hand them out. uri: as the server names the place; may be NULL. item: the version as the server describes it. */
char *bn_mlflow_server_run_files(const bn_mlflow_server *s, const char *uri, const char *run);
char *bn_mlflow_server_model_files(const bn_mlflow_server *s, const char *uri, const char *model);
char *bn_mlflow_server_version_files(bn_mlflow_server *s, const char *name, const json_t *item);

/* As bn_src_ops says. */
int bn_mlflow_server_files(
	bn_src *src, const char *files, bn_src_each_file *each, void *user, bn_err *err);
int bn_mlflow_server_read(bn_src *src, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err);

#endif

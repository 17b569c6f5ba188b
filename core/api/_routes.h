/* _routes.h - the routes of core/api, by file. */
#ifndef BN_API__ROUTES_H
#define BN_API__ROUTES_H
#include "core/api/_api.h"
#include "core/track/experiment.h"

/* route_server.c */
extern const bn_api_about bn_api_health, bn_api_version, bn_api_metrics, bn_api_server_info;

/* experiments.c */
extern const bn_api_about bn_api_experiments_get, bn_api_experiments_get_by_name,
	bn_api_experiments_create, bn_api_experiments_delete, bn_api_experiments_restore,
	bn_api_experiments_update, bn_api_experiments_set_tag, bn_api_experiments_delete_tag;
/* {"experiment_id": ...} */
void bn_api_put_experiment(bn_wire *w, const char *name, const bn_experiment *e);

/* runs.c */
extern const bn_api_about bn_api_runs_get, bn_api_runs_create, bn_api_runs_update,
	bn_api_runs_delete, bn_api_runs_restore;

/* run_log.c */
extern const bn_api_about bn_api_runs_log_metric, bn_api_runs_log_batch, bn_api_runs_log_param,
	bn_api_runs_set_tag, bn_api_runs_delete_tag;

/* run_links.c */
extern const bn_api_about bn_api_runs_log_inputs, bn_api_runs_log_outputs, bn_api_runs_log_model;

/* search.c */
extern const bn_api_about bn_api_runs_search, bn_api_experiments_search, bn_api_datasets_search;

/* history.c */
extern const bn_api_about bn_api_metric_history, bn_api_history_bulk, bn_api_history_interval;

/* artifact_upload.c */
extern const bn_api_about bn_api_artifact_put, bn_api_artifact_post, bn_api_artifact_delete;

/* artifact_read.c */
extern const bn_api_about bn_api_artifact_get, bn_api_get_artifact, bn_api_logged_file;

/* artifact_parts.c */
extern const bn_api_about bn_api_parts_create, bn_api_parts_put, bn_api_parts_complete,
	bn_api_parts_abort, bn_api_presigned;

/* artifact_list.c */
extern const bn_api_about bn_api_artifact_list, bn_api_artifacts_list, bn_api_logged_directories;

/* logged_models.c, logged_search.c */
extern const bn_api_about bn_api_logged_create, bn_api_logged_get, bn_api_logged_finalize,
	bn_api_logged_delete, bn_api_logged_set_tags, bn_api_logged_delete_tag,
	bn_api_logged_params, bn_api_logged_search;

/* models.c, versions.c, registry_search.c */
extern const bn_api_about bn_api_models_create, bn_api_models_get, bn_api_models_update,
	bn_api_models_rename, bn_api_models_delete, bn_api_models_set_tag, bn_api_models_delete_tag,
	bn_api_models_set_alias, bn_api_models_delete_alias, bn_api_models_get_alias,
	bn_api_models_get_latest, bn_api_models_search;
extern const bn_api_about bn_api_versions_create, bn_api_versions_get, bn_api_versions_get_uri,
	bn_api_versions_update, bn_api_versions_delete, bn_api_versions_set_stage,
	bn_api_versions_set_tag, bn_api_versions_delete_tag, bn_api_versions_search,
	bn_api_version_artifact;

/* webhooks.c */
extern const bn_api_about bn_api_webhooks_create, bn_api_webhooks_list, bn_api_webhooks_get,
	bn_api_webhooks_update, bn_api_webhooks_delete, bn_api_webhooks_test;

#endif

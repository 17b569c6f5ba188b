/*
 * model.h - registered models beyond their versions' approval: descriptions, tags, MLflow's stages, renaming,
 * deleting, versions that are elsewhere, and versions of files that are already objects. The rules are those of
 * registry.h; all writers commit and refresh the index, and record an attempt that was refused.
 */
#ifndef BN_REGISTRY_MODEL_H
#define BN_REGISTRY_MODEL_H
#include "core/registry/registry.h"
#include "core/track/artifacts.h"

extern const char *const bn_model_stages[]; /* "None", "Staging", "Production", "Archived", NULL */

/* MLflow's mark of a prompt, a model whose versions are texts. Lists of models leave prompts out. */
#define BN_PROMPT_TAG "mlflow.prompt.is_prompt"

/* The one file of an external version: a JSON object with the source. */
#define BN_EXTERNAL_FILE "source.json"

typedef struct bn_registered_alias {
	char *alias;
	int64_t version;
} bn_registered_alias;

typedef struct bn_registered_model {
	char *name, *description, *user; /* description may be NULL; user: who created it */
	int64_t created_ms, updated_ms;
	json_t *tags;                 /* {"key": "value"}, never NULL */
	bn_registered_alias *aliases; /* by name */
	size_t n_aliases;
	size_t versions; /* that are not removed */
	size_t removed;
	int64_t latest;  /* the newest of them; 0: none */
	bool is_prompt;
} bn_registered_model;

typedef struct bn_registered_models {
	bn_registered_model *items; /* by name */
	size_t count, cap;
} bn_registered_models;
#define BN_REGISTERED_MODELS_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Of the last refresh; models without versions, and prompts, too; deleted ones not. Release *out also after an
 * error. */
int bn_registered_model_list(bn_registered_models *out, bn_workspace *ws, bn_err *err);
void bn_registered_models_release(bn_registered_models *l);
/* BN_ENOTFOUND. *out is yours. */
int bn_registered_model_get(
	bn_registered_model **out, bn_workspace *ws, const char *name, bn_err *err);
void bn_registered_model_free(bn_registered_model *m);
/* Its versions with a positive number that are not removed, newest first. */
int bn_registered_model_versions(
	bn_version_page **out, bn_workspace *ws, const char *name, bn_err *err);

/* BN_ECONFLICT if there is one. description may be NULL. */
int bn_model_create(bn_workspace *ws, const char *name, const char *description, bn_err *err);
/* "" removes the description. */
int bn_model_describe(bn_workspace *ws, const char *name, const char *description, bn_err *err);
int bn_version_describe(bn_workspace *ws, const char *spec, const char *description, bn_err *err);
/* value NULL removes the tag; BN_ENOTFOUND if there is none. */
int bn_model_set_tag(
	bn_workspace *ws, const char *name, const char *key, const char *value, bn_err *err);
/* archive: the other versions in that stage go to Archived. BN_EREFUSED for Production unless the version is approved,
 * where the policy protects the champion. */
int bn_version_set_stage(
	bn_workspace *ws, const char *spec, const char *stage, bool archive, bn_err *err);
/* Removes the aliases that point to the version, then the version. */
int bn_version_delete(bn_workspace *ws, const char *spec, const char *reason, bn_err *err);
/* Removes aliases and versions, then the model from the lists. Its numbers are not used again. */
int bn_model_delete(bn_workspace *ws, const char *name, const char *reason, bn_err *err);
/* Registers the versions under the new name, with their numbers, descriptions, tags, aliases and stages, and deletes
 * the model of the old name. BN_EREFUSED if something was ever requested, decided or measured about one of them, as
 * such records name the old one; BN_ECONFLICT if the new name is in use. If it was interrupted, both models are there, and
 * the same call by the same user goes on to the end (rename.c). */
int bn_model_rename(bn_workspace *ws, const char *name, const char *to, bn_err *err);

/* A version whose files are elsewhere: r->source says where ("s3://bucket/x", "prompt-template"); manifest and
 * is_external are set here. */
int bn_version_register_external(
	int64_t *version, bn_workspace *ws, const bn_registration *r, bn_err *err);
/* A version of files that are objects already: those below prefix ("model"; "" for all), which is cut off. manifest is
 * set here. BN_ENOTFOUND if there is none. */
int bn_version_register_artifacts(int64_t *version, bn_workspace *ws, const bn_registration *r,
	const bn_artifacts *files, const char *prefix, bn_err *err);
/* BN_EREFUSED, with the source, if the version's files are elsewhere. */
int bn_version_need_files(const bn_version *v, bn_err *err);

#endif

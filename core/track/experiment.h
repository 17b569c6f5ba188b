/*
 * experiment.h - experiments: what they are called now, their ids, tags, and how they are changed.
 *
 * The entity is experiment/<first name>, and a run names its experiment by that first name for ever. What
 * is shown, filtered and grouped by is the present name. An experiment exists by an event or by a run that names
 * it; "default" always does.
 *
 *	experiment.created  {"id","artifact_location","created_ms","note"}   all optional; the first one counts
 *	experiment.renamed  {"name"}
 *	experiment.tag      {"tags": {key: text or null}}
 *	experiment.note     {"note"}
 *	experiment.removed, experiment.restored {}   its runs count as removed meanwhile
 *
 * An experiment has no owner: these need the right to tag, or to remove (core/govern/policy.h), and are signed where
 * the workspace has a chain of authority.
 *
 * Ids are MLflow's: the given one, else "0" for `default`, else 18 digits derived from SHA-256 of the
 * first name. Neither a name nor an id is shown for two experiments. Of several that want one name, the one that
 * had it first has it (by the clock of its renaming, or of its own or its runs' creation); the others show it with
 * their id in parentheses. Of several that want one id, the one that it is derived for has it, else the one created
 * first; the others have their derived one. All readers agree, whatever order events arrive in.
 */
#ifndef BN_TRACK_EXPERIMENT_H
#define BN_TRACK_EXPERIMENT_H
#include "core/track/run.h"

#define BN_EXPERIMENT_DEFAULT "default"
#define BN_EXPERIMENT_ID_TEXT 65 /* with its NUL */

typedef struct bn_experiment {
	char *name;  /* at present */
	char *first; /* for bn_run_created.experiment and the functions below */
	char id[BN_EXPERIMENT_ID_TEXT];
	char *artifact_location;        /* NULL: the server's default */
	char *note;                     /* or NULL */
	char *user;                     /* who wrote its first event, or NULL */
	int64_t created_ms, updated_ms; /* since 1970 UTC; -1 unknown */
	bool removed;
	int64_t runs; /* not in the trash themselves */
	bn_pairs tags;
} bn_experiment;

typedef struct bn_experiments {
	bn_experiment *items; /* by id, those of fewer digits first */
	size_t count, cap;
} bn_experiments;
#define BN_EXPERIMENTS_INIT \
	{ \
		NULL, 0, 0 \
	}

typedef enum bn_experiment_view {
	BN_EXPERIMENTS_ACTIVE,
	BN_EXPERIMENTS_REMOVED,
	BN_EXPERIMENTS_ALL,
} bn_experiment_view;

/* These read the index of the last refresh. Release what they return, also after an error. */
int bn_experiment_list(bn_experiments *out, bn_workspace *ws, bn_experiment_view view, bn_err *err);
void bn_experiments_release(bn_experiments *l);
/* Also removed ones. BN_ENOTFOUND. *out is yours. */
int bn_experiment_by_id(bn_experiment **out, bn_workspace *ws, const char *id, bn_err *err);
int bn_experiment_by_name(bn_experiment **out, bn_workspace *ws, const char *name, bn_err *err);
void bn_experiment_free(bn_experiment *e);

/* The id of an experiment that was given none. */
void bn_experiment_derive_id(char id[BN_EXPERIMENT_ID_TEXT], const char *first);
/* A letter or digit, then letters, digits, _ and -; at most 64 (MLflow's rule). */
bool bn_experiment_id_is_valid(const char *id);

/* ---- changing ------------------------------------------------------------------------------- */

typedef struct bn_experiment_made {
	const char *name;
	const char *id;                /* NULL: derived */
	const char *artifact_location; /* the rest may be NULL */
	const char *note;
	int64_t created_ms; /* negative: now */
} bn_experiment_made;

/* The first name with which a run of the experiment called `name` is to be created (bn_run_created.experiment). If there
 * is none, and an experiment that has been renamed has that first name, this creates one with another first name.
 * *out is yours. */
int bn_experiment_for_run(char **out, bn_workspace *ws, const char *name, bn_err *err);

/* Each appends an event; a commit makes it durable. They check neither rights (bn_rights_may) nor whether the name or
 * id is in use. first: the experiment's first name. BN_EINVAL for a name that is empty, longer than
 * BN_RUN_NAME_MAX, or not UTF-8, and for a bad id or tag. A new experiment gets another first name than its name
 * if one that has been renamed has that. */
int bn_experiment_create(bn_workspace *ws, const bn_experiment_made *made, bn_err *err);
/* Whether an experiment can have that name: what the functions here refuse with BN_EINVAL. */
bool bn_experiment_name_is_valid(const char *name);
int bn_experiment_rename(bn_workspace *ws, const char *first, const char *name, bn_err *err);
/* value NULL removes the tag. */
int bn_experiment_tag(
	bn_workspace *ws, const char *first, const char *key, const char *value, bn_err *err);
int bn_experiment_note(bn_workspace *ws, const char *first, const char *note, bn_err *err);
int bn_experiment_remove(bn_workspace *ws, const char *first, bool removed, bn_err *err);

#endif

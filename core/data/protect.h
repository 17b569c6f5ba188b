/*
 * protect.h - what a dataset is and may be used for: owner, licence, purpose, classification, retention, personal columns.
 *
 * Events of class "protection" (entity "protection/NAME", NAME being a dataset's), folded into tables of
 * share/sql/0010_data.sql:
 *
 * 	protection.set       {class, owner, licence, purpose, keep_days, personal [columns], cleared [columns],
 * 	                     remotes [names], reason}   each optional; what is absent stays. owner, licence and purpose
 * 	                     "" are removed; keep_days 0: no limit. A signed act
 * 	protection.unmasked  {version, columns, reason}   a user asked for the values of masked columns
 *
 * Setting needs the right to tag, making it weaker (a lower class, a column cleared, another remote, a longer retention)
 * the right to remove, by the policy, in every fold. History is kept.
 *
 * What holds for a version (bn_protection_of) is that of its dataset and of all datasets from which it is derived, by the
 * lineage of versions: the strictest class, the shortest retention, the marked columns that reach it. A computed column
 * is marked if its expression names a marked one. A column that was pseudonymised (pseudonym.h) is not masked from there on.
 *
 * Marked columns are masked wherever values are shown: bn_dataset_open_table and bn_dataset_load_profile do it
 * (dataset.h), and bn_protect_check for results of checks. Computation reads true values: bn_dataset_open_held and
 * bn_dataset_open_whole. A mask is against looking by accident and without a trace. It is no lock: who may read the
 * workspace's files can read the values.
 */
#ifndef BN_DATA_PROTECT_H
#define BN_DATA_PROTECT_H
#include "core/data/dataset.h"

struct bn_schema_changes;
extern const struct bn_fold_class bn_protect_class; /* for core/pipeline/fold_classes.c */

/* Ascending strictness. */
typedef enum bn_data_class {
	BN_CLASS_UNKNOWN = 0, /* nobody has said */
	BN_CLASS_PUBLIC,
	BN_CLASS_INTERNAL,
	BN_CLASS_PERSONAL,
	BN_CLASS_RESTRICTED,
	BN_CLASS_COUNT
} bn_data_class;

const char *bn_data_class_name(bn_data_class c); /* "unknown", "public" ... */
/* BN_EINVAL names the four. */
int bn_data_class_parse(bn_data_class *out, const char *name, bn_err *err);

enum {
	BN_PROTECT_TEXT_MOST = 1000,   /* bytes of owner, licence, purpose, reason */
	BN_PROTECT_COLUMNS_MOST = 512, /* marked ones of a dataset */
	BN_PROTECT_REMOTES_MOST = 64,
	BN_PROTECT_DAYS_MOST = 36500,
};

typedef struct bn_protection {
	bn_data_class level;
	char *level_from; /* the dataset that says so; NULL if it is the version's own, or nobody does */
	char *owner, *licence, *purpose; /* of the dataset itself; NULL: not known */
	int64_t keep_days;               /* 0: no limit */
	char **personal;                 /* marked columns, each once */
	size_t personal_count;
	char **remotes; /* of the dataset itself: where restricted versions may go */
	size_t remote_count;
	int64_t set_ms; /* the newest setting of the dataset; 0: none */
	char *user;     /* who set it; or NULL */
} bn_protection;

#define BN_PROTECTION_INIT \
	{ \
		.owner = NULL \
	}

void bn_protection_release(bn_protection *p);
bool bn_protection_marks(const bn_protection *p, const char *column);

/* What was said of the dataset itself; all unknown if nothing was. Refreshes the index. *out: initialised; release it. */
int bn_protection_of_name(bn_protection *out, bn_workspace *ws, const char *name, bn_err *err);
/* What holds for the version. BN_EUNSUPPORTED if its lineage is deeper than 200 derivations. */
int bn_protection_of(bn_protection *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* Whether a column's name suggests that its values identify people: user, uid, account, email, host, ip, name and such, as
 * a word of it. */
bool bn_column_may_be_personal(const char *name);

/* ---- change ------------------------------------------------------------------------------------ */

/* NULL and -1: as before. */
typedef struct bn_protect_change {
	const char *level; /* a class's name */
	const char *owner, *licence, *purpose;
	int64_t keep_days;
	const char *const *personal, *const *cleared, *const *remotes; /* NULL: none */
	size_t personal_count, cleared_count, remote_count;
	bool no_remotes; /* takes back those that were allowed */
	const char *reason;
} bn_protect_change;

/* BN_ENOTFOUND for an unknown dataset, or a column that its newest version lacks; BN_EREFUSED without the right. */
int bn_protect_set(bn_workspace *ws, const char *name, const bn_protect_change *c, bn_err *err);

/* One setting of a dataset, or one look at masked values. */
typedef struct bn_protect_entry {
	int64_t at_ms, version; /* version 0: a setting */
	char *user, *what, *reason; /* what: canonical JSON of the event's payload */
} bn_protect_entry;

typedef struct bn_protect_history {
	bn_protect_entry *items; /* newest first */
	size_t count;
} bn_protect_history;

int bn_protect_history_load(
	bn_protect_history *out, bn_workspace *ws, const char *name, bn_err *err);
void bn_protect_history_release(bn_protect_history *h);

/* ---- masks ------------------------------------------------------------------------------------- */

/* Records that this user wants to see the masked columns, and why; from then on v is read without masks. If it has none,
 * nothing is recorded. reason: not empty. */
int bn_protect_unmask(bn_workspace *ws, bn_dataset_version *v, const char *reason, bn_err *err);
/* *table becomes one without the values of masked columns of v; for dataset.c. */
int bn_protect_table(
	bn_table_reader **table, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for a profile: of a masked column only rows, missing and distinct values, and lengths stay. */
int bn_protect_profile(bn_profile *p, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for a document of results (core/check/expect.h): of checks of masked columns only counts and shares stay, and
 * what a check wants names no values: an inferred set is the column's values. */
int bn_protect_check(
	json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for a result that is kept: what the checks want stays, by which failing rows are found again. */
int bn_protect_check_kept(
	json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for the document of a suite: its checks of masked columns name no values. */
int bn_protect_suite(json_t *document, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* The same for values that category columns gained or lost: they are counted. */
int bn_protect_schema_changes(
	struct bn_schema_changes *l, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
/* *out: whether values of the column are masked. column NULL: no. */
int bn_protect_hides(
	bool *out, bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err);
/* BN_EREFUSED if they are: what depends on them would be wrong. */
int bn_protect_need_shown(
	bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err);

/* ---- leaving the workspace --------------------------------------------------------------------- */

/* In place of a remote's name: archives (core/archive). No remote may have it. */
#define BN_PROTECT_EXPORT "export"

/* 0 if the version may be copied to the remote of that name; BN_EREFUSED if it, or a dataset that it is made from, is
 * restricted and does not name this remote. Names the dataset. */
int bn_protect_may_leave(
	bn_workspace *ws, const bn_dataset_version *v, const char *remote, bn_err *err);

#endif

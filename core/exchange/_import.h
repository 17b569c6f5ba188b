/* _import.h - an import in progress, for the files that write: see exchange.h. */
#ifndef BN_EXCHANGE_IMPORT_H
#define BN_EXCHANGE_IMPORT_H
#include "core/exchange/_source.h"
#include "core/track/logged_model.h"
#include "core/track/run.h"

typedef struct bn_importer {
	bn_workspace *ws;
	bn_src *src;
	const bn_import_options *options;
	bn_exchange_report *report;
	json_t *experiments; /* {name in the source: first name here} */
	json_t *seen;        /* {id here: true} */
	json_t *found;       /* {name or id of options.only: true} */
	int64_t count;       /* of runs, -1: unknown */
	bool grew;           /* something was added to the run that is imported */
	int64_t committed_ns;
	char *model;     /* that is imported; NULL: it is left out */
	json_t *aliases; /* of it */
	json_t *brought; /* {number of a version of it that is of this source: true} */
} bn_importer;

/* Whether options.only has one of the two; either may be NULL. Marks it as found. */
bool bn_import_wants(bn_importer *m, const char *name, const char *id);

/* import_run.c: a bn_src_each_run. */
int bn_import_run(void *user, const bn_src_run *r, bn_err *err);
#define BN_IMPORT_BAD_KEY \
	"its key is not one here: letters, digits, spaces and _ / . - :, at most 250 characters"
/* Of keys here: bn_run_key_check, or of logged models bn_run_key_length_check. */
typedef int bn_import_key_rule(const char *what, const char *key, bn_err *err);
/* import_words.c: {key: text} without what cannot be kept here, which is noted. New reference; NULL if out of memory. */
json_t *bn_import_words(bn_importer *m, const json_t *words, bn_import_key_rule *rule,
	const char *what, const char *of, const char *id);
/* The id here of a run or a logged model of the source: its own, unless that was made by a Binnacle (core/run/run_id.h)
 * or is none here; else one that is always the same. */
void bn_import_run_id(
	char id[BN_RUN_ID_TEXT], const bn_src *s, const char *run, const char *identity);
void bn_import_model_id(char id[BN_LOGGED_ID_TEXT], const bn_src *s, const char *model);

/* import_points.c: adds the points that the run lacks. is_new: it has none. */
int bn_import_points(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err);
/* import_files.c: adds the files that the run lacks; is_new: it has none. */
int bn_import_files(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err);
/* Copies a file of the source to the objects. */
int bn_import_object(char hash[65], uint64_t *size, bn_importer *m, const char *files,
	const char *path, bn_err *err);
/* import_links.c: datasets and models of a run. */
int bn_import_links(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err);

/* import_logged.c: a bn_src_each_logged_model. */
int bn_import_logged(void *user, const bn_src_logged_model *s, bn_err *err);
/* import_models.c: registered models and their versions. */
int bn_import_models(bn_importer *m, bn_err *err);

#endif

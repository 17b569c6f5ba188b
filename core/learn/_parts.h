/*
 * _parts.h - the rows that a spec trains on and holds out, and the evaluation of a model on them:
 * for fit.c, which has just trained it, and score.c, which loaded one.
 */
#ifndef BN_LEARN_PARTS_H
#define BN_LEARN_PARTS_H
#include "core/base/progress.h"
#include "core/learn/rows.h"
#include "core/learn/trainer.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

enum { BN_PART_TRAIN, BN_PART_VALID, BN_PART_TEST, BN_PARTS };
extern const char *const bn_part_names[BN_PARTS];

typedef struct bn_parts_input {
	bn_workspace *ws;
	const bn_spec *spec;
	const char *const *columns; /* NULL: all */
	size_t n_columns;
	void (*skipped)(void *ctx,
		const bn_field *column); /* it is left out (bn_input_takes); NULL: not wanted */
	void *ctx;
	const bn_progress *progress; /* of hashing what was not hashed before; NULL: not wanted */
} bn_parts_input;

typedef struct bn_parts {
	bn_part part[BN_PARTS]; /* table NULL: no rows */
	bn_table_reader *table[BN_PARTS]; /* as opened for the part; shares use training's table */
	uint64_t all_rows[BN_PARTS]; /* of the table before the spec's `where` */
	uint8_t *part_of;            /* by row of training's table; NULL: it is not divided */
	size_t *columns;
	/* The version that exists for a part: "jobs@v3", "sha256:..."; empty: it has none */
	char dataset[BN_PARTS][160], digest[BN_PARTS][80];
	char split[400]; /* description of the parts' rows */
} bn_parts;

/* From held bytes (bn_dataset_open_held): the rows that satisfy the spec's `where`. A part is a
 * version of its own if the spec names one, otherwise its share of the training rows. The
 * assignment of rows depends only on the spec and the number of rows; except for `where` no row is
 * read. Release it also after an error; out must not be moved. */
int bn_parts_open(bn_parts *out, const bn_parts_input *in, bn_err *err);
void bn_parts_release(bn_parts *p);

/* Evaluates the estimator on the rows: the entry of a part in metrics.json. *out is yours. */
int bn_score_rows(json_t **out, const bn_estimator *e, const bn_features *f, bn_rows *rows,
	int threads, bn_err *err);

#endif

/*
 * folds.h - cross-validation: pairs of a training and a test part, which are datasets NAME.fold1.train,
 * NAME.fold1.test and so on.
 *
 * By kind of the split (split.h), with options.folds = k:
 *	random, stratified, group, stratified-group
 *	            k parts of equal shares; each in turn is the test, the others are the training part. folds_each
 *	            (group): a fold for each value, leave one group out
 *	temporal    k parts by time. A training row whose label meets the test's time is left out of that fold
 *	            (purged), and so is one whose event is within the embargo after the test's last label (M. Lopez
 *	            de Prado, "Advances in Financial Machine Learning", 2018, 7.4)
 *	expanding   k + 1 parts by time, the first with the remainder; each but the first in turn is the test, and all
 *	            before it are the training part, without purged rows (scikit-learn's TimeSeriesSplit)
 *	rolling     the same, with only the last `window` parts before the test
 *
 * repeats: the whole r times, with the seeds seed, seed + 1, ...; names rep1.fold1.train. inner: the training part
 * of each fold is divided again into m inner folds, NAME.fold1.inner1.train and .test, by the same kind. Each fold is
 * divided once, and an inner fold of an outer one consists of the m-th pieces of the other folds; so all of them together
 * need the rows once.
 *
 * No row is stored more often than once for each repeat: rows that are in the same parts make a block, whose
 * tables are parts of all manifests that need it (core/store/object/manifest.h). k folds are k blocks, and 2 k
 * manifests. Dictionaries of categories are those of the whole table, so that blocks combine in any order. Rows
 * keep their order in a block; blocks follow each other by fold.
 */
#ifndef BN_DATA_FOLDS_H
#define BN_DATA_FOLDS_H
#include "core/data/split.h"

#define BN_FOLDS_MAX 100
#define BN_FOLDS_INNER_MAX 20
#define BN_FOLDS_OUTPUTS 4000 /* parts of all folds and repeats */
#define BN_FOLDS_BLOCKS 4096
#define BN_FOLDS_NO_BLOCK UINT16_MAX

/* A part to be made. */
typedef struct bn_fold_part {
	char name[128];             /* "rep2.fold3.inner1.train" */
	size_t repeat, fold, inner; /* from 1; 0: there is none */
	bool is_test;
	uint64_t rows;
	uint64_t left_out; /* training: purged, or within the embargo */
	char value[64];    /* the group that is left out, of folds_each; else "" */
	uint32_t *blocks;  /* increasing */
	size_t block_count;
} bn_fold_part;

/* One repeat. */
typedef struct bn_folds {
	uint16_t *block_of; /* of each row */
	uint64_t *block_rows;
	size_t block_count;
	bn_fold_part *parts;
	size_t count;
	uint8_t *fold_of;         /* of each row, from 0; of expanding and rolling, 0 is never a test */
	size_t folds;             /* values of fold_of */
	bn_split_outcome outcome; /* counts: of folds */
} bn_folds;

/* Whether the options fit together; BN_EINVAL. */
int bn_folds_check(const bn_split_options *o, bn_err *err);
/* repeat: from 0. BN_EINVAL if a part would have no rows. Release *out also after failures. */
int bn_folds_plan(
	bn_folds *out, bn_table_reader *table, const bn_split_options *o, size_t repeat, bn_err *err);
void bn_folds_release(bn_folds *f);
/* Notes about the shares of folds, as bn_split_notes. */
int bn_folds_notes(bn_source_notes *out, const bn_split_options *o, const bn_folds *f, bn_err *err);

typedef struct bn_folds_made {
	bn_fold_part *parts; /* blocks: NULL */
	bn_dataset_version **versions; /* of each part; NULL if only_plan */
	size_t count;
	uint64_t rows;
	bn_source_notes notes;
} bn_folds_made;

/* Release *out also after failures. */
int bn_dataset_folds(bn_folds_made *out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err);
void bn_folds_made_release(bn_folds_made *m);

#endif

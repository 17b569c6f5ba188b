/*
 * tiny_model.h - a real model directory, trained in milliseconds on train_data, for tests of
 * serving. Inputs x0..x3 (numbers), colour (category), flag (boolean).
 */
#ifndef BN_TEST_TINY_MODEL_H
#define BN_TEST_TINY_MODEL_H

/* A fresh directory under $TMPDIR, removed when the process ends. Borrowed, static. */
const char *tiny_dir(void);
/* Trains `trainer` ("ridge", "logistic") for `target` ("y_number", "y_binary", "y_three") and saves
 * it as DIR/name, whose path is returned (borrowed, for 32 calls). Fails the test on an error. */
const char *tiny_model(const char *name, const char *trainer, const char *target);

/* The same, for a model that names that dataset version as its training data. Either may be
 * NULL. */
const char *tiny_model_of(const char *name, const char *trainer, const char *target,
	const char *dataset, const char *digest);

#endif

/*
 * pyfunc.h - a model folder that predicts in Python without Binnacle: mlflow.pyfunc.load_model,
 * `mlflow models predict|serve`, or `import binnacle_model`.
 *
 * Added to the folder of an exported model: code/binnacle_model.py (share/embed, Python and NumPy
 * over the published files), and in MLmodel the flavour python_function. The signature's inputs
 * move to metadata there: MLflow would reject an integer column for an input that is a double; the
 * loader checks and converts by features.json. The digest of the model, which includes MLmodel, is
 * stored as metadata.digest.
 */
#ifndef BN_LEARN_PYFUNC_H
#define BN_LEARN_PYFUNC_H
#include "core/base/err.h"
#include "core/base/fs.h"

/* dir: as written by bn_version_export. Does nothing if the flavour exists. */
int bn_model_add_pyfunc(const bn_env *env, const char *dir, bn_err *err);

#endif

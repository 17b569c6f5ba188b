/*
 * model_as.h - a model to serve, by name or as a folder, under the name that --as gives it.
 *
 * A folder has no version of its own: the one in a container image is a registered version that its clients ask
 * for by name and number.
 */
#ifndef BN_TUI_MODEL_AS_H
#define BN_TUI_MODEL_AS_H
#include "core/predict/predictor.h"
#include "tui/cli/cli.h"

/* As bn_predictor_open. With --as NAME/VERSION spec must be a model folder, and the only argument: BN_EINVAL. */
int bn_cli_open_model(
	bn_predictor **out, const bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err);

#endif

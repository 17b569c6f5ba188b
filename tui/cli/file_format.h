/* file_format.h - the format that a table is written in, by the ending of the file's name. */
#ifndef BN_CLI_FILE_FORMAT_H
#define BN_CLI_FILE_FORMAT_H
#include "core/base/env.h"
#include "core/base/err.h"

typedef enum bn_file_format { BN_FILE_CSV, BN_FILE_TSV, BN_FILE_ARROW, BN_FILE_PARQUET } bn_file_format;

/* The format of an output file, by its ending. A device or a pipe gets CSV. BN_EINVAL: no ending; BN_EUNSUPPORTED:
 * another one. option: the option that sets the format ("--format csv, tsv or arrow"), for the hint; or NULL. */
int bn_cli_file_format(
	bn_file_format *out, const bn_env *env, const char *path, const char *option, bn_err *err);

#endif

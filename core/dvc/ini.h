/*
 * ini.h - configuration files of DVC: the INI dialect of Python's configobj.
 *
 * Sections ("[core]", "['remote \"mine\"']"), "key = value", comments with '#', values that are bare, in single or
 * double quotes, in triple quotes over several lines, or a list with commas, which is kept as its items joined
 * by ','. Names of sections and keys are in lower case, as DVC reads them. Errors name file and line, and never
 * show a value, which may be a secret.
 *
 * Refused: sections inside sections, a key or a section twice, references to other values ("%(name)s"), more than
 * 1 MiB.
 */
#ifndef BN_DVC_INI_H
#define BN_DVC_INI_H
#include "core/base/err.h"

#include <stddef.h>

typedef struct bn_ini_option {
	const char *section, *key, *value; /* section "" before the first one */
	size_t line;
} bn_ini_option;

/* Takes one option, whose texts are valid during the call; a negative code with err stops. */
typedef int bn_ini_take(void *user, const bn_ini_option *option, bn_err *err);

/* name: what messages call the text (".dvc/config"). BN_EINVAL. */
int bn_ini_parse(
	const char *text, size_t n, const char *name, bn_ini_take *take, void *user, bn_err *err);

#endif

/*
 * embedded.h - files of share/, themes/ and docs/ built into the program, so that copying one binary to
 * a login node is enough. The table is written by share/embed.sh at build time.
 */
#ifndef BN_BASE_EMBEDDED_H
#define BN_BASE_EMBEDDED_H
#include <stddef.h>

typedef struct bn_embedded_file {
	const char *path; /* as in the source tree: "share/sql/0001_index.sql" */
	const char *data; /* NUL-terminated; the NUL is not counted */
	size_t len;
} bn_embedded_file;

/* Ends with an entry whose path is NULL. */
extern const bn_embedded_file bn_embedded_files[];

/* Static; NULL if there is no such file. */
const bn_embedded_file *bn_embedded_get(const char *path);

#endif

/*
 * pseudonym.h - values of a column replaced by pseudonyms: HMAC-SHA256 with a secret of the workspace.
 *
 * A pseudonym is the first 32 hexadecimal digits of the HMAC (hmac.h) of a value's text, with the line in the secret's file
 * as the key. One value has one pseudonym in every column and dataset of the workspace, so joins and groups survive; without
 * the secret nobody can compute it, or try names.
 *
 * The secret is in CONFIG/pseudonyms/WORKSPACE (mode 0600; CONFIG is ~/.config/binnacle), made when it is first needed. It
 * is not in the workspace: the members of a group, who read each other's data, could try all names of a site's users
 * with it in a second. A second user who is to make the same pseudonyms gets the file from the first. Versions record which
 * secret made theirs (key, 16 digits of the HMAC of a fixed text), and rows made with another one are refused.
 *
 * Recipes have {"pseudonymise": {"columns": [...], "key": "..."}}: every column of the version that holds pseudonyms. Versions
 * that are added or appended to it later inherit the columns.
 */
#ifndef BN_DATA_PSEUDONYM_H
#define BN_DATA_PSEUDONYM_H
#include "core/data/dataset.h"
#include "core/source/replace.h"

#define BN_PSEUDONYM_KEY 17

typedef struct bn_pseudonyms {
	char *secret; /* NULL until needed */
	char key[BN_PSEUDONYM_KEY];
	char **columns; /* those asked for first, then those inherited */
	size_t count, asked;
	bn_replace replace; /* of them */
} bn_pseudonyms;

#define BN_PSEUDONYMS_INIT \
	{ \
		.secret = NULL \
	}

/* asked[0 .. n-1], and what `before` (NULL: none) has. Reads or makes the secret if there are any columns to replace.
 * BN_EREFUSED if `before` was made with another secret. */
int bn_pseudonyms_plan(bn_pseudonyms *out, bn_workspace *ws, const char *const *asked, size_t n,
	const bn_dataset_version *before, bn_err *err);
/* The columns of v that hold pseudonyms, and the key; *out has no secret. */
int bn_pseudonyms_of(bn_pseudonyms *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
void bn_pseudonyms_release(bn_pseudonyms *p); /* overwrites the secret */
/* ctx: a bn_pseudonyms with a secret. */
bn_text_replace bn_pseudonym_replace;
/* Records in a recipe those of its columns that the schema has; nothing if there are none. */
int bn_pseudonyms_record(json_t *recipe, const bn_pseudonyms *p, const bn_schema *schema, bn_err *err);

#endif

/*
 * pin.h - invitations: one line that names a workspace and a link of its chain of authority.
 *
 *	bn1:<id>.<n>.<link>
 *	bn1:0f8b1c2d00008000800000000000000a.3.5e884898da28047151d0e56f8dc62927
 *
 * id is the workspace's (32 hex digits), n the number of a link, link the first 32 or more of the 64 digits
 * of its id. 128 bits are as many as in the workspace's id, and the line fits a terminal of 80 columns.
 * Written in lower case; read in either, with or without the dashes of a UUID.
 *
 * An invitation confirms the first use of that workspace, and it is a lower bound as long as it exists: a
 * chain that ends before link n, or has another link there, is a stop. Sources, in order:
 *
 *	the option of this command   is for the workspace of this command, or it is an error
 *	$BINNACLE_TRUST              several, with spaces or commas between; those of other workspaces rest
 *	~/.config/binnacle/trusted   ($XDG_CONFIG_HOME) one per line; `#` starts a comment
 *	/etc/binnacle/trusted        the same, root's
 *
 * A file counts if it is a regular file of the right owner (the user or root; root for /etc) that neither
 * group nor others may write to. Another file, or an invalid line, gives a note: a mistake in the site's file
 * must not stop everyone. In the option and the variable it is an error.
 */
#ifndef BN_GOVERN_PIN_H
#define BN_GOVERN_PIN_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_PIN_TEXT 81 /* for bn_pin_format with the longest number, with the NUL */

typedef enum bn_pin_source {
	BN_PIN_OPTION,
	BN_PIN_VARIABLE,
	BN_PIN_USER,
	BN_PIN_SITE,
} bn_pin_source;

typedef struct bn_pin {
	char workspace_id[BN_UUID_TEXT]; /* with dashes, lower case */
	uint32_t n;
	uint8_t link[32];
	size_t link_digits; /* how many hex digits of it are known: 32 to 64 */
	bn_pin_source source;
	char where[160]; /* "the option", "BINNACLE_TRUST", "/etc/binnacle/trusted:3" */
} bn_pin;

/* Parses without source and where. BN_EINVAL says what is wrong and gives the form. */
int bn_pin_parse(bn_pin *out, const char *text, size_t n, bn_err *err);
void bn_pin_format(
	char out[BN_PIN_TEXT], const char *workspace_id, uint32_t n, const uint8_t link[32]);
/* Whether that is the link named by the invitation. */
bool bn_pin_is_of(const bn_pin *p, const uint8_t link[32]);

typedef struct bn_pins {
	bn_pin *items; /* in the order of their sources, of a file in its order */
	size_t count, cap;
	char notes[900]; /* what was not read, and why; "" if everything was */
} bn_pins;

/* option: its text, or NULL. BN_EINVAL names the option or the variable. Release also after a failure. */
int bn_pins_load(bn_pins *out, const bn_env *env, const char *option, bn_err *err);
void bn_pins_release(bn_pins *p);

#endif

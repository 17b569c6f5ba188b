/*
 * copy.h - a workspace made of the files of another one: of the same id, in another place.
 *
 * Its files were written elsewhere and are this user's now. What makes it differ from a directory copied by hand:
 *
 *	first-slot  a decimal number: writers of the copy take slots from that number on (log/slot.h). Without it a process
 *	            of the same user, host and boot would continue a log that the original also continues, and a writer
 *	            with two histories counts for nobody.
 *	left-out    hashes of objects that the log names and that did not come along, each with a newline, ascending. They are
 *	            not here by choice: `audit verify` counts them apart from missing ones, and gc does not wait for what a
 *	            manifest among them would name. Believed if its owner is that of .binnacle, who could remove
 *	            anything anyway.
 */
#ifndef BN_STORE_COPY_H
#define BN_STORE_COPY_H
#include "core/base/buf.h"
#include "core/base/dir.h"
#include "core/store/workspace.h"

#include <jansson.h>

/* Makes the parts of a workspace in the empty directory root, which nobody else can enter until bn_copy_finish. */
int bn_copy_begin(const bn_dir *root, const bn_workspace_making *how, bn_err *err);
/* Modes of what is added in between: log/WRITER and runs/ID; everything shared is made by bn_access_dir_mode. */
mode_t bn_copy_own_dir_mode(bn_access access);
/* Closes logs that a writer had left open, reserves the slots, writes workspace.json from identity ({"id", "format",
 * "chain", "founding"}) and sets the mode of root. */
int bn_copy_finish(const bn_dir *root, const bn_workspace_making *how, const json_t *identity,
	bn_err *err);

/* ---- what did not come along ------------------------------------------------------------------ */

#define BN_COPY_LEFT_OUT "left-out"

typedef struct bn_copy_left_out {
	bn_buf text;
} bn_copy_left_out;

/* Empty if there is no such file, or one of another owner. root: .binnacle. Release *out also after an error. BN_ECORRUPT
 * if it is not of that form. */
int bn_copy_left_out_load(bn_copy_left_out *out, const bn_dir *root, bn_err *err);
bool bn_copy_is_left_out(const bn_copy_left_out *l, const char *hash);
size_t bn_copy_left_out_count(const bn_copy_left_out *l);
void bn_copy_left_out_release(bn_copy_left_out *l);

#endif

/*
 * _child.h - the supervised child, from the fork to its end. Not for other modules.
 */
#ifndef BN_LAUNCH_CHILD_H
#define BN_LAUNCH_CHILD_H
#include "core/base/dir.h"
#include "core/run/spec.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct bn_child_task {
	const bn_env *env;
	const bn_fold_class *const *classes;
	const char *workspace_dir; /* holds .binnacle */
	const bn_dir *run_dir;     /* runs/<id> */
	const char *id;
	const bn_spec *spec;
	char **data_env; /* commands: "BINNACLE_DATA_X=path", NULL-terminated, may be NULL */
	char **secrets;  /* commands: "NAME=value", likewise */
	int attempt;     /* from 1 */
	mode_t masked;   /* commands: bits of the umask in addition to the user's own */
	bn_err *why;     /* shared with the supervisor: why a trainer failed, even on a full disk */
} bn_child_task;

/* Trains in this process and returns the exit status: 0, 1 with the reason in *why and the log, 130 if asked to
 * stop. */
int bn_child_train(const bn_child_task *t);
/* Sets the signal handling of a trainer; call it while signals are blocked. */
void bn_child_train_signals(void);
/* Executes the command; returns only on failure, with 127 (message in the log). */
int bn_child_command(const bn_child_task *t);

/* Prints one line to the run's log (descriptor 1). */
void bn_child_log(const char *line);

#endif

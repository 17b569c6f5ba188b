/*
 * commit_status.h - the state of a commit, as a forge shows it beside the commit and its merge requests.
 *
 * One state of a name replaces the one before. It is not sent twice blindly: after an answer that did not arrive the
 * states of the commit are read first.
 */
#ifndef BN_CI_COMMIT_STATUS_H
#define BN_CI_COMMIT_STATUS_H
#include "core/ci/forge.h"

typedef enum bn_commit_state {
	BN_COMMIT_PENDING,
	BN_COMMIT_RUNNING, /* GitHub: pending */
	BN_COMMIT_SUCCESS,
	BN_COMMIT_FAILED, /* GitHub: failure */
	BN_COMMIT_STATES
} bn_commit_state;

const char *bn_commit_state_name(bn_commit_state s); /* "pending" */
/* BN_EINVAL names the words that there are. */
int bn_commit_state_parse(bn_commit_state *out, const char *word, bn_err *err);

typedef struct bn_commit_status {
	bn_commit_state state;
	const char *name; /* of the check: "binnacle" */
	const char *
		description; /* one line, or NULL; cut to 255 characters (GitLab) or 140 (GitHub) */
	const char *target;  /* http or https URL, or NULL: the pipeline's */
} bn_commit_status;

typedef struct bn_commit_status_result {
	bool was_so; /* the commit had that state already */
	bool cut;    /* the description was longer */
} bn_commit_status_result;

/* BN_EINVAL if there is no commit, or for a name or URL that is not one; BN_EREFUSED if the description holds the token. */
int bn_commit_status_check(bn_forge *f, const bn_commit_status *status, bn_err *err);
/* The same, and sets it. */
int bn_commit_status_set(
	bn_commit_status_result *out, bn_forge *f, const bn_commit_status *status, bn_err *err);

#endif

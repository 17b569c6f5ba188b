/*
 * stage.h - the one table of a pipeline's stages, as a project's settings fill it.
 *
 *	lint → unit → data-check → train → evaluate → package → deploy (manual) → smoke → monitor
 *
 * .gitlab-ci.yml, the workflow of GitHub and the Jenkinsfile are three forms of it (pipeline.h) and nothing else: a
 * stage says what it runs, needs, keeps and who may run it, in words that every such system has.
 *
 * State. A CI job starts on a fresh clone. Its workspace is the one that BINNACLE_HOME names: a project's variable
 * BINNACLE_HOME makes it the team's, on a file system of the runner, and everything stays there. Otherwise it is the
 * clone itself: the stage data-check makes one, and each stage with `state` unpacks BN_CI_STATE_FILE, an artifact of
 * the stage before, and packs it again. It holds no key: in the clone's workspace, a stage that signs needs the key
 * that founded it, the runner account's or the one in BINNACLE_KEY.
 *
 * Commands are lines of POSIX shell, run in order in the project's directory; each is a line of its own for a reader
 * of the job's log, and the first that fails ends the job. They use these variables, which each form
 * of the pipeline sets from its system's own:
 *
 *	BINNACLE_HOME     directory of the workspace (see above)
 *	XDG_STATE_HOME    BN_CI_STATE_DIR in the clone
 *	BINNACLE_CI_RUN   name of the commit's run: ci-<commit>
 *	BINNACLE_CI_URL   of the pipeline
 *	BINNACLE_FORGE_TOKEN  token for notes and the target branch's report (forge.h); may be unset
 *	BINNACLE_KEY      path of the key that signs, from a secret file; may be unset
 */
#ifndef BN_CI_STAGE_H
#define BN_CI_STAGE_H
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/ci/settings.h"
#include "core/ci/stage_name.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_CI_STATE_FILE "ci-workspace.tar"
#define BN_CI_STATE_DIR \
	".binnacle-state" /* XDG_STATE_HOME of the jobs: index, and what is known of workspaces */
#define BN_CI_DATA_DIR ".ci-data" /* downloads */

typedef struct bn_ci_list {
	const char **items;
	size_t count, cap;
} bn_ci_list;

typedef struct bn_ci_stage {
	const char *name, *title;
	const char *missing; /* why it is left out: what the settings lack; NULL: it is there */
	const char *needs;   /* name of the stage before it, or NULL */
	bn_ci_list before, commands,
		after;         /* run in this order: before and after carry state and key */
	bn_ci_list artifacts;  /* paths kept and handed to the stage that needs it */
	bn_ci_list finally;    /* run at the end, also when a command failed; never decides */
	bool keeps_on_failure; /* the artifacts too */
	const char *junit, *openmetrics; /* reports that the system shows, or NULL */
	bn_ci_list cache;                /* paths kept between pipelines */
	bn_ci_list tags;                 /* of runners */
	bn_ci_list secrets;              /* names of variables */
	bool state;                      /* uses the workspace */
	bool signs;                      /* with the key of BINNACLE_KEY, if that is set */
	bool manual;                     /* a person starts it */
	bool alone;                      /* one at a time for the project */
	bool only_branch;                /* only on the branch that deploys */
	bool scheduled;     /* also in scheduled pipelines, which have no other stage */
	bool may_fail;      /* says so without failing the pipeline that a commit started */
	bool interruptible; /* ended when a newer commit makes it superfluous */
	const char *environment, *url; /* what it deploys to, or NULL */
} bn_ci_stage;

typedef struct bn_ci_pipeline {
	bn_ci_stage stages[BN_CI_STAGES];
	const char *image, *cron; /* NULL: not set */
	const char *branch; /* that deploys: of the settings, else of the repository (branch.h), else main */
	const char *model;                 /* or NULL */
	size_t n_common_tags;              /* those that every stage has, first in each list */
	bn_arena arena;
} bn_ci_pipeline;

/* Borrows texts of the settings, which must outlive it. */
int bn_ci_pipeline_new(bn_ci_pipeline **out, const bn_ci_settings *settings, bn_err *err);
void bn_ci_pipeline_free(bn_ci_pipeline *p);

#endif

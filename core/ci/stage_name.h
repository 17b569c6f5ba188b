/*
 * stage_name.h - the stages of a pipeline by name; stage.h says what they run.
 */
#ifndef BN_CI_STAGE_NAME_H
#define BN_CI_STAGE_NAME_H
#include <stdbool.h>

typedef enum bn_ci_stage_id {
	BN_CI_LINT,
	BN_CI_UNIT,
	BN_CI_DATA_CHECK,
	BN_CI_TRAIN,
	BN_CI_EVALUATE,
	BN_CI_PACKAGE,
	BN_CI_DEPLOY,
	BN_CI_SMOKE,
	BN_CI_MONITOR,
	BN_CI_STAGES
} bn_ci_stage_id;

const char *bn_ci_stage_name(bn_ci_stage_id id); /* "data-check": the job's name */
bool bn_ci_stage_find(bn_ci_stage_id *out, const char *name);
const char *bn_ci_stage_title(bn_ci_stage_id id); /* "Data check" */

#endif

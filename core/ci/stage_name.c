/* stage_name.c - see stage_name.h. */
#include "core/ci/stage_name.h"

#include <string.h>

static const struct {
	const char *name, *title;
} names[BN_CI_STAGES] = {
	[BN_CI_LINT] = {"lint", "Lint"},
	[BN_CI_UNIT] = {"unit", "Unit tests"},
	[BN_CI_DATA_CHECK] = {"data-check", "Data check"},
	[BN_CI_TRAIN] = {"train", "Train"},
	[BN_CI_EVALUATE] = {"evaluate", "Evaluate (gate)"},
	[BN_CI_PACKAGE] = {"package", "Register and package"},
	[BN_CI_DEPLOY] = {"deploy", "Deploy"},
	[BN_CI_SMOKE] = {"smoke", "Smoke test"},
	[BN_CI_MONITOR] = {"monitor", "Monitor"},
};

const char *bn_ci_stage_name(bn_ci_stage_id id)
{
	return names[id].name;
}

bool bn_ci_stage_find(bn_ci_stage_id *out, const char *name)
{
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (!strcmp(names[i].name, name)) {
			*out = (bn_ci_stage_id)i;
			return true;
		}
	return false;
}

const char *bn_ci_stage_title(bn_ci_stage_id id)
{
	return names[id].title;
}

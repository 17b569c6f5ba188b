/* fold_classes.c - see fold_classes.h. A new class adds a line here, and its tables in share/sql/. */
#include "core/pipeline/fold_classes.h"

#include "core/archive/export_log.h"
#include "core/ci/check_log.h"
#include "core/data/dataset.h"
#include "core/data/forgotten.h"
#include "core/data/protect.h"
#include "core/data/suites.h"
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/govern/policy.h"
#include "core/launch/queue_fold.h"
#include "core/monitor/prediction_log.h"
#include "core/monitor/report.h"
#include "core/package/package_log.h"
#include "core/registry/registry.h"
#include "core/registry/webhook.h"
#include "core/serve/endpoint.h"
#include "core/share/remotes.h"
#include "core/track/logged_model.h"
#include "core/track/run.h"

#define CLASSES(run_class) \
	{ \
		&bn_authority_class, &bn_user_class, &bn_policy_class, &bn_dataset_class, \
			&bn_protect_class, &bn_forget_class, &bn_suite_class, &bn_queue_fold_class, &(run_class), \
			&bn_experiment_fold_class, \
			&bn_logged_fold_class, &bn_registry_class, &bn_webhook_class, \
			&bn_endpoint_class, &bn_prediction_class, &bn_monitor_class, \
			&bn_package_class, &bn_ci_class, &bn_remote_class, \
			&bn_archive_class, NULL \
	}

const bn_fold_class *const bn_fold_classes[] = CLASSES(bn_run_fold_class);
const bn_fold_class *const bn_fold_classes_mirror[] = CLASSES(bn_run_mirror_class);

/*
 * verbs.h - the list of verb tables. A new cmd_NAME.c exports `const bn_verb bn_verbs_NAME[]`,
 * terminated by {0}, and adds a line here; the order is the order of `binnacle help`.
 */
#ifndef BN_TUI_VERBS_H
#define BN_TUI_VERBS_H
#include "tui/cli/cli.h"

/* clang-format off */
#define BN_VERB_TABLES(X) \
	X(workbench) \
	X(init) \
	X(workspace) \
	X(upgrade) \
	X(store) \
	X(cache) \
	X(data_add) \
	X(data) \
	X(data_split) \
	X(data_sample) \
	X(data_look) \
	X(data_diff) \
	X(data_protect) \
	X(data_forget) \
	X(data_leaks) \
	X(data_gaps) \
	X(data_anomalies) \
	X(data_transform) \
	X(data_check) \
	X(suite) \
	X(data_table) \
	X(dvc) \
	X(data_share) \
	X(remote) \
	X(run_start) \
	X(run_show) \
	X(run) \
	X(run_compare) \
	X(run_check) \
	X(run_artifacts) \
	X(run_chart) \
	X(exchange) \
	X(experiment) \
	X(queue) \
	X(log) \
	X(model) \
	X(approval) \
	X(evidence) \
	X(late) \
	X(model_package) \
	X(model_share) \
	X(predict) \
	X(serve) \
	X(server) \
	X(package) \
	X(package_registry) \
	X(endpoint) \
	X(monitor) \
	X(monitor_prometheus) \
	X(monitor_skew) \
	X(ci) \
	X(ci_forge) \
	X(people) \
	X(bot) \
	X(govern) \
	X(trust) \
	X(demo) \
	X(doctor_fs) \
	X(doctor) \
	X(help)
/* clang-format on */

#define BN_VERB_DECLARE(name) extern const bn_verb bn_verbs_##name[];
BN_VERB_TABLES(BN_VERB_DECLARE)
#undef BN_VERB_DECLARE

/* Calls each(verb, ctx) for every verb in order until it returns non-zero, and returns that. */
int bn_verbs_each(int (*each)(const bn_verb *, void *), void *ctx);
/* words[0..n): the command line's words. NULL if there is none; *used is how many words named it.
 */
const bn_verb *bn_verb_find(const char *const *words, size_t n, size_t *used);

/* help.c */
extern const bn_opt bn_global_options[];
extern const bn_opt bn_list_options[]; /* of verbs with BN_VERB_LISTS */
extern const bn_opt bn_store_options[]; /* of verbs with BN_VERB_REMOTE */
const char *bn_noun_summary(const char *noun);
int bn_help_verb(bn_cli *cli, const bn_verb *verb);
int bn_help_noun(bn_cli *cli, const char *noun, bn_err *err);
int bn_help_all(bn_cli *cli);

#endif

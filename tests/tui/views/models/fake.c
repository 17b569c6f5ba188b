/* fake.c - canned models, and decisions that are due. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

static bn_gate_result gates[] = {
	{(char *)"error", (char *)"test rmse <= 12.5", (char *)"11.92, 0.58 below the limit",
		(char *)"run", BN_VERDICT_PASS, BN_GATE_BLOCK, 11.92, 12.5, false},
	{(char *)"no worse", (char *)"test rmse <= champion", (char *)"11.92 against 12.44",
		(char *)"run", BN_VERDICT_PASS, BN_GATE_BLOCK, 11.92, 12.44, false},
	{(char *)"reproducible", (char *)"reproducible", (char *)"nobody has attested it",
		(char *)"policy", BN_VERDICT_INCONCLUSIVE, BN_GATE_WARN, NAN, NAN, false},
	{(char *)"card", (char *)"card", (char *)"model_card.md, 2.1 KiB", (char *)"manifest",
		BN_VERDICT_PASS, BN_GATE_BLOCK, NAN, NAN, false},
};
static bn_gate_report gate_report = {.items = gates, .count = 4, .passed = 3, .inconclusive = 1};
static bn_decision old_decision = {.time_ms = NOW - 26 * HOUR,
	.user = (char *)"ada",
	.approved = true,
	.counts = true,
	.reason = (char *)"all gates pass"};
static bn_decision refusal = {.time_ms = NOW - 50 * HOUR,
	.user = (char *)"ada",
	.counts = true,
	.reason = (char *)"worse than the mean"};
#define IMAGE "sha256:5b4a4617ad8cb9ee971d2d6a3c0e9a0026172abfd8a92e3815a221b96da07628"
static bn_package packages[] = {
	{.act = BN_PACKAGE_PUSHED,
		.digest = IMAGE,
		.manifest_digest = IMAGE,
		.user = (char *)"grace",
		.time_ms = NOW - 2 * HOUR,
		.bytes = -1,
		.registry = (char *)"registry.example.org:5050",
		.name = (char *)"energy/power",
		.tag = (char *)"2"},
	{.act = BN_PACKAGE_BUILT,
		.digest = IMAGE,
		.user = (char *)"grace",
		.time_ms = NOW - 3 * HOUR,
		.format = (char *)"oci-archive",
		.path = (char *)"/home/grace/power-2.oci.tar",
		.host = (char *)"login1",
		.bytes = 28432173},
	{.act = BN_PACKAGE_BUILT,
		.digest = IMAGE,
		.user = (char *)"lin",
		.time_ms = NOW - 27 * HOUR,
		.format = (char *)"dir",
		.path = (char *)"/scratch/lin/power-2.rootfs",
		.host = (char *)"login2",
		.bytes = 28432173,
		.is_unapproved = true},
};
static char *champion_alias[] = {(char *)"champion"};
static bn_version power_3, power_2, power_1;

static void versions_make(void)
{
	if (power_3.name)
		return;
	bn_version base = {.name = (char *)"power",
		.run_id = (char *)"7f3a0000000000000000000000000000",
		.digest = (char *)"ab12cd34ef56ab12cd34",
		.trainer = (char *)"ridge",
		.author = (char *)"grace",
		.registrar = (char *)"grace",
		.approvals_needed = 1};
	base.data = json_pack("[{s:s,s:i}]", "name", "jobs", "version", 3);
	base.tags = json_object();
	power_3 = power_2 = power_1 = base;
	power_3.version = 3;
	power_3.state = BN_MODEL_REQUESTED;
	power_3.state_ms = power_3.requested_ms = NOW - 20 * MIN;
	power_3.request_reason = (char *)"better on long jobs";
	power_3.requester = (char *)"grace";
	power_3.metrics =
		json_pack("{s:{s:f,s:f,s:f}}", "test", "rmse", 11.92, "mae", 8.1, "r2", 0.913);
	power_2.version = 2;
	power_2.state = BN_MODEL_APPROVED;
	power_2.state_ms = NOW - 26 * HOUR;
	power_2.metrics =
		json_pack("{s:{s:f,s:f,s:f}}", "test", "rmse", 12.44, "mae", 8.6, "r2", 0.902);
	power_2.aliases = champion_alias;
	power_2.n_aliases = 1;
	power_2.decisions = &old_decision;
	power_2.n_decisions = 1;
	power_2.approvals = 1;
	power_1.version = 1;
	power_1.state = BN_MODEL_REJECTED;
	power_1.state_ms = NOW - 50 * HOUR;
	power_1.metrics = json_pack("{s:{s:f}}", "test", "rmse", 19.3);
	power_1.decisions = &refusal;
	power_1.n_decisions = 1;
}

static bn_inbox_item item_make(const bn_fake *fake, bn_version *v)
{
	return (bn_inbox_item){.version = v,
		.champion = v == &power_2 ? NULL : &power_2,
		.gates = &gate_report,
		.can_approve = !fake->own_request,
		.can_reject = !fake->own_request,
		.waits_for_me = !fake->own_request,
		.recomputes = fake->measures,
		.why_not = (char *)(fake->own_request
					    ? "you registered it; somebody else has to decide"
					    : NULL)};
}

int bn_fake_models(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	versions_make();
	bn_inbox *inbox = bn_arena_alloc(&page->arena, sizeof *inbox);
	bn_version_page *versions = bn_arena_alloc(&page->arena, sizeof *versions);
	if (!fake->is_empty) {
		inbox->items = bn_arena_alloc(&page->arena, sizeof *inbox->items);
		inbox->items[0] = item_make(fake, &power_3);
		inbox->count = !fake->is_gone;
		inbox->for_me = !fake->own_request && !fake->is_gone;
		versions->items = bn_arena_alloc(&page->arena, 3 * sizeof *versions->items);
		versions->items[0] = power_3;
		versions->items[1] = power_2;
		versions->items[2] = power_1;
		versions->count = 3;
		versions->items += fake->is_gone;
		versions->count -= fake->is_gone;
	}
	bn_models m = {.inbox = inbox, .versions = versions};
	bn_fake_take(page, &m, sizeof m);
	return 0;
}

int bn_fake_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_ref_arg *a = arg;
	versions_make();
	const char *slash = strchr(a->ref, '/');
	bn_inbox_item item = item_make(fake, slash && slash[1] == '2'   ? &power_2
					     : slash && slash[1] == '1' ? &power_1
									: &power_3);
	bn_inbox_item *kept = bn_arena_alloc(&page->arena, sizeof *kept);
	*kept = item;
	bn_sheet s = {.item = kept,
		.signers = fake->own_request ? "ada may sign" : "you or lin may sign"};
	if (item.version == &power_2)
		s.packages = (bn_packages){packages, sizeof packages / sizeof *packages};
	bn_fake_take(page, &s, sizeof s);
	return 0;
}

int bn_fake_card(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	page->data = bn_arena_strdup(&page->arena, "# power\n\nRidge regression of node power on "
						   "what a job asks for.\n\n## Limits\n\nLong "
						   "jobs are its weak side.\n");
	return 0;
}

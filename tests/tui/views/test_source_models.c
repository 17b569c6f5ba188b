/* Actions on versions of models in a real workspace apply to the version that was displayed. */
#include "core/base/fs.h"
#include "core/govern/trust.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"
#include "tui/views/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bn_err err;

static void make(char root[64], char dir[80])
{
	const bn_authority_start how = {.name = "ada"};
	bool made;
	strcpy(root, "/tmp/bn-models-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(dir, 80, "%s/ws", root);
	setenv("XDG_STATE_HOME", root, 1);
	setenv("XDG_CONFIG_HOME", root, 1);
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), dir, 0700, &err), &err);
	ck_assert_bn_ok(bn_authority_init(bn_env_real(), dir, &how, &made, &err), &err);
}

static int action_do(void *context, bn_ui_action action, const char *ref, const char *digest)
{
	bn_action_arg arg = {.action = action, .reason = "because"};
	bn_page *p = bn_page_new(1, 0);
	snprintf(arg.ref, sizeof arg.ref, "%s", ref);
	snprintf(arg.digest, sizeof arg.digest, "%s", digest);
	bn_source_workspace()->action(context, &arg, p, NULL, &p->err);
	int code = p->err.code;
	if (code == BN_ECONFLICT)
		ck_assert_msg(strstr(p->err.msg, "power/1 has digest ") &&
				      strstr(p->err.msg, "not 0123456789ab as it was shown"),
			"%s", p->err.msg);
	else
		ck_assert_msg(code == 0 && strstr(p->data, "power/1"), "%s", p->err.msg);
	bn_page_free(p);
	return code;
}

static bn_model_state state_of(bn_workspace *ws, char digest[BN_ACTION_DIGEST])
{
	bn_version *v = NULL;
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_bn_ok(bn_version_get(&v, ws, "power/1", &err), &err);
	bn_model_state state = v->state;
	snprintf(digest, BN_ACTION_DIGEST, "%s", v->digest);
	bn_version_free(v);
	return state;
}

START_TEST(test_a_action_on_another_version_than_was_shown_is_refused)
{
	static const bn_ui_action actions[] = {BN_ACTION_APPROVE, BN_ACTION_REJECT,
		BN_ACTION_WITHDRAW, BN_ACTION_ASK, BN_ACTION_ALIAS};
	char root[64], dir[80], digest[BN_ACTION_DIGEST];
	void *context = NULL;
	person ada = {.uid = getuid(), .name = "ada"};
	make(root, dir);
	ck_assert_bn_ok(
		bn_workspace_open(&ada.ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	ck_assert_bn_ok(bn_trust_founded(ada.ws, &err), &err);
	team_register(&ada, "power", &ada, "{\"test\": {\"rmse\": 1.5}}");
	ck_assert_int_eq(state_of(ada.ws, digest), BN_MODEL_REGISTERED);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), dir, &err), &err);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		ck_assert_int_eq(action_do(context, actions[i], "power/1", "0123456789abcdef"),
			BN_ECONFLICT);
	ck_assert_int_eq(state_of(ada.ws, digest), BN_MODEL_REGISTERED);
	ck_assert_int_eq(action_do(context, BN_ACTION_ASK, "power/1", digest), 0);
	ck_assert_int_eq(state_of(ada.ws, digest), BN_MODEL_REQUESTED);
	ck_assert_int_eq(action_do(context, BN_ACTION_REJECT, "power/1", digest), 0);
	ck_assert_int_eq(state_of(ada.ws, digest), BN_MODEL_REJECTED);
	ck_assert_int_eq(action_do(context, BN_ACTION_WITHDRAW, "power/1", digest), 0);
	ck_assert_int_eq(state_of(ada.ws, digest), BN_MODEL_REMOVED);
	bn_source_close(context);
	bn_workspace_close(ada.ws);
	bn_fs_remove_tree(bn_env_real(), root, NULL);
}
END_TEST

BN_TEST_MAIN("tui/views/source_models", test_a_action_on_another_version_than_was_shown_is_refused)

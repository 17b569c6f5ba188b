/* Actions on people and on the chain, in a real workspace with two users who have a key each. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/govern/trust.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tui/views/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64], dir[80];
static const bn_page_source *source;
static bn_err err;

/* Switches to this user: key and trust memory. */
static void be(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", root, name);
	setenv("XDG_CONFIG_HOME", path, 1);
}

static void make(void)
{
	strcpy(root, "/tmp/bn-people-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(dir, sizeof dir, "%s/ws", root);
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), dir, 0700, &err), &err);
	setenv("XDG_STATE_HOME", root, 1); /* both users have used the workspace */
	be("ada");
	const bn_authority_start how = {.name = "ada"};
	bool made;
	ck_assert_bn_ok(bn_authority_init(bn_env_real(), dir, &how, &made, &err), &err);
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	ck_assert_bn_ok(bn_trust_founded(ws, &err), &err);
	bn_workspace_close(ws);
	source = bn_source_workspace();
}

static void finish(void)
{
	bn_fs_remove_tree(bn_env_real(), root, NULL);
}

/* Loads a page as that user, in a workspace opened for it. */
static bn_page *page_of(const char *user, bn_page_fn fn, const void *arg)
{
	void *context = NULL;
	bn_page *p = bn_page_new(1, 0);
	be(user);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), dir, &err), &err);
	fn(context, arg, p, NULL, &p->err);
	bn_source_close(context);
	return p;
}

static void action_as(const char *user, bn_ui_action action, const char *ref, unsigned roles)
{
	bn_action_arg arg = {.action = action, .roles = roles};
	snprintf(arg.ref, sizeof arg.ref, "%s", ref);
	bn_page *p = page_of(user, source->action, &arg);
	ck_assert_msg(p->data, "%s", p->err.msg);
	bn_page_free(p);
}

static int refused_as(const char *user, bn_ui_action action, const char *ref, unsigned roles)
{
	bn_action_arg arg = {.action = action, .roles = roles};
	snprintf(arg.ref, sizeof arg.ref, "%s", ref);
	bn_page *p = page_of(user, source->action, &arg);
	int code = p->data ? 0 : p->err.code;
	bn_page_free(p);
	return code;
}

static void overview_is(const char *user, const char *who, int requests, int to_sign)
{
	bn_page *p = page_of(user, source->overview, NULL);
	ck_assert_msg(p->data, "%s", p->err.msg);
	const bn_overview *o = p->data;
	ck_assert_msg(o->who && strstr(o->who, who), "%s, not %s", o->who, who);
	ck_assert_int_eq(o->requests, requests);
	ck_assert_int_eq(o->to_sign, to_sign);
	bn_page_free(p);
}

START_TEST(test_who_asks_is_admitted_and_is_what_the_roles_say)
{
	char key[2 * BN_CHAIN_ID_BYTES + 1];
	make();
	overview_is("ada", "you are ada", 0, 0);
	overview_is("lin", ":request asks", 0, 0);
	action_as("lin", BN_ACTION_REQUEST, "lin", 0);
	overview_is("lin", "asks; an admin admits it", 0, 0);
	overview_is("ada", "you are ada", 1, 0);
	bn_page *p = page_of("ada", source->authority, NULL);
	const bn_authority_page *d = p->data;
	ck_assert_uint_eq(d->people->n_requests, 1);
	snprintf(key, sizeof key, "%s", d->people->requests[0].key.hex);
	bn_page_free(p);
	/* Users cannot admit themselves. */
	ck_assert_int_eq(refused_as("lin", BN_ACTION_ACCEPT, key, 0), BN_EREFUSED);
	action_as("ada", BN_ACTION_ACCEPT, key, 1u << BN_ROLE_REVIEWER);
	overview_is("lin", "you are lin: ", 0, 0);
	overview_is("lin", "reviewer", 0, 0);
	action_as("ada", BN_ACTION_REVOKE, key, 1u << BN_ROLE_REVIEWER);
	ck_assert_int_eq(refused_as("lin", BN_ACTION_GRANT, key, 1u << BN_ROLE_ADMIN), BN_EREFUSED);
	action_as("ada", BN_ACTION_REMOVE, key, 0);
	overview_is("lin", "not admitted", 0, 0);
	finish();
}
END_TEST

START_TEST(test_a_link_waits_for_the_other_admin_who_signs_it)
{
	char key[2 * BN_CHAIN_ID_BYTES + 1], id[2 * BN_CHAIN_ID_BYTES + 1] = "";
	uint8_t link[BN_CHAIN_ID_BYTES];
	bn_workspace *ws = NULL;
	make();
	action_as("lin", BN_ACTION_REQUEST, "lin", 0);
	bn_page *p = page_of("ada", source->authority, NULL);
	snprintf(key, sizeof key, "%s",
		((const bn_authority_page *)p->data)->people->requests[0].key.hex);
	bn_page_free(p);
	action_as("ada", BN_ACTION_ACCEPT, key, 1u << BN_ROLE_ADMIN);
	be("ada");
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), &err);
	json_t *doc = json_pack("{s:{s:i}}", "links", "signers", 2);
	ck_assert_int_ge(bn_people_set_policy(ws, doc, NULL, link, &err), 0);
	json_decref(doc);
	bn_workspace_close(ws);
	action_as("lin", BN_ACTION_REVOKE, key, 1u << BN_ROLE_ADMIN);
	overview_is("lin", "you are lin", 0, 0); /* lin has signed the link */
	overview_is("ada", "you are ada", 0, 1);
	p = page_of("ada", source->authority, NULL);
	const bn_link_list *l = ((const bn_authority_page *)p->data)->links;
	ck_assert(l->items[0].waits && !l->items[0].mine);
	bn_hex(l->items[0].id, BN_CHAIN_ID_BYTES, id);
	bn_page_free(p);
	action_as("ada", BN_ACTION_SIGN, id, 0);
	overview_is("ada", "you are ada", 0, 0);
	ck_assert_int_ne(refused_as("lin", BN_ACTION_SIGN, id, 0), 0); /* no longer an admin */
	finish();
}
END_TEST

BN_TEST_MAIN("tui/views/source_people", test_who_asks_is_admitted_and_is_what_the_roles_say,
	test_a_link_waits_for_the_other_admin_who_signs_it)

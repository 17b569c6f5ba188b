/* registry_team.c - see registry_team.h. */
#include "tests/support/registry_team.h"

#include "core/govern/authority.h"

#include "core/base/json.h"
#include "core/govern/audit.h"
#include "core/govern/identity.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"

#include <string.h>

const bn_fold_class *const registry_team_classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, &bn_registry_class, NULL};

/* A registration of the three files; the rest is in r. */
static int register_files(
	person *p, bn_registration *r, const char *metrics, int64_t *version, bn_err *out)
{
	static const char *const files[] = {"MLmodel", "features.json", "model.safetensors"};
	bn_err err = BN_ERR_INIT;
	bn_manifest m;
	char hash[65], text[200];
	json_t *numbers = NULL;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	ck_assert_bn_ok(bn_json_parse(&numbers, metrics, strlen(metrics), "metrics", &err), &err);
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "%s of %s %s", files[i], r->name, metrics);
		ck_assert_bn_ok(bn_object_put(p->ws, text, strlen(text), hash, &err), &err);
		ck_assert_bn_ok(bn_manifest_add_file(&m, files[i], hash, strlen(text), &err), &err);
	}
	ck_assert_bn_ok(bn_manifest_seal(&m, &err), &err);
	ck_assert_bn_ok(bn_manifest_store(p->ws, &m, hash, &err), &err);
	r->manifest = hash;
	r->trainer = "ridge";
	r->metrics = numbers;
	int rc = bn_version_register_manifest(version, p->ws, r, out);
	bn_manifest_release(&m);
	json_decref(numbers);
	return rc;
}

int team_try_register(
	person *p, const char *name, const person *author, const char *metrics, int64_t *version)
{
	bn_err err = BN_ERR_INIT;
	bn_registration r = {.name = name, .author_uid = author->uid, .author = author->name};
	return register_files(p, &r, metrics, version, &err);
}

int team_try_register_run(person *p, const char *name, const person *author, const char *run,
	const char *metrics, int64_t *version)
{
	bn_err err = BN_ERR_INIT;
	json_t *data =
		json_pack("[{s:s, s:i, s:s}]", "name", "jobs", "version", 3, "digest", TEAM_DATA);
	bn_registration r = {.name = name,
		.run_id = run,
		.author_uid = author->uid,
		.author = author->name,
		.data = data};
	int rc = register_files(p, &r, metrics, version, &err);
	json_decref(data);
	return rc;
}

int64_t team_register_run(
	person *p, const char *name, const person *author, const char *run, const char *metrics)
{
	int64_t version = 0;
	ck_assert_int_eq(team_try_register_run(p, name, author, run, metrics, &version), 0);
	return version;
}

void team_run(person *p, const char *run)
{
	bn_err err = BN_ERR_INIT;
	char entity[64];
	json_t *payload = json_pack("{s:s}", "name", "steady-heron");
	snprintf(entity, sizeof entity, "run/%s", run);
	ck_assert_bn_ok(bn_workspace_append(p->ws, "run.created", entity, payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_seal(p->ws, &err), &err);
}

int64_t team_register(person *p, const char *name, const person *author, const char *metrics)
{
	int64_t version = 0;
	ck_assert_int_eq(team_try_register(p, name, author, metrics, &version), 0);
	return version;
}

void team_policy(person *p, const char *document)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL;
	ck_assert_bn_ok(bn_json_parse(&doc, document, strlen(document), "policy", &err), &err);
	ck_assert_bn_ok(bn_policy_set(p->ws, doc, "test", &err), &err);
	json_decref(doc);
}

bn_model_state team_state(person *p, const char *spec)
{
	bn_err err = BN_ERR_INIT;
	bn_version *v = NULL;
	ck_assert_bn_ok(bn_version_get(&v, p->ws, spec, &err), &err);
	bn_model_state s = v->state;
	bn_version_free(v);
	return s;
}

size_t team_count(person *p, const char *kind, bn_outcome outcome)
{
	bn_err err = BN_ERR_INIT;
	bn_audit_page *page = NULL;
	bn_audit_filter f = {.kind = kind, .outcome = (int)outcome};
	ck_assert_bn_ok(bn_audit_read(&page, p->ws, &f, &err), &err);
	size_t n = page->total;
	bn_audit_page_free(page);
	return n;
}

/* mlflow_order.c - see mlflow_search.h: what a search is sorted by. */
#include "core/track/_mlflow.h"

#include "core/base/buf.h"

#include <string.h>

static int unparsed(const char *text, bn_err *err)
{
	return bn_err_set(
		err, BN_EINVAL, "Invalid order_by clause '%.300s'. Could not be parsed.", text);
}

/* The field of a clause, and its direction. */
static int clause_split(bn_mlflow_token *field, bool *down, const char *text, bn_err *err)
{
	bn_mlflow_token *t = NULL;
	size_t n = 0;
	int rc = bn_mlflow_lex(&t, &n, text, err);
	if (rc < 0)
		return rc;
	*down = n == 2 && bn_mlflow_token_is(&t[1], "DESC");
	if (n == 0 || n > 2 || t[0].kind != BN_MLFLOW_NAME ||
		(n == 2 && t[1].kind != BN_MLFLOW_NAME))
		rc = unparsed(text, err);
	else if (n == 2 && !*down && !bn_mlflow_token_is(&t[1], "ASC"))
		rc = bn_err_set(
			err, BN_EINVAL, "Invalid ordering key in order_by clause '%.300s'.", text);
	else
		*field = t[0];
	bn_free(t);
	return rc;
}

/* "['metrics.a', 'metrics.a DESC']", as Python prints a list. */
static int duplicate(const char *const *order_by, size_t count, bn_err *err)
{
	bn_buf all = BN_BUF_INIT;
	for (size_t i = 0; i < count; i++)
		bn_buf_addf(&all, "%s'%s'", i ? ", " : "", order_by[i]);
	int rc;
	if ((rc = bn_buf_check(&all, err, "an order")) < 0)
		goto out;
	rc = bn_err_set(err, BN_EINVAL, "`order_by` contains duplicate fields: [%.400s]", all.ptr);
out:
	bn_buf_release(&all);
	return rc;
}

static bool has_key(const bn_mlflow_search *s, bn_mlflow_entity entity, const char *key)
{
	for (size_t i = 0; i < s->key_count; i++)
		if (s->keys[i].entity == entity && strcmp(s->keys[i].key, key) == 0)
			return true;
	return false;
}

static int key_add(bn_mlflow_search *s, const bn_mlflow_key *k, bn_err *err)
{
	if (bn_grow(&s->keys, &s->key_cap, s->key_count + 1, sizeof *s->keys) != 0)
		return bn_err_nomem(err, "an order");
	s->keys[s->key_count++] = *k;
	return 0;
}

static int attribute_only(const bn_mlflow_search *s, const bn_mlflow_key *k, bn_err *err)
{
	static const char *const names[] = {"attribute", "metric", "parameter", "tag", "dataset"};
	if (k->entity == BN_MLFLOW_ATTRIBUTE ||
		(s->kind == BN_MLFLOW_RUNS && k->entity != BN_MLFLOW_DATASET))
		return 0;
	return s->kind == BN_MLFLOW_RUNS ? bn_err_set(err, BN_EINVAL,
						   "Invalid identifier type '%s'", names[k->entity])
					 : bn_err_set(err, BN_EINVAL, "Invalid order_by entity: %s",
						   names[k->entity]);
}

static int order_add(
	bn_mlflow_search *s, const char *const *order_by, size_t i, size_t count, bn_err *err)
{
	bn_mlflow_key k = {.down = false};
	bn_mlflow_token field = {.ptr = order_by[i]};
	unsigned uses;
	int rc;
	if ((rc = clause_split(&field, &k.down, order_by[i], err)) < 0 ||
		(rc = bn_mlflow_field(&k.entity, &k.key, &uses, s, field.ptr, field.len,
			 BN_MLFLOW_USE_ORDER, err)) < 0 ||
		(rc = attribute_only(s, &k, err)) < 0)
		return rc;
	if (has_key(s, k.entity, k.key))
		return duplicate(order_by, count, err);
	k.is_number = (uses & BN_MLFLOW_USE_NUMBER) != 0;
	return key_add(s, &k, err);
}

static int logged_order_add(bn_mlflow_search *s, const bn_mlflow_order *order, bn_err *err)
{
	bn_mlflow_key k = {.down = order->descending};
	const char *dot = order->field ? strchr(order->field, '.') : NULL;
	unsigned uses;
	int rc;
	if (!order->field)
		return bn_err_set(
			err, BN_EINVAL, "`field_name` in the `order_by` clause must be specified.");
	if (order->dataset_digest && !order->dataset_name)
		return bn_err_set(err, BN_EINVAL,
			"`dataset_digest` can only be specified if `dataset_name` is also "
			"specified.");
	if (dot && strncmp(order->field, "metrics.", 8) != 0)
		return bn_err_set(err, BN_EINVAL,
			"Invalid order by field name: %.200s. Only metrics are supported.",
			order->field);
	bn_err inner = BN_ERR_INIT;
	if ((rc = bn_mlflow_field(&k.entity, &k.key, &uses, s, order->field, strlen(order->field),
		     BN_MLFLOW_USE_ORDER, &inner)) < 0)
		return bn_err_set(
			err, BN_EINVAL, "Invalid order by field name: %.200s", order->field);
	k.is_number = (uses & BN_MLFLOW_USE_NUMBER) != 0;
	k.dataset_name =
		order->dataset_name ? bn_arena_strdup(&s->arena, order->dataset_name) : NULL;
	k.dataset_digest =
		order->dataset_digest ? bn_arena_strdup(&s->arena, order->dataset_digest) : NULL;
	if ((order->dataset_name && !k.dataset_name) ||
		(order->dataset_digest && !k.dataset_digest))
		return bn_err_nomem(err, "an order");
	return key_add(s, &k, err);
}

/* ---- searches ------------------------------------------------------------------------------- */

/* What orders the rows that tie, and without an order_by. */
static int ties_add(bn_mlflow_search *s, bn_err *err)
{
	static const struct {
		bn_mlflow_kind kind;
		bool alone; /* only without an order_by */
		bn_mlflow_key key;
	} ties[] = {
		{BN_MLFLOW_RUNS, false, {.key = "start_time", .is_number = true, .down = true}},
		{BN_MLFLOW_RUNS, false, {.key = "run_id"}},
		{BN_MLFLOW_EXPERIMENTS, true,
			{.key = "creation_time", .is_number = true, .down = true}},
		{BN_MLFLOW_EXPERIMENTS, true, {.key = "experiment_id"}},
		{BN_MLFLOW_EXPERIMENTS, false, {.key = "experiment_id", .down = true}},
		{BN_MLFLOW_MODELS, false, {.key = "name"}},
		{BN_MLFLOW_VERSIONS, true,
			{.key = "last_updated_timestamp", .is_number = true, .down = true}},
		{BN_MLFLOW_VERSIONS, false, {.key = "name"}},
		{BN_MLFLOW_VERSIONS, false,
			{.key = "version_number", .is_number = true, .down = true}},
		{BN_MLFLOW_LOGGED_MODELS, false,
			{.key = "creation_timestamp", .is_number = true, .down = true}},
		{BN_MLFLOW_LOGGED_MODELS, false, {.key = "model_id"}},
	};
	bool none = s->key_count == 0;
	int rc = 0;
	for (size_t i = 0; i < sizeof ties / sizeof *ties && rc == 0; i++)
		if (ties[i].kind == s->kind && (none || !ties[i].alone) &&
			!has_key(s, BN_MLFLOW_ATTRIBUTE, ties[i].key.key))
			rc = key_add(s, &ties[i].key, err);
	return rc;
}

static int search_make(bn_mlflow_search **out, bn_mlflow_kind kind, const char *filter, bn_err *err)
{
	bn_mlflow_search *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a search");
	s->kind = kind;
	int rc = bn_mlflow_add_filter(s, filter, err);
	if (rc < 0) {
		bn_mlflow_search_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

int bn_mlflow_search_new(bn_mlflow_search **out, bn_mlflow_kind kind, const char *filter,
	const char *const *order_by, size_t order_count, bn_err *err)
{
	bn_mlflow_search *s;
	int rc = search_make(&s, kind, filter, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < order_count && rc == 0; i++)
		rc = order_add(s, order_by, i, order_count, err);
	if (rc < 0 || (rc = ties_add(s, err)) < 0) {
		bn_mlflow_search_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

static int datasets_add(
	bn_mlflow_search *s, const bn_mlflow_dataset *datasets, size_t count, bn_err *err)
{
	s->datasets = bn_alloc_zeroed(count + 1, sizeof *s->datasets);
	if (!s->datasets)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < count; i++) {
		bn_mlflow_dataset *d = &s->datasets[i];
		if (!datasets[i].name || !*datasets[i].name)
			return bn_err_set(err, BN_EINVAL,
				"`dataset_name` in the `datasets` clause must be specified.");
		d->name = bn_arena_strdup(&s->arena, datasets[i].name);
		d->digest =
			datasets[i].digest ? bn_arena_strdup(&s->arena, datasets[i].digest) : NULL;
		if (!d->name || (datasets[i].digest && !d->digest))
			return bn_err_nomem(err, "a search");
		s->dataset_count++;
	}
	return 0;
}

int bn_mlflow_search_logged(bn_mlflow_search **out, const char *filter,
	const bn_mlflow_order *order, size_t order_count, const bn_mlflow_dataset *datasets,
	size_t dataset_count, bn_err *err)
{
	bn_mlflow_search *s;
	int rc = search_make(&s, BN_MLFLOW_LOGGED_MODELS, filter, err);
	if (rc < 0)
		return rc;
	rc = datasets_add(s, datasets, dataset_count, err);
	for (size_t i = 0; i < order_count && rc == 0; i++)
		rc = logged_order_add(s, &order[i], err);
	if (rc < 0 || (rc = ties_add(s, err)) < 0) {
		bn_mlflow_search_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void bn_mlflow_search_free(bn_mlflow_search *s)
{
	if (!s)
		return;
	bn_free(s->clauses);
	bn_free(s->keys);
	bn_free(s->datasets);
	bn_arena_release(&s->arena);
	bn_free(s);
}

/* attempts.c - see attempts.h. */
#include "core/registry/attempts.h"

#include "core/base/mem.h"

#include <string.h>

#define MINUTE_NS ((int64_t)60 * 1000000000)
enum { SOURCES_MOST = 4096 };

typedef struct source {
	char *name;
	int64_t since_ns; /* monotonic; of its minute */
	unsigned recorded;
	/* The acts of this minute that have no record, and the last of them. */
	int64_t unrecorded;
	int kind;
	char *model;
	int64_t version;
	bool is_signed;
	json_t *payload;
} source;

struct bn_attempts {
	source *items;
	size_t count, cap;
	size_t given; /* by bn_attempts_next */
};

static _Thread_local bn_attempts *current;
static _Thread_local const char *current_source;

int bn_attempts_new(bn_attempts **out, bn_err *err)
{
	*out = bn_alloc_zeroed(1, sizeof **out);
	return *out ? 0 : bn_err_nomem(err, "a server");
}

static void forget_last(source *s)
{
	bn_free(s->model);
	json_decref(s->payload);
	s->model = NULL;
	s->payload = NULL;
	s->unrecorded = 0;
}

void bn_attempts_free(bn_attempts *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->count; i++) {
		forget_last(&a->items[i]);
		bn_free(a->items[i].name);
	}
	bn_free(a->items);
	bn_free(a);
}

void bn_attempts_use(bn_attempts *a, const char *name)
{
	current = a;
	current_source = name;
}

/* NULL: out of memory, or there are too many. */
static source *find(bn_attempts *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (!strcmp(a->items[i].name, name))
			return &a->items[i];
	if (a->count >= SOURCES_MOST || bn_grow(&a->items, &a->cap, a->count + 1, sizeof *a->items))
		return NULL;
	source *s = &a->items[a->count];
	*s = (source){.name = bn_strdup(name)};
	if (!s->name)
		return NULL;
	a->count++;
	return s;
}

/* What tells the acts of one kind apart; a tag's value may be long. */
static json_t *short_of(const json_t *payload)
{
	static const char *const keys[] = {"version", "alias", "key", "stage"};
	json_t *out = json_object();
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *v = json_object_get(payload, keys[i]);
		if (v)
			json_object_set(out, keys[i], v);
	}
	return out;
}

bool bn_attempts_take(const bn_env *env, const bn_attempt *act)
{
	source *s = current ? find(current, current_source) : NULL;
	if (!s)
		return true;
	int64_t now = bn_env_monotonic_ns(env);
	if (!s->unrecorded && now - s->since_ns >= MINUTE_NS)
		s->recorded = 0;
	if (!s->recorded)
		s->since_ns = now;
	if (s->recorded < BN_ATTEMPTS_A_MINUTE) {
		s->recorded++;
		return true;
	}
	int64_t n = s->unrecorded + 1;
	forget_last(s);
	s->unrecorded = n;
	s->kind = act->kind;
	s->model = bn_strdup(act->model);
	s->version = act->version;
	s->is_signed = act->is_signed;
	s->payload = short_of(act->payload);
	return false;
}

int64_t bn_attempts_next(bn_attempts *a, const bn_env *env, bool all, bn_attempt *last)
{
	int64_t now = bn_env_monotonic_ns(env);
	for (size_t i = 0; i < a->count; i++) {
		const source *s = &a->items[i];
		if (!s->unrecorded || (!all && now - s->since_ns < MINUTE_NS))
			continue;
		a->given = i;
		*last = (bn_attempt){s->kind, s->model, s->version, s->is_signed, s->payload};
		return s->unrecorded;
	}
	return 0;
}

void bn_attempts_done(bn_attempts *a)
{
	forget_last(&a->items[a->given]);
	a->items[a->given].recorded = 0;
}

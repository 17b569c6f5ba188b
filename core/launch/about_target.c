/* about_target.c - see about_target.h. */
#include "core/launch/about_target.h"

#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/learn/trainer.h"
#include "core/profile/profile.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define MANY_CLASSES 20
#define MANY_FRACTIONS 10

typedef struct telling {
	const bn_spec *spec;
	const bn_trainer *trainer;
	const bn_profile_column *column; /* NULL: the profile has none */
	bn_target_say say;
	void *ctx;
} telling;

static void tell(const telling *t, bool warns, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(const telling *t, bool warns, const char *fmt, ...)
{
	bn_buf b = BN_BUF_INIT;
	va_list args;
	va_start(args, fmt);
	bn_buf_vaddf(&b, fmt, args);
	va_end(args);
	if (!b.failed)
		t->say(t->ctx, warns, b.ptr);
	bn_buf_release(&b);
}

static bool has_task(const telling *t, bn_task task)
{
	return (t->trainer->tasks & 1u << task) != 0;
}

static bool is_asked(const telling *t, const char *task)
{
	return t->spec->task && strcmp(t->spec->task, task) == 0;
}

static bool learns_classes(const telling *t)
{
	return !has_task(t, BN_TASK_REGRESSION) || is_asked(t, "classification");
}

static bool is_among(const bn_spec_texts *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->items[i], name))
			return true;
	return false;
}

static bool is_feature(const bn_spec *spec, const char *name)
{
	return strcmp(name, spec->target) != 0 && !is_among(&spec->exclude, name) &&
	       (!spec->features.count || is_among(&spec->features, name));
}

static bool has_fractions(const bn_profile_column *c)
{
	bool some = c->min != floor(c->min) || c->max != floor(c->max);
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		some |= isfinite(c->quantiles[i]) && c->quantiles[i] != floor(c->quantiles[i]);
	return some && isfinite(c->min) && isfinite(c->max);
}

/* Warns if the target of a classifier is a number with fractions, or with almost as many values as
 * rows. */
static void tell_number_classes(const telling *t)
{
	const bn_profile_column *c = t->column;
	uint64_t values = c->rows - c->missing;
	bool many = c->distinct > MANY_CLASSES && c->distinct * 2 > values;
	if (!bn_type_is_number(c->type) || !learns_classes(t) ||
		(!many && !(c->distinct > MANY_FRACTIONS && has_fractions(c))))
		return;
	tell(t, true,
		"target '%s' has %llu different numbers in %llu rows, each of which is a "
		"class to %s; --trainer ridge predicts numbers",
		t->spec->target, (unsigned long long)c->distinct, (unsigned long long)values,
		t->spec->trainer);
}

/* Warns about a target of 0 and 1 with a trainer that can do both tasks: it would learn numbers. */
static void tell_flag(const telling *t)
{
	const bn_profile_column *c = t->column;
	bool chosen = is_asked(t, "classification") || is_asked(t, "regression");
	if (chosen || !has_task(t, BN_TASK_REGRESSION) || !has_task(t, BN_TASK_CLASSIFICATION) ||
		!bn_type_is_number(c->type) || c->distinct != 2 || c->min != 0 || c->max != 1)
		return;
	tell(t, true,
		"target '%s' is 0 or 1 in every row, and %s learns it as a number; --task "
		"classification learns classes, as --trainer logistic does",
		t->spec->target, t->spec->trainer);
}

/* Rows without a target, and a target among the features. */
static void tell_left_out(const telling *t)
{
	const bn_profile_column *c = t->column;
	uint64_t infinite = c && bn_type_is_number(c->type) ? c->infinities : 0;
	const char *what = infinite ? "infinite" : "missing";
	if (infinite && c->missing)
		what = "missing or infinite";
	if (c && c->missing + infinite)
		tell(t, infinite != 0,
			"target '%s' is %s in %llu of the %llu rows, which are left out",
			t->spec->target, what,
			(unsigned long long)(c->missing + infinite), (unsigned long long)c->rows);
	if (is_among(&t->spec->features, t->spec->target))
		tell(t, true, "'%s' in --features is the target; it is not a feature",
			t->spec->target);
}

/* Warns about infinite numbers in the features, which no trainer learns from. */
static void tell_infinite(const telling *t, const bn_profile *p)
{
	const bn_profile_column *first = NULL;
	uint64_t cells = 0;
	size_t columns = 0;
	for (size_t i = 0; i < p->column_count; i++) {
		const bn_profile_column *c = &p->columns[i];
		if (!c->infinities || !is_feature(t->spec, c->name))
			continue;
		first = first ? first : c;
		cells += c->infinities;
		columns++;
	}
	if (columns == 1)
		tell(t, true, "feature '%s' is infinite in %llu of the %llu rows, taken as missing",
			first->name, (unsigned long long)cells, (unsigned long long)first->rows);
	if (columns > 1)
		tell(t, true,
			"feature '%s' and %zu more have %llu infinite cells, taken as missing",
			first->name, columns - 1, (unsigned long long)cells);
}

void bn_target_tell(bn_workspace *ws, const bn_spec *spec, bn_target_say say, void *ctx)
{
	telling t = {.spec = spec, .say = say, .ctx = ctx};
	bn_dataset_version *v = NULL;
	bn_profile *p = NULL;
	if (!spec->trainer || !spec->target || !spec->data_count ||
		bn_trainer_find(&t.trainer, spec->trainer, NULL) < 0)
		return;
	char *ref = spec->data->version > 0
			    ? bn_strf("%s@v%lld", spec->data->name, (long long)spec->data->version)
			    : bn_strdup(spec->data->name);
	if (!ref || bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, NULL) < 0 ||
		bn_dataset_load_profile(&p, ws, v, NULL) < 0)
		goto out;
	t.column = bn_profile_find(p, spec->target);
	if (t.column) {
		tell_number_classes(&t);
		tell_flag(&t);
	}
	tell_left_out(&t);
	tell_infinite(&t, p);
out:
	bn_profile_free(p);
	bn_dataset_version_free(v);
	bn_free(ref);
}

/* best.c - see best.h. */
#include "core/track/best.h"

#include "core/base/str.h"
#include "core/learn/evaluate.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	int direction;
} usual_names[] = {{"loss", -1}, {"error", -1}, {"err", -1}, {"mse", -1}, {"perplexity", -1},
	{"acc", 1}, {"auc", 1}, {"iou", 1}, {"f1_score", 1}};

static int direction_of_part(const char *part)
{
	const bn_metric_def *def = bn_metric_find(part);
	if (def)
		return def->higher_is_better ? 1 : -1;
	for (size_t i = 0; i < sizeof usual_names / sizeof *usual_names; i++)
		if (!strcmp(usual_names[i].name, part))
			return usual_names[i].direction;
	return 0;
}

int bn_metric_direction(const char *key)
{
	for (const char *at = key; at;) {
		int direction = direction_of_part(at);
		if (direction)
			return direction;
		at = strpbrk(at, "/._- ");
		at = at ? at + 1 : NULL;
	}
	return 0;
}

double bn_metric_best(const char *key, double min, double max)
{
	int direction = bn_metric_direction(key);
	if (direction == 0)
		return (double)NAN;
	return direction < 0 ? min : max;
}

bool bn_metric_beats(int direction, double a, double b)
{
	if (direction == 0 || isnan(a))
		return false;
	return isnan(b) || (direction > 0 ? a > b : a < b);
}

int bn_metric_rank(const char *word)
{
	static const char *const usual[BN_METRIC_RANKS] = {
		"rmse", "roc_auc", "accuracy", "loss", "mae", "r2"};
	for (int i = 0; i < BN_METRIC_RANKS; i++)
		if (strcmp(word, usual[i]) == 0)
			return i;
	return BN_METRIC_RANKS;
}

const char *bn_metric_word(const char *key)
{
	static const char *const parts[] = {
		"test_", "test/", "val_", "valid_", "val/", "train_", "train/"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (bn_str_starts(key, parts[i]))
			return key + strlen(parts[i]);
	return key;
}

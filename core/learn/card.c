/*
 * card.c - model_card.md: what a user needs to know about the model, from data that the model
 * itself contains. The front matter is Hugging Face's.
 */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/yaml.h"
#include "core/learn/_model.h"
#include "core/learn/_trainers.h"
#include "core/learn/evaluate.h"

#include <math.h>
#include <string.h>

enum { MAX_LISTED = 60, DIGITS = 5 };

static const char *pipeline_tag(bn_task task)
{
	return task == BN_TASK_REGRESSION ? "tabular-regression" : "tabular-classification";
}

/* Markdown table cells must not contain a bar or a line end. */
static void add_cell(bn_buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			bn_buf_adds(b, "\\|");
		else
			bn_buf_addch(b, *text == '\n' || *text == '\r' ? ' ' : *text);
	}
}

static void add_number(bn_buf *b, double v)
{
	char text[BN_FMT];
	bn_buf_adds(b, bn_fmt_sig(v, DIGITS, text));
}

/* The part to quote: the test part, else the first. */
static const json_t *quoted_part(const json_t *metrics, const char **name)
{
	static const char *const order[] = {"test", "valid", "train"};
	for (size_t i = 0; i < 3; i++) {
		const json_t *part = json_object_get(metrics, order[i]);
		if (json_is_object(part)) {
			*name = order[i];
			return part;
		}
	}
	return NULL;
}

static bool is_given(const bn_model_data *d)
{
	return d->name && *d->name;
}

/* The version that the part's rows come from. */
static const char *evaluated_on(const bn_model_about *about, const char *part)
{
	if (!strcmp(part, "test") && is_given(&about->test))
		return about->test.name;
	if (!strcmp(part, "valid") && is_given(&about->valid))
		return about->valid.name;
	return about->dataset ? about->dataset : "unknown";
}

static json_t *front_results(const bn_estimator *e, const bn_model_about *about)
{
	const char *part_name = NULL;
	const json_t *part = quoted_part(about->metrics, &part_name);
	json_t *list = json_array();
	for (size_t i = 0; part && i < bn_metric_count(); i++) {
		const bn_metric_def *def = bn_metric_get(i);
		json_t *v = json_object_get(part, def->name);
		if (def->task == e->task && json_is_number(v))
			json_array_append_new(
				list, json_pack("{s:s, s:O}", "type", def->name, "value", v));
	}
	if (json_array_size(list) == 0) {
		json_decref(list);
		return json_array();
	}
	return json_pack("[{s:{s:s}, s:{s:s, s:s, s:s}, s:o}]", "task", "type",
		pipeline_tag(e->task), "dataset", "name", evaluated_on(about, part_name), "type",
		"binnacle", "split", part_name, "metrics", list);
}

static int add_front_matter(
	bn_buf *b, const bn_estimator *e, const bn_model_about *about, bn_err *err)
{
	const char *name = about->name ? about->name : "model";
	json_t *front = json_pack("{s:s, s:s, s:[s,s], s:[{s:s, s:o}]}", "library_name", "binnacle",
		"pipeline_tag", pipeline_tag(e->task), "tags", "tabular", e->trainer->name,
		"model-index", "name", name, "results", front_results(e, about));
	if (!front)
		return bn_err_nomem(err, "model card");
	bn_buf_adds(b, "---\n");
	int rc = bn_yaml_write(b, front, err);
	bn_buf_adds(b, "---\n\n");
	json_decref(front);
	return rc;
}

static void add_intro(
	bn_buf *b, const bn_estimator *e, const bn_features *f, const bn_model_about *about)
{
	bn_buf_addf(b, "# %s\n\n%s that predicts `%s`", about->name ? about->name : "Model",
		e->trainer->title, bn_features_target(f));
	if (e->task == BN_TASK_REGRESSION) {
		bn_buf_addf(b, ", a number");
	} else {
		bn_buf_addf(b, ", one of %zu classes (", bn_features_class_count(f));
		for (size_t k = 0; k < bn_features_class_count(f) && k < MAX_LISTED; k++)
			bn_buf_addf(b, "%s`%s`", k ? ", " : "", bn_features_class(f, k));
		bn_buf_adds(b, ")");
	}
	bn_buf_addf(b, ", from %zu columns. %s\n\n", bn_features_input_count(f), e->trainer->doc);
	if (about->notes && *about->notes)
		bn_buf_addf(b, "%s\n\n", about->notes);
}

static void add_data(bn_buf *b, const char *what, const bn_model_data *d)
{
	if (is_given(d))
		bn_buf_addf(b, "- %s: `%s`\n- %s digest: `%s`\n", what, d->name, what, d->digest);
}

static void add_training(bn_buf *b, const bn_estimator *e, const bn_model_about *about)
{
	const char *key;
	json_t *value;
	bn_buf_adds(b, "## Training\n\n");
	if (about->dataset)
		bn_buf_addf(b, "- Data: `%s`\n", about->dataset);
	if (about->dataset_digest)
		bn_buf_addf(b, "- Data digest: `%s`\n", about->dataset_digest);
	if (about->where) /* which may contain backquotes */
		bn_buf_addf(b, "- Rows: those with `` %s ``\n", about->where);
	add_data(b, "Validation data", &about->valid);
	add_data(b, "Test data", &about->test);
	if (about->split)
		bn_buf_addf(b, "- Split: %s\n", about->split);
	if (about->run_id)
		bn_buf_addf(b, "- Run: `%s`\n", about->run_id);
	bn_buf_addf(
		b, "- Trainer: `%s`, seed %llu", e->trainer->name, (unsigned long long)about->seed);
	if (e->iterations >= 0)
		bn_buf_addf(b, ", %lld iterations%s", (long long)e->iterations,
			e->converged ? "" : " (stopped by a limit)");
	bn_buf_adds(b, "\n");
	json_object_foreach((json_t *)about->hyper, key, value)
	{
		bn_buf_addf(b, "- `%s`: ", key);
		bn_json_canonical(value, b, NULL);
		bn_buf_adds(b, "\n");
	}
	bn_buf_adds(b, "\n");
}

static void add_metrics(bn_buf *b, const bn_estimator *e, const bn_model_about *about)
{
	static const char *const parts[] = {"train", "valid", "test"};
	const char *none;
	if (!quoted_part(about->metrics, &none))
		return;
	bn_buf_adds(b, "## Evaluation\n\n| metric |");
	for (size_t p = 0; p < 3; p++)
		if (json_object_get(about->metrics, parts[p]))
			bn_buf_addf(b, " %s |", parts[p]);
	bn_buf_adds(b, "\n|---|");
	for (size_t p = 0; p < 3; p++)
		if (json_object_get(about->metrics, parts[p]))
			bn_buf_adds(b, "---:|");
	bn_buf_adds(b, "\n");
	for (size_t i = 0; i < bn_metric_count(); i++) {
		const bn_metric_def *def = bn_metric_get(i);
		if (def->task != e->task)
			continue;
		bn_buf_addf(b, "| %s |", def->name);
		for (size_t p = 0; p < 3; p++) {
			const json_t *part = json_object_get(about->metrics, parts[p]);
			if (!part)
				continue;
			bn_buf_adds(b, " ");
			add_number(b, bn_json_num(part, def->name, NAN));
			bn_buf_adds(b, " |");
		}
		bn_buf_adds(b, "\n");
	}
	bn_buf_adds(b, "\n`-` is a metric that is not defined on that part.\n\n");
}

static void add_input(bn_buf *b, const bn_feature_input *in)
{
	bn_buf_adds(b, "| `");
	add_cell(b, in->name);
	bn_buf_addf(b, "` | %s | ", bn_input_kind_name(in->kind));
	if (in->kind == BN_INPUT_CATEGORY) {
		bn_buf_addf(b, "%zu categories", in->category_count);
	} else {
		add_number(b, in->ref_min);
		bn_buf_adds(b, " to ");
		add_number(b, in->ref_max);
	}
	bn_buf_addf(b, " | %zu of %zu", in->missing, in->missing + in->count);
	if (in->infinite)
		bn_buf_addf(b, ", %zu infinite", in->infinite);
	bn_buf_adds(b, " | ");
	if (in->kind == BN_INPUT_CATEGORY)
		add_cell(b, in->categories[in->fill_category]);
	else
		add_number(b, in->fill);
	bn_buf_adds(b, " |\n");
}

static void add_inputs(bn_buf *b, const bn_features *f)
{
	size_t n = bn_features_input_count(f);
	bn_buf_adds(b, "## Inputs\n\n"
		       "| column | kind | seen in training | missing | a missing value becomes |\n"
		       "|---|---|---|---:|---|\n");
	for (size_t i = 0; i < n && i < MAX_LISTED; i++)
		add_input(b, bn_features_input(f, i));
	if (n > MAX_LISTED)
		bn_buf_addf(b, "\nand %zu more, see `features.json`.\n", n - MAX_LISTED);
	bn_buf_adds(b, "\n");
}

static void add_limits(bn_buf *b, const bn_estimator *e, const bn_features *f)
{
	bn_buf_adds(b,
		"## Limitations\n\n"
		"- Predictions for values outside the ranges above are extrapolations.\n"
		"- A category that training had not seen counts as none of the known ones; a "
		"missing value is filled in as listed.\n");
	if (e->trainer->predict == bn_linear_predict)
		bn_buf_adds(b, "- The model is linear in its inputs: it knows no interactions.\n");
	if (!e->converged)
		bn_buf_adds(b, "- Training was stopped by a limit before it had converged.\n");
	if (bn_features_target_missing(f))
		bn_buf_addf(b, "- %zu training rows had no target and were left out.\n",
			bn_features_target_missing(f));
	for (size_t i = 0; i < bn_features_skipped_count(f) && i < MAX_LISTED; i++)
		bn_buf_addf(b, "- Column left out: %s.\n", bn_features_skipped(f, i));
	bn_buf_adds(b, "- Nothing here says that the model is fair or safe for a decision about "
		       "people; that has to be checked for the use at hand.\n");
}

int bn_model_card(bn_buf *out, const bn_estimator *e, const bn_features *f,
	const bn_model_about *about, bn_err *err)
{
	int rc = add_front_matter(out, e, about, err);
	if (rc)
		return rc;
	add_intro(out, e, f, about);
	add_training(out, e, about);
	add_metrics(out, e, about);
	add_inputs(out, f);
	add_limits(out, e, f);
	return bn_buf_check(out, err, "model card");
}

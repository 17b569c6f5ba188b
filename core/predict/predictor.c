/* predictor.c - see predictor.h: a loaded model with its names indexed. Finding it: locate.c. */
#include "core/predict/predictor.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/predict/_predictor.h"

#include <math.h>
#include <string.h>

const char *bn_predictor_name(const bn_predictor *p)
{
	return p->name;
}

const char *bn_predictor_version(const bn_predictor *p)
{
	return p->version;
}

const char *bn_predictor_source(const bn_predictor *p)
{
	return p->source;
}

const char *bn_predictor_digest(const bn_predictor *p)
{
	return p->digest;
}

const char *bn_predictor_damage(const bn_predictor *p)
{
	return p->damage;
}

const bn_model *bn_predictor_model(const bn_predictor *p)
{
	return p->model;
}

void bn_predictor_free(bn_predictor *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->categories && i < p->input_count; i++)
		bn_name_map_release(&p->categories[i]);
	for (size_t i = 0; p->forms && i < p->input_count; i++)
		bn_cell_form_free(p->forms[i]);
	bn_free(p->forms);
	bn_name_map_release(&p->inputs);
	bn_name_map_release(&p->vectors);
	bn_free(p->source_names);
	bn_free(p->categories);
	bn_free(p->input_names);
	if (p->ops)
		p->ops->free(p);
	bn_free(p->name);
	bn_free(p->version);
	bn_free(p->source);
	bn_free(p->damage);
	bn_free(p);
}

/* Maps names of vectors to sources. Other sources get an empty name, and a vector may have one, too: find_vector checks
 * that. */
static int index_vectors(bn_predictor *p, bn_err *err)
{
	size_t n = bn_features_source_count(p->features);
	p->source_names = bn_alloc_zeroed(n + 1, sizeof *p->source_names);
	if (!p->source_names)
		return bn_err_nomem(err, "the inputs of a model");
	for (size_t i = 0; i < n; i++) {
		const bn_feature_source *s = bn_features_source(p->features, i);
		p->source_names[i] = s->elements ? s->name : "";
	}
	return bn_name_map_init(&p->vectors, p->source_names, n, err);
}

/* The elements of a vector are read as usual. */
static int set_forms(bn_predictor *p, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < bn_features_source_count(p->features) && rc == 0; i++) {
		const bn_feature_source *s = bn_features_source(p->features, i);
		rc = bn_cell_form_new(&p->forms[s->first], s->read, err);
	}
	return rc;
}

static int index_inputs(bn_predictor *p, bn_err *err)
{
	p->features = bn_model_features(p->model);
	p->input_count = bn_features_input_count(p->features);
	p->outputs = bn_model_outputs(p->model);
	p->is_classifier = bn_model_task(p->model) == BN_TASK_CLASSIFICATION;
	size_t n = p->input_count ? p->input_count : 1;
	p->input_names = bn_alloc_zeroed(n, sizeof *p->input_names);
	p->categories = bn_alloc_zeroed(n, sizeof *p->categories);
	p->forms = bn_alloc_zeroed(n, sizeof *p->forms);
	if (!p->input_names || !p->categories || !p->forms)
		return bn_err_nomem(err, "the inputs of a model");
	int rc = set_forms(p, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->input_count; i++) {
		const bn_feature_input *in = bn_features_input(p->features, i);
		p->input_names[i] = in->name;
		if (in->kind == BN_INPUT_CATEGORY &&
			(rc = bn_name_map_init(
				 &p->categories[i], in->categories, in->category_count, err)) < 0)
			return rc;
	}
	p->numeric_classes = p->is_classifier;
	for (size_t i = 0; i < bn_features_class_count(p->features); i++) {
		const char *label = bn_features_class(p->features, i);
		char text[BN_FMT];
		double x;
		p->numeric_classes &= bn_parse_f64(label, strlen(label), &x) && isfinite(x) &&
				      !strcmp(bn_fmt_f64(x, text), label);
	}
	if ((rc = bn_name_map_init(&p->inputs, p->input_names, p->input_count, err)) < 0)
		return rc;
	return index_vectors(p, err);
}

int bn_predictor_open_dir(bn_predictor **out, const bn_env *env, const char *dir, const char *name,
	const char *version, const char *source, bn_err *err)
{
	bn_predictor *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a predictor");
	p->ops = &bn_predictor_own;
	int rc = bn_model_load(&p->model, env, NULL, dir, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_model_digest(p->digest, env, NULL, dir, err)) < 0)
		goto out;
	const char *own = bn_model_name(p->model);
	if (!*own)
		own = bn_path_base(dir);
	p->name = bn_strdup(name ? name : own);
	p->version = bn_strdup(version ? version : "1");
	p->source = bn_strdup(source ? source : dir);
	if (!p->name || !p->version || !p->source) {
		rc = bn_err_nomem(err, "a predictor");
		goto out;
	}
	if ((rc = index_inputs(p, err)) < 0)
		goto out;
	if (!p->input_count)
		rc = bn_err_set(err, BN_EINVAL, "model '%s' has no inputs", p->source);
out:
	if (rc < 0)
		bn_predictor_free(p);
	else
		*out = p;
	return rc;
}

size_t bn_predictor_input_count(const bn_predictor *p)
{
	return p->input_count;
}

const char *bn_predictor_input_name(const bn_predictor *p, size_t input)
{
	return p->input_names[input];
}

bn_input_kind bn_predictor_input_kind(const bn_predictor *p, size_t input)
{
	return bn_features_input(p->features, input)->kind;
}

int bn_predictor_find_input(const bn_predictor *p, const char *name, size_t len)
{
	return bn_name_map_find(&p->inputs, name, len);
}

int bn_predictor_find_vector(const bn_predictor *p, const char *name, size_t len)
{
	int source = bn_name_map_find(&p->vectors, name, len);
	return source >= 0 && bn_features_source(p->features, (size_t)source)->elements ? source
											: -1;
}

const bn_features *bn_predictor_features(const bn_predictor *p)
{
	return p->features;
}

bool bn_predictor_is_classifier(const bn_predictor *p)
{
	return p->is_classifier;
}

bool bn_predictor_has_numeric_classes(const bn_predictor *p)
{
	return p->numeric_classes;
}

size_t bn_predictor_output_count(const bn_predictor *p)
{
	return p->outputs;
}

int bn_predictor_schema(bn_schema *out, const bn_predictor *p, bn_err *err)
{
	return p->ops->inputs(p, out, err);
}

int bn_predictor_answers(bn_schema *out, const bn_predictor *p, bn_err *err)
{
	return p->ops->outputs(p, out, err);
}

void bn_predictor_recode(int32_t *codes, const bn_predictor *p, size_t input, const bn_dict *dict)
{
	for (size_t i = 0; i < dict->count; i++) {
		bn_text t = bn_dict_get(dict, i);
		codes[i] = bn_name_map_find(&p->categories[input], t.ptr, t.len);
	}
}

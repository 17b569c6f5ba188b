/* tfdv_schema.c - see tfdv_schema.h. */
#include "core/check/tfdv_schema.h"

#include "core/base/str.h"
#include "core/check/pbtxt.h"
#include "core/profile/frequencies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct domain_named {
	const char *name;
	bn_tfdv_names values;
} domain_named;

typedef struct parser {
	bn_tfdv_schema *s;
	const char *source;
	domain_named *domains;
	size_t domain_count;
	bn_err *err;
} parser;

/* ---- values --------------------------------------------------------------------------------- */

static int fault(parser *p, const bn_pb_field *f, const char *wanted)
{
	return bn_err_set(p->err, BN_EINVAL, "%s:%u:%u: '%.60s' must be %s", p->source, f->line,
		f->column, f->name, wanted);
}

static int names_add(parser *p, bn_tfdv_names *l, const char *name)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 4;
		const char **items = bn_arena_alloc(&p->s->arena, cap * sizeof *items);
		if (!items)
			return bn_err_nomem(p->err, "a schema");
		if (l->count)
			memcpy(items, l->items, l->count * sizeof *items);
		l->items = items;
		l->cap = cap;
	}
	l->items[l->count++] = name;
	return 0;
}

static bool names_have(const bn_tfdv_names *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i], name))
			return true;
	return false;
}

static int ignore(parser *p, const char *of, const char *name)
{
	char *text = bn_arena_strf(&p->s->arena, "%s.%s", of, name);
	if (!text)
		return bn_err_nomem(p->err, "a schema");
	return names_have(&p->s->ignored, text) ? 0 : names_add(p, &p->s->ignored, text);
}

static int read_text(parser *p, const bn_pb_field *f, const char **out)
{
	if (!f->text || !f->is_string)
		return fault(p, f, "a string in quotes");
	*out = f->text;
	return 0;
}

static int read_number(parser *p, const bn_pb_field *f, double *out)
{
	if (!f->text || f->is_string || !bn_parse_f64(f->text, strlen(f->text), out))
		return fault(p, f, "a number");
	return 0;
}

static int read_bool(parser *p, const bn_pb_field *f, bool *out)
{
	if (!f->text || f->is_string ||
		(strcmp(f->text, "true") && strcmp(f->text, "false") && strcmp(f->text, "1") &&
			strcmp(f->text, "0")))
		return fault(p, f, "true or false");
	*out = f->text[0] == 't' || f->text[0] == '1';
	return 0;
}

static int need_message(parser *p, const bn_pb_field *f)
{
	return f->message ? 0 : fault(p, f, "a message in braces");
}

/* Numbers of a message by their names; others are ignored. */
typedef struct number_field {
	const char *name;
	double *out;
} number_field;

static int read_numbers(parser *p, const bn_pb_field *f, const number_field *wanted)
{
	int rc = need_message(p, f);
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		const bn_pb_field *x = &f->message->fields[i];
		const number_field *w = wanted;
		while (w->name && strcmp(w->name, x->name))
			w++;
		rc = w->name ? read_number(p, x, w->out) : ignore(p, f->name, x->name);
	}
	return rc;
}

/* ---- features ------------------------------------------------------------------------------- */

static int read_threshold(parser *p, const bn_pb_field *f, double *out)
{
	return read_numbers(p, f, (const number_field[]){{"threshold", out}, {NULL, NULL}});
}

static int read_comparator(parser *p, const bn_pb_field *f, bn_tfdv_comparator *c)
{
	int rc = need_message(p, f);
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		const bn_pb_field *x = &f->message->fields[i];
		double *out = NULL;
		if (!strcmp(x->name, "infinity_norm"))
			out = &c->infinity_norm;
		else if (!strcmp(x->name, "jensen_shannon_divergence"))
			out = &c->jensen_shannon_divergence;
		else if (!strcmp(x->name, "normalized_abs_difference"))
			out = &c->normalized_abs_difference;
		rc = out ? read_threshold(p, x, out) : ignore(p, f->name, x->name);
	}
	return rc;
}

static int read_strings(parser *p, const bn_pb_field *f, const char **name, bn_tfdv_names *values)
{
	int rc = need_message(p, f);
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		const bn_pb_field *x = &f->message->fields[i];
		const char *text = NULL;
		if (strcmp(x->name, "value") && strcmp(x->name, "name")) {
			rc = ignore(p, f->name, x->name);
			continue;
		}
		if ((rc = read_text(p, x, &text)) < 0)
			return rc;
		if (!strcmp(x->name, "value"))
			rc = names_add(p, values, text);
		else if (name)
			*name = text;
	}
	return rc;
}

static int read_limits(parser *p, const bn_pb_field *f, bn_tfdv_feature *to, bn_tfdv_domain domain)
{
	int rc = need_message(p, f);
	to->domain = domain;
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		const bn_pb_field *x = &f->message->fields[i];
		if (!strcmp(x->name, "min"))
			rc = read_number(p, x, &to->min);
		else if (!strcmp(x->name, "max"))
			rc = read_number(p, x, &to->max);
		else if (!strcmp(x->name, "disallow_nan"))
			rc = read_bool(p, x, &to->disallow_nan);
		else if (!strcmp(x->name, "disallow_inf"))
			rc = read_bool(p, x, &to->disallow_inf);
		else if (strcmp(x->name, "name"))
			rc = ignore(p, f->name, x->name);
	}
	return rc;
}

static int read_bools(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	int rc = need_message(p, f);
	to->domain = BN_TFDV_BOOLS;
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		const bn_pb_field *x = &f->message->fields[i];
		if (!strcmp(x->name, "true_value"))
			rc = read_text(p, x, &to->true_value);
		else if (!strcmp(x->name, "false_value"))
			rc = read_text(p, x, &to->false_value);
		else if (strcmp(x->name, "name"))
			rc = ignore(p, f->name, x->name);
	}
	return rc;
}

static int read_type(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	static const char *const names[] = {"TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"};
	for (size_t i = 0; f->text && i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], f->text)) {
			to->type = (bn_tfdv_type)i;
			return 0;
		}
	return fault(p, f, "BYTES, INT, FLOAT or STRUCT");
}

static int read_stage(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	static const char *const idle[] = {
		"PLANNED", "ALPHA", "DEBUG_ONLY", "DEPRECATED", "DISABLED", "DERIVED"};
	if (!f->text)
		return fault(p, f, "a name");
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		to->is_idle |= !strcmp(idle[i], f->text);
	return 0;
}

static int find_domain(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	const char *name = NULL;
	int rc = read_text(p, f, &name);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->domain_count; i++)
		if (!strcmp(p->domains[i].name, name)) {
			to->domain = BN_TFDV_STRINGS;
			to->strings = &p->domains[i].values;
			return 0;
		}
	return fault(p, f, "the name of a string_domain of the schema");
}

static int read_shape(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	int rc = need_message(p, f);
	double size = 1;
	for (size_t i = 0; rc == 0 && i < f->message->count; i++) {
		double n = NAN;
		const bn_pb_field *x = &f->message->fields[i];
		if (strcmp(x->name, "dim")) {
			rc = ignore(p, f->name, x->name);
			continue;
		}
		rc = read_numbers(p, x, (const number_field[]){{"size", &n}, {NULL, NULL}});
		size *= isnan(n) ? 1 : n;
	}
	to->values_min = to->values_max = size;
	return rc;
}

static int read_one(parser *p, const bn_pb_field *f, bn_tfdv_feature *to)
{
	const char *text = NULL;
	bn_tfdv_names *values;
	bool flag = false;
	int rc;
	if (!strcmp(f->name, "name"))
		return read_text(p, f, &to->name);
	if (!strcmp(f->name, "type"))
		return read_type(p, f, to);
	if (!strcmp(f->name, "presence"))
		return read_numbers(p, f,
			(const number_field[]){{"min_fraction", &to->min_fraction},
				{"min_count", &to->min_count}, {NULL, NULL}});
	if (!strcmp(f->name, "value_count"))
		return read_numbers(p, f,
			(const number_field[]){
				{"min", &to->values_min}, {"max", &to->values_max}, {NULL, NULL}});
	if (!strcmp(f->name, "shape"))
		return read_shape(p, f, to);
	if (!strcmp(f->name, "unique_constraints"))
		return read_numbers(p, f,
			(const number_field[]){
				{"min", &to->unique_min}, {"max", &to->unique_max}, {NULL, NULL}});
	if (!strcmp(f->name, "distribution_constraints"))
		return read_numbers(p, f,
			(const number_field[]){{"min_domain_mass", &to->min_domain_mass}, {NULL, NULL}});
	if (!strcmp(f->name, "domain"))
		return find_domain(p, f, to);
	if (!strcmp(f->name, "int_domain"))
		return read_limits(p, f, to, BN_TFDV_INTS);
	if (!strcmp(f->name, "float_domain"))
		return read_limits(p, f, to, BN_TFDV_FLOATS);
	if (!strcmp(f->name, "bool_domain"))
		return read_bools(p, f, to);
	if (!strcmp(f->name, "skew_comparator"))
		return read_comparator(p, f, &to->skew);
	if (!strcmp(f->name, "drift_comparator"))
		return read_comparator(p, f, &to->drift);
	if (!strcmp(f->name, "lifecycle_stage"))
		return read_stage(p, f, to);
	if (!strcmp(f->name, "deprecated")) {
		rc = read_bool(p, f, &flag);
		to->is_idle |= flag;
		return rc;
	}
	if (!strcmp(f->name, "in_environment") || !strcmp(f->name, "not_in_environment")) {
		rc = read_text(p, f, &text);
		return rc < 0 ? rc : names_add(p, f->name[0] == 'i' ? &to->in : &to->not_in, text);
	}
	if (!strcmp(f->name, "string_domain")) {
		if (!(values = bn_arena_alloc(&p->s->arena, sizeof *values)))
			return bn_err_nomem(p->err, "a schema");
		to->domain = BN_TFDV_STRINGS;
		to->strings = values;
		return read_strings(p, f, NULL, values);
	}
	return ignore(p, "feature", f->name);
}

static int read_feature(parser *p, const bn_pb_field *f)
{
	const bn_tfdv_comparator none = {NAN, NAN, NAN};
	bn_tfdv_feature *to = &p->s->features[p->s->count];
	int rc = need_message(p, f);
	*to = (bn_tfdv_feature){.min_fraction = NAN, .min_count = NAN, .values_min = NAN,
		.values_max = NAN, .min = NAN, .max = NAN, .min_domain_mass = 1, .unique_min = NAN,
		.unique_max = NAN, .skew = none, .drift = none};
	for (size_t i = 0; rc == 0 && i < f->message->count; i++)
		rc = read_one(p, &f->message->fields[i], to);
	if (rc < 0)
		return rc;
	if (!to->name)
		return bn_err_set(p->err, BN_EINVAL, "%s:%u:%u: a feature without a name", p->source,
			f->line, f->column);
	p->s->count++;
	return 0;
}

/* ---- the schema ----------------------------------------------------------------------------- */

static int read_other(parser *p, const bn_pb_field *f)
{
	const char *text = NULL;
	int rc;
	if (!strcmp(f->name, "feature") || !strcmp(f->name, "string_domain"))
		return 0; /* read already, or later */
	if (!strcmp(f->name, "default_environment")) {
		rc = read_text(p, f, &text);
		return rc < 0 ? rc : names_add(p, &p->s->environments, text);
	}
	if (!strcmp(f->name, "dataset_constraints"))
		return read_numbers(p, f,
			(const number_field[]){{"min_examples_count", &p->s->min_examples},
				{"max_examples_count", &p->s->max_examples}, {NULL, NULL}});
	return ignore(p, "schema", f->name);
}

static int read_schema(parser *p, const bn_pb_message *m)
{
	size_t n = m->count;
	int rc = 0;
	p->s->features = bn_arena_alloc(&p->s->arena, (n + 1) * sizeof *p->s->features);
	p->domains = bn_arena_alloc(&p->s->arena, (n + 1) * sizeof *p->domains);
	if (!p->s->features || !p->domains)
		return bn_err_nomem(p->err, "a schema");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		domain_named *d = &p->domains[p->domain_count];
		if (strcmp(m->fields[i].name, "string_domain"))
			continue;
		d->name = "";
		rc = read_strings(p, &m->fields[i], &d->name, &d->values);
		p->domain_count++;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = read_other(p, &m->fields[i]);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!strcmp(m->fields[i].name, "feature"))
			rc = read_feature(p, &m->fields[i]);
	return rc;
}

int bn_tfdv_schema_parse(
	bn_tfdv_schema **out, const char *text, size_t n, const char *source, bn_err *err)
{
	bn_tfdv_schema *s = bn_alloc_zeroed(1, sizeof *s);
	bn_pb_message *m = NULL;
	parser p = {.s = s, .source = source, .err = err};
	int rc;
	if (!s)
		return bn_err_nomem(err, "a schema");
	s->min_examples = s->max_examples = NAN;
	if ((rc = bn_pbtxt_parse(&m, &s->arena, text, n, source, err)) < 0 ||
		(rc = read_schema(&p, m)) < 0) {
		bn_tfdv_schema_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void bn_tfdv_schema_free(bn_tfdv_schema *s)
{
	if (!s)
		return;
	bn_arena_release(&s->arena);
	bn_free(s);
}

/* An environment of the feature's own decides; else the default ones, if there are any. */
bool bn_tfdv_feature_is_in(
	const bn_tfdv_schema *s, const bn_tfdv_feature *f, const char *environment)
{
	if (!environment)
		return true;
	if (names_have(&f->not_in, environment))
		return false;
	if (names_have(&f->in, environment))
		return true;
	return names_have(&s->environments, environment) || (!s->environments.count && !f->in.count);
}

/* ---- inferring ------------------------------------------------------------------------------ */

const char *bn_tfdv_type_name(bn_tfdv_type type)
{
	static const char *const names[] = {"TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"};
	return names[type];
}

bn_tfdv_type bn_tfdv_type_of(const bn_field *f)
{
	if (bn_type_is_list(f->type))
		return f->child ? bn_tfdv_type_of(f->child) : BN_TFDV_UNKNOWN;
	if (f->type == BN_TYPE_FLOAT64 || f->type == BN_TYPE_FLOAT32 || f->type == BN_TYPE_DECIMAL)
		return BN_TFDV_FLOAT;
	return bn_type_is_scalar(f->type) ? BN_TFDV_INT : BN_TFDV_BYTES;
}

static void add_name(bn_buf *out, const char *field, const char *text, size_t n)
{
	bn_buf_addf(out, "  %s: ", field);
	bn_pbtxt_add_string(out, text, n);
	bn_buf_adds(out, "\n");
}

static int compare_values(const void *a, const void *b)
{
	return strcmp(((const bn_frequency_value *)a)->text, ((const bn_frequency_value *)b)->text);
}

/* The values of a text column, if they are few; *has: it is a domain. */
static int add_domain(bn_buf *out, bool *has, bn_table_reader *table, size_t column,
	const bn_profile_column *c, bn_err *err)
{
	bn_frequencies f = {.values = NULL};
	bool many = false;
	int rc;
	*has = false;
	if (!bn_type_is_text(c->type) || (c->distinct_exact && c->distinct > BN_TFDV_DOMAIN))
		return 0;
	if ((rc = bn_frequencies_few(&f, &many, table, column, BN_TFDV_DOMAIN, NULL, err)) < 0 || many ||
		!f.count)
		goto out;
	qsort(f.values, f.count, sizeof *f.values, compare_values);
	bn_buf_adds(out, "string_domain {\n");
	add_name(out, "name", c->name, strlen(c->name));
	for (size_t i = 0; i < f.count; i++)
		add_name(out, "value", f.values[i].text, f.values[i].bytes);
	bn_buf_adds(out, "}\n");
	*has = true;
out:
	bn_frequencies_release(&f);
	return rc;
}

static void add_presence(bn_buf *out, const bn_profile_column *c)
{
	uint64_t present = c->rows - c->missing + c->nan;
	bn_buf_adds(out, "  presence {\n");
	if (c->rows && present == c->rows)
		bn_buf_adds(out, "    min_fraction: 1.0\n");
	bn_buf_addf(out, "    min_count: %d\n  }\n", present > 0);
}

int bn_tfdv_schema_infer(
	bn_buf *out, bn_table_reader *table, const bn_profile *profile, bn_err *err)
{
	bn_buf domains = BN_BUF_INIT;
	int rc = 0;
	for (size_t i = 0; i < profile->column_count; i++) {
		const bn_profile_column *c = &profile->columns[i];
		bool required = c->rows && c->missing == c->nan, has = false;
		if ((rc = add_domain(&domains, &has, table, i, c, err)) < 0)
			goto out;
		bn_buf_adds(out, "feature {\n");
		add_name(out, "name", c->name, strlen(c->name));
		bn_buf_addf(out, "  type: %s\n", bn_tfdv_type_name(bn_tfdv_type_of(&c->field)));
		if (has)
			add_name(out, "domain", c->name, strlen(c->name));
		add_presence(out, c);
		if (bn_type_is_list(c->type) && c->length_min != c->length_max)
			bn_buf_addf(out, "  value_count {\n    min: %llu\n    max: %llu\n  }\n",
				(unsigned long long)c->length_min, (unsigned long long)c->length_max);
		else if (required)
			bn_buf_addf(out, "  shape {\n    dim {\n      size: %llu\n    }\n  }\n",
				(unsigned long long)(bn_type_is_list(c->type) ? c->length_max : 1));
		else
			bn_buf_addf(out, "  value_count {\n    min: %llu\n    max: %llu\n  }\n",
				(unsigned long long)(bn_type_is_list(c->type) ? c->length_min : 1),
				(unsigned long long)(bn_type_is_list(c->type) ? c->length_max : 1));
		bn_buf_adds(out, "}\n");
	}
	bn_buf_add(out, domains.ptr, domains.len);
	rc = bn_buf_check(&domains, err, "a schema") < 0 ? BN_ENOMEM : bn_buf_check(out, err, "a schema");
out:
	bn_buf_release(&domains);
	return rc;
}

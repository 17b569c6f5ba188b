/* form.c - see _form.h. */
#include "core/ci/_form.h"

#include "core/base/yaml.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *bn_ci_home_note(const bn_ci_pipeline *p)
{
	if (p->stages[BN_CI_PACKAGE].missing && p->stages[BN_CI_MONITOR].missing)
		return NULL;
	return "without BINNACLE_HOME (a team's workspace) what is requested stays "
	       "in " BN_CI_STATE_FILE
	       ": nobody can approve it, and monitor has no workspace (docs/ci.md)";
}

void bn_ci_head_add(bn_buf *b, const bn_ci_pipeline *p, const char *verb, const char *comment)
{
	bn_buf_addf(b,
		"%s Written by `binnacle ci %s` from " BN_CI_SETTINGS_FILE
		", which is the place for changes.\n",
		comment, verb);
	for (int i = 0; i < BN_CI_STAGES; i++)
		if (p->stages[i].missing)
			bn_buf_addf(b, "%s Left out: %s (%s)\n", comment, p->stages[i].name,
				p->stages[i].missing);
	if (!strcmp(verb, "gitlab"))
		bn_buf_addf(b, "%s Branch that deploys: the project's default branch\n", comment);
	else
		bn_buf_addf(b, "%s Branch that deploys: %s (ci.branch)\n", comment, p->branch);
	const char *note = bn_ci_home_note(p);
	if (note)
		bn_buf_addf(b, "%s Note: %s\n", comment, note);
}

json_t *bn_ci_list_json(const bn_ci_list *l)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < l->count; i++)
		json_array_append_new(list, json_string(l->items[i]));
	return list;
}

json_t *bn_ci_script_json(const bn_ci_stage *s)
{
	const bn_ci_list *const parts[] = {&s->before, &s->commands, &s->after};
	json_t *list = json_array();
	for (int i = 0; list && i < 3; i++) {
		json_t *part = bn_ci_list_json(parts[i]);
		json_array_extend(list, part);
		json_decref(part);
	}
	return list;
}

/* ---- YAML ----------------------------------------------------------------------------------- */

/* Whether every reader of YAML reads the bare text as this string: it begins with a letter, $ or /, and holds nothing
 * that ends or changes a plain scalar. */
static bool is_plain(const char *s)
{
	static const char *const words[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};
	size_t n = strlen(s);
	if (!n || !(isalpha((unsigned char)*s) || strchr("$/.", *s)) || s[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(" _./=@$()+~^-\"'|>&*!;?<\\%,", s[i]))
			return false;
	for (const char *const *w = words; *w; w++)
		if (!strcasecmp(*w, s))
			return false;
	return *s != '.' || !isdigit((unsigned char)s[1]);
}

static bool is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

int bn_ci_scalar_add(bn_buf *b, const json_t *v, bn_err *err)
{
	const char *s = json_string_value(v);
	if (s && is_plain(s)) {
		bn_buf_adds(b, s);
		return 0;
	}
	if (s && is_one_line(s)) {
		bn_buf_addch(b, '\'');
		for (; *s; s++) {
			bn_buf_addch(b, *s);
			if (*s == '\'')
				bn_buf_addch(b, '\'');
		}
		bn_buf_addch(b, '\'');
		return 0;
	}
	bn_buf text = BN_BUF_INIT; /* "--- value\n" */
	int rc = bn_yaml_write(&text, v, err);
	if (rc >= 0)
		bn_buf_add(b, text.ptr + 4, text.len - 5);
	bn_buf_release(&text);
	return rc;
}

static void indent(bn_buf *b, int depth)
{
	while (depth-- > 0)
		bn_buf_adds(b, "  ");
}

static bool is_block(const json_t *v)
{
	return json_object_size(v) || json_array_size(v);
}

static int block_add(bn_buf *b, const json_t *v, int depth, bool begun, bn_err *err);

static int value_add(bn_buf *b, const json_t *v, int depth, bn_err *err)
{
	if (is_block(v)) {
		bn_buf_addch(b, '\n');
		return block_add(b, v, depth + 1, false, err);
	}
	bn_buf_addch(b, ' ');
	int rc = bn_ci_scalar_add(b, v, err);
	bn_buf_addch(b, '\n');
	return rc;
}

static int list_add(bn_buf *b, const json_t *v, int depth, bn_err *err)
{
	json_t *item;
	size_t i;
	int rc = 0;
	json_array_foreach(v, i, item)
	{
		indent(b, depth);
		bn_buf_addch(b, '-');
		if (json_object_size(item)) {
			bn_buf_addch(b, ' ');
			rc = block_add(b, item, depth + 1, true, err);
		} else {
			rc = value_add(b, item, depth, err);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* begun: the first line is already indented. */
static int block_add(bn_buf *b, const json_t *v, int depth, bool begun, bn_err *err)
{
	const char *key;
	json_t *item;
	int rc;
	if (json_is_array(v))
		return list_add(b, v, depth, err);
	json_object_foreach((json_t *)(uintptr_t)v, key, item)
	{
		json_t *name = json_string(key);
		indent(b, begun ? 0 : depth);
		begun = false;
		/* "on" is a word of YAML 1.1 that GitHub's own files have bare */
		rc = strcmp(key, "on") ? bn_ci_scalar_add(b, name, err) : (bn_buf_adds(b, key), 0);
		json_decref(name);
		bn_buf_addch(b, ':');
		if (rc < 0 || (rc = value_add(b, item, depth, err)) < 0)
			return rc;
		if (!depth)
			bn_buf_addch(b, '\n');
	}
	return 0;
}

int bn_ci_yaml_add(bn_buf *b, const json_t *document, bn_err *err)
{
	if (!document)
		return bn_err_nomem(err, "a pipeline");
	int rc = block_add(b, document, 0, false, err);
	if (rc < 0)
		return rc;
	if (b->len && b->ptr[b->len - 1] == '\n' && b->ptr[b->len - 2] == '\n')
		bn_buf_truncate(b, b->len - 1);
	return bn_buf_check(b, err, "a pipeline");
}

/*
 * _form.h - what the three forms of a pipeline share: the head, and YAML as people write it.
 */
#ifndef BN_CI_FORM_H
#define BN_CI_FORM_H
#include "core/ci/pipeline.h"

#include <jansson.h>

/* Comment lines: what wrote the file, what it leaves out, the branch that deploys, and what needs a team's workspace.
 * comment: "#" or "//". */
void bn_ci_head_add(bn_buf *b, const bn_ci_pipeline *p, const char *verb, const char *comment);

/* A block of YAML in which a text is plain, or in single quotes, where that is safe, so that commands can be read.
 * Each field of the top is followed by an empty line. It reads back equal with bn_yaml_parse and YAML 1.1. */
int bn_ci_yaml_add(bn_buf *b, const json_t *document, bn_err *err);

/* One value in the same way. */
int bn_ci_scalar_add(bn_buf *b, const json_t *value, bn_err *err);

/* New references; the texts of a list. */
json_t *bn_ci_list_json(const bn_ci_list *l);
/* All commands of a stage, in order. */
json_t *bn_ci_script_json(const bn_ci_stage *s);

#endif

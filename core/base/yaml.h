/*
 * yaml.h - YAML (through libyaml) to and from the json_t that the rest of the program uses.
 *
 * Reading: one document; mappings with scalar keys, sequences, scalars by the YAML 1.2 core schema
 * (null ~, true/false, integers, floats incl. .inf and .nan as null; everything quoted is a
 * string). Refused with line and column: duplicate keys, aliases and anchors, tags other than the
 * core ones, several documents, nesting below 64 levels, over 16 MiB of text.
 *
 * Writing: block style, keys in the order of the json_t, strings quoted whenever a YAML 1.1 or 1.2
 * reader could read them as another type (MLflow reads with PyYAML, which is 1.1). The same json_t
 * gives the same bytes.
 */
#ifndef BN_BASE_YAML_H
#define BN_BASE_YAML_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <jansson.h>

/* name: what messages call the text ("MLmodel"). The caller owns *out (json_decref). BN_EINVAL. */
int bn_yaml_parse(json_t **out, const char *text, size_t len, const char *name, bn_err *err);
/* The line (from 1) of a field of a text that bn_yaml_parse has read, for messages: "ci.data[0].file". Of the nearest
 * field around it if there is none; 0 if there is none of those either. */
size_t bn_yaml_line(const char *text, size_t len, const char *field);
int bn_yaml_write(bn_buf *out, const json_t *value, bn_err *err);

#endif

/* _manifest.h - JSON code shared by a manifest's text form and its groups in the store. */
#ifndef BN_STORE__MANIFEST_H
#define BN_STORE__MANIFEST_H
#include "core/store/object/manifest.h"

/* New references, NULL if out of memory: parts[from .. to-1]; the top object without parts and schema. */
json_t *bn_manifest_parts_json(const bn_manifest *m, size_t from, size_t to);
json_t *bn_manifest_head_json(const bn_manifest *m);
/* Adds the text of the top object with m's schema, if there is one. */
int bn_manifest_top_text(bn_buf *out, const json_t *o, const bn_manifest *m, bn_err *err);

/* A new object with the fields of more, or empty. */
json_t *bn_manifest_object_of(const json_t *more);
/* The fields of o that are not in the list of known ones, a new reference; NULL if there are
 * none. */
int bn_manifest_keep_more(json_t **more, const json_t *o, const char *const *known, bn_err *err);

/* Reads format, kind and unknown fields. *m is initialised. */
int bn_manifest_parse_head(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* Reads the schema of a table. */
int bn_manifest_parse_schema(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* Adds the parts of one object. */
int bn_manifest_parse_parts(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* Seals, and compares with the top object. */
int bn_manifest_check_totals(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* As bn_manifest_parse. */
int bn_manifest_from_json(bn_manifest *out, const json_t *o, const char *name, bn_err *err);

#endif

/* _manifest.h - pieces of a manifest's JSON that its text and its groups in the store share. */
#ifndef BN_STORE__MANIFEST_H
#define BN_STORE__MANIFEST_H
#include "core/store/object/manifest.h"

/* New references, NULL without memory: parts[from .. to-1]; the top object without its parts. */
json_t *bn_manifest_parts_json(const bn_manifest *m, size_t from, size_t to);
json_t *bn_manifest_head_json(const bn_manifest *m);

/* A new object with the fields more, or without any. */
json_t *bn_manifest_object_of(const json_t *more);
/* What of o is not in the list of known fields, a new reference; NULL when that is nothing. */
int bn_manifest_keep_more(json_t **more, const json_t *o, const char *const *known, bn_err *err);

/* Format, kind and fields that are not known. *m is initialised. */
int bn_manifest_parse_head(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* Adds the parts of one object. */
int bn_manifest_parse_parts(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* Seals, and compares with what the top object says. */
int bn_manifest_check_totals(bn_manifest *m, const json_t *o, const char *name, bn_err *err);
/* As bn_manifest_parse. */
int bn_manifest_from_json(bn_manifest *out, const json_t *o, const char *name, bn_err *err);

#endif

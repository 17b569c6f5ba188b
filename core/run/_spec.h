/*
 * _spec.h - the fields of a spec as a table, and its uses: reading JSON into the struct, writing
 * the struct over the JSON it came from, and validating input. Not for other modules.
 */
#ifndef BN_RUN_SPEC_PRIVATE_H
#define BN_RUN_SPEC_PRIVATE_H
#include "core/run/spec.h"

typedef enum bn_field_type {
	BN_FIELD_INT,    /* int64_t, at least min */
	BN_FIELD_SHARE,  /* double, at least 0 and below 1 */
	BN_FIELD_BOOL,   /* int: 0, 1 */
	BN_FIELD_TEXT,   /* const char *, not empty; one of words when there are some */
	BN_FIELD_TEXTS,  /* bn_spec_texts */
	BN_FIELD_OBJECT, /* json_t * */
	BN_FIELD_MAP,    /* json_t *, an object of texts */
	BN_FIELD_GROUP,  /* a struct with fields of its own */
	BN_FIELD_LIST,   /* an array of structs; an item may be a text: its first field alone */
} bn_field_type;

enum {
	BN_FIELD_NO_RECIPE = 1, /* not part of the recipe */
	BN_FIELD_TRAINER = 2,   /* only with a trainer */
	BN_FIELD_COMMAND = 4,   /* only with a command */
	BN_FIELD_MAY_EMPTY = 8, /* a list, or its first text, may be empty */
	BN_FIELD_MAY_TEXT = 16, /* a list: may be a single text */
};

typedef struct bn_field bn_field;
struct bn_field {
	const char *name; /* NULL ends a table */
	bn_field_type type;
	unsigned flags;
	size_t offset; /* in the struct */
	int64_t min;
	const char *const *words;
	const bn_field *of; /* groups and lists */
	size_t count;       /* lists: offset of the number of items */
	size_t size;        /* lists: bytes of an item */
	size_t source;      /* lists: offset in an item of the tree it came from */
	const char *what;   /* lists: what an item is, for messages */
	/* An additional rule for values of the right type. Messages begin with where. */
	int (*rule)(const json_t *value, const char *where, bn_err *err);
};

extern const bn_field bn_spec_fields[];

/* Makes every field of base absent. */
void bn_fields_clear(const bn_field *fields, void *base);
/* Stores values of the right type in base, leaves the rest absent. Strings are copied into the
 * arena, objects referenced. Only BN_ENOMEM. */
int bn_fields_read(
	const bn_field *fields, void *base, const json_t *object, bn_arena *arena, bn_err *err);
/* Sets in object what differs from base. Only BN_ENOMEM. */
int bn_fields_write(const bn_field *fields, const void *base, json_t *object, bn_err *err);
/* Validates input. unknown_too: unknown fields are refused, with the nearest word. */
int bn_fields_check(const bn_field *fields, const json_t *object, bool unknown_too,
	const char *where, bn_err *err);

#endif

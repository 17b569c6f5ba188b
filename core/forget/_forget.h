/* _forget.h - shared by the parts of forget.h. */
#ifndef BN_FORGET__FORGET_H
#define BN_FORGET__FORGET_H
#include "core/data/eraser.h"
#include "core/forget/forget.h"

int bn_forget_note_add(bn_forget_plan *p, const char *kind, char *name, char *detail, bn_err *err); /* takes both */
/* bytes 0: they are looked up. Each hash once. */
int bn_forget_object_add(bn_forget_plan *p, const char *hash, const bn_dataset_version *v, bn_err *err);
bool bn_forget_has_object(const bn_forget_plan *p, const char *hash);
/* A version that has to go. */
static inline bool bn_forget_goes(const bn_forget_version *v)
{
	return v->fate != BN_FORGET_LEFT;
}

/* Logged predictions: scanned, then decided (batches.c). */
int bn_forget_batches_scan(bn_forget_plan *p, bn_err *err);
int bn_forget_batches_decide(bn_forget_plan *p, bn_err *err);
/* Objects of the versions that go (objects.c). */
int bn_forget_objects_find(bn_forget_plan *p, bn_err *err);
/* Drift reports, which go; models, runs, remotes, records and files, which are named (notes.c, mentions.c). */
int bn_forget_notes_find(bn_forget_plan *p, bn_err *err);
int bn_forget_mentions_find(bn_forget_plan *p, bn_err *err);

#endif

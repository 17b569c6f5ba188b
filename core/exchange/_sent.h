/*
 * _sent.h - what was sent to a target, so that `run sync` asks the target only about runs that changed: a file per
 * workspace and target in the user's state directory, {run: hash}. Losing it costs time alone: every run is then compared
 * with the target.
 */
#ifndef BN_EXCHANGE_SENT_H
#define BN_EXCHANGE_SENT_H
#include "core/store/workspace.h"

typedef struct bn_sent bn_sent;

int bn_sent_open(bn_sent **out, bn_workspace *ws, const char *to, bn_err *err);
/* Writes the file; a failure is no error. NULL is fine. */
void bn_sent_close(bn_sent *s);
bool bn_sent_has(const bn_sent *s, const char *id, const char *hash);
int bn_sent_set(bn_sent *s, const char *id, const char *hash, bn_err *err);

#endif

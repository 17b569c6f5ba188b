/*
 * queue_name.h - the name of a user's queue on this host: <user>@<host>, as a writer's directory
 * begins (core/store/log/slot.h).
 */
#ifndef BN_LAUNCH_QUEUE_NAME_H
#define BN_LAUNCH_QUEUE_NAME_H
#include "core/base/env.h"

#define BN_QUEUE_NAME 160

void bn_queue_own_name(char name[BN_QUEUE_NAME], const bn_env *env);

#endif

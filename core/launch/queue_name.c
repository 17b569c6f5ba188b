/* queue_name.c - see queue_name.h. */
#include "core/launch/queue_name.h"

#include "core/store/log/slot.h"

#include <stdio.h>

void bn_queue_own_name(char name[BN_QUEUE_NAME], const bn_env *env)
{
	bn_slot_name own;
	bn_slot_own_name(&own, env);
	snprintf(name, BN_QUEUE_NAME, "%s", own.place);
}

/* held.c - see _held.h. */
#include "core/store/index/_held.h"

#include "core/base/mem.h"

#include <pthread.h>
#include <stddef.h>

typedef struct held {
	dev_t device;
	ino_t inode;
	size_t connections;
	struct held *next;
} held;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static held *all;

void bn_held_lock(void)
{
	pthread_mutex_lock(&lock);
}

void bn_held_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static held **place_of(dev_t device, ino_t inode)
{
	held **at = &all;
	while (*at && ((*at)->device != device || (*at)->inode != inode))
		at = &(*at)->next;
	return at;
}

bool bn_held_has(const struct stat *st)
{
	return *place_of(st->st_dev, st->st_ino) != NULL;
}

bool bn_held_add(const struct stat *st)
{
	held **at = place_of(st->st_dev, st->st_ino);
	if (!*at) {
		if (!(*at = bn_alloc_zeroed(1, sizeof **at)))
			return false;
		(*at)->device = st->st_dev;
		(*at)->inode = st->st_ino;
	}
	(*at)->connections++;
	return true;
}

void bn_held_remove(dev_t device, ino_t inode)
{
	pthread_mutex_lock(&lock);
	held **at = place_of(device, inode), *h = *at;
	if (h && --h->connections == 0) {
		*at = h->next;
		bn_free(h);
	}
	pthread_mutex_unlock(&lock);
}

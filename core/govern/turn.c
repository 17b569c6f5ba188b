/* turn.c - see _turn.h. */
#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/govern/_turn.h"
#include "core/govern/key.h"
#include "core/store/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

enum { PAUSE_NS = 20000000, KEY_TRIES = 1500, PLACE_TRIES = 150 }; /* 30 s, 3 s */

/* The key's file; one that is not writable is locked if the system allows that. */
static int key_file_open(const bn_env *env)
{
	char *path = bn_key_path(env);
	int fd = -1;
	if (!path)
		return -1;
	if ((fd = env->fs->open(env, NULL, path, O_RDWR, 0)) < 0)
		fd = env->fs->open(env, NULL, path, O_RDONLY, 0);
	bn_free(path);
	return fd < 0 ? -1 : fd;
}

int bn_turn_take(bn_turn *t, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	*t = (bn_turn){.ws = ws, .key = key_file_open(env)};
	if (t->key >= 0 && bn_fs_lock(env, t->key, KEY_TRIES, PAUSE_NS) == -EWOULDBLOCK)
		return bn_err_set(err, BN_ECONFLICT,
			"another of your processes signs a link of the chain of authority");
	t->holds_place = bn_fs_lock(env, bn_workspace_at(ws)->fd, PLACE_TRIES, PAUSE_NS) == 0;
	bn_workspace_unmark_recent(ws); /* what was written while this one waited */
	return 0;
}

void bn_turn_give(bn_turn *t)
{
	if (!t->ws)
		return;
	const bn_env *env = bn_workspace_env(t->ws);
	if (t->holds_place)
		env->fs->flock(env, bn_workspace_at(t->ws)->fd, LOCK_UN);
	if (t->key >= 0)
		env->fs->close(env, t->key);
	*t = (bn_turn){.key = -1};
}

bool bn_link_words_are_lost(const char *words)
{
	static const char *const begins[] = {"beaten by ", "continues from "};
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (!strncmp(words, begins[i], strlen(begins[i])))
			return true;
	return false;
}

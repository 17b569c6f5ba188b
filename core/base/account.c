/* account.c - see account.h. */
#include "core/base/account.h"

#include "core/base/mem.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

int bn_account_look(bn_account_ask ask, void *ctx)
{
	int e = ERANGE;
	bool found = false;
	for (size_t size = 4096; e == ERANGE && size <= BN_ACCOUNT_BYTES; size *= 4) {
		char *text = bn_alloc(size);
		if (!text)
			return ENOMEM;
		e = ask(ctx, text, size, &found);
		bn_free(text);
	}
	return e == 0 && !found ? ENOENT : e;
}

typedef struct question {
	const char *name; /* NULL: by number */
	uid_t uid;
	gid_t gid;
	char *out; /* NULL, or the buffer for one field of the entry */
	size_t size;
	bool is_home;
} question;

static int answer_user(question *q, const struct passwd *pw)
{
	const char *text = q->is_home ? pw->pw_dir : pw->pw_name;
	q->uid = pw->pw_uid;
	if (!q->out)
		return 0;
	if (!text || !*text || strlen(text) >= q->size)
		return ENAMETOOLONG;
	snprintf(q->out, q->size, "%s", text);
	return 0;
}

static int ask_user(void *ctx, char *text, size_t size, bool *found)
{
	question *q = ctx;
	struct passwd pw, *is = NULL;
	int e = q->name ? getpwnam_r(q->name, &pw, text, size, &is)
			: getpwuid_r(q->uid, &pw, text, size, &is);
	*found = is != NULL;
	return is ? answer_user(q, is) : e;
}

static int ask_group(void *ctx, char *text, size_t size, bool *found)
{
	question *q = ctx;
	struct group gr, *is = NULL;
	int e = getgrnam_r(q->name, &gr, text, size, &is);
	*found = is != NULL;
	if (is)
		q->gid = is->gr_gid;
	return is ? 0 : e;
}

bool bn_account_name(uid_t uid, char *name, size_t size)
{
	question q = {.uid = uid, .out = name, .size = size};
	return bn_account_look(ask_user, &q) == 0;
}

bool bn_account_home(uid_t uid, char *path, size_t size)
{
	question q = {.uid = uid, .out = path, .size = size, .is_home = true};
	return bn_account_look(ask_user, &q) == 0;
}

int bn_account_find_user(uid_t *out, const char *name)
{
	question q = {.name = name};
	int e = bn_account_look(ask_user, &q);
	if (e == 0)
		*out = q.uid;
	return e;
}

int bn_account_find_group(gid_t *out, const char *name)
{
	question q = {.name = name};
	int e = bn_account_look(ask_group, &q);
	if (e == 0)
		*out = q.gid;
	return e;
}

/* log_writer.c - see _log_writer.h. */
#include "core/launch/_log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RETRY_MS 500
#define LINE_BACK 4096 /* how far before a file's end to look for the end of a line */
#define PIECE 65536
#define PIECES 16
#define FULL_WORDS "binnacle: this file is full, what follows is in " BN_RUN_LOG_TAIL "*\n"

/* ---- the files ------------------------------------------------------------------------------ */

static uint64_t capacity(const bn_log_writer *w, uint64_t limit)
{
	return w->is_tail ? limit / (2 * BN_RUN_LOG_TAILS) : limit / 2;
}

int bn_log_writer_open(bn_log_writer *out, const bn_dir *dir, bn_err *err)
{
	bn_run_log_part parts[BN_RUN_LOG_PARTS];
	bn_log_writer w = {.dir = dir, .fd = -1};
	size_t count;
	int rc = bn_run_log_list(parts, BN_RUN_LOG_PARTS, &count, dir, err);
	if (rc < 0)
		return rc;
	snprintf(w.name, sizeof w.name, "%s", count ? parts[count - 1].name : BN_RUN_LOG_FILE);
	w.is_tail = strcmp(w.name, BN_RUN_LOG_FILE) != 0;
	if (count > 0) {
		w.from = parts[count - 1].from;
		w.size = parts[count - 1].size;
		w.at = w.from + w.size;
	}
	if (bn_dir_open_file(&w.fd, dir, w.name, O_WRONLY | O_CREAT | O_APPEND, 0644, NULL) < 0)
		w.fd = -1; /* the next file may be created later */
	*out = w;
	return 0;
}

void bn_log_writer_close(bn_log_writer *w)
{
	if (w->fd >= 0)
		w->dir->env->fs->close(w->dir->env, w->fd);
	w->fd = -1;
}

/* The number of bytes written. */
static size_t put(const bn_log_writer *w, int fd, const char *bytes, size_t n)
{
	const bn_env *env = w->dir->env;
	size_t done = 0;
	while (done < n) {
		ssize_t k = env->fs->write(env, fd, bytes + done, n - done);
		if (k == -EINTR)
			continue;
		if (k <= 0)
			break;
		done += (size_t)k;
	}
	return done;
}

static void remove_oldest(const bn_log_writer *w)
{
	bn_run_log_part parts[BN_RUN_LOG_PARTS];
	size_t count, tails = 0;
	if (bn_run_log_list(parts, BN_RUN_LOG_PARTS, &count, w->dir, NULL) < 0)
		return;
	for (size_t i = count; i-- > 0;)
		if (strcmp(parts[i].name, BN_RUN_LOG_FILE) != 0 && ++tails > BN_RUN_LOG_TAILS)
			bn_dir_unlink(w->dir, parts[i].name, NULL);
}

/* Starts a file with these bytes, of which done are written. The previous one stays current until this one has
 * content: on a full disk a file can be created, but nothing written. */
static bool begin_tail(bn_log_writer *w, const char *bytes, size_t n, size_t *done)
{
	bn_log_writer next = {.dir = w->dir, .fd = -1, .is_tail = true, .from = w->at, .at = w->at};
	snprintf(next.name, sizeof next.name, BN_RUN_LOG_TAIL "%" PRIu64, w->at);
	if (bn_dir_open_file(&next.fd, w->dir, next.name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
		    0644, NULL) < 0)
		return false;
	*done = put(w, next.fd, bytes, n);
	if (*done == 0) {
		bn_log_writer_close(&next);
		bn_dir_unlink(w->dir, next.name, NULL);
		return false;
	}
	bn_log_writer_close(w);
	next.size = *done;
	next.at += *done;
	*w = next;
	remove_oldest(w);
	return true;
}

/* How many of n bytes go into a file with that much room: up to the end of a line if one is
 * near. */
static size_t fitting(const char *bytes, size_t n, uint64_t room)
{
	if (n <= room)
		return n;
	size_t most = (size_t)room, least = most > LINE_BACK ? most - LINE_BACK : 0;
	const char *end = most > least ? memrchr(bytes + least, '\n', most - least) : NULL;
	return end ? (size_t)(end - bytes) + 1 : most;
}

/* Writes one piece into one file; returns the bytes consumed, whether written or lost. */
static size_t add_piece(bn_log_writer *w, const char *bytes, size_t n, uint64_t limit)
{
	uint64_t most = capacity(w, limit);
	int64_t now = bn_env_monotonic_ns(w->dir->env) / 1000000;
	bool whole = w->at == w->from + w->size, full = w->size >= most;
	size_t want, done = 0;
	if (w->retry_ms && now < w->retry_ms) {
		w->at += n;
		return n;
	}
	want = whole && !full ? fitting(bytes, n, most - w->size) : 0;
	if (want > 0) {
		done = put(w, w->fd, bytes, want);
		w->size += done;
		w->at += want;
		w->retry_ms = done < want ? now + RETRY_MS : 0;
		return want;
	}
	if (whole && !w->is_tail && w->fd >= 0) {
		size_t words = strlen(FULL_WORDS);
		done = put(w, w->fd, FULL_WORDS, words);
		w->size += done;
		w->at += done;
	}
	want = fitting(bytes, n, limit / (2 * BN_RUN_LOG_TAILS));
	bool begun = begin_tail(w, bytes, want, &done);
	w->at += want - (begun ? done : 0);
	w->retry_ms = begun && done == want ? 0 : now + RETRY_MS;
	return want;
}

void bn_log_writer_add(bn_log_writer *w, const char *bytes, size_t n, uint64_t limit)
{
	size_t done;
	for (; n > 0; n -= done, bytes += done)
		done = add_piece(w, bytes, n, limit);
}

/* ---- the pipe ------------------------------------------------------------------------------- */

int bn_log_pump_make(bn_log_pump *p, bn_err *err)
{
	int fd[2];
	void *shared = mmap(
		NULL, sizeof *p->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return bn_err_nomem(err, "a page");
	if (pipe2(fd, O_CLOEXEC) != 0) {
		munmap(shared, sizeof *p->shared);
		return bn_err_sys(err, BN_EIO, errno, "cannot make a pipe");
	}
	fcntl(fd[0], F_SETPIPE_SZ, 1 << 20); /* a smaller one will do */
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	*p = (bn_log_pump){fd[0], fd[1], shared};
	atomic_store(&p->shared->limit, BN_RUN_LOG_LIMIT);
	return 0;
}

void bn_log_pump_release(bn_log_pump *p)
{
	if (!p->shared)
		return;
	close(p->in);
	close(p->out);
	munmap(p->shared, sizeof *p->shared);
	*p = (bn_log_pump){-1, -1, NULL};
}

void bn_log_pump_enter(bn_log_pump *p)
{
	dup2(p->out, 1);
	dup2(p->out, 2);
	close(p->out);
	p->out = -1;
}

void bn_log_pump_leave(bn_log_pump *p)
{
	close(p->out);
	p->out = -1;
}

void bn_log_pump_step(bn_log_pump *p, bn_log_writer *w)
{
	static char bytes[PIECE];
	for (int i = 0; i < PIECES; i++) {
		atomic_store(&p->shared->is_busy, true);
		ssize_t n = read(p->in, bytes, sizeof bytes);
		if (n > 0)
			bn_log_writer_add(w, bytes, (size_t)n, atomic_load(&p->shared->limit));
		atomic_store(&p->shared->is_busy, false);
		if (n <= 0)
			return;
	}
}

void bn_log_pump_drain(bn_log_pump *p, bn_log_writer *w)
{
	while (!bn_log_pump_is_empty(p))
		bn_log_pump_step(p, w);
}

bool bn_log_pump_is_empty(const bn_log_pump *p)
{
	int waiting = 0;
	if (!p->shared)
		return true;
	return (ioctl(p->in, FIONREAD, &waiting) != 0 || waiting == 0) &&
	       !atomic_load(&p->shared->is_busy);
}

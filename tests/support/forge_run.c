/* forge_run.c - see forge_run.h. */
#include "tests/support/forge_run.h"

#include "tests/support/check_main.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

forge_server *forge;
toy_dir forge_dir;
char forge_said[FORGE_SAID];

/* ---- running -------------------------------------------------------------------------------- */

void forge_write_file(const char *name, const char *text, mode_t mode)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s", forge_dir.path, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

char *forge_read_file(const char *name)
{
	static char text[FORGE_SAID];
	char path[400];
	snprintf(path, sizeof path, "%s/%s", forge_dir.path, name);
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

void forge_begin(void)
{
	forge = forge_server_start();
	toy_dir_make(&forge_dir);
	forge_write_file("note.md", FORGE_NOTE, 0644);
}

void forge_end(void)
{
	forge_server_free(forge);
	toy_dir_remove(&forge_dir);
}

/* Whether a file below a directory holds the text. */
static bool is_below(const char *path, const char *text)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool found = false;
	while (d && !found && (e = readdir(d))) {
		static char bytes[1 << 20];
		char name[800];
		struct stat st;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
			!strcmp(e->d_name, "token"))
			continue; /* token: --token-file */
		if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
			found = is_below(name, text);
			continue;
		}
		FILE *f = fopen(name, "r");
		size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
		found = memmem(bytes, n, text, strlen(text)) != NULL;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

/* Whether the arguments of a process hold the text. */
static bool is_argument(pid_t pid, const char *text)
{
	char path[64], bytes[8192];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : 0;
	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(bytes, (size_t)n, text, strlen(text)) != NULL;
}

static const char *const kept[] = {
	"PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", NULL};

/* In the child: no variable of a CI around this test remains. words: of the program, or a line for the shell. */
static void become(const char *const *vars, const char *const *words, const char *line)
{
	const char *program = getenv("BINNACLE"), *argv[40] = {"binnacle"};
	char values[5][4000], out[400], path[5000];
	for (int i = 0; kept[i]; i++)
		snprintf(values[i], sizeof values[i], "%s", getenv(kept[i]) ? getenv(kept[i]) : "");
	program = program ? program : "build/binnacle";
	char *absolute = realpath(program, NULL);
	clearenv();
	for (int i = 0; kept[i]; i++)
		if (values[i][0])
			setenv(kept[i], values[i], 1);
	for (int i = 0; vars[i]; i += 2)
		setenv(vars[i], vars[i + 1], 1);
	setenv("HOME", forge_dir.path, 1);
	setenv("BINNACLE_FORGE_BACKOFF", "2ms", 1);
	snprintf(out, sizeof out, "%s/said", forge_dir.path);
	int fd = open(out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	if (!absolute || chdir(forge_dir.path))
		_exit(126);
	for (int i = 0; words && words[i]; i++)
		argv[i + 1] = words[i];
	if (words)
		execv(absolute, (char *const *)(uintptr_t)argv);
	snprintf(path, sizeof path, "%.*s:%s", (int)(strrchr(absolute, '/') - absolute), absolute,
		values[0]);
	setenv("PATH", path, 1);
	if (line)
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

static int run(const char *const *vars, const char *const *words, const char *line)
{
	bool leaks = false;
	int status;
	pid_t pid = fork();
	if (pid == 0)
		become(vars, words, line);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		leaks = leaks || is_argument(pid, FORGE_TOKEN);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	snprintf(forge_said, sizeof forge_said, "%s", forge_read_file("said"));
	ck_assert_msg(!leaks, "the token is an argument");
	ck_assert_msg(!is_below(forge_dir.path, FORGE_TOKEN), "the token is in a file, or said: %s",
		forge_said);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int forge_run(const char *const *vars, const char *const *words)
{
	return run(vars, words, NULL);
}

int forge_shell(const char *const *vars, const char *line)
{
	return run(vars, NULL, line);
}

const char *const *forge_job(bool on_github_actions)
{
	static char gitlab[100], github[100];
	static const char *vars[40];
	snprintf(gitlab, sizeof gitlab, "%s/gitlab/api/v4", forge_server_url(forge));
	snprintf(github, sizeof github, "%s/github", forge_server_url(forge));
	const char *const on_gitlab[] = {"GITLAB_CI", "true", "CI_API_V4_URL", gitlab,
		"CI_PROJECT_ID", "42", "CI_PROJECT_PATH", FORGE_PROJECT, "CI_MERGE_REQUEST_IID",
		"7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "CI_COMMIT_SHA", FORGE_COMMIT,
		"CI_PIPELINE_ID", "99", "CI_PIPELINE_URL", "https://gl/-/pipelines/99",
		"GITLAB_TOKEN", FORGE_TOKEN, "CI_JOB_TOKEN", "job-s3cret", NULL};
	const char *const on_github[] = {"GITHUB_ACTIONS", "true", "GITHUB_API_URL", github,
		"GITHUB_REPOSITORY", FORGE_REPOSITORY, "GITHUB_REF", "refs/pull/7/merge",
		"GITHUB_SHA", FORGE_COMMIT, "GITHUB_TOKEN", FORGE_TOKEN, NULL};
	memset(vars, 0, sizeof vars);
	if (on_github_actions)
		memcpy(vars, on_github, sizeof on_github);
	else
		memcpy(vars, on_gitlab, sizeof on_gitlab);
	return vars;
}

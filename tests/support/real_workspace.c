/* real_workspace.c - see real_workspace.h. */
#include "tests/support/real_workspace.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/_real.h"
#include "tests/support/check_main.h"
#include "tui/cli/cli.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void real_clock(team *t, int64_t days, int64_t hours, int64_t minutes)
{
	t->clock_ns = (REAL_NOW_MS - ((days * 24 + hours) * 60 + minutes) * 60000) * 1000000;
}

bn_workspace *real_open(team *t, person *p)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_open(&p->ws, &p->env, bn_fold_classes, t->dir, &err), &err);
	return p->ws;
}

void real_shut(person *p)
{
	bn_workspace_close(p->ws);
	p->ws = NULL;
}

/* ---- commands --------------------------------------------------------------------------------- */

/* Splits at blanks, in place; 'quoted words' stay whole. */
static int words_split(char *line, char **words, int most)
{
	int n = 0;
	while (*line) {
		line += strspn(line, " ");
		if (!*line)
			break;
		ck_assert_int_lt(n, most);
		char end = *line == '\'' ? '\'' : ' ';
		line += end == '\'';
		words[n++] = line;
		line += strcspn(line, end == ' ' ? " " : "'");
		if (*line)
			*line++ = '\0';
	}
	return n;
}

/* Redirects the output to a file. */
static void output_switch(int saved[2], const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
		dup2(fd, i + 1);
	}
	close(fd);
}

static void output_restore(const int saved[2])
{
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
	}
}

void real_command(team *t, person *p, int want, const char *line)
{
	char *words[64], *copy = bn_strdup(line), *here = getcwd(NULL, 0),
			 *path = bn_strf("%s/output", t->top);
	bn_buf out = BN_BUF_INIT;
	int saved[2], n = 1 + words_split(copy, words + 1, 62);
	words[0] = (char[]){"binnacle"};
	words[n] = NULL;
	output_switch(saved, path);
	bool there = chdir(t->dir) == 0;
	int status = bn_cli_main(&p->env, n, words);
	there = chdir(here) == 0 && there;
	output_restore(saved);
	ck_assert(there);
	bn_fs_read_file(bn_env_real(), path, &out, NULL);
	ck_assert_msg(status == want, "%s: binnacle %s: status %d, not %d: %s", p->name, line,
		status, want, out.ptr);
	bn_buf_release(&out);
	bn_free(path);
	free(here);
	bn_free(copy);
}

static void file_write(const team *t, const char *name, const char *text)
{
	bn_err err = BN_ERR_INIT;
	char *path = bn_strf("%s/%s", t->dir, name);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0644, &err), &err);
	bn_free(path);
}

/* ---- the story -------------------------------------------------------------------------------- */

static const char suite[] =
	"{\"name\": \"jobs\", \"expectations\": ["
	"{\"type\": \"expect_table_row_count_to_be_between\", \"kwargs\": {\"min_value\": 1000}},"
	"{\"type\": \"expect_column_values_to_be_unique\", \"kwargs\": {\"column\": \"job_id\"}},"
	"{\"type\": \"expect_column_values_to_not_be_null\", \"kwargs\": {\"column\": \"mem_gb\", "
	"\"mostly\": 0.9}},"
	"{\"type\": \"expect_column_values_to_be_between\", \"kwargs\":"
	" {\"column\": \"node_power\", \"min_value\": 200, \"max_value\": 2500}},"
	"{\"type\": \"expect_column_values_to_be_between\", \"kwargs\":"
	" {\"column\": \"gpu_utilization\", \"min_value\": 0, \"max_value\": 100}},"
	"{\"type\": \"expect_column_values_to_be_in_set\", \"kwargs\":"
	" {\"column\": \"state\", \"value_set\": [\"COMPLETED\", \"FAILED\", \"TIMEOUT\"]}},"
	"{\"type\": \"expect_column_values_to_match_regex\", \"kwargs\":"
	" {\"column\": \"partition\", \"regex\": \"^[a-z]+$\"}},"
	"{\"type\": \"expect_column_mean_to_be_between\", \"kwargs\":"
	" {\"column\": \"ambient\", \"min_value\": 15, \"max_value\": 30}}]}";

static const char policy[] =
	"{\"approvals\": 1, \"gates\": ["
	"{\"name\": \"error\", \"metric\": \"rmse\", \"part\": \"test\", \"op\": \"<=\", "
	"\"threshold\": 75,"
	" \"severity\": \"block\", \"by\": \"author\"},"
	"{\"name\": \"explains\", \"metric\": \"r2\", \"part\": \"test\", \"op\": \">=\", "
	"\"threshold\": 0.8,"
	" \"severity\": \"block\", \"by\": \"author\"},"
	"{\"name\": \"no worse\", \"metric\": \"rmse\", \"part\": \"test\", \"op\": \"<=\", "
	"\"than\": \"champion\","
	" \"margin\": 0, \"severity\": \"warn\", \"by\": \"author\"},"
	"{\"name\": \"reviewed\", \"check\": \"reviewed\", \"severity\": \"warn\"}]}";

static const char inputs[] =
	"\"features\": [\"partition\", \"num_nodes\", \"mem_gb\", \"cpu_user\","
	" \"gpu_utilization\", \"ambient\"]";

static void invitation_accept(team *t, person *p, const char *invitation)
{
	char *line = bn_strf("trust accept %s --yes", invitation);
	real_command(t, p, 0, line);
	bn_free(line);
}

/* The text after "invitation" in ann's `trust show`. */
static char *invitation_read(team *t, person *ann)
{
	char *path = bn_strf("%s/output", t->top);
	bn_buf out = BN_BUF_INIT;
	real_command(t, ann, 0, "trust show");
	ck_assert_int_eq(bn_fs_read_file(bn_env_real(), path, &out, NULL), 0);
	const char *at = strstr(out.ptr, "bn1:");
	ck_assert_ptr_nonnull(at);
	char *text = bn_strndup(at, strcspn(at, " \n"));
	bn_buf_release(&out);
	bn_free(path);
	return text;
}

static void found(team *t)
{
	cpu_set_t one;
	team_prepare(t, "power");
	t->is_fixed = true;
	for (size_t i = 0; i < PEOPLE; i++)
		snprintf(t->people[i].index, sizeof t->people[i].index, "%s/%s-index", t->top,
			t->people[i].name);
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof one, &one) == 0)
		for (int i = 0, seen = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &one) && seen++ > 0)
				CPU_CLR(i, &one);
	sched_setaffinity(0, sizeof one, &one);
	real_clock(t, 3, 3, 0);
	real_command(t, &t->people[REAL_ANN], 0, "init");
}

static void admit(team *t)
{
	person *ann = &t->people[REAL_ANN];
	char *invitation = invitation_read(t, ann);
	for (size_t i = REAL_BOB; i <= REAL_DAN; i++)
		invitation_accept(t, &t->people[i], invitation);
	bn_free(invitation);
	real_clock(t, 3, 2, 40);
	real_command(t, ann, 0, "user accept bob --reason 'trains the power models'");
	real_command(t, ann, 0, "user accept cleo --role reviewer --reason 'reviews them'");
	file_write(t, "policy.json", policy);
	real_command(t, ann, 0, "policy set policy.json --reason 'first gates'");
}

static void first_data(team *t, person *bob)
{
	file_write(t, "jobs_suite.json", suite);
	real_clock(t, 3, 2, 0);
	real_jobs_write(t, "jobs.csv", &(real_jobs){.first = 1, .rows = 1600});
	real_command(t, bob, 0, "data add jobs jobs.csv");
	real_command(t, bob, 0, "data check jobs --suite jobs_suite.json");
	real_command(t, bob, 0, "data split jobs --parts train=0.7,val=0.15,test=0.15 --seed 1");
}

static void sweep(team *t, person *bob)
{
	static const char *const alphas[] = {"0.1", "1", "10", "100"};
	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
		char *options =
			bn_strf("{\"hyper\": {\"alpha\": %s}, \"seed\": 1, %s}", alphas[i], inputs);
		char *name = bn_strf("ridge-a%s", alphas[i]);
		real_clock(t, 2, 3, 10 - (int64_t)i);
		real_train(t, bob, name, options, 180 + 11 * (int64_t)i);
		bn_free(name);
		bn_free(options);
	}
	real_clock(t, 2, 1, 0);
	real_train(t, bob, "ridge-no-gpu",
		"{\"hyper\": {\"alpha\": 1}, \"seed\": 1, \"features\": [\"partition\", "
		"\"num_nodes\", \"mem_gb\","
		" \"cpu_user\", \"ambient\"]}",
		171);
}

static void first_models(team *t, person *bob)
{
	person *ann = &t->people[REAL_ANN], *cleo = &t->people[REAL_CLEO];
	real_clock(t, 2, 0, 50);
	real_command(t, bob, 0, "model register ridge-no-gpu --name power");
	real_command(t, bob, 0, "model request power/1 --reason 'needs no GPU counters'");
	real_clock(t, 2, 0, 30);
	real_command(t, bob, 4, "model approve power/1");
	real_command(t, cleo, 0, "model reject power/1 --reason 'misses the GPU nodes by far'");
	real_clock(t, 1, 23, 0);
	real_command(t, bob, 0, "model register ridge-a100 --name power");
	real_command(t, bob, 0, "model request power/2 --reason 'steady on small parts'");
	real_clock(t, 1, 22, 30);
	real_command(t, cleo, 0, "model attest power/2 reviewed pass --detail 'read spec and log'");
	real_command(t, cleo, 0, "model approve power/2 --reason 'gates pass, card read'");
	real_command(t, ann, 0, "model alias power/2 champion");
}

/* On another host: known only by its heartbeat. */
static void answer(team *t, person *bob, const char *id, const real_jobs *rows)
{
	bob->host = "n13";
	real_answer(t, bob, "power/2", id, rows);
	bob->host = "n12";
}

static void yesterday(team *t, person *bob, char id[13])
{
	bob->host = "n13";
	real_clock(t, 1, 20, 0);
	real_serve(t, bob, "power/2", id);
	bob->host = "n12";
	real_clock(t, 1, 4, 0);
	real_simulate(t, bob,
		&(real_curves){"mlp-lr0.01", "0.01", 60, 60, 0.226, 3000, "FINISHED", 19.8});
	real_clock(t, 1, 3, 50);
	real_simulate(t, bob,
		&(real_curves){"mlp-lr0.003", "0.003", 90, 90, 0.201, 3000, "FINISHED", 18.9});
}

static void today(team *t, person *bob, const char *id)
{
	real_clock(t, 0, 6, 0);
	answer(t, bob, id, &(real_jobs){.first = 5001, .rows = 600});
	real_clock(t, 0, 5, 30);
	real_command(t, bob, 0, "monitor report power/2 --last 600");
	real_clock(t, 0, 3, 20);
	real_jobs_write(t, "jobs.csv", &(real_jobs){.first = 1, .rows = 2100, .has_faults = true});
	real_command(t, bob, 0, "data add jobs jobs.csv");
	real_command(t, bob, 1, "data check jobs --suite jobs_suite.json");
	real_clock(t, 0, 0, 44);
	real_fail(t, bob, "mlp-wide");
	real_clock(t, 0, 0, 34);
	real_command(t, bob, 0, "model register ridge-a1 --name power");
	real_command(t, bob, 0, "model request power/3 --reason 'less shrinkage, a lower error'");
	real_clock(t, 0, 0, 16);
	answer(t, bob, id, &(real_jobs){.first = 7001, .rows = 400, .warmer = 5});
	real_clock(t, 0, 0, 12);
	real_command(t, bob, 1, "monitor report power/2 --last 400");
	t->clock_ns = (REAL_NOW_MS - 1000) * 1000000;
	real_simulate(
		t, bob, &(real_curves){"mlp-long", "0.001", 1500, 382, 0.1, 1500, "RUNNING", 0});
	bob->host = "n13";
	real_seen(t, bob, id);
	bob->host = "n12";
}

void real_workspace_make(team *t)
{
	char id[13];
	found(t);
	person *bob = &t->people[REAL_BOB];
	admit(t);
	first_data(t, bob);
	sweep(t, bob);
	first_models(t, bob);
	yesterday(t, bob, id);
	today(t, bob, id);
	real_clock(t, 0, 0, 0);
}

void real_workspace_make_empty(team *t)
{
	found(t);
	real_clock(t, 0, 0, 0);
}

/*
 * forge_run.h - runs the program against a forge_server, in a scratch directory and with the variables of a CI job. After
 * each run it is checked that the token is in no file there, in no output, and was no argument.
 */
#ifndef BN_TEST_FORGE_RUN_H
#define BN_TEST_FORGE_RUN_H
#include "tests/support/forge_server.h"
#include "tests/support/toy.h"

#include <stdbool.h>
#include <sys/types.h>

#define FORGE_SAID 20000
#define FORGE_NOTE "# Gate\n\n| metric | value |\n|---|---|\n| rmse | 3 |\n"

extern forge_server *forge;
extern toy_dir forge_dir;
extern char forge_said[FORGE_SAID]; /* stdout and stderr of the last run */

void forge_begin(void); /* a server, a directory, and note.md in it */
void forge_end(void);

void forge_write_file(const char *name, const char *text, mode_t mode);
char *forge_read_file(const char *name); /* static; NULL if it is not there */

/* Names and values of the variables of a job for merge request 7; static. */
const char *const *forge_job(bool on_github_actions);
/* Runs `binnacle WORDS...` in the directory; returns its exit status. A file "token" may hold the token. */
int forge_run(const char *const *vars, const char *const *words);
/* The same for a line of sh. */
int forge_shell(const char *const *vars, const char *line);
#define RUN(...) forge_run(vars, (const char *const[]){__VA_ARGS__, NULL})

#endif

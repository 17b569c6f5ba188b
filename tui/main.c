/* main.c - binnacle: words run a verb, no words open the workbench. The only exit status there is.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "tui/cli/cli.h"

#include <locale.h>

int main(int argc, char **argv)
{
	bn_fs_hold_streams();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers look the same in every country */
	return bn_cli_main(bn_env_real(), argc, argv);
}

/* main.c - binnacle: words run a verb, no words open the workbench. The only exit status there is.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "tui/cli/cli.h"

#include <locale.h>

int main(int argc, char **argv)
{
	bn_fs_hold_streams();
	/* Which characters there are, and nothing else: numbers and messages look the same in every country, and each
	 * category is a file or two. */
	setlocale(LC_CTYPE, "");
	return bn_cli_main(bn_env_real(), argc, argv);
}

/* What this program needs to run elsewhere, as its own ELF files say. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/closure.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

static const bn_closure_library *find(const bn_closure *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->libraries[i].name, name))
			return &c->libraries[i];
	return NULL;
}

START_TEST(test_closure_has_what_the_elf_files_need)
{
	bn_closure c;
	struct stat st;
	ck_assert_bn_ok(bn_closure_find(&c, bn_env_real(), &err), &err);
	ck_assert_ptr_nonnull(find(&c, "libc.so.6"));
	ck_assert_ptr_nonnull(find(&c, "libjansson.so.4"));
	ck_assert_int_eq(access(c.program, X_OK), 0);
	ck_assert_int_eq(access(c.loader, X_OK), 0);
	ck_assert_ptr_null(find(&c, bn_path_base(c.loader))); /* it has its own place */
	ck_assert_ptr_null(find(&c, "libopenblas.so.0"));     /* opened, not needed */
	char *libc = bn_strf("%s/libc.so.6", c.directory);
	ck_assert_str_eq(find(&c, "libc.so.6")->path, libc);
	bn_free(libc);
	for (size_t i = 0; i < c.count; i++) {
		ck_assert_int_eq(stat(c.libraries[i].path, &st), 0);
		ck_assert(S_ISREG(st.st_mode));
		if (i)
			ck_assert_int_lt(strcmp(c.libraries[i - 1].name, c.libraries[i].name), 0);
	}
	bn_closure_release(&c);
}
END_TEST

/* A copy without debugging information starts, and says the same. */
START_TEST(test_elf_without_what_is_never_loaded_runs)
{
	const bn_env *env = bn_env_real();
	bn_elf_part part;
	toy_dir dir;
	char path[400];
	struct stat st;
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/true", dir.path);
	int from = open("/bin/true", O_RDONLY), to = open(path, O_WRONLY | O_CREAT, 0755);
	ck_assert_int_ge(from, 0);
	ck_assert_bn_ok(bn_elf_loaded_part(&part, env, from, "/bin/true", &err), &err);
	ck_assert_int_eq(fstat(from, &st), 0);
	ck_assert_uint_lt(part.size, st.st_size);
	char *bytes = bn_alloc(part.size);
	ck_assert_int_eq(pread(from, bytes, part.size, 0), (ssize_t)part.size);
	memcpy(bytes, part.head, part.head_size);
	ck_assert_int_eq(write(to, bytes, part.size), (ssize_t)part.size);
	close(from);
	close(to);
	pid_t child = fork();
	if (!child) {
		execl(path, path, (char *)NULL);
		_exit(99);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	bn_free(bytes);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_elf_that_is_none_is_refused)
{
	const bn_env *env = bn_env_real();
	bn_elf_part part;
	toy_dir dir;
	char path[400], bytes[400] = "\177ELF";
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/x", dir.path);
	Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)bytes;
	const struct {
		size_t n;
		unsigned char class;
		uint64_t phoff;
	} cases[] = {{0, 0, 0}, {4, ELFCLASS64, 0}, {400, ELFCLASS32, 64},
		{400, ELFCLASS64, 1 << 20}, {400, ELFCLASS64, UINT64_MAX - 8}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		h->e_ident[EI_CLASS] = cases[i].class;
		h->e_ident[EI_DATA] = ELFDATA2LSB;
		h->e_phentsize = sizeof(Elf64_Phdr);
		h->e_phnum = 3;
		h->e_phoff = cases[i].phoff;
		ck_assert_bn_ok(bn_fs_write_file(env, path, bytes, cases[i].n, 0644, &err), &err);
		int fd = open(path, O_RDONLY);
		ck_assert_msg(bn_elf_loaded_part(&part, env, fd, path, NULL) < 0, "case %zu", i);
		close(fd);
	}
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/package/closure", test_closure_has_what_the_elf_files_need,
	test_elf_without_what_is_never_loaded_runs, test_elf_that_is_none_is_refused)

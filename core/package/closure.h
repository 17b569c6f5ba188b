/*
 * closure.h - what this program needs to run elsewhere: its loader and its shared libraries.
 *
 * Which libraries are needed is what the ELF files say (DT_NEEDED, from the program on), and where they are is
 * where the loader of this process found them. So the answer does not depend on what else is loaded (LD_PRELOAD,
 * OpenBLAS, which is only opened to train), and no search path has to be guessed. One exception: of a library that
 * exists once more for newer processors (glibc-hwcaps) the common one is taken, since the image may run elsewhere.
 *
 * In an image all of them are in the directory in which this system has its C library: the loader of that C
 * library always looks there, without configuration and environment.
 */
#ifndef BN_PACKAGE_CLOSURE_H
#define BN_PACKAGE_CLOSURE_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bn_closure_library {
	char *name; /* as others need it: "libz.so.1" */
	char *path; /* absolute, on this machine */
} bn_closure_library;

typedef struct bn_closure {
	char *program;                 /* absolute path of this program */
	char *loader;                  /* "/lib64/ld-linux-x86-64.so.2"; NULL: linked statically */
	char *directory;               /* of the C library, absolute */
	bn_closure_library *libraries; /* without the loader; by name */
	size_t count;
} bn_closure;

/* BN_EUNSUPPORTED if a needed library is not loaded, or the system has another form. */
int bn_closure_find(bn_closure *out, const bn_env *env, bn_err *err);
void bn_closure_release(bn_closure *c);

/* An ELF file without what is never loaded: debugging information and section headers. The first bytes are head,
 * the others are those of the file, up to size. */
typedef struct bn_elf_part {
	uint64_t size;
	uint8_t head[64];
	size_t head_size;
} bn_elf_part;

/* fd: open for reading; path is for messages. BN_EUNSUPPORTED if it is no 64-bit ELF file of this machine. */
int bn_elf_loaded_part(bn_elf_part *out, const bn_env *env, int fd, const char *path, bn_err *err);

#endif

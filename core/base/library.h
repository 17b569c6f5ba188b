/*
 * library.h - shared libraries that are opened when they are first needed.
 *
 * What is linked is found, mapped and bound at each start: of 43 libraries a command used a dozen. git2.h and curl.h are
 * tables of the functions that are called.
 */
#ifndef BN_BASE_LIBRARY_H
#define BN_BASE_LIBRARY_H
#include "core/base/err.h"

/* Opens the library of that file name ("libgit2.so.1.5", as the linker would find it) and fills in calls[i] with its
 * function names[i]. It stays open. A program that is
 * linked with it uses that (share/tar.sh). BN_EUNSUPPORTED, with what the loader says, if the host lacks it, or a function. */
int bn_library_open(
	void *(*calls)[], const char *file, const char *const *names, size_t count, bn_err *err);

#endif

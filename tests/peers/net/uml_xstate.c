/*
 * uml_xstate.c - lets User Mode Linux 6.1 run on a processor with AMX.
 *
 * That kernel saves the first 832 bytes of a process's XSAVE area and writes them back with PTRACE_SETREGSET. The
 * host kernel accepts only a full area, which is 11 KB with AMX, so every guest process is killed at its first
 * instruction ("ptrace set fp regs failed"). Loaded with LD_PRELOAD, this ptrace() completes a short area with the
 * process's current values.
 *
 * Thus registers beyond AVX are not saved per guest thread, and the guest's C library must not use AVX-512
 * (GLIBC_TUNABLES in uml.sh).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { AREA_MAX = 65536 };

long ptrace(enum __ptrace_request request, ...)
{
	static _Alignas(64) unsigned char area[AREA_MAX];
	struct iovec whole = {area, sizeof area};
	va_list args;
	long word, rc;
	va_start(args, request);
	pid_t pid = va_arg(args, pid_t);
	void *addr = va_arg(args, void *), *data = va_arg(args, void *);
	va_end(args);
	if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) {
		/* The system call stores the word; the function returns it. */
		rc = syscall(SYS_ptrace, request, pid, addr, &word);
		return rc < 0 ? rc : word;
	}
	if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE) {
		const struct iovec *given = data;
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, addr, &whole) < 0)
			return -1;
		if (given->iov_len < whole.iov_len) {
			memcpy(area, given->iov_base, given->iov_len);
			data = &whole;
		}
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}

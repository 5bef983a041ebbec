/*
 * LD_PRELOAD: the k-th allocation, write, sync, open, read or accept fails, as
 * the test says that holds the other end of the control page (promise.py).
 */
#undef _FILE_OFFSET_BITS	/* pwrite and pwrite64 are two symbols here */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum what {
	MALLOC,
	WRITE,
	SYNC,
	OPEN,
	READ,
	ACCEPT
};

struct control {
	long at;		/* the first that fails, from 1 */
	int what;
	_Atomic int armed;
	_Atomic long count;
	int error, persistent, half, unused;
};

static struct control *control;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

/* Where it crashed, for addr2line. */
static void
crashed(int sig)
{
	void *at[40];

	if (control != NULL)
		control->armed = 0;
	backtrace_symbols_fd(at, backtrace(at, 40), STDERR_FILENO);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

__attribute__((constructor)) static void
attach(void)
{
	const char *name = getenv("SALVOR_FAULT_CONTROL");
	int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof(*control), PROT_READ
	    | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (p != MAP_FAILED)
		control = p;
	(void)signal(SIGSEGV, crashed);
	(void)signal(SIGABRT, crashed);
}

static bool
fails(enum what what)
{
	long n;

	if (control == NULL || control->armed == 0
	    || control->what != (int)what)
		return false;
	n = ++control->count;
	if (n < control->at || (n > control->at && control->persistent == 0))
		return false;
	errno = what == MALLOC ? ENOMEM : control->error;
	return true;
}

void *
malloc(size_t n)
{
	return fails(MALLOC) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(MALLOC) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return n > 0 && fails(MALLOC) ? NULL : __libc_realloc(p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (!fails(WRITE))
		return syscall(SYS_pwrite64, fd, p, n, at);
	return control->half != 0 && n > 1 ? syscall(SYS_pwrite64, fd, p, n / 2,
	    at) : -1;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return pwrite64(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return fails(READ) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return pread64(fd, p, n, at);
}

int
fdatasync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
open64(const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, name,
	    flags, mode);
}

/* The first parameter of accept4 has a type that ISO C does not know. */
int fault_accept(int fd, void *to, void *n, int flags) __asm__("accept4");

int
fault_accept(int fd, void *to, void *n, int flags)
{
	return fails(ACCEPT) ? -1 : (int)syscall(SYS_accept4, fd, to, n, flags);
}

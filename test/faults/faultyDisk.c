/*
 * A disk that fails, for one process tree: LD_PRELOAD this, and FAULTY_DISK=<control file>. While the control file is
 * there, calls on paths below a prefix fail or hang as its lines say; without it everything works again.
 *
 *   <calls> <error> <from> <prefix>
 *
 * calls: comma-separated, of open (for writing), read, write, sync, rename, truncate, mkdir, link, unlink, look (open for
 * reading, stat, opendir, access, statfs); or `all` (all but read and look). error: ENOSPC, EIO, EROFS, EDQUOT, ESTALE,
 * EFBIG; short (half of a write goes out, the next says ENOSPC); or hang:<ms>. from: the first matching call of a process
 * that fails, counted from 1, of each line. The prefix is the rest of the line.
 * With FAULTY_DISK_SHARED=<prefix> statfs says of the paths that begin so that they are on NFS.
 *   gcc -shared -fPIC -O2 -o faultyDisk.so faultyDisk.c -ldl -lpthread
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, READ = 2, WRITE = 4, SYNC = 8, RENAME = 16, TRUNCATE = 32, MKDIR = 64, LINK = 128, UNLINK = 256, LOOK = 512 };
#define ALL (OPEN | WRITE | SYNC | RENAME | TRUNCATE | MKDIR | LINK)
#define SHORT 100000

static const struct { const char *name; int bit; } CALLS[] = {
    {"open", OPEN}, {"read", READ}, {"write", WRITE}, {"sync", SYNC}, {"rename", RENAME}, {"truncate", TRUNCATE},
    {"mkdir", MKDIR}, {"link", LINK}, {"unlink", UNLINK}, {"look", LOOK}, {"all", ALL}};
static const struct { const char *name; int code; } ERRORS[] = {
    {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT}, {"ESTALE", ESTALE}, {"EFBIG", EFBIG},
    {"short", SHORT}};

struct rule { int calls, error; long hang_ms, from, seen; char prefix[4096]; size_t length; };
#define MOST 32
static struct rule rules[MOST];
static int rule_count;
static struct timespec read_at;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static void parse(char *text) {
    rule_count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line && rule_count < MOST; line = strtok_r(NULL, "\n", &rest)) {
        char calls[256], error[64];
        struct rule *rule = &rules[rule_count];
        int at = 0;
        if (sscanf(line, "%255s %63s %ld %n", calls, error, &rule->from, &at) < 3 || !at || !line[at]) continue;
        rule->calls = rule->error = 0;
        rule->hang_ms = rule->seen = 0;
        char *more = NULL;
        for (char *word = strtok_r(calls, ",", &more); word; word = strtok_r(NULL, ",", &more))
            for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
                if (!strcmp(word, CALLS[i].name)) rule->calls |= CALLS[i].bit;
        if (!strncmp(error, "hang:", 5)) rule->hang_ms = atol(error + 5);
        for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
            if (!strcmp(error, ERRORS[i].name)) rule->error = ERRORS[i].code;
        snprintf(rule->prefix, sizeof rule->prefix, "%s", line + at);
        rule->length = strlen(rule->prefix);
        rule_count++;
    }
}

/* By raw system calls: ours must not meet ourselves. */
static void refresh(void) {
    const char *file = getenv("FAULTY_DISK");
    struct stat now;
    if (!file || syscall(SYS_newfstatat, AT_FDCWD, file, &now, 0)) {
        rule_count = 0;
        memset(&read_at, 0, sizeof read_at);
        return;
    }
    if (now.st_mtim.tv_sec == read_at.tv_sec && now.st_mtim.tv_nsec == read_at.tv_nsec) return;
    read_at = now.st_mtim;
    char text[8192];
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    long count = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[count > 0 ? count : 0] = 0;
    parse(text);
}

/* 0, or an error; hangs where it is to. */
static int fault(int call, const char *path) {
    if (!path || inside) return 0;
    int error = 0;
    long hang_ms = 0;
    inside = 1;
    pthread_mutex_lock(&lock);
    refresh();
    for (int i = 0; i < rule_count && !error && !hang_ms; i++) {
        struct rule *rule = &rules[i];
        if (!(rule->calls & call) || strncmp(path, rule->prefix, rule->length)) continue;
        if (++rule->seen < rule->from) continue;
        error = rule->error;
        hang_ms = rule->hang_ms;
    }
    pthread_mutex_unlock(&lock);
    if (hang_ms) {
        const char *file = getenv("FAULTY_DISK");
        struct timespec little = {0, 5000000};
        struct stat now;
        /* A server that comes back answers at once. */
        for (long waited = 0; waited < hang_ms && !syscall(SYS_newfstatat, AT_FDCWD, file, &now, 0); waited += 5)
            nanosleep(&little, NULL);
    }
    inside = 0;
    return error;
}

static int fault_at(int call, int folder, const char *path) {
    if (!path || path[0] == '/') return fault(call, path);
    char link[64], whole[8192];
    long count = 0;
    if (folder == AT_FDCWD) {
        if (syscall(SYS_getcwd, whole, sizeof whole) < 0) return 0;
        count = strlen(whole);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        count = syscall(SYS_readlinkat, AT_FDCWD, link, whole, 4096);
    }
    if (count <= 0) return 0;
    if (*path) snprintf(whole + count, sizeof whole - count, "/%s", path);
    else whole[count] = 0;
    return fault(call, whole);
}

static int fault_fd(int call, int fd) { return fault_at(call, fd, ""); }

#define FAIL(error) do { int failed_ = (error); if (failed_) { errno = failed_ == SHORT ? ENOSPC : failed_; return -1; } } while (0)

static int opening(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? OPEN : LOOK; }

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        REAL(int, name, const char *, int, ...); \
        FAIL(fault_at(opening(flags), AT_FDCWD, path)); \
        return real(path, flags, mode); }
OPENS(open)
OPENS(open64)
#define OPENS_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        REAL(int, name, int, const char *, int, ...); \
        FAIL(fault_at(opening(flags), folder, path)); \
        return real(folder, path, flags, mode); }
OPENS_AT(openat)
OPENS_AT(openat64)

ssize_t write(int fd, const void *data, size_t count) {
    REAL(ssize_t, write, int, const void *, size_t);
    int found = fault_fd(WRITE, fd);
    if (found == SHORT && count > 1) { count /= 2; found = 0; }
    FAIL(found);
    return real(fd, data, count);
}
#define PWRITES(name, offset_type) \
    ssize_t name(int fd, const void *data, size_t count, offset_type at) { \
        REAL(ssize_t, name, int, const void *, size_t, offset_type); \
        FAIL(fault_fd(WRITE, fd)); \
        return real(fd, data, count, at); }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    FAIL(fault_fd(WRITE, fd));
    return real(fd, parts, count);
}
#define PWRITEVS(name, offset_type) \
    ssize_t name(int fd, const struct iovec *parts, int count, offset_type at) { \
        REAL(ssize_t, name, int, const struct iovec *, int, offset_type); \
        FAIL(fault_fd(WRITE, fd)); \
        return real(fd, parts, count, at); }
PWRITEVS(pwritev, off_t)
PWRITEVS(pwritev64, off64_t)
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    FAIL(fault_fd(WRITE, out));
    return real(in, from, out, to, count, flags);
}
ssize_t sendfile(int out, int in, off_t *from, size_t count) {
    REAL(ssize_t, sendfile, int, int, off_t *, size_t);
    FAIL(fault_fd(WRITE, out));
    return real(out, in, from, count);
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t count) {
    REAL(ssize_t, sendfile64, int, int, off64_t *, size_t);
    FAIL(fault_fd(WRITE, out));
    return real(out, in, from, count);
}
ssize_t read(int fd, void *data, size_t count) {
    REAL(ssize_t, read, int, void *, size_t);
    FAIL(fault_fd(READ, fd));
    return real(fd, data, count);
}
#define PREADS(name, offset_type) \
    ssize_t name(int fd, void *data, size_t count, offset_type at) { \
        REAL(ssize_t, name, int, void *, size_t, offset_type); \
        FAIL(fault_fd(READ, fd)); \
        return real(fd, data, count, at); }
PREADS(pread, off_t)
PREADS(pread64, off64_t)

#define ON_FD(name, call) \
    int name(int fd) { REAL(int, name, int); FAIL(fault_fd(call, fd)); return real(fd); }
ON_FD(fsync, SYNC)
ON_FD(fdatasync, SYNC)
#define TRUNCATES(name, offset_type) \
    int name(int fd, offset_type size) { \
        REAL(int, name, int, offset_type); FAIL(fault_fd(TRUNCATE, fd)); return real(fd, size); }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)
#define FALLOCATES(name, offset_type) \
    int name(int fd, offset_type at, offset_type size) { \
        REAL(int, name, int, offset_type, offset_type); \
        int found = fault_fd(TRUNCATE, fd); \
        return found ? found : real(fd, at, size); }
FALLOCATES(posix_fallocate, off_t)
FALLOCATES(posix_fallocate64, off64_t)

#define TWO_PATHS(name, call) \
    int name(const char *from, const char *to) { \
        REAL(int, name, const char *, const char *); \
        FAIL(fault_at(call, AT_FDCWD, to)); \
        return real(from, to); }
TWO_PATHS(rename, RENAME)
TWO_PATHS(link, LINK)
TWO_PATHS(symlink, LINK)
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    FAIL(fault_at(RENAME, b, to));
    return real(a, from, b, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    FAIL(fault_at(LINK, b, to));
    return real(a, from, b, to, flags);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    FAIL(fault_at(MKDIR, AT_FDCWD, path));
    return real(path, mode);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t);
    FAIL(fault_at(MKDIR, folder, path));
    return real(folder, path, mode);
}
char *mkdtemp(char *path) {
    REAL(char *, mkdtemp, char *);
    int found = fault_at(MKDIR, AT_FDCWD, path);
    if (!found) return real(path);
    errno = found;
    return NULL;
}
int unlink(const char *path) {
    REAL(int, unlink, const char *);
    FAIL(fault_at(UNLINK, AT_FDCWD, path));
    return real(path);
}

#define STATS(name, type) \
    int name(const char *path, type *into) { \
        REAL(int, name, const char *, type *); FAIL(fault_at(LOOK, AT_FDCWD, path)); return real(path, into); }
STATS(stat, struct stat)
STATS(stat64, struct stat64)
STATS(lstat, struct stat)
STATS(lstat64, struct stat64)
static int is_shared(const char *path) {
    const char *prefix = getenv("FAULTY_DISK_SHARED");
    return prefix && *prefix && !strncmp(path, prefix, strlen(prefix));
}
#define KINDS(name, type) \
    int name(const char *path, type *into) { \
        REAL(int, name, const char *, type *); FAIL(fault_at(LOOK, AT_FDCWD, path)); \
        int code = real(path, into); if (!code && is_shared(path)) into->f_type = 0x6969; return code; }
KINDS(statfs, struct statfs)
KINDS(statfs64, struct statfs64)
STATS(statvfs, struct statvfs)
STATS(statvfs64, struct statvfs64)
int access(const char *path, int mode) {
    REAL(int, access, const char *, int);
    FAIL(fault_at(LOOK, AT_FDCWD, path));
    return real(path, mode);
}
int fstatat(int folder, const char *path, struct stat *into, int flags) {
    REAL(int, fstatat, int, const char *, struct stat *, int);
    FAIL(fault_at(LOOK, folder, path));
    return real(folder, path, into, flags);
}
int statx(int folder, const char *path, int flags, unsigned mask, struct statx *into) {
    REAL(int, statx, int, const char *, int, unsigned, struct statx *);
    FAIL(fault_at(LOOK, folder, path));
    return real(folder, path, flags, mask, into);
}
DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    int found = fault_at(LOOK, AT_FDCWD, path);
    if (!found) return real(path);
    errno = found;
    return NULL;
}
/* libuv calls statx, copy_file_range and the like by their numbers. */
long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    REAL(long, syscall, long, ...);
    if (!inside && number == SYS_statx) FAIL(fault_at(LOOK, (int)a, (const char *)b));
    if (!inside && number == SYS_copy_file_range) FAIL(fault_fd(WRITE, (int)c));
    if (!inside && number == SYS_renameat2) FAIL(fault_at(RENAME, (int)c, (const char *)d));
    return real(number, a, b, c, d, e, f);
}

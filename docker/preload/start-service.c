/*
 * start-service SCORE [--confine=KIND RULE… --] COMMAND [WORD…]: becomes COMMAND, with the environment that is meant for it.
 *
 * setpriv(1) still holds root's capabilities while the dynamic loader and the C library look at its environment: LD_PRELOAD,
 * LD_LIBRARY_PATH, GLIBC_TUNABLES, LOCPATH and others make them load or read files of the application's choice. So djinit gives
 * setpriv the application's variables under names that mean nothing (`~NAME`), and this program, which comes after the
 * privileges have been given up, gives them their own names back. All other variables end here. COMMAND is looked up on the
 * application's own PATH.
 *
 * With DJINIT_CORE_FILES among these variables COMMAND may leave core files, as the container's hard limit says.
 *
 * SCORE is written to oom_score_adj, as choom(1) would, in the same process; `-` leaves that as it is.
 *
 * With --confine COMMAND and all that it starts reach only what the rules say, whatever its user may: landlock(7). KIND `nginx` is
 * about all of reading and writing, and COMMAND executes nothing; KIND `writes` is about writing. A rule is `KEY=PATH`: r read,
 * w read and write, l list a directory, c make and write files without reading any, d write to what is there. A path that does
 * not exist has no rule. A kernel without Landlock changes nothing: `djinit status` says so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bytes.h"
#include "confine.h"

#define CONFINE "--confine="
#define CORES "DJINIT_CORE_FILES"
#define NO_EXECUTE "/usr/local/lib/djinit/no-execute.so"
#define OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define READS (FS_READ_FILE | FS_READ_DIR)
#define CREATES (FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_MAKE_SOCK | FS_REMOVE_FILE)
#define WRITES (CREATES | FS_REMOVE_DIR | FS_MAKE_CHAR | FS_MAKE_DIR | FS_MAKE_FIFO | FS_MAKE_BLOCK | FS_MAKE_SYM | FS_REFER)

extern char **environ;

static void set_score(const char *score)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, score, strlen(score)) < 0)
        perror("djinit: cannot set oom_score_adj");
    if (fd >= 0)
        close(fd);
}

static uint64_t rights_of(char key)
{
    switch (key) {
    case 'r': return READS;
    case 'w': return READS | WRITES;
    case 'l': return FS_READ_DIR;
    case 'c': return CREATES;
    case 'd': return FS_WRITE_FILE | FS_TRUNCATE;
    default: return 0;
    }
}

/* Of what a version of the kernel does not know, nothing is forbidden. */
static uint64_t known_to(long version)
{
    uint64_t unknown = (version < 2 ? FS_REFER : 0) | (version < 3 ? FS_TRUNCATE : 0) | (version < 5 ? FS_IOCTL_DEV : 0);

    return ~unknown;
}

static int allow(int ruleset, const char *rule, uint64_t handled)
{
    struct path_beneath beneath = { .allowed = rights_of(rule[0]) & handled };
    struct stat found;
    int result = 0;

    beneath.parent_fd = open(rule + 2, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return 0;
    if (fstat(beneath.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
        beneath.allowed &= OF_FILES;
    if (beneath.allowed != 0)
        result = (int)syscall(ADD_RULE, ruleset, PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
    return result;
}

/* Returns the words that follow the rules; NULL: not confined. */
static char **confine(char **words)
{
    int is_nginx = strcmp(words[0], CONFINE "nginx") == 0;
    long version = landlock_version();
    struct ruleset rules = { 0 };
    int fd = -1;

    rules.handled_fs = (is_nginx ? READS | WRITES | FS_IOCTL_DEV : WRITES) & known_to(version);
    rules.scoped = is_nginx && version >= 6 ? SCOPE_SIGNAL : 0;
    if (version > 0 && (fd = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0)) < 0)
        return NULL;
    for (words++; *words != NULL && strcmp(*words, "--") != 0; words++)
        if (fd >= 0 && (strlen(*words) < 3 || allow(fd, *words, rules.handled_fs) != 0))
            return NULL;
    if (*words == NULL)
        return NULL;
    if (fd >= 0 && syscall(RESTRICT_SELF, fd, 0) != 0)
        return NULL;
    if (fd >= 0)
        close(fd);
    return words + 1;
}

/* Both after the environment is the program's own. */
static void allow_cores(void)
{
    struct rlimit limit;

    if (getenv(CORES) == NULL)
        return;
    unsetenv(CORES);
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static void preload(const char *library)
{
    const char *given = getenv("LD_PRELOAD");
    char both[4096];

    if (given == NULL)
        setenv("LD_PRELOAD", library, 1);
    else if (snprintf(both, sizeof both, "%s:%s", library, given) < (int)sizeof both)
        setenv("LD_PRELOAD", both, 1);
}

int main(int argc, char **argv)
{
    char **to = environ;
    char **command = argv + 2;
    int executes_nothing = 0;
    int cause;

    if (argc < 3) {
        fputs("usage: start-service SCORE [--confine=KIND RULE... --] COMMAND [WORD...]\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "-") != 0)
        set_score(argv[1]);
    if (strncmp(argv[2], CONFINE, strlen(CONFINE)) == 0) {
        executes_nothing = strcmp(argv[2], CONFINE "nginx") == 0 && landlock_version() > 0;
        if ((command = confine(argv + 2)) == NULL || *command == NULL) {
            cause = errno;
            fprintf(stderr, "djinit: cannot run %s: it cannot be confined (%s); DJINIT_CONFINE=off starts it as it is\n",
                argv[argc - 1], strerror(cause));
            return 126;
        }
    }
    for (char **from = environ; *from != NULL; from++)
        if ((*from)[0] == '~') {
            write_as_bytes(*from);
            *to++ = *from + 1;
        }
    *to = NULL;
    for (char **word = command; *word != NULL; word++)
        write_as_bytes(*word);
    allow_cores();
    if (executes_nothing)
        preload(NO_EXECUTE);
    execvp(command[0], command);
    cause = errno;
    fprintf(stderr, "djinit: cannot run %s: %s\n", command[0], strerror(cause));
    return cause == ENOENT ? 127 : 126;
}

/*
 * start-service SCORE COMMAND [WORD…]: becomes COMMAND, with the environment that is meant for it.
 *
 * setpriv(1) still holds root's capabilities while the dynamic loader and the C library look at its environment: LD_PRELOAD,
 * LD_LIBRARY_PATH, GLIBC_TUNABLES, LOCPATH and others make them load or read files of the application's choice. So djinit gives
 * setpriv the application's variables under names that mean nothing (`~NAME`), and this program, which comes after the
 * privileges have been given up, gives them their own names back. All other variables end here. COMMAND is looked up on the
 * application's own PATH.
 *
 * SCORE is written to oom_score_adj, as choom(1) would, in the same process; `-` leaves that as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void set_score(const char *score)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, score, strlen(score)) < 0)
        perror("djinit: cannot set oom_score_adj");
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    char **to = environ;
    int cause;

    if (argc < 3) {
        fputs("usage: start-service SCORE COMMAND [WORD...]\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "-") != 0)
        set_score(argv[1]);
    for (char **from = environ; *from != NULL; from++)
        if ((*from)[0] == '~')
            *to++ = *from + 1;
    *to = NULL;
    execvp(argv[2], argv + 2);
    cause = errno;
    fprintf(stderr, "djinit: cannot run %s: %s\n", argv[2], strerror(cause));
    return cause == ENOENT ? 127 : 126;
}

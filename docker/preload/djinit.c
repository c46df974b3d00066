/*
 * The first program of the container: starts djinit on the Node that ships with it.
 *
 * It runs as root, and the application sets the container's environment: LD_PRELOAD, NODE_OPTIONS, NODE_COMPILE_CACHE or
 * OPENSSL_CONF may name files that the application can write. So Node is started with an environment of djinit's own, and
 * each variable of the container is passed to it under another name, `~NAME`, which means nothing to any library. This
 * program itself is linked statically, for a dynamic loader would look at the environment before main() does.
 *
 * A core file would hold every secret that its process has: none is left, by this process and by all that it starts, but for what
 * start-service lifts the limit for. The hard limit stays, so that a program may lift its own.
 *
 * Signals are blocked from here on, until djinit has handlers for them: see keep-signals.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "bytes.h"

#define DIRECTORY "/usr/local/lib/djinit"

static char *const NODE[] = {
    DIRECTORY "/node",
    "--disable-warning=ExperimentalWarning",
    "--disable-sigusr1",
    "--min-semi-space-size=16",
    DIRECTORY "/main.js",
};
static char *const OWN[] = {
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    "LD_PRELOAD=" DIRECTORY "/keep-signals.so",
};
static const int SIGNALS[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void *need(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("djinit: no memory left to start\n", stderr);
    _exit(70);
}

static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t at = 0; at < COUNT(SIGNALS); at++)
        sigaddset(&set, SIGNALS[at]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void leave_no_core(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static char *as_text(const char *mark, const char *bytes)
{
    size_t length = strlen(mark);
    char *text = need(malloc(length + MOST_BYTES_OF_ONE * strlen(bytes) + 1));

    memcpy(text, mark, length);
    write_as_text(text + length, bytes);
    return text;
}

int main(int argc, char **argv, char **given)
{
    size_t variables = 0;
    char **words, **environment;

    block_signals();
    leave_no_core();
    while (given[variables] != NULL)
        variables++;
    environment = need(calloc(variables + COUNT(OWN) + 1, sizeof(char *)));
    memcpy(environment, OWN, sizeof(OWN));
    for (size_t at = 0; at < variables; at++)
        environment[COUNT(OWN) + at] = as_text("~", given[at]);

    words = need(calloc(COUNT(NODE) + (size_t)argc + 1, sizeof(char *)));
    memcpy(words, NODE, sizeof(NODE));
    for (int at = 1; at < argc; at++)
        words[COUNT(NODE) + (size_t)at - 1] = as_text("", argv[at]);
    execve(words[0], words, environment);
    perror("djinit: cannot start " DIRECTORY "/node");
    return 70;
}

/*
 * Keeps signals that arrive while Node starts.
 *
 * Node empties the signal mask as one of its first acts, long before JavaScript can install a handler. For PID 1 a
 * signal without a handler is lost, so a TERM in that moment would leave the container to be killed. djinit is therefore
 * started with its signals blocked, this library keeps them blocked through Node's start, and djinit unblocks them once
 * its handlers are installed. LD_PRELOAD loads it into djinit's own Node and nothing else: it takes itself out of the
 * environment when it has done its work.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    static int (*next)(int, const sigset_t *, sigset_t *);
    static int is_past_start;

    if (next == NULL)
        next = (int (*)(int, const sigset_t *, sigset_t *))dlsym(RTLD_NEXT, "pthread_sigmask");
    if (!is_past_start && how == SIG_SETMASK && set != NULL) {
        is_past_start = 1;
        unsetenv("LD_PRELOAD");
        how = SIG_BLOCK;
    }
    return next(how, set, old);
}

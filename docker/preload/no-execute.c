/*
 * Takes from the program that it is loaded into the right to execute anything, for good. start-service puts it into LD_PRELOAD of
 * nginx, whose own start still has to be executed. It takes itself out of the environment.
 */
#include <stdlib.h>
#include <string.h>
#include "confine.h"

__attribute__((constructor)) static void execute_nothing(void)
{
    struct ruleset rules = { .handled_fs = FS_EXECUTE };
    const char *loaded = getenv("LD_PRELOAD");
    const char *rest = loaded == NULL ? NULL : strchr(loaded, ':');
    int fd = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);

    if (rest == NULL)
        unsetenv("LD_PRELOAD");
    else
        setenv("LD_PRELOAD", rest + 1, 1);
    if (fd < 0)
        return;
    if (syscall(RESTRICT_SELF, fd, 0) != 0)
        abort();
    close(fd);
}

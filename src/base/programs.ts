/** The programs that root and PID 1 execute, by absolute paths: the application may be able to write to a directory on PATH. */
export const PROGRAMS = {
  setpriv: "/usr/bin/setpriv",
  nginx: "/usr/sbin/nginx",
  ln: "/usr/bin/ln",
  djinit: "/usr/local/bin/djinit",
  /** Executes a command with the application's environment: docker/preload/start-service.c. */
  startService: "/usr/local/lib/djinit/start-service",
  /** Keeps signals that arrive while Node starts: docker/preload/keep-signals.c. */
  keepSignals: "/usr/local/lib/djinit/keep-signals.so",
} as const;

/** For programs that a library looks up by name. docker/preload/djinit.c has the same. */
export const OWN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

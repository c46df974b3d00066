/** What root and PID 1 execute, by absolute paths: on PATH may be directories that the application can write to. */
export const PROGRAMS = {
  setpriv: "/usr/bin/setpriv",
  nginx: "/usr/sbin/nginx",
  ln: "/usr/bin/ln",
  /** Becomes a command with the application's environment: docker/preload/start-service.c. */
  startService: "/usr/local/lib/djinit/start-service",
  /** Keeps signals that arrive while Node starts: docker/preload/keep-signals.c. */
  keepSignals: "/usr/local/lib/djinit/keep-signals.so",
} as const;

/** For what a library looks up by its name. docker/preload/djinit.c has the same. */
export const OWN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

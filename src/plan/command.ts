import type { Config } from "../config/variables.ts";
import { brokerOf, celeryArgv } from "./celery.ts";
import { identityOf } from "./environment.ts";
import type { ServicePlan } from "./plan.ts";
import type { Invocation } from "./role.ts";

/** A command of the user's own: runs once, and its exit status is the container's. */
export function planCommand({ args, celery }: Invocation, config: Config): ServicePlan {
  return {
    name: "command",
    argv: celery === undefined ? args : celeryArgv(config, celery),
    cwd: config.appDirectory,
    user: config.commandUser,
    environment: {
      ...identityOf(config.commandUser),
      ...(celery === undefined ? {} : brokerOf(config)),
    },
    facesClients: false,
    after: [],
    readiness: { kind: "settled", afterMs: 0 },
    restart: config.commandRestart,
    stopSignal: "SIGTERM",
    fastStopSignal: "SIGQUIT",
    reload: "SIGHUP",
    forwards: ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"],
    readsEnvironment: true,
    fatalStatuses: [],
    output: config.commandOutput === "raw" ? "inherit" : "relay",
  };
}

// The worker of Django's tasks. Which one that is, djinit_tasks finds in the project's settings.
import type { Config } from "../../config/variables.ts";
import { brokerOf, WORKER_IS_READY } from "../celery.ts";
import { CELERY_DIRECTORY } from "../paths.ts";
import type { ServicePlan } from "../plan.ts";
import { planProcess } from "./process.ts";

const PROGRAM = ["python", "-m", "djinit_tasks"];
/** djinit_tasks ends with it where a new start would not help; argparse and click too. */
const USAGE_ERROR = 2;
/** rqworker's, at level INFO. */
const RQ_IS_READY = "Listening on ";

/** It gets one signal, TERM: a second one would be fatal to the running task. */
export function planTasksWorker(
  config: Config,
  args: readonly string[] = [],
  name = "tasks-worker",
): ServicePlan {
  const heartbeatFile = `${CELERY_DIRECTORY}/${name}.heartbeat`;
  // For a backend that is celery's; `auto` is a number by now.
  const concurrency = { CELERY_CONCURRENCY: String(config.celeryConcurrency ?? 1) };
  const environment = { ...brokerOf(config), ...concurrency, DJINIT_HEARTBEAT: heartbeatFile };
  return {
    ...planProcess({ name, argv: [...PROGRAM, ...args], environment }, config),
    celery: "tasks",
    heartbeatFile,
    // db_worker tells it by the file only, and celery by both. Of rqworker the project's logging may show nothing.
    readiness: {
      kind: "log",
      pattern: `${WORKER_IS_READY}|${RQ_IS_READY}`,
      orFile: `${heartbeatFile}.ready`,
      orAfterMs: config.startupTimeoutMs / 2,
    },
    check: [...PROGRAM, "check", ...args],
    fatalStatuses: [USAGE_ERROR],
  };
}

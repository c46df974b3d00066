// How a service ended that is not started again, and with which error.
import { DjinitError } from "../base/errors.ts";
import { EXIT_STATUS } from "../base/exit-status.ts";
import type { OwnLog } from "../logs/write/own-log.ts";
import { findStrayEnvironment } from "../platform/stray-environment.ts";
import { findCause, lastException } from "./failure-cause.ts";
import type { Service } from "./service.ts";

/** Above are those of signals. */
const MOST_OWN_STATUS = 127;

export interface ServiceEnd {
  /** Trying again would not help. */
  fatal: boolean;
  status: number;
  maxRestarts: number;
}

/** How a service ended that is not started again, such as a command of the user's own. */
export function logEnd(log: OwnLog, { name, endSignal: signal }: Service, status: number): void {
  const how = signal === undefined ? `ended with status ${status}` : `was killed by ${signal}`;
  const fields = { target: name, target_status: status, ...(signal === undefined ? {} : { signal }) };
  log[status === EXIT_STATUS.ok ? "info" : "warn"](fields, `${name} ${how}`);
}

/** DJINIT_APPLICATION_FAILED if the end is fatal, else DJINIT_SERVICE_FAILED. */
export function failureOf(service: Service, { fatal, status, maxRestarts }: ServiceEnd): DjinitError {
  const { name, restarts, lastLines: lines, state } = service;
  const fields = { target: name, target_status: status, restarts, lines };
  if (fatal) {
    const cause = findCause(lines) ?? `it ended with status ${status}`;
    const text = `cannot load the application of ${name}: ${cause}${whereItMayBe(service, cause)}`;
    return new DjinitError("DJINIT_APPLICATION_FAILED", text, { fields });
  }
  const { failedStarts } = state;
  const text =
    failedStarts > maxRestarts && failedStarts > 1
      ? `cannot start ${name}: it has failed to come up ${failedStarts} times in a row, and ended with status ${status}`
      : `cannot keep ${name} running: it ended with status ${status} after ${restarts} restarts`;
  return new DjinitError("DJINIT_SERVICE_FAILED", `${text}${lastWords(lines, status)}`, {
    fields: { ...fields, exit_status: failedStatus(status) },
  });
}

/** Of a module that is missing. */
function whereItMayBe({ plan: { argv, cwd }, environment }: Service, cause: string): string {
  if (!cause.includes("No module named")) return "";
  const stray = findStrayEnvironment(argv[0] ?? "", environment["PATH"], cwd);
  return stray === undefined ? "" : `; ${stray}`;
}

/** A process that a signal has killed did not end because of its last exception. */
function lastWords(lines: readonly string[], status: number): string {
  const exception = status === 0 || status > MOST_OWN_STATUS ? undefined : lastException(lines);
  return exception === undefined ? "" : `; its last exception is ${exception}`;
}

/** The container's status. A service that exits with 0 over and over has failed, too. */
export function failedStatus(status: number): number {
  return status || EXIT_STATUS.internalError;
}

import { readFileSync } from "node:fs";

/** Every container, network and so on of the tests has this label; its value is the run's id. */
export const RUN_LABEL = "djinit-test";

/**
 * The id of the test run whose main process has that PID: `<pid>-<start time>`. No two processes of a machine's uptime
 * share it, so that it tells whether a run is still alive.
 */
export function runIdOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in brackets that may itself hold brackets and spaces; field 22 is the start time.
    const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${pid}-${startTime}`;
  } catch {
    return undefined;
  }
}

/** Whether the run of that id is still going on. */
export function isAlive(runId: string): boolean {
  return runIdOf(Number.parseInt(runId, 10)) === runId;
}

import { EXIT_STATUS } from "../../src/base/exit-status.ts";
import { celeryPoolIsStuck } from "./celery-faults.ts";
import { EXIT_DEADLINE_MS, RECOVERY_DEADLINE_MS } from "./configuration.ts";
import type { FaultSpec, ProcessKind } from "./fault-table.ts";
import type { Observation, Violation } from "./observation.ts";
import { ownRecords } from "./records.ts";

/** It serves again, within its deadline: web answers, the worker works, beat beats. */
export function servesAgain({ notServing }: Pick<Observation, "notServing">): Violation[] {
  return notServing.map((got) => ({
    invariant: "serves again",
    expected: `all of it within ${RECOVERY_DEADLINE_MS / 1000} s after the fault`,
    got,
  }));
}

/** A container that was asked to stop ends with 0, within the grace period. */
export function exitsInTime(observation: Observation): Violation[] {
  const allowed: (number | undefined)[] = [EXIT_STATUS.ok];
  if (celeryPoolIsStuck(observation)) allowed.push(EXIT_STATUS.gracePeriodExceeded);
  return observation.fault.exits
    .filter(({ status, afterMs }) => !allowed.includes(status) || afterMs > EXIT_DEADLINE_MS)
    .map(({ member, status, afterMs }) => ({
      invariant: "a stop ends with status 0 in time",
      expected: `${member} ends with 0 within ${EXIT_DEADLINE_MS / 1000} s`,
      got: `${status === undefined ? "still running" : `status ${status}`} after ${Math.round(afterMs)} ms`,
    }));
}

const SERVICE_OF: Partial<Record<ProcessKind, string>> = {
  "nginx-master": "nginx",
  "gunicorn-master": "gunicorn",
  "celery-main": "celery-worker",
  beat: "celery-beat",
};

/** Deaths of which djinit is not the cause, and after which it has to start the service again. */
const MAY_DIE: Partial<Record<FaultSpec["action"], readonly string[]>> = {
  // It writes its schedule there.
  disk: ["celery-beat"],
  // celery 5.7 gives up («Unrecoverable error») when the broker refuses it in the middle of a reconnection.
  broker: ["celery-worker", "celery-beat"],
};

/** No service dies but the one that was killed, and djinit itself finds nothing wrong with itself. */
export function bystandersLive(observation: Observation): Violation[] {
  const { target, fault } = observation.round;
  const victim = fault.action === "freeze" || target === undefined ? undefined : SERVICE_OF[target];
  return ownRecords(observation)
    .filter(({ msg, code }) => {
      const dead = /^(\S+) ended with status/.exec(msg)?.[1];
      if (msg.startsWith("cannot stop celery-worker within") && celeryPoolIsStuck(observation)) return false;
      if (dead === undefined) return code !== undefined || /^cannot start/.test(msg);
      return dead !== victim && MAY_DIE[fault.action]?.includes(dead) !== true;
    })
    .map(({ msg, code }) => ({
      invariant: "no service dies but the one that was killed",
      expected: `nothing happens but the death of ${victim ?? "nobody"}`,
      got: code === undefined ? msg : `${code}: ${msg}`,
    }));
}

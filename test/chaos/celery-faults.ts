// Faults of celery's own, which would be the same under any supervisor: docs/chaos.md has the evidence.
import type { Observation } from "./observation.ts";
import { recordsOf } from "./records.ts";

/** No task of the suite takes a tenth of this. */
const STUCK_MS = 8_000;

/**
 * A pool process of celery's waits for up to 30 s, before it ends, for its main process to read a result that this will
 * not read any more. Only where celery has begun its warm shutdown, and where djinit has nobody but celery to complain of.
 */
export function celeryPoolIsStuck({ round, fault, logs }: Observation): boolean {
  if (round.fault.action !== "stop" || round.member !== "worker") return false;
  if (!fault.exits.some(({ afterMs }) => afterMs > STUCK_MS)) return false;
  const records = logs.filter(({ member }) => member === "worker").flatMap(recordsOf);
  return records.some(({ service, msg }) => service === "celery-worker" && msg.includes("Warm shutdown"));
}

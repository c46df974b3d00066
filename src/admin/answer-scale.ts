import { setTimeout as delay } from "node:timers/promises";
import { DjinitError } from "../base/errors.ts";
import { listProcesses } from "../platform/proc.ts";
import type { Done, Request } from "./protocol.ts";
import { findService, refuseWhereItMayNot, type Subject } from "./subject.ts";

/** gunicorn remembers five signals at most, and two of a kind that come at once are one to the kernel. */
const SIGNAL_PERIOD_MS = 100;
const MOST_WORKERS = 1_024;

/** More or fewer gunicorn workers, until gunicorn is restarted. */
export async function scale({ service: name, workers = "" }: Request, subject: Subject): Promise<Done> {
  const service = findService(subject.supervisor, name);
  refuseWhereItMayNot(subject, "scale", service);
  const refuse = (cause: string) =>
    new DjinitError("DJINIT_REFUSED", `cannot scale ${service.name}: ${cause}`);
  if (!service.plan.forwards.includes("SIGTTIN"))
    throw refuse("only gunicorn can be scaled; a celery worker takes --concurrency");
  if (!service.takes("SIGTTIN")) throw refuse(`it is ${service.state.name}`);
  const now = listProcesses().filter(
    ({ parentPid, state }) => parentPid === service.pid && state !== "Z",
  ).length;
  const wanted = /^[+-]/.test(workers) ? now + Number(workers) : Number(workers);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST_WORKERS) {
    throw refuse(`it has ${now} now, and ${JSON.stringify(workers)} does not lead to 1 to ${MOST_WORKERS}`);
  }
  subject.log.info(
    { target: service.name, workers: wanted },
    `scaling ${service.name} from ${now} to ${wanted} workers: an operator asked for it`,
  );
  for (let have = now; have !== wanted; have += Math.sign(wanted - now)) {
    service.signal(wanted > now ? "SIGTTIN" : "SIGTTOU");
    await delay(SIGNAL_PERIOD_MS);
  }
  return { ok: true, done: `${service.name}: ${now} → ${wanted} workers, until it is restarted` };
}

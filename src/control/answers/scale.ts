import { setTimeout as delay } from "node:timers/promises";
import { DjinitError } from "../../base/errors.ts";
import { GUNICORN_WORKERS_FILE, placedIn } from "../../plan/paths.ts";
import { listProcesses } from "../../platform/proc.ts";
import { readToldWorkers } from "../../supervise/memory/told-size.ts";
import type { Service } from "../../supervise/service.ts";
import { type AdminContext, findServices, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** gunicorn queues five signals at most, and the kernel merges two pending signals of the same kind. */
const SIGNAL_PERIOD_MS = 100;
const MOST_WORKERS = 1_024;

/** Two scalings at once would count each other's workers. */
const underWay = new WeakSet<Service>();

/** Changes the number of gunicorn workers until gunicorn is restarted. */
export async function scale({ service: name, workers = "" }: Request, context: AdminContext): Promise<Done> {
  const [service] = findServices(context.supervisor, name) as [Service];
  if (underWay.has(service)) {
    const text = `cannot scale ${service.name}: it is being scaled already`;
    throw new DjinitError("DJINIT_REFUSED", text);
  }
  underWay.add(service);
  try {
    return await scaleTo(service, workers, context);
  } finally {
    underWay.delete(service);
  }
}

async function scaleTo(service: Service, workers: string, context: AdminContext): Promise<Done> {
  refuseWhereItMayNot(context, "scale", service);
  const refuse = (cause: string) =>
    new DjinitError("DJINIT_REFUSED", `cannot scale ${service.name}: ${cause}`);
  if (!service.plan.forwards.includes("SIGTTIN"))
    throw refuse(
      "only gunicorn can be scaled; a celery worker takes --concurrency, and DJINIT_PROCESSES has the number of each process beside web",
    );
  if (!service.takes("SIGTTIN")) throw refuse(`it is ${service.state.name}`);
  const now = workersOf(service, context.supervisor.plan.run);
  const wanted = /^[+-]/.test(workers) ? now + Number(workers) : Number(workers);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST_WORKERS) {
    throw refuse(`it has ${now} now, and ${JSON.stringify(workers)} does not lead to 1 to ${MOST_WORKERS}`);
  }
  context.log.info(
    { target: service.name, workers: wanted },
    `scaling ${service.name} from ${now} to ${wanted} workers: an operator asked for it`,
  );
  const told = await tell(service, wanted - now, () => !context.supervisor.draining);
  if (told === wanted - now)
    return { ok: true, done: `${service.name}: ${now} → ${wanted} workers, until it is restarted` };
  const why = context.supervisor.draining ? "the container is being stopped" : `it is ${service.state.name}`;
  return {
    ok: false,
    done: `cannot scale ${service.name} on: ${why}; ${Math.abs(told)} of ${Math.abs(wanted - now)} signals were sent`,
  };
}

/** By gunicorn's own word: of its processes some may be leaving. The application's user can write anything there. */
function workersOf({ pid }: Service, run: string): number {
  const told = readToldWorkers(placedIn(run, GUNICORN_WORKERS_FILE), pid);
  if (told !== undefined && told <= MOST_WORKERS) return told;
  return listProcesses().filter(({ parentPid, state }) => parentPid === pid && state !== "Z").length;
}

/**
 * Signals a service to add or drop workers, and returns for how many it has done so. It stops early if the service is being
 * stopped, whose stop signal must not be lost, or has just been started, since TTIN would freeze it.
 */
async function tell(service: Service, change: number, mayGoOn: () => boolean): Promise<number> {
  const { pid } = service;
  const signal = change > 0 ? "SIGTTIN" : "SIGTTOU";
  let told = 0;
  for (; told !== change; told += Math.sign(change)) {
    if (service.pid !== pid || !service.takes(signal) || !mayGoOn()) break;
    service.signal(signal);
    await delay(SIGNAL_PERIOD_MS);
  }
  return told;
}

// The answers of the probes: the state of each service, and what follows for the container.
import { monotonicSeconds, readStalledFrames } from "../metrics/heartbeat.ts";
import { lastHeartbeat } from "../supervise/process/celery-report.ts";
import type { Service } from "../supervise/service.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import { judgeHeartbeat } from "./celery-check.ts";
import type { Check, Health } from "./protocol.ts";

/** The source of every probe, of `djinit health` and of the metrics. */
export function checkHealth(supervisor: Supervisor, heartbeatOf = lastHeartbeat): Health {
  const checks = supervisor.services.map((service) => checkService(supervisor, service, heartbeatOf));
  const { draining } = supervisor;
  return {
    live: checks.every(({ live }) => live),
    ready: supervisor.ready && checks.every(({ ready }) => ready),
    draining,
    checks: draining ? [...checks, DRAINING] : checks,
  };
}

/** Whether every service has come up at least once. */
export function hasStarted({ services }: Supervisor): boolean {
  return services.every(({ state }) => state.wasReady);
}

const DRAINING: Check = { name: "djinit", live: true, ready: false, detail: "is stopping the container" };

function checkService(supervisor: Supervisor, service: Service, heartbeatOf: typeof lastHeartbeat): Check {
  const { name, state, ready } = service;
  if (supervisor.operations.holds(service)) {
    const counts = supervisor.counts(service);
    const note = counts ? "" : ", and does not count";
    const detail = `is ${state.name}, as an operator asked (\`djinit start ${name}\` brings it back)${note}`;
    return { name, live: true, ready: !counts, detail };
  }
  // Its process may be fine, but nobody can reach it.
  const lost = ready ? supervisor.lostSocket(service) : undefined;
  if (lost !== undefined) return { name, live: !lost.hopeless, ready: false, detail: lost.detail };
  if (service.ill !== undefined)
    return { name, live: false, ready: false, detail: `is not well: ${service.ill}` };
  const { heartbeatFile } = service.plan;
  // PID 1 takes care of a service that is not running. That is no reason to restart the container.
  if (!ready || heartbeatFile === undefined) {
    const why = ready || service.unready === undefined ? "" : `: ${service.unready}`;
    return { name, live: true, ready, detail: `is ${state.name}${why}` };
  }
  const heartbeat = heartbeatOf(service);
  if (heartbeat === undefined) {
    return { name, live: true, ready, detail: `is ${state.name} (no heartbeat seen)` };
  }
  const frames = () => readStalledFrames(heartbeatFile, heartbeat.thread);
  return { name, ...judgeHeartbeat(heartbeat, monotonicSeconds(), frames) };
}

import { leads, monotonicSeconds } from "../../metrics/heartbeat.ts";
import { GUNICORN_SIZE_FILE, placedIn } from "../../plan/paths.ts";
import { landlockVersion } from "../../platform/libc.ts";
import { listProcessUsage, type ProcessUsage } from "../../platform/process-usage.ts";
import { readToldSize } from "../../supervise/memory/told-size.ts";
import { lastHeartbeat } from "../../supervise/process/celery-report.ts";
import type { Service } from "../../supervise/service.ts";
import type { Supervisor } from "../../supervise/supervisor.ts";
import type { LeaseView } from "../../supervise/vault/vault-keeper.ts";
import { checkHealth } from "../checks.ts";
import type { AdminContext } from "../context.ts";
import type { LeaseStatus, Request, ServiceStatus, Status } from "../protocol.ts";

export function status(_: Request, { supervisor, vault }: AdminContext): Status {
  const usage = listProcessUsage();
  const { ready, draining, checks } = checkHealth(supervisor);
  return {
    role: supervisor.plan.role,
    ready,
    draining,
    reasons: checks.filter((check) => !check.ready).map(({ name, detail }) => `${name} ${detail}`),
    notes: supervisor.plan.note === undefined ? [] : [supervisor.plan.note],
    ...confinementOf(supervisor.services),
    services: supervisor.services.map((service) => ({
      ...statusOf(service, usage),
      ...(supervisor.operations.holds(service) ? { held: true as const } : {}),
      ...leadershipOf(service),
    })),
    ...sizeOf(supervisor),
    ...(vault === undefined ? {} : { leases: vault.leases().map(leaseStatusOf) }),
  };
}

function leadershipOf(service: Service): Pick<ServiceStatus, "leads"> {
  const heartbeat = lastHeartbeat(service);
  return heartbeat?.lock === undefined ? {} : { leads: leads(heartbeat, monotonicSeconds()) };
}

function leaseStatusOf({ path, secondsLeft, renewedSecondsAgo, failures }: LeaseView): LeaseStatus {
  return {
    path,
    seconds_left: secondsLeft,
    ...(renewedSecondsAgo === undefined ? {} : { renewed_seconds_ago: renewedSecondsAgo }),
    failures,
  };
}

function sizeOf({ plan, services }: Supervisor): Pick<Status, "size"> {
  if (!services.some(({ name, ready }) => name === "gunicorn" && ready)) return {};
  const told = readToldSize(placedIn(plan.run, GUNICORN_SIZE_FILE));
  if (told === undefined) return {};
  const { workers, threads, workerBytes, decidedBy } = told;
  return { size: { workers, threads, worker_bytes: workerBytes, decided_by: decidedBy } };
}

function confinementOf(services: readonly Service[]): Pick<Status, "confinement"> {
  const confined = services.filter(({ plan }) => plan.confinement !== undefined).map(({ name }) => name);
  const free = services.flatMap(({ name, plan: { unconfined } }) =>
    unconfined === undefined ? [] : [[name, unconfined]],
  );
  if (confined.length + free.length === 0) return {};
  const unconfined = free.length === 0 ? {} : { unconfined: Object.fromEntries(free) };
  return { confinement: { services: confined, landlock_version: landlockVersion(), ...unconfined } };
}

/** `usage` is of all processes. A service has a session of its own, unless it shares the terminal. */
export function statusOf(
  { name, state, ready, pid, restarts }: Service,
  usage: ProcessUsage[],
): ServiceStatus {
  const own = usage.filter((it) => pid !== undefined && (it.session === pid || it.pid === pid));
  const main = own.find((it) => it.pid === pid);
  return {
    service: name,
    state: state.name,
    ready,
    ...(pid === undefined ? {} : { pid }),
    ...(main === undefined ? {} : { uptime_seconds: Math.round(main.ageSeconds) }),
    restarts,
    processes: own.length,
    cpu_seconds: round(own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)),
    memory_bytes: own.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    ...(state.exitStatus === undefined ? {} : { exit_status: state.exitStatus }),
  };
}

/** The kernel counts in hundredths. A sum must not show more digits. */
function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

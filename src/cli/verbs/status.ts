import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { LeaseStatus, ServiceStatus, SizeStatus, Status } from "../../control/protocol.ts";
import type { Arguments } from "../arguments.ts";
import { ask } from "../ask-control.ts";
import { alignColumns } from "../columns.ts";

const HEAD = ["SERVICE", "STATE", "READY", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "LAST_EXIT"];

/** The kernel counts processor time in hundredths of a second. A shorter sample would be too coarse. */
const SAMPLE_MS = 300;
const WATCH_PERIOD_MS = 2_000;
const CLEAR_SCREEN = "\u001b[H\u001b[2J";

/** Prints a table of the services, or with --json the whole answer; with --watch again and again. Exit status 0. */
export async function status({ options }: Arguments): Promise<number> {
  let before = await sample();
  await delay(SAMPLE_MS);
  for (;;) {
    const now = await sample();
    const lines = options["json"] ? [asJson(now, before)] : tableOf(now, before);
    if (options["watch"] && process.stdout.isTTY) process.stdout.write(CLEAR_SCREEN);
    console.log(lines.join("\n"));
    if (!options["watch"]) return 0;
    before = now;
    await delay(WATCH_PERIOD_MS);
  }
}

interface Sample {
  status: Status;
  atMs: number;
}

async function sample(): Promise<Sample> {
  return { status: await ask<Status>({ verb: "status" }), atMs: performance.now() };
}

function asJson({ status: now, atMs }: Sample, before: Sample): string {
  const services = now.services.map((service) => ({
    ...service,
    cpu_percent: cpuPercent(service, before, atMs),
  }));
  return JSON.stringify({ ...now, services }, undefined, 2);
}

function tableOf({ status: now, atMs }: Sample, before: Sample): string[] {
  const rows = now.services.map((service) => {
    const percent = cpuPercent(service, before, atMs);
    return [
      service.service,
      service.held ? `${service.state}*` : service.state,
      String(service.ready),
      String(service.pid ?? "-"),
      service.uptime_seconds === undefined ? "-" : formatDuration(service.uptime_seconds),
      String(service.restarts),
      percent === undefined ? "-" : `${percent.toFixed(1)}%`,
      service.pid === undefined ? "-" : `${(service.memory_bytes / 1e6).toFixed(1)}MB`,
      service.exit_status === undefined ? "-" : formatExit(service.exit_status),
    ];
  });
  const held = now.services.some((service) => service.held);
  return [
    ...(now.boot === undefined ? alignColumns([HEAD, ...rows]) : []),
    ...(held ? ["* stopped by an operator; `djinit start SERVICE` brings it back"] : []),
    ...(now.leases ?? []).map(describeLease),
    ...now.reasons.map((reason) => `not ready: ${reason}`),
    ...now.notes.map((note) => `note: ${note}`),
    ...now.services.flatMap(sayLeadership),
    ...saySize(now.size),
    ...sayConfinement(now.confinement),
  ];
}

function describeLease({ path, seconds_left, renewed_seconds_ago: ago, failures }: LeaseStatus): string {
  const renewed = ago === undefined ? "" : `, renewed ${formatDuration(ago)} ago`;
  const failed = failures === 0 ? "" : `, ${failures} failed in a row`;
  return `vault: ${path} has ${formatDuration(seconds_left)} left${renewed}${failed}`;
}

function sayLeadership({ service, leads }: ServiceStatus): string[] {
  return leads === undefined ? [] : [`beat: ${service} ${leads ? "leads" : "stands by"}`];
}

const DECIDED_BY: Record<SizeStatus["decided_by"], string> = {
  processors: "by the container's processors",
  most: "so many at the most, without a quota of processors",
  memory: "there is no memory for more",
};

function saySize(size: SizeStatus | undefined): string[] {
  if (size === undefined) return [];
  const workers = `${size.workers} worker${size.workers === 1 ? "" : "s"}`;
  const each = size.workers === 1 ? "" : " each";
  const threads = size.threads > 1 ? ` with ${size.threads} threads${each}` : "";
  const bytes = `${(size.worker_bytes / 1e6).toFixed(1)}MB`;
  return [`gunicorn: ${workers}${threads}, ${DECIDED_BY[size.decided_by]}; a worker holds ${bytes}`];
}

function sayConfinement(confinement: Status["confinement"]): string[] {
  if (confinement === undefined) return [];
  const { services, landlock_version: version, unconfined = {} } = confinement;
  const names = services.join(", ");
  const free = Object.entries(unconfined).map(([name, why]) => `not confined: ${name}: ${why}`);
  if (services.length === 0) return free;
  return [
    version > 0
      ? `confined: ${names}, by the kernel's Landlock, version ${version}`
      : `not confined: ${names}: the kernel has no Landlock, or the engine does not let it be used`,
    ...free,
  ];
}

/** The share of one processor between two samples of the same process; undefined without an earlier sample. */
function cpuPercent(service: ServiceStatus, before: Sample, atMs: number): number | undefined {
  const earlier = before.status.services.find((it) => it.service === service.service);
  if (service.pid === undefined || earlier?.pid !== service.pid) return undefined;
  const seconds = Math.max(0, service.cpu_seconds - earlier.cpu_seconds);
  return Math.round((seconds * 100_000_0) / (atMs - before.atMs)) / 10;
}

/** `42s`, `5m10s`, `3h20m`, `12d4h`. */
export function formatDuration(seconds: number): string {
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

/** `0`, `1`, `137 (SIGKILL)`. */
export function formatExit(status: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
  return status > 128 && signal !== undefined ? `${status} (${signal})` : String(status);
}

// /metrics: all metrics, collected when they are asked for.
import type { IncomingMessage, ServerResponse } from "node:http";
import { VERSION } from "../base/version.ts";
import { statusOf } from "../control/answers/status.ts";
import { checkHealth } from "../control/checks.ts";
import type { AdminContext } from "../control/context.ts";
import type { Health } from "../control/protocol.ts";
import { collectApplication } from "../metrics/application.ts";
import { collectBoot, collectTls, collectVault } from "../metrics/boot.ts";
import { type CeleryProcess, collectCelery } from "../metrics/celery.ts";
import { collectContainer } from "../metrics/container.ts";
import { collectTasks } from "../metrics/django-tasks.ts";
import type { Family } from "../metrics/family.ts";
import { collectGunicorn } from "../metrics/gunicorn.ts";
import { monotonicSeconds } from "../metrics/heartbeat.ts";
import type { Heartbeat } from "../metrics/heartbeat-shape.ts";
import { collectNginxConnections } from "../metrics/nginx-connections.ts";
import { collectBuild, collectCondition, collectOwnProcess, collectServices } from "../metrics/services.ts";
import { collectQueue } from "../metrics/web/queue.ts";
import { collectWebsockets, readWebsockets } from "../metrics/websockets.ts";
import { GUNICORN_DIRECTORY, GUNICORN_SOCKET, NGINX_STATUS_SOCKET, placedIn } from "../plan/paths.ts";
import { isWebServer } from "../plan/servers/table.ts";
import { listProcessUsage, type ProcessUsage } from "../platform/process-usage.ts";
import { lastHeartbeat } from "../supervise/process/celery-report.ts";
import { STATE_NAMES } from "../supervise/service-state.ts";

/** A page takes 3 ms of PID 1's only thread. Requests within this time get the same page again. */
const SHORTEST_PERIOD_MS = 100;

/** Answers in the text format that the request asks for. */
export function metricsPage(
  context: AdminContext,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let gathered: Promise<Family[]> | undefined;
  const gather = (): Promise<Family[]> => {
    const families = collect(context);
    gathered = families;
    context.clock.after(SHORTEST_PERIOD_MS, () => {
      gathered = undefined;
    });
    return families;
  };
  return async (request, response) => answer(await (gathered ?? gather()), request, response, context);
}

async function answer(
  families: readonly Family[],
  request: IncomingMessage,
  response: ServerResponse,
  context: AdminContext,
): Promise<void> {
  const { formatFamilies } = await import("../metrics/exposition.ts");
  const { contentType, text } = await formatFamilies(families, request.headers.accept ?? "");
  if (context.relayed !== undefined) context.relayed.printed += text.length;
  response.writeHead(200, { "content-type": contentType }).end(text);
}

async function collect({ supervisor, relayed, tls, vault }: AdminContext): Promise<Family[]> {
  const { plan, services } = supervisor;
  const names = services.map(({ name }) => name);
  const usage = listProcessUsage();
  // The same reports as the checks use, so that metrics and probes agree.
  const heartbeats = new Map(services.map((service) => [service.name, lastHeartbeat(service)]));
  const health = checkHealth(supervisor, ({ name }) => heartbeats.get(name));
  const [connections, application] = await Promise.all([
    names.includes("nginx") ? collectNginxConnections(placedIn(plan.run, NGINX_STATUS_SOCKET)) : [],
    collectApplication(plan.admin.prometheusDirectory),
  ]);
  const workers = celeryOf(services, heartbeats, health);
  return [
    ...collectBuild({ version: VERSION, node: process.version, role: plan.role }),
    ...collectCondition(health),
    ...collectServices(
      services.map((service) => metricsOf(service, usage)),
      STATE_NAMES,
    ),
    ...(relayed?.families(names) ?? []),
    ...connections,
    ...(names.includes("nginx") ? collectQueue(placedIn(plan.run, GUNICORN_DIRECTORY)) : []),
    ...(names.includes("gunicorn")
      ? gunicornFamilies(plan.run, socketOf(services, plan.run), workersOf(gunicornPid(services), usage))
      : []),
    ...websocketFamilies(plan.run, services, usage),
    ...collectCelery(workers, monotonicSeconds()),
    ...collectTasks(workers, monotonicSeconds()),
    ...collectContainer(),
    ...collectBoot(plan.boot),
    ...collectVault(vault && { leases: vault.leases(), failures: vault.failures }),
    ...collectTls(tls),
    ...collectOwnProcess(),
    // Last, so that djinit's own names win.
    ...application,
  ];
}

type Services = AdminContext["supervisor"]["services"];

function metricsOf(service: Services[number], usage: ProcessUsage[]) {
  const { state, ready, restarts, processes, cpu_seconds, memory_bytes } = statusOf(service, usage);
  return {
    service: service.name,
    state,
    ready,
    restarts,
    processes,
    cpuSeconds: cpu_seconds,
    memoryBytes: memory_bytes,
  };
}

function gunicornPid(services: Services): number | undefined {
  return services.find(({ name }) => name === "gunicorn")?.pid;
}

function workersOf(master: number | undefined, usage: readonly ProcessUsage[]): number[] {
  return usage.filter(({ parentPid }) => parentPid === master).map(({ pid }) => pid);
}

function socketOf(services: Services, run: string): string {
  const readiness = services.find(({ name }) => name === "gunicorn")?.plan.readiness;
  return readiness?.kind === "http" ? readiness.socketPath : placedIn(run, GUNICORN_SOCKET);
}

function gunicornFamilies(run: string, socketPath: string, workers: readonly number[]): Family[] {
  const websockets = readWebsockets(placedIn(run, GUNICORN_DIRECTORY), workers);
  return [
    ...collectGunicorn(workers.length, socketPath, websockets?.count),
    ...collectWebsockets(websockets, monotonicSeconds()),
  ];
}

/** Those of a web server other than gunicorn: of its first process, or of those that this one has started. */
function websocketFamilies(run: string, services: Services, usage: readonly ProcessUsage[]): Family[] {
  const pid = services.find(({ name }) => isWebServer(name))?.pid;
  if (pid === undefined) return [];
  const processes = [pid, ...workersOf(pid, usage)];
  return collectWebsockets(readWebsockets(placedIn(run, GUNICORN_DIRECTORY), processes), monotonicSeconds());
}

function celeryOf(
  services: Services,
  heartbeats: ReadonlyMap<string, Heartbeat | undefined>,
  { checks }: Health,
): CeleryProcess[] {
  return services.flatMap(({ name, plan }) => {
    if (plan.celery === undefined) return [];
    const live = checks.find((check) => check.name === name)?.live ?? false;
    return [{ service: name, kind: plan.celery, heartbeat: heartbeats.get(name), live }];
  });
}

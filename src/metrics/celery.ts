// Metrics of tasks and queues, from a worker's report.
import type { MetricName } from "./catalogue.ts";
import { type Family, family, type Sample } from "./family.ts";
import { leads } from "./heartbeat.ts";
import type { Heartbeat } from "./heartbeat-shape.ts";
import { histogramSamples } from "./histogram.ts";

const EVENTS: Record<string, MetricName> = {
  "task-received": "celery_tasks_received_total",
  "task-started": "celery_tasks_started_total",
  "task-succeeded": "celery_tasks_succeeded_total",
  "task-failed": "celery_tasks_failed_total",
  "task-retried": "celery_tasks_retried_total",
  "task-revoked": "celery_tasks_revoked_total",
};

/** The events that every kind of worker counts. */
const COMMON = /started|succeeded|failed/;

export interface CeleryProcess {
  service: string;
  /** `tasks`: a worker of Django's tasks, which may be celery's. */
  kind: "worker" | "beat" | "tasks";
  /** Undefined if it has not reported, or is not running. */
  heartbeat: Heartbeat | undefined;
  live: boolean;
}

/** The worker that a container has without a Procfile: its series have no name. */
const USUAL_WORKER = "celery-worker";

/** Metrics of this container's workers and beat. Empty if it has neither. */
export function collectCelery(processes: readonly CeleryProcess[], nowS: number): Family[] {
  if (processes.length === 0) return [];
  const ages = processes.flatMap(({ service, heartbeat }): Sample[] => {
    if (heartbeat === undefined) return [];
    const since = heartbeat.due ?? heartbeat.at;
    return [{ labels: { service }, value: Math.max(0, nowS - since) }];
  });
  // What a worker of Django's tasks has in common with celery's has the same names. One may be of a kind that has no report.
  const workers = processes
    .filter(({ kind, heartbeat }) => kind === "worker" || (kind === "tasks" && heartbeat !== undefined))
    .map(collectWorker);
  const leaders = processes.flatMap(({ service, kind, heartbeat }): Sample[] =>
    kind === "beat"
      ? [{ labels: { service }, value: Number(heartbeat !== undefined && leads(heartbeat, nowS)) }]
      : [],
  );
  return [
    family("celery_heartbeat_age_seconds", ages),
    family("djinit_beat_leader", leaders),
    ...joined(workers),
  ];
}

/** One family of each name, with the samples of all. */
function joined([first = [], ...others]: Family[][]): Family[] {
  return first.map((family, at) => ({
    ...family,
    values: [...family.values, ...others.flatMap((families) => families[at]?.values ?? [])],
  }));
}

function collectWorker({ service, heartbeat, live }: CeleryProcess): Family[] {
  const own = service === USUAL_WORKER ? {} : { service };
  const isCelery = heartbeat?.kind !== "tasks";
  const { tasks = {}, runtimes = {}, buckets = [], queues = {}, active = 0 } = heartbeat ?? {};
  return [
    family("celery_worker_up", [{ labels: own, value: Number(heartbeat !== undefined && live) }]),
    family(
      "celery_broker_connected",
      isCelery ? [{ labels: own, value: Number(heartbeat?.state === "connected") }] : [],
    ),
    family("celery_tasks_active", [{ labels: own, value: active }]),
    ...Object.entries(EVENTS).map(([event, name]) =>
      family(
        name,
        Object.entries(isCelery || COMMON.test(event) ? tasks : {}).map(([task, counts]) => ({
          labels: { ...own, task },
          value: counts[event] ?? 0,
        })),
      ),
    ),
    family(
      "celery_task_runtime_seconds",
      Object.entries(runtimes).flatMap(([task, row]) =>
        histogramSamples("celery_task_runtime_seconds", { ...own, task }, buckets, row, row.at(-1) ?? 0),
      ),
    ),
    family(
      "celery_queue_length",
      Object.entries(queues).map(([queue, value]) => ({ labels: { ...own, queue }, value })),
    ),
  ];
}

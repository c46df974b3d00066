// What is only in the report of a worker of Django's tasks. The rest has the names of celery's.
import type { CeleryProcess } from "./celery.ts";
import { type Family, family } from "./family.ts";

/** Empty without such a worker. */
export function collectTasks(processes: readonly CeleryProcess[], nowS: number): Family[] {
  const workers = processes.flatMap(({ service, heartbeat }) =>
    heartbeat?.kind === "tasks" ? [{ service, heartbeat }] : [],
  );
  if (workers.length === 0) return [];
  return [
    family(
      "django_tasks_database_connected",
      workers.map(({ service, heartbeat: { state } }) => ({
        labels: { service },
        value: Number(state === "connected"),
      })),
    ),
    family(
      "django_tasks_oldest_seconds",
      workers.flatMap(({ service, heartbeat: { waiting = {} } }) =>
        Object.entries(waiting).map(([queue, since]) => ({
          labels: { service, queue },
          value: Math.max(0, nowS - since),
        })),
      ),
    ),
  ];
}

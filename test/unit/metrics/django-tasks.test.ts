// Metrics of a worker of Django's tasks, alone and beside celery.
import { describe, expect, test } from "vitest";
import { type CeleryProcess, collectCelery } from "../../../src/metrics/celery.ts";
import { collectTasks } from "../../../src/metrics/django-tasks.ts";
import type { Heartbeat } from "../../../src/metrics/heartbeat-shape.ts";
import { printed } from "../../support/printed-metrics.ts";

const report = (more: Partial<Heartbeat> = {}): Heartbeat => ({
  pid: 7,
  kind: "tasks",
  state: "connected",
  at: 90,
  thread: 1,
  active: 1,
  tasks: { "farm.tasks.harvest": { "task-started": 5, "task-succeeded": 3, "task-failed": 1 } },
  runtimes: { "farm.tasks.harvest": [1, 2, 1, 9.5] },
  buckets: [0.1, 1],
  queues: { default: 12, mail: 0 },
  waiting: { default: 60 },
  ...more,
});
const worker = (more: Partial<Heartbeat> = {}, live = true): CeleryProcess => ({
  service: "tasks-worker",
  kind: "tasks",
  heartbeat: report(more),
  live,
});

async function seriesOf(processes: CeleryProcess[]): Promise<Record<string, number>> {
  return Object.fromEntries(
    await printed([...collectCelery(processes, 100), ...collectTasks(processes, 100)]),
  );
}

describe("a worker of Django's tasks", () => {
  test("says what celery's says by the same names, and what is its own", async () => {
    const series = await seriesOf([worker()]);
    expect(series).toMatchObject({
      'celery_worker_up{service="tasks-worker"}': 1,
      'celery_heartbeat_age_seconds{service="tasks-worker"}': 10,
      'celery_tasks_active{service="tasks-worker"}': 1,
      'celery_tasks_started_total{service="tasks-worker",task="farm.tasks.harvest"}': 5,
      'celery_tasks_succeeded_total{service="tasks-worker",task="farm.tasks.harvest"}': 3,
      'celery_tasks_failed_total{service="tasks-worker",task="farm.tasks.harvest"}': 1,
      'celery_task_runtime_seconds_sum{service="tasks-worker",task="farm.tasks.harvest"}': 9.5,
      'celery_queue_length{service="tasks-worker",queue="default"}': 12,
      'celery_queue_length{service="tasks-worker",queue="mail"}': 0,
      'django_tasks_database_connected{service="tasks-worker"}': 1,
      'django_tasks_oldest_seconds{service="tasks-worker",queue="default"}': 40,
    });
    expect(Object.keys(series).filter((name) => /received|retried|revoked|broker/.test(name))).toEqual([]);
  });

  test("that is stuck, or without its database", async () => {
    expect(await seriesOf([worker({ state: "connecting" }, false)])).toMatchObject({
      'celery_worker_up{service="tasks-worker"}': 0,
      'django_tasks_database_connected{service="tasks-worker"}': 0,
    });
  });

  test("beside celery's: each series is there once", async () => {
    const celery = { ...worker({ kind: "worker" }), service: "celery-worker", kind: "worker" as const };
    expect(await seriesOf([celery, worker()])).toMatchObject({
      celery_worker_up: 1,
      'celery_worker_up{service="tasks-worker"}': 1,
      celery_broker_connected: 1,
      'celery_tasks_received_total{task="farm.tasks.harvest"}': 0,
    });
  });

  test("that is celery's is one of celery's", async () => {
    const series = await seriesOf([worker({ kind: "worker" })]);
    expect(series).toMatchObject({ 'celery_broker_connected{service="tasks-worker"}': 1 });
    expect(Object.keys(series).filter((name) => name.startsWith("django"))).toEqual([]);
  });

  test("that reports nothing, as rq's, is not told to be down", async () => {
    expect(await seriesOf([{ ...worker(), heartbeat: undefined }])).toEqual({});
  });
});

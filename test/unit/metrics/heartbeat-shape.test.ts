// What the application may write in the place of celery's report.
import { expect, test } from "vitest";
import { collectCelery } from "../../../src/metrics/celery.ts";
import { readReport } from "../../../src/metrics/heartbeat-shape.ts";

const RIGHT = { seq: 1, end: 1, pid: 7, kind: "worker", state: "connected", at: 90, thread: 1 };
const told = (more: object) => readReport(JSON.stringify({ ...RIGHT, ...more }));

const bounds = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

test("a histogram has as many bounds as a worker's own at most, with some room", () => {
  expect(told({ buckets: bounds(32), runtimes: { bake: bounds(34) } })).toMatchObject({
    buckets: bounds(32),
    runtimes: { bake: bounds(34) },
  });
  const forged = told({ buckets: bounds(33), runtimes: { bake: bounds(35) } });
  expect(forged).toMatchObject({ state: "connected" });
  expect(forged).not.toHaveProperty("buckets");
  expect(forged).not.toHaveProperty("runtimes");
});

test("a forged report makes no page of millions of samples", () => {
  const tasks = Object.fromEntries(bounds(1_000).map((at) => [`task-${at}`, []]));
  const heartbeat = told({ buckets: bounds(100_000), runtimes: tasks });
  const [service, kind] = ["celery-worker", "worker" as const];
  const families = collectCelery([{ service, kind, heartbeat, live: true }], 91);
  expect(families.flatMap(({ values }) => values).length).toBeLessThan(10_000);
});

// The application's own metrics, on the same page: what prometheus_client itself makes of the same files is what is right.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, askAdmin, readSamples } from "./admin-subject.ts";
import { mainPid } from "./cake-subject.ts";

const TAG = `djinit-metrics-app:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/metrics-app");
const BY_THE_LIBRARY = `from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry, "/run/gunicorn/prometheus")
print(generate_latest(registry).decode())`;

let app: Container;
beforeAll(async () => {
  await buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.djinit });
  app = await start();
});
afterAll(() => app?.rm());

async function start(env: Record<string, string> = {}): Promise<Container> {
  const container = await runContainer({
    image: TAG,
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "3", ...env },
    publish: [8000, ADMIN_PORT],
  });
  await eventually(async () => (await askAdmin(container, "/readyz")).status === 200, {
    what: "readiness",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  return container;
}

const OURS = /^(djinit|nginx|gunicorn|celery|django_tasks)_/;

/** Samples by name and labels, whatever the order of the labels. */
function sorted(text: string): Map<string, number> {
  const samples = [...readSamples(text)].filter(([name]) => !OURS.test(name));
  return new Map(
    samples.map(([series, value]): [string, number] => {
      const [, name = "", labels = ""] = /^([^{]+)(?:\{(.*)\})?$/.exec(series) ?? [];
      return [`${name}{${(labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []).sort().join(",")}}`, value];
    }),
  );
}

async function work(container: Container, requests: number): Promise<Set<string>> {
  const workers = new Set<string>();
  for (let at = 0; at < requests; at += 1) {
    const query = `kind=${at % 2 === 0 ? "plain" : "a%22b%5Cc"}&seconds=${(at % 5) / 2}`;
    const answers = await Promise.all([1, 2, 3].map(async () => http(await container.url(`/?${query}`))));
    for (const { text } of answers) workers.add(text);
  }
  return workers;
}

test("are what prometheus_client itself makes of them, from all workers", async () => {
  expect((await work(app, 30)).size).toBeGreaterThan(1);
  const [mine, theirs] = [
    sorted((await askAdmin(app, "/metrics")).text),
    sorted(await app.output(["python", "-c", BY_THE_LIBRARY], { user: "django" })),
  ];
  expect(theirs.get('cakes_total{kind="plain"}')).toBe(45);
  expect(theirs.size).toBeGreaterThan(20);
  expect(mine).toEqual(theirs);
});

test("a dead worker's counts stay, its live gauges go", async () => {
  const before = sorted((await askAdmin(app, "/metrics")).text);
  const pids = [...before.keys()].flatMap((name) => /^oven_liveall\{pid="(\d+)"/.exec(name)?.[1] ?? []);
  const [victim = ""] = pids;
  expect(Number(victim)).not.toBe(await mainPid(app, "gunicorn"));
  const isSuccessor = ({ msg }: { msg: string }) => msg.startsWith("Booting worker");
  const booted = (await app.records()).filter(isSuccessor).length;
  await app.output(["kill", "-9", victim]);
  // The next test counts those that it starts itself.
  await eventually(async () => (await app.records()).filter(isSuccessor).length === booted + 1, {
    what: "its successor",
    timeoutMs: 20_000,
  });
  const after = await eventually(async () => {
    const samples = sorted((await askAdmin(app, "/metrics")).text);
    return samples.has(`oven_liveall{pid="${victim}"}`) ? false : samples;
  });
  expect((after as Map<string, number>).get('cakes_total{kind="plain"}')).toBe(45);
  expect((after as Map<string, number>).has(`oven_all{pid="${victim}"}`)).toBe(true);
});

test("the files of many dead workers are few, and all that they have counted is there", async () => {
  const isBoot = ({ msg }: { msg: string }) => msg.startsWith("Booting worker");
  for (const reload of [1, 2, 3, 4]) {
    const booted = (await app.records()).filter(isBoot).length;
    await work(app, 3);
    await app.signal("HUP");
    await eventually(async () => (await app.records()).filter(isBoot).length === booted + 3, {
      what: `workers of reload ${reload}`,
      timeoutMs: 20_000,
      attach: () => app.logs(),
    });
  }
  const counters = async () =>
    (await app.output(["ls", "/run/gunicorn/prometheus"]))
      .split("\n")
      .filter((name) => /^counter_/.test(name));
  // 13 have ended: those that wait for the next time are fewer than 8.
  await eventually(async () => (await counters()).length < 3 + 8, { timeoutMs: 20_000 });
  expect((await counters()).filter((name) => name.startsWith("counter_0"))).toHaveLength(1);
  const merged = sorted((await askAdmin(app, "/metrics")).text);
  expect(merged).toEqual(sorted(await app.output(["python", "-c", BY_THE_LIBRARY], { user: "django" })));
  expect(merged.get('cakes_total{kind="plain"}')).toBe(45 + 4 * 6);
});

test("files that cannot be read are told, and the rest of the page is there", async () => {
  await using broken = await start();
  await work(broken, 1);
  await broken.output([
    "sh",
    "-c",
    "printf 'xxxxxxxxxxxxxxxxxxxxxxxx' > /run/gunicorn/prometheus/counter_1.db",
  ]);
  const samples = readSamples((await askAdmin(broken, "/metrics")).text);
  expect(samples.get("djinit_application_metrics_readable")).toBe(0);
  expect(samples.get("djinit_ready")).toBe(1);
  expect([...samples.keys()].filter((name) => name.startsWith("cakes"))).toEqual([]);
});

test("an application without any costs nothing: there is no metric that says so either", async () => {
  await using none = await start({ prometheus_multiproc_dir: "/run/django" });
  const samples = readSamples((await askAdmin(none, "/metrics")).text);
  expect(samples.has("djinit_application_metrics_readable")).toBe(true);
  await using plain = await runContainer({
    image: runContext().images.example,
    env: { SECRET_KEY: "x" },
    publish: [ADMIN_PORT],
  });
  await eventually(async () => (await askAdmin(plain, "/readyz")).status === 200, { timeoutMs: 30_000 });
  expect(
    readSamples((await askAdmin(plain, "/metrics")).text).has("djinit_application_metrics_readable"),
  ).toBe(false);
});

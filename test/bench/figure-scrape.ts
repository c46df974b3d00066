import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { usedMs } from "./processor-time.ts";

const TAG = "djinit-bench-metrics-app:latest";
const CONTEXT = join(import.meta.dirname, "../fixtures/metrics-app");
/** One page is too short for a clock of 10 ms. */
const SCRAPES_A_SAMPLE = 100;
/** Whoever asks djinit sooner than after 100 ms gets the same page again, which would be no measurement. */
const PAUSE_MS = 120;
const OTHER_PORT = 9181;

/** The usual way to show what several workers count: a process of its own that adds their files up. */
const EXPORTER = `import os, threading
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry, "/run/gunicorn/prometheus")
start_http_server(${OTHER_PORT}, registry=registry)
print(os.getpid(), file=open("/tmp/exporter.pid", "w"))
threading.Event().wait()`;

/** Processor time of one page: djinit's, with the application's metrics in it, and the library's of these alone. */
export async function measureScrape(pairs: number): Promise<Comparison[]> {
  await buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.djinit });
  const container = await runContainer({
    image: TAG,
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2" },
    publish: [8000, 9180, OTHER_PORT],
    more: ["--no-healthcheck"],
  });
  const page = async (port: number) => `http://127.0.0.1:${await container.port(port)}/metrics`;
  await eventually(async () => (await http(await container.url("/"))).status === 200, { timeoutMs: 30_000 });
  for (let at = 0; at < 20; at += 1) await http(await container.url("/?kind=plain&seconds=1"));
  void container.exec(["python", "-c", EXPORTER], { user: "django", timeoutMs: 3_600_000 });
  await eventually(async () => (await http(await page(OTHER_PORT))).status === 200, { timeoutMs: 30_000 });
  const exporter = Number(await container.output(["cat", "/tmp/exporter.pid"]));
  const { a, b } = await measureInTurn(
    "scrape",
    pairs,
    async () => pageMs(container, 1, await page(9180)),
    async () => pageMs(container, exporter, await page(OTHER_PORT)),
  );
  await container.rm();
  return [
    {
      what: "a page of metrics, processor time",
      unit: "ms",
      other: "prometheus_client's exporter of the application's alone",
      djinitSamples: a,
      otherSamples: b,
      goal: { text: "less than 10 ms", isMet: ({ djinit }) => djinit.median < 10 },
    },
  ];
}

async function pageMs(container: Container, pid: number, url: string): Promise<number> {
  const before = await usedMs(container, pid);
  for (let at = 0; at < SCRAPES_A_SAMPLE; at += 1) {
    await http(url);
    await delay(PAUSE_MS);
  }
  return ((await usedMs(container, pid)) - before) / SCRAPES_A_SAMPLE;
}

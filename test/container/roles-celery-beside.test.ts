// Several celery workers beside the web server, each with queues of its own, and flower: all from the Procfile.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { isReady } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

const LIMIT_MS = 120_000;
const FLOWER_PORT = 5555;

const PARCELS = `import os, time, redis
from celery import Celery

app = Celery("parcels", broker=os.environ["BROKER_URL"])

@app.task(bind=True)
def deliver(self, seconds):
    ledger = redis.Redis.from_url(os.environ["BROKER_URL"])
    worker = self.request.hostname.partition("@")[0]
    ledger.rpush("begun", f"{self.request.delivery_info['routing_key']} by {worker}")
    time.sleep(seconds)
    ledger.rpush("done", f"{self.request.delivery_info['routing_key']} by {worker}")
`;

const PROCFILE = `web: gunicorn cake_service.wsgi
mail: celery -A parcels worker -Q mail
slow: celery -A parcels worker -Q slow,bulk -c 2
flower: celery -A parcels flower --port=${FLOWER_PORT}
`;

/** Where flower is installed, which the image does not have. */
const directory = mkdtempSync(join(tmpdir(), "djinit-flower-"));
const FLOWER = "/flower";

let redis: Redis;
let installer: Container;
let web: Container;

beforeAll(async () => {
  chmodSync(directory, 0o755);
  [redis, installer] = await Promise.all([
    startRedis(),
    startProject({ command: ["sleep", "infinity"], volumes: [`${directory}:${FLOWER}`] }),
  ]);
  // celery stays the image's.
  const packages = ["flower", "tornado", "humanize", "pytz", "prometheus_client"];
  await installer.output(["pip", "install", "--quiet", "--no-deps", "--target", FLOWER, ...packages], {
    user: "root",
    timeoutMs: LIMIT_MS,
  });
  web = await startProject({
    command: ["web"],
    env: {
      BROKER_URL: redis.url,
      DJINIT_PROCESSES: "mail,slow,flower",
      PYTHONPATH: `/app:${FLOWER}`,
    },
    files: { "/app/Procfile": PROCFILE, "/app/parcels.py": PARCELS },
    volumes: [`${directory}:${FLOWER}:ro`],
    publish: [8000, ADMIN_PORT, FLOWER_PORT],
  });
  await web.record("readiness", isReady, LIMIT_MS);
});
afterAll(async () => {
  // What root of the container has written.
  await installer?.exec(["sh", "-c", `rm -rf ${FLOWER}/* ${FLOWER}/.[!.]*`], { user: "root" });
  await Promise.all([web, installer, redis?.container].map((container) => container?.rm()));
  rmSync(directory, { recursive: true, force: true });
});

const order = (queue: string, seconds: number) =>
  web.output(
    [
      "python",
      "-c",
      `import parcels; parcels.deliver.apply_async((${seconds},), queue="${queue}", routing_key="${queue}")`,
    ],
    { user: "django", workdir: "/app" },
  );

const ledger = async (name: string) =>
  (await redis.command("lrange", name, "0", "-1"))
    .split("\n")
    .filter((line) => line !== "")
    .sort();

test("each worker has the tasks of its own queues, and its own series of metrics", async () => {
  for (const queue of ["mail", "slow", "bulk", "mail"]) await order(queue, 0);
  const delivered = ["bulk by slow", "mail by mail", "mail by mail", "slow by slow"];
  await eventually(async () => (await ledger("done")).length === delivered.length, {
    what: "all are delivered",
    timeoutMs: LIMIT_MS,
    attach: () => web.logs(),
  });
  expect(await ledger("done")).toEqual(delivered);
  const wanted = [
    'celery_worker_up{service="mail"} 1',
    'celery_worker_up{service="slow"} 1',
    'celery_broker_connected{service="slow"} 1',
    'celery_tasks_succeeded_total{service="mail",task="parcels.deliver"} 2',
    'celery_tasks_succeeded_total{service="slow",task="parcels.deliver"} 2',
    'celery_queue_length{service="mail",queue="mail"} 0',
    'celery_queue_length{service="slow",queue="bulk"} 0',
  ];
  await eventually(
    async () => {
      const { text } = await askAdmin(web, "/metrics");
      const lacking = wanted.filter((line) => !text.includes(line));
      if (lacking.length > 0) throw new Error(`${lacking.join("\n")}\n${text}`);
      return true;
    },
    { what: "the metrics of both", timeoutMs: LIMIT_MS },
  );
});

test("flower is a service like another: ready when it listens, and it answers", async () => {
  expect((await web.records()).map(({ msg }) => msg)).toContain("flower is ready");
  const port = await web.port(FLOWER_PORT);
  const answer = await eventually(
    async () => {
      const seen = await http(`http://127.0.0.1:${port}/`);
      expect(seen.status).toBe(200);
      return seen;
    },
    { what: "flower's page", timeoutMs: LIMIT_MS },
  );
  expect(answer.text).toContain("Flower");
  await web.output(["djinit", "restart", "flower"]);
  const { text } = await askAdmin(web, "/readyz?verbose");
  expect(text).toContain("flower");
});

test("a stop lets all of them finish what they have", async () => {
  for (const queue of ["mail", "slow", "bulk"]) await order(queue, 4);
  await eventually(async () => (await ledger("begun")).length === 7, {
    what: "all are begun",
    timeoutMs: LIMIT_MS,
    attach: () => web.logs(),
  });
  expect(await web.stop()).toBe(0);
  expect(await ledger("done")).toEqual(await ledger("begun"));
});

// A worker that has lost its broker is not to be restarted; one that is stuck is.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { isReady, mainPid } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

/** From the last heartbeat to «stuck», with room for a busy machine. */
const STALE_MS = 120_000;
const COMES_UP_MS = 150_000;
const TEST_MS = 500_000;

/** The project's own application; its worker's loop hangs as soon as a task comes in. */
const HANGS = `import time
from celery.signals import task_received
from cake_service.celery import app

@task_received.connect
def hang_in_the_loop(**_):
    time.sleep(3600)
`;

/** It may be in the middle of a question when the broker goes. */
const WITHOUT_BROKER =
  /celery-worker (has been without its broker|waits for its broker: no heartbeat) for \d+ s/;

/** The same application; its worker stops consuming, and stays connected, as it may after its broker was away. */
const DEAF = `import os
from celery import bootsteps
from cake_service.celery import app

class Deaf(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer):
        consumer.timer.call_repeatedly(0.5, lambda: self.cancel(consumer.task_consumer))

    def cancel(self, consumer):
        if os.path.exists("/tmp/deaf"):
            consumer.cancel()
            # A question that is under way would still be answered.
            if not consumer.channel._in_poll:
                open("/tmp/is-deaf", "w").close()

app.steps["consumer"].add(Deaf)
`;

const brokers: Redis[] = [];
const containers: Container[] = [];
afterAll(() =>
  Promise.all([...containers, ...brokers.map(({ container }) => container)].map((it) => it.rm())),
);

async function broker(): Promise<Redis> {
  const redis = await startRedis();
  brokers.push(redis);
  return redis;
}

async function start(redis: Redis, command: string[], more: Record<string, string> = {}): Promise<Container> {
  const container = await startProject({
    command: ["celery", ...command],
    env: { CELERY_BROKER_URL: redis.url, CAKE_BEAT_SECONDS: "1", ...more },
    files: { "/app/hangs.py": HANGS, "/app/deaf.py": DEAF },
    publish: [ADMIN_PORT],
  });
  containers.push(container);
  await container.record("readiness", isReady, COMES_UP_MS);
  return container;
}

const verdict = async (container: Container, probe: string) => {
  const { status, text } = await askAdmin(container, `/${probe}?verbose`);
  return { status, text };
};

/** Waits until a probe answers so. Returns what it says. */
function answers(container: Container, probe: string, status: number): Promise<string> {
  return eventually(
    async () => {
      const answer = await verdict(container, probe);
      if (answer.status !== status) throw new Error(answer.text);
      return answer.text;
    },
    { what: `${probe} ${status}`, timeoutMs: STALE_MS, intervalMs: 500, attach: () => container.logs() },
  );
}

const order = (container: Container, seconds: number, queue = "celery") =>
  container.output(
    [
      "python",
      "-c",
      `import django; django.setup()
from cake_service.celery import app
from cake_service.cakes.tasks import bake
bake.apply_async((1,), {"seconds": ${seconds}}, queue="${queue}")`,
    ],
    { user: "django" },
  );

describe.concurrent("a worker", { timeout: TEST_MS }, () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await broker();
  });

  test("whose broker is gone is alive and not ready, and ready when it is back", async () => {
    const gone = await broker();
    const worker = await start(gone, ["worker"]);
    await docker("stop the broker", ["stop", "--time", "1", gone.container.id]);
    expect(await answers(worker, "readyz", 503)).toMatch(WITHOUT_BROKER);
    expect((await verdict(worker, "livez")).status).toBe(200);
    await docker("start the broker", ["start", gone.container.id]);
    await answers(worker, "readyz", 200);
  });

  test("whose broker takes its questions and does not answer is alive and not ready", async () => {
    const silent = await broker();
    const worker = await start(silent, ["worker"]);
    await docker("pause the broker", ["pause", silent.container.id]);
    const said = await answers(worker, "readyz", 503);
    expect(said).toMatch(WITHOUT_BROKER);
    expect((await verdict(worker, "livez")).status).toBe(200);
    await docker("unpause the broker", ["unpause", silent.container.id]);
    await answers(worker, "readyz", 200);
  });

  test("whose loop hangs is not alive, and the probe says where it hangs", async () => {
    const worker = await start(redis, ["worker", "-Q", "hanging"], {
      CELERY_APP: "hangs",
      PYTHONPATH: "/app",
    });
    await order(worker, 0, "hanging");
    const said = await answers(worker, "livez", 503);
    expect(said).toMatch(
      /celery-worker is stuck: no heartbeat for \d+ s, last seen in .*hangs\.py.*hang_in_the_loop/,
    );
    expect((await worker.exec(["djinit", "health", "--live"])).exitCode).toBe(1);
  });

  test("that takes nothing although messages wait is alive for a time, and not ready", async () => {
    const worker = await start(redis, ["worker", "-Q", "unheard"], {
      CELERY_APP: "deaf",
      PYTHONPATH: "/app",
    });
    await worker.output(["touch", "/tmp/deaf"], { user: "django" });
    await eventually(async () => (await worker.exec(["test", "-e", "/tmp/is-deaf"])).ok, {
      what: "it is deaf",
      timeoutMs: STALE_MS,
    });
    await order(worker, 0, "unheard");
    expect(await answers(worker, "readyz", 503)).toMatch(
      /celery-worker takes no task, although it is idle and 1 wait, for \d+ s/,
    );
    expect((await verdict(worker, "livez")).status).toBe(200);
    await worker.output(["rm", "/tmp/deaf"]);
    await worker.output(["djinit", "restart", "celery-worker"]);
    await answers(worker, "readyz", 200);
    // It has no database to bake in.
    await worker.record("the task", ({ msg }) => /\.bake\[\S+\] received/.test(msg));
  });

  test("that is stopped by SIGSTOP is not alive", async () => {
    const worker = await start(redis, ["worker", "-Q", "nothing"]);
    const pid = await mainPid(worker, "celery-worker");
    await worker.output(["kill", "-STOP", String(pid)]);
    expect(await answers(worker, "livez", 503)).toContain("celery-worker is stuck: no heartbeat for");
    await worker.output(["kill", "-CONT", String(pid)]);
    await answers(worker, "livez", 200);
  });

  test("that runs a long task in its own process is alive and ready", async () => {
    const worker = await start(redis, ["worker", "--pool=solo"]);
    await order(worker, 50);
    await eventually(async () => (await verdict(worker, "readyz")).text.includes("in its own process for"), {
      what: "the task is seen",
      timeoutMs: STALE_MS,
      intervalMs: 500,
      attach: async () => (await verdict(worker, "readyz")).text,
    });
    expect((await verdict(worker, "readyz")).status).toBe(200);
    expect((await verdict(worker, "livez")).status).toBe(200);
  });
});

describe.concurrent("beat", { timeout: TEST_MS }, () => {
  test("that does not tick is not alive; while its broker is gone it is", async () => {
    const redis = await broker();
    const beat = await start(redis, ["beat"]);
    const pid = await mainPid(beat, "celery-beat");
    await eventually(async () => !(await verdict(beat, "livez")).text.includes("no heartbeat seen"), {
      what: "the first heartbeat",
      timeoutMs: COMES_UP_MS,
    });
    await beat.output(["kill", "-STOP", String(pid)]);
    expect(await answers(beat, "livez", 503)).toContain("celery-beat is stuck: no tick for");
    await beat.output(["kill", "-CONT", String(pid)]);
    await answers(beat, "livez", 200);
    await docker("stop the broker", ["stop", "--time", "1", redis.container.id]);
    expect(await answers(beat, "readyz", 503)).toMatch(
      /celery-beat (has been without its (broker|lock \(redis\)) for|waits for its broker: no tick for) \d+ s/,
    );
    expect((await verdict(beat, "livez")).status).toBe(200);
  });
});

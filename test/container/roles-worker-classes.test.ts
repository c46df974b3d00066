// gunicorn's other kinds of workers: started beside the boot, at the socket that PID 1 holds, with request ids; renewed when they
// have grown.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyProject } from "./project-subject.ts";
import { expectReloadAndStop } from "./reload-under-load.ts";
import { expectNothingLost, startLoad } from "./steady-load.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/worker-classes");
const CLASSES = [
  ["sync", "wsgi", growAndBeRenewed],
  ["gthread --threads 4", "wsgi", growAndBeRenewed],
  ["gevent", "wsgi", undefined],
  ["uvicorn_worker.UvicornWorker", "asgi", undefined],
  ["asgi", "asgi", growAndBeRenewed],
] as const;

/** Each worker of the first two grows by 300 MiB. Not when it is young: that would be what it needs. */
const GROWING = `
import os, threading, time
held = []

def grow():
    time.sleep(8)
    while not os.path.exists("/tmp/grow"):
        time.sleep(0.1)
    held.append(bytearray(b"x") * (300 * 1024 * 1024))

def post_worker_init(worker):
    if not os.path.exists("/tmp/grow"):
        threading.Thread(target=grow, daemon=True).start()
`;

/** Both are renewed, the second when it is the first's successor that serves. */
async function growAndBeRenewed(container: Container): Promise<void> {
  await container.exec(["touch", "/tmp/grow"]);
  const renewals = async () => (await container.records()).filter(({ msg }) => msg.includes(" is renewed: "));
  await eventually(async () => (await renewals()).length === 2, {
    what: "two workers renewed",
    timeoutMs: 100_000,
    attach: () => container.logs(),
  });
  const told = await renewals();
  expect(new Set(told.map(({ worker }) => worker)).size).toBe(2);
  expect(told[0]).toMatchObject({ service: "gunicorn", level: "info", limit_bytes: 300 * 1024 ** 2 });
  expect(told[0]?.msg).toMatch(
    /^worker \d+ is renewed: it holds 3\d\d MiB, and DJINIT_WORKER_MAX_MEMORY is 300 MiB$/,
  );
}

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

test.each(CLASSES)(
  "%s: serves, logs the request's id, is renewed, reloads and stops without a lost request",
  async (worker, module, meanwhile) => {
    const { url: DATABASE_URL } = await createDatabase();
    await using container = await startReadyProject({
      image: TAG,
      command: [`cake_service.${module}:application`],
      env: {
        GUNICORN_CMD_ARGS: `--worker-class ${worker}`,
        WEB_CONCURRENCY: "2",
        DJINIT_WORKER_MAX_MEMORY: "300m",
        DATABASE_URL,
      },
      files: { "/app/gunicorn.conf.py": GROWING },
      publish: [8000],
    });
    const url = await container.url("/nowhere/");
    expect((await http(url, { headers: { "X-Request-ID": "order-1" } })).status).toBe(404);
    const ours = await container.record(
      "Django's record",
      ({ service, ...record }) => service === "gunicorn" && record["request_id"] === "order-1",
    );
    expect(ours).toMatchObject({ level: "warn", logger: "django.request", url: { path: "/nowhere/" } });

    await expectReloadAndStop(container, meanwhile);
  },
);

// uvicorn's worker closes connections that it has not read from yet.
test.each([
  ["gthread --threads 4", "wsgi"],
  ["asgi", "asgi"],
])("%s: renewed by requests, without a lost one", async (worker, module) => {
  const { url: DATABASE_URL } = await createDatabase();
  await using container = await startReadyProject({
    image: TAG,
    command: [`cake_service.${module}:application`],
    env: {
      GUNICORN_CMD_ARGS: `--worker-class ${worker}`,
      WEB_CONCURRENCY: "2",
      DJINIT_WORKER_MAX_REQUESTS: "100",
      DATABASE_URL,
    },
  });
  const load = startLoad(container, 100);
  const isBoot = ({ msg }: { msg: string }) => msg.startsWith("Booting worker");
  await eventually(async () => (await container.records()).filter(isBoot).length >= 5, {
    what: "three workers renewed",
    timeoutMs: 120_000,
    attach: () => container.logs(),
  });
  expectNothingLost(await load.finish());
});

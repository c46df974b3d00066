// WebSockets that are open when the container stops or reloads: the application says goodbye, and nothing waits for them.
import { request } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, scrape } from "./admin-subject.ts";
import { childrenOf, isReady, mainPid } from "./cake-subject.ts";
import { openSocket } from "./websocket-client.ts";

const TAG = `djinit-test-websocket:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/websocket");
const WORKERS = 2;
const AT_ONCE = 25;
/** «Going away» and «service restart»: clients know from both that they may come back. */
const GOODBYES = [1001, 1012];
/** That is for both worker classes: uvicorn's, and gunicorn's own. */
const CLASSES = ["uvicorn_worker.UvicornWorker", "asgi"];

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.djinit }));

async function start(workerClass: string): Promise<Container> {
  const container = await runContainer({
    image: TAG,
    command: ["sockets:application"],
    env: {
      SKIP_MIGRATIONS: "1",
      WEB_CONCURRENCY: String(WORKERS),
      GUNICORN_CMD_ARGS: `--worker-class ${workerClass}`,
    },
    publish: [8000, ADMIN_PORT],
  });
  await container.record("readiness", isReady);
  return container;
}

/** Some at a time: how many may come at once is no matter of these tests. */
async function openSockets(container: Container, count: number) {
  const sockets: Awaited<ReturnType<typeof openSocket>>[] = [];
  while (sockets.length < count) {
    const next = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, () => openSocket(container)))));
  }
  return sockets;
}

const codesOf = (sockets: Awaited<ReturnType<typeof openSockets>>) =>
  Promise.all(sockets.map(({ closed }) => closed));

const expectGoodbyes = (codes: number[]) =>
  expect(
    codes.filter((code) => !GOODBYES.includes(code)),
    "closed otherwise",
  ).toEqual([]);

/** Waits until the metrics tell so many WebSockets; they make no worker busy. */
async function expectCounted(container: Container, count: number): Promise<void> {
  await eventually(
    async () => {
      const samples = await scrape(container);
      expect(samples.get("gunicorn_websockets")).toBe(count);
      expect(samples.get("gunicorn_websocket_oldest_age_seconds")).toBeGreaterThan(0);
      expect(samples.get("gunicorn_workers_busy")).toBe(0);
    },
    { what: `${count} open WebSockets`, attach: () => container.logs() },
  );
}

/** A request whose body is begun, so that nginx has it and gunicorn does not. */
async function beginUpload(container: Container) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const upload = request(await container.url("/"), { method: "POST", headers: { "Content-Length": 8 } });
  upload.on("error", reject);
  upload.on("response", (answer) => {
    answer.setEncoding("utf8").on("data", (text: string) => resolve(`${answer.statusCode} ${text}`));
  });
  await new Promise<unknown>((written) => upload.write("1234", written));
  return {
    finish: () => {
      upload.end("5678");
      return promise;
    },
  };
}

describe.each(CLASSES)("%s", (workerClass) => {
  test.each(["TERM", "QUIT"])(
    "%s: each client gets a close frame, and the container ends with 0",
    async (signal) => {
      await using container = await start(workerClass);
      const sockets = await openSockets(container, 200);
      await expectCounted(container, sockets.length);
      await container.signal(signal);
      expectGoodbyes(await codesOf(sockets));
      expect(await container.wait()).toBe(0);
    },
  );

  test("TERM: a slow request beside is answered whole", async () => {
    await using container = await start(workerClass);
    const sockets = await openSockets(container, 3);
    const slow = http(await container.url("/?seconds=6"));
    await eventually(
      async () => {
        const table = await container.output(["cat", "/proc/net/unix"]);
        return [...table.matchAll(/ 03 +\d+ \/run\/gunicorn\/gunicorn\.sock$/gm)].length === 4;
      },
      { what: "the request has reached gunicorn" },
    );
    await container.signal("TERM");
    expectGoodbyes(await codesOf(sockets));
    expect(await slow).toMatchObject({ status: 200, text: "whole 0\n" });
    expect(await container.wait()).toBe(0);
  });

  test("TERM: an upload that nginx has not passed on yet is taken by a new worker", async () => {
    await using container = await start(workerClass);
    const sockets = await openSockets(container, 3);
    const upload = await beginUpload(container);
    await container.signal("TERM");
    expectGoodbyes(await codesOf(sockets));
    expect(await upload.finish()).toBe("200 whole 8\n");
    expect(await container.wait()).toBe(0);
  });

  test("HUP: clients can come back at once, and no old process is left", async () => {
    await using container = await start(workerClass);
    const [nginx, gunicorn] = [await mainPid(container, "nginx"), await mainPid(container, "gunicorn")];
    const workers = async () => [
      ...(await childrenOf(container, nginx)),
      ...(await childrenOf(container, gunicorn)),
    ];
    const before = (await workers()).map(({ pid }) => pid);
    const sockets = await openSockets(container, 3);
    await container.signal("HUP");
    expectGoodbyes(await codesOf(sockets));
    const again = await openSockets(container, 3);
    // Those of the old workers have gone with them.
    await expectCounted(container, 3);
    await eventually(async () => (await workers()).every(({ pid }) => !before.includes(pid)), {
      what: "the old workers have gone, whoever has come back meanwhile",
      timeoutMs: 20_000,
      attach: () => container.logs(),
    });
    expect(await childrenOf(container, gunicorn)).toHaveLength(WORKERS);
    for (const { close } of again) close();
    expect(await container.stop()).toBe(0);
  });
});

test("an operator who starts nginx anew does not wait for the clients either", async () => {
  await using container = await start("uvicorn_worker.UvicornWorker");
  const sockets = await openSockets(container, 3);
  const restart = container.exec(["djinit", "restart", "nginx"]);
  expectGoodbyes(await codesOf(sockets));
  expect(await restart).toMatchObject({ exitCode: 0 });
  expect((await http(await container.url("/"))).status).toBe(200);
  expect((await container.records()).some(({ target_status }) => target_status === 137)).toBe(false);
});

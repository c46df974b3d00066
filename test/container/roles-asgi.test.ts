// An ASGI application without a worker class: seen when it is loaded, and run by gunicorn's worker for it.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, isReady, mainPid } from "./cake-subject.ts";
import { startReadyProject } from "./project-subject.ts";
import { expectReloadAndStop } from "./reload-under-load.ts";
import { openSocket } from "./websocket-client.ts";

const TAG = `djinit-test-asgi:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/asgi");
/** asyncio's own limit is 100. */
const WAITING = 150;
const SAYS_ASGI = "The application speaks ASGI: it is run by gunicorn's worker class for it";

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

const startPlain = async (env: Record<string, string> = {}): Promise<Container> => {
  const container = await runContainer({
    image: TAG,
    command: ["plain:app"],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2", ...env },
  });
  await container.record("readiness", isReady);
  return container;
};

const saysAsgi = async (container: Container): Promise<number> =>
  (await container.records()).filter(({ msg }) => msg === SAYS_ASGI).length;

test("Django's own: serves the page, reloads and stops without a lost request", async () => {
  const { url: DATABASE_URL } = await createDatabase();
  await using container = await startReadyProject({
    image: TAG,
    command: ["cake_service.asgi:application"],
    env: { WEB_CONCURRENCY: "2", DATABASE_URL },
    publish: [8000],
  });
  expect(await http(await container.url("/"))).toMatchObject({ status: 200 });
  expect(await saysAsgi(container)).toBe(1);
  await expectReloadAndStop(container);
});

test.each([
  ["gunicorn's default", {}],
  ["threads", { GUNICORN_CMD_ARGS: "--threads 4" }],
  ["preloaded", { GUNICORN_CMD_ARGS: "--preload" }],
])("%s: lifespan, a WebSocket and the client's address, whatever the name", async (_, env) => {
  await using container = await startPlain(env);
  expect(await http(await container.url("/"))).toMatchObject({ status: 200, text: "began http" });
  const { closed } = await openSocket(container);
  expect(await container.stop()).toBe(0);
  expect([1001, 1012]).toContain(await closed);
  const ends = (await container.records()).filter(({ msg }) => msg === "lifespan ended");
  expect(ends).toHaveLength(2);
});

test("more requests wait than asyncio would let", async () => {
  await using container = await startPlain();
  const workers = (await childrenOf(container, await mainPid(container, "gunicorn"))).map(({ pid }) =>
    String(pid),
  );
  const tell = (signal: string) => container.output(["kill", `-${signal}`, ...workers]);
  await tell("STOP");
  const url = await container.url("/");
  const answers = Promise.all(Array.from({ length: WAITING }, () => http(url)));
  await eventually(
    async () => {
      const table = await container.output(["cat", "/proc/net/unix"]);
      const waiting = [...table.matchAll(/ 0[23] +\d+ \/run\/gunicorn\/gunicorn\.sock$/gm)];
      expect(waiting.length).toBeGreaterThanOrEqual(WAITING);
    },
    { what: `${WAITING} requests in gunicorn's socket`, attach: () => container.logs() },
  );
  await tell("CONT");
  expect((await answers).filter(({ status }) => status !== 200)).toEqual([]);
});

test("a worker class of the project's choice is kept", async () => {
  await using container = await startPlain({ GUNICORN_CMD_ARGS: "--worker-class asgi" });
  expect(await http(await container.url("/"))).toMatchObject({ status: 200, text: "began http" });
  expect(await saysAsgi(container)).toBe(0);
});

test("WSGI in a module that is called asgi stays WSGI", async () => {
  await using container = await runContainer({
    image: TAG,
    command: ["misnamed.asgi:application"],
    env: { SKIP_MIGRATIONS: "1" },
  });
  await container.record("readiness", isReady);
  expect(await http(await container.url("/"))).toMatchObject({ status: 200, text: "wsgi" });
  expect(await saysAsgi(container)).toBe(0);
});

test("an application that fails at lifespan's start ends the container with its words", async () => {
  await using container = await runContainer({
    image: TAG,
    command: ["plain:app"],
    env: { SKIP_MIGRATIONS: "1", LIFESPAN: "fails" },
  });
  expect(await container.wait()).not.toBe(0);
  const errors = (await container.records()).filter(({ level }) => level === "error" || level === "fatal");
  expect(errors.some(({ msg }) => msg.includes("no cakes today"))).toBe(true);
});

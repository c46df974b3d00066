// Where answers that nginx keeps lie: on a read-only system, in a /run that they fill, and over a restart.
import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { isReady } from "./cake-subject.ts";
import { rawRequest } from "./raw-request.ts";

const BODY_BYTES = 1024 * 1024;
/** Tells by its first line how often it has been asked for the path, and in which start. */
const APPLICATION = `
import time
started = time.time_ns()
counts = {}

def application(environ, start_response):
    path = environ["PATH_INFO"]
    counts[path] = counts.get(path, 0) + 1
    body = f"{counts[path]} {started}\\n".encode().ljust(${BODY_BYTES}, b".")
    start_response("200 OK", [("Content-Length", str(len(body))), ("Cache-Control", "public, max-age=300")])
    return [body]
`;

const project = temporaryDirectory();
project.write("echo.py", APPLICATION);
chmodSync(project.path, 0o755);

async function start(more: Partial<Parameters<typeof createContainer>[0]>): Promise<Container> {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: ["echo:application"],
    env: { SKIP_MIGRATIONS: "1", DJINIT_CACHE: "64m", DJINIT_MAX_BODY_SIZE: "1g", WEB_CONCURRENCY: "1" },
    volumes: [`${project.path}:/app:ro`],
    ...more,
  });
  await docker("start the subject", ["start", container.id]);
  await container.record("readiness", isReady, 60_000);
  return container;
}

/** How often the application has been asked for it, and its start. Errors: the answer is not whole. */
async function ask(container: Container, path: string): Promise<{ count: number; started: string }> {
  const { status, body } = await rawRequest(await container.port(8000), path);
  expect([status, body.length]).toEqual([200, BODY_BYTES]);
  const [count, started = ""] = body.toString("latin1", 0, 100).split("\n")[0]?.split(" ") ?? [];
  return { count: Number(count), started };
}

test("read-only, with a /run that is smaller than the cache: every answer is whole, and nginx keeps what there is room for", async () => {
  await using container = await start({
    more: ["--read-only"],
    tmpfs: ["/run:size=24m,mode=755", "/tmp"],
  });
  const { level, msg } = await container.record("the size", ({ msg }) =>
    msg.startsWith("DJINIT_CACHE is 64m"),
  );
  expect([level, msg]).toEqual([
    "warn",
    expect.stringMatching(
      /^DJINIT_CACHE is 64m, and \/run has room for 2\dm: nginx keeps 1[01]m, .* twice as much/,
    ),
  ]);
  const body = await container.record("a body", ({ msg }) => msg.startsWith("DJINIT_MAX_BODY_SIZE is 1024m"));
  expect(body.msg).toMatch(/, and \/run has room for 2\dm: nginx keeps a body there/);
  expect([(await ask(container, "/first/")).count, (await ask(container, "/first/")).count]).toEqual([1, 1]);
  const keptKib = async () =>
    Number((await container.output(["du", "-sk", "/run/nginx/cache"], { user: "root" })).split("\t")[0]);
  // More than there is room for; never more at once than nginx has to keep up with.
  for (let round = 0; round < 4; round++) {
    for (let at = 0; at < 8; at++) await ask(container, `/many-${round}-${at}/`);
    await eventually(async () => (await keptKib()) <= 12 * 1024, {
      what: "what is too much is removed",
      timeoutMs: 60_000,
      intervalMs: 500,
    });
  }
  await container.output(["djinit", "status"]);
  await container.output(["djinit", "cache", "clear"], { user: "root" });
  expect((await ask(container, "/first/")).count).toBe(2);
  expect((await ask(container, "/first/")).count).toBe(2);
  const others = (await container.records()).filter(
    (record) => record.level !== "info" && ![msg, body.msg].includes(record.msg),
  );
  expect(others).toEqual([]);
  expect(await container.stop()).toBe(0);
}, 180_000);

test("a restart begins with an empty one", async () => {
  await using container = await start({});
  const first = await ask(container, "/kept/");
  expect(await ask(container, "/kept/")).toEqual(first);
  await docker("restart the subject", ["restart", container.id]);
  await eventually(async () => (await container.records()).filter(isReady).length === 2, {
    what: "the second start",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  const second = await ask(container, "/kept/");
  expect(second.started).not.toBe(first.started);
  expect(await ask(container, "/kept/")).toEqual(second);
  const severe = (await container.records()).filter(({ level }) => level !== "info");
  expect(severe).toEqual([]);
}, 180_000);

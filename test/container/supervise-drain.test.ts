import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, isReady, mainPid } from "./cake-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";

const ECHO = join(import.meta.dirname, "../fixtures/echo-wsgi");

async function startEcho(env: Record<string, string>): Promise<Container> {
  const container = await runContainer({
    image: runContext().images.djinit,
    command: ["echo:application"],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2", ...env },
    volumes: [`${ECHO}:/app:ro`],
  });
  await container.record("readiness", isReady);
  return container;
}

test("for the drain delay new connections are served, while health says that the container is stopping", async () => {
  await using container = await startEcho({ DJINIT_DRAIN_DELAY: "2" });
  const url = await container.url();
  const startedMs = performance.now();
  await container.signal("TERM");
  await container.record("the delay", ({ drain_delay_ms }) => drain_delay_ms === 2_000);
  const health = await container.exec(["djinit", "health"]);
  expect(health).toMatchObject({ exitCode: 1, stdout: "stopping" });
  const servedMs: number[] = [];
  let refused = false;
  while (!refused) {
    const answer = await http(url).catch(() => undefined);
    if (answer === undefined) refused = true;
    else {
      expect(answer.status).toBe(200);
      servedMs.push(performance.now() - startedMs);
    }
  }
  expect(servedMs.at(-1)).toBeGreaterThan(1_700);
  expect(await container.wait()).toBe(0);
  const records = await container.records();
  const timeOf = (what: string) => Date.parse(records.find(({ msg }) => msg === what)?.time ?? "");
  const drainedMs = timeOf("nginx stopped") - timeOf("stopping: SIGTERM");
  expect(drainedMs).toBeGreaterThanOrEqual(1_990);
  expect(drainedMs).toBeLessThan(4_000);
});

test("a stop before anything serves does not wait for clients that cannot be there", async () => {
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: ["app:application"],
    env: { SKIP_MIGRATIONS: "1", DJINIT_DRAIN_DELAY: "15" },
    volumes: [`${join(import.meta.dirname, "../fixtures/slow-import")}:/app:ro`],
  });
  await container.record("a start", ({ msg }) => msg === "gunicorn started");
  const startedMs = performance.now();
  await container.signal("TERM");
  expect(await container.wait()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(12_000);
});

test("connections that the kernel has taken before the stop are served, though nginx has not seen them yet", async () => {
  await using container = await startEcho({});
  const master = await mainPid(container, "nginx");
  const [worker] = await childrenOf(container, master);
  const kill = (signal: string) =>
    container.output(["kill", `-${signal}`, String(worker?.pid)], { user: "root" });
  await kill("STOP");
  // In a network namespace of its own docker-proxy would be the one that takes them.
  const script = `
    const { connect } = require("node:net");
    let left = 5;
    for (let i = 0; i < 5; i += 1) {
      const socket = connect(8000, "127.0.0.1", () => { if (--left === 0) console.log("taken"); });
      let answer = "";
      socket.write("GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n");
      socket.on("data", (data) => { answer += data; });
      socket.on("error", (error) => console.log(error.code));
      socket.on("end", () => console.log(answer.slice(9, 12)));
    }`;
  const clients = container.exec(["/usr/local/lib/djinit/node", "-e", script]);
  await eventually(async () => / 0A 0{8}:0{7}5 /.test(await container.output(["cat", "/proc/net/tcp"])), {
    what: "five connections in the queue",
  });
  await container.signal("TERM");
  await container.record("the stop", ({ msg }) => msg === "stopping: SIGTERM");
  await kill("CONT");
  expect((await clients).stdout.split("\n")).toEqual(["taken", "200", "200", "200", "200", "200"]);
  expect(await container.wait()).toBe(0);
});

/** One request from within the container: docker-proxy would take connections that nobody accepts. Gives the status. */
async function askInside(container: Container, path: string): Promise<string> {
  const script = `
    const socket = require("node:net").connect(8000, "127.0.0.1");
    let answer = "";
    socket.write("GET ${path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n");
    socket.on("data", (data) => { answer += data; });
    socket.on("error", (error) => console.log(error.code));
    socket.on("end", () => console.log(answer.slice(9, 12)));`;
  return (await container.exec(["/usr/local/lib/djinit/node", "-e", script])).stdout;
}

test("a stop while nginx is being restarted: who waits for its successor is served", async () => {
  // Until the test lets go of the first request.
  await using container = await startEcho({
    GUNICORN_CMD_ARGS: "--timeout 120",
    DJINIT_GRACE_PERIOD: "100",
  });
  const succeeds = (what: string, argv: string[]) =>
    eventually(async () => (await container.exec(argv)).exitCode === 0, { what, timeoutMs: 60_000 });
  const slow = askInside(container, "/held/");
  await succeeds("a request under way", ["grep", "-q", " 03 .*/gunicorn.sock", "/proc/net/unix"]);
  const restart = container.exec(["djinit", "restart", "nginx"]);
  await succeeds("a drain", ["pgrep", "-f", "nginx: worker process is shutting down"]);
  const waiting = askInside(container, "/waits");
  await succeeds("a connection in the queue", ["grep", "-Eq", " 0A 0{8}:0{7}1 ", "/proc/net/tcp"]);
  await container.signal("TERM");
  await container.record("the stop", ({ msg }) => msg === "stopping: SIGTERM");
  await container.output(["touch", "/tmp/let-go"]);
  expect(await Promise.all([slow, waiting])).toEqual(["200", "200"]);
  expect(await container.wait()).toBe(0);
  await restart;
  const started = (await container.records()).filter(({ msg }) => msg === "nginx started");
  expect(started).toHaveLength(2);
});

for (const delay of ["0", "1", "1"]) {
  test(`a stop under a steady load loses no request that was accepted (delay of ${delay} s)`, async () => {
    await using container = await startEcho({ DJINIT_DRAIN_DELAY: delay });
    const load = startLoad(container, 600);
    await underLoad(container);
    expect(await container.stop()).toBe(0);
    const report = await load.finish();
    expectNothingLost(report, true);
    expect(report.outcomes["refused"]).toBeGreaterThan(0);
  });
}

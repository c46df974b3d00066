// A stop while a server with held sockets is being restarted: what the kernel has taken meanwhile is served.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

/** Answers each line that comes. Asked to end, it takes nothing new and waits for its clients. */
const SERVER = `
  const { createServer } = require("node:net");
  const server = createServer((socket) => {
    socket.once("data", (line) => { if (line.includes("quick")) socket.end("answered by " + process.pid); });
    socket.once("end", () => socket.end());
    console.log("connected");
  });
  process.on("SIGTERM", () => { server.close(() => process.exit(0)); console.log("draining"); });
  server.listen({ fd: 3 }, () => console.log("ready"));
`;

async function dial(port: number, line: string) {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  let said = "";
  socket.on("data", (data) => {
    said += data;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    said = String(error.code);
  });
  socket.write(line);
  return { socket, said: () => said };
}

async function serving(host: string) {
  const port = await freePort();
  const run = new Supervised([
    servicePlan("front", "steady", {
      argv: [process.execPath, "-e", SERVER],
      facesClients: true,
      sockets: { sockets: [{ kind: "tcp", host, port, onlyV6: false }], variable: "NGINX" },
    }),
  ]);
  run.supervisor.start();
  await run.ready(["front"]);
  const said = (what: string) => run.said().filter((line) => line === `front: ${what}`).length;
  /** Time passes slowly: each process has its time to start. */
  const pass = (isDone: () => boolean, what: string) =>
    eventually(
      () => {
        run.clock.advance(5);
        return isDone();
      },
      { what },
    );
  return { run, port, said, pass };
}

test.each(["0.0.0.0", "127.0.0.1"])("at %s, by one more process, which then ends", async (host) => {
  const { run, port, said, pass } = await serving(host);
  const slow = await dial(port, "slow");
  await pass(() => said("connected") === 1, "the slow client");
  const { pid } = run.service("front");
  void run.supervisor.operations.restart(run.service("front"));
  await pass(() => said("draining") === 1, "the drain");
  const waiting = await dial(port, "quick");
  run.supervisor.stop("SIGTERM");
  expect(run.stateOf("front")).toBe("stopping");
  slow.socket.end();
  await pass(() => waiting.said() !== "", "an answer");
  expect(waiting.said()).toMatch(/^answered by /);
  expect(waiting.said()).not.toBe(`answered by ${pid}`);
  waiting.socket.end();
  await pass(() => run.status !== undefined, "the end");
  expect(await run.finished()).toBe(0);
  expect(said("ready")).toBe(2);
  await expect(dial(port, "quick")).rejects.toThrow("ECONNREFUSED");
});

test("where nobody waits no other process is started", async () => {
  const { run, port, said, pass } = await serving("0.0.0.0");
  const slow = await dial(port, "slow");
  await pass(() => said("connected") === 1, "the slow client");
  void run.supervisor.operations.restart(run.service("front"));
  await pass(() => said("draining") === 1, "the drain");
  run.supervisor.stop("SIGTERM");
  slow.socket.end();
  await pass(() => run.status !== undefined, "the end");
  expect(await run.finished()).toBe(0);
  expect(said("ready")).toBe(1);
});

test("while it waits to be started again after its death: the same", async () => {
  const { run, port, said, pass } = await serving("0.0.0.0");
  process.kill(run.service("front").pid ?? 0, "SIGKILL");
  await run.reaches("front", "backoff");
  const waiting = await dial(port, "quick");
  run.supervisor.stop("SIGTERM");
  await pass(() => waiting.said() !== "", "an answer");
  expect(waiting.said()).toMatch(/^answered by /);
  waiting.socket.end();
  await pass(() => run.status !== undefined, "the end");
  await run.finished();
  expect(said("ready")).toBe(2);
});

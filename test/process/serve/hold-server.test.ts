// Requests wait for an application that is away, over real sockets; and what an application leaves behind at its end.
import { once } from "node:events";
import { existsSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { listenUnix } from "../../../src/platform/listening-socket.ts";
import { connectionsAt } from "../../../src/platform/unix-table.ts";
import { holdServer } from "../../../src/serve/hold-server.ts";
import { HeldSockets } from "../../../src/supervise/sockets/held-sockets.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** No request waits for longer, and a socket that is older was there when nginx asked. */
const [LONGEST_WAIT_MS, NEW_SOCKET_MS] = [30_000, 5_000];

const directory = temporaryDirectory();
const applicationPath = `${directory.path}/application.sock`;
const holdPath = `${directory.path}/hold.sock`;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const path of [applicationPath, holdPath]) rmSync(path, { force: true });
});

async function listening(server: Server, path: string): Promise<void> {
  servers.push(server);
  await once(server.listen(path), "listening");
}

/** Answers when all of a request has come, as if it were long. */
const startApplication = () =>
  listening(
    createServer({ allowHalfOpen: true }, (socket) => {
      let said = "";
      // Some only look whether it is there.
      socket.on("error", () => {});
      socket.on("data", (data) => {
        said += data;
      });
      socket.once("end", () => socket.end(`said ${said}`));
    }),
    applicationPath,
  );

/** Sends this, and gives all that comes back; nothing of a connection that is broken off. */
function ask(what: string): Promise<string> {
  const socket = connect({ path: holdPath, allowHalfOpen: true });
  socket.end(what);
  return text(socket).catch(() => "");
}

test("a request waits until somebody listens, however long it is, and others with it", async () => {
  await listening(holdServer(applicationPath, systemClock), holdPath);
  const long = "x".repeat(3_000_000);
  const answers = [long, ...Array.from({ length: 200 }, (_, at) => String(at))].map(ask);
  await eventually(() => connectionsAt(holdPath)?.accepted.length === answers.length, { what: "all wait" });
  await startApplication();
  const said = await Promise.all(answers);
  expect(said[0]?.length).toBe(long.length + "said ".length);
  expect(said.slice(1)).toEqual(Array.from({ length: 200 }, (_, at) => `said ${at}`));
});

test("an application that comes in between is asked at once; one that was there before is not asked again", async () => {
  await listening(holdServer(applicationPath, systemClock), holdPath);
  await startApplication();
  expect(await ask("one")).toBe("said one");
  await eventually(() => Date.now() - statSync(applicationPath).ctimeMs > NEW_SOCKET_MS, {
    what: "an old socket",
    timeoutMs: 4 * NEW_SOCKET_MS,
  });
  expect(await ask("two")).toBe("");
});

test("of an application that is being killed, a worker may be gone before the socket is: the request waits", async () => {
  await listening(holdServer(applicationPath, systemClock), holdPath);
  // The look at the socket comes first, the second one after its end: both are this process's own timers.
  const dying = createServer((socket) => {
    socket.destroy();
    setTimeout(() => dying.close(), 50);
  });
  await listening(dying, applicationPath);
  await eventually(() => Date.now() - statSync(applicationPath).ctimeMs > NEW_SOCKET_MS, {
    what: "an old socket",
    timeoutMs: 4 * NEW_SOCKET_MS,
  });
  const answer = ask("one");
  await once(dying, "close");
  rmSync(applicationPath, { force: true });
  await startApplication();
  expect(await answer).toBe("said one");
});

test("nobody waits for ever, and a client that is gone is not waited for", async () => {
  const clock = new VirtualClock();
  await listening(holdServer(applicationPath, clock), holdPath);
  const waiting = ask("one");
  const gone = connect(holdPath);
  await eventually(() => connectionsAt(holdPath)?.accepted.length === 2, { what: "both wait" });
  gone.destroy();
  await eventually(
    () => {
      clock.advance(LONGEST_WAIT_MS);
      return connectionsAt(holdPath)?.accepted.length === 0;
    },
    { what: "both have ended" },
  );
  expect(await waiting).toBe("");
});

test("at a stop the name goes first, and what the kernel has taken is waited for", async () => {
  const fd = listenUnix(applicationPath, 10);
  const socket = { kind: "inherited", fd, leaves: applicationPath } as const;
  const sockets = new HeldSockets({ sockets: [socket], variable: "DJINIT_LISTEN_FDS" }, systemClock);
  sockets.descriptors();
  const early = connect(applicationPath);
  await once(early, "connect");
  expect(sockets.holdsInherited).toBe(true);
  let isOver = false;
  const stop = sockets.refuseNew().then(() => {
    isOver = true;
  });
  expect(existsSync(applicationPath)).toBe(false);
  expect(sockets.holdsInherited).toBe(false);
  const late = connect(applicationPath);
  const [error] = await once(late, "error");
  expect(error).toMatchObject({ code: "ENOENT" });
  expect(isOver).toBe(false);
  // A worker takes it, as far as the kernel is concerned: nothing waits any more.
  early.destroy();
  await new Promise((resolve) => createServer().listen({ fd }, () => resolve(undefined)));
  await stop;
  expect(isOver).toBe(true);
});

import { once } from "node:events";
import { closeSync, statSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  countWaiting,
  divertConnections,
  isPortHeld,
  listenTcp,
  listenUnix,
} from "../../../src/platform/listening-socket.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const fds: number[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const fd of fds.splice(0)) closeSync(fd);
});

function hold(fd: number | undefined): number {
  if (fd === undefined) throw new Error("no socket");
  fds.push(fd);
  return fd;
}

/** `connected`, an error code, or `nothing` after a while. */
async function dial(host: string, port: number): Promise<string> {
  const socket = connect({ host, port });
  sockets.push(socket);
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("connect", () => resolve("connected"));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  socket.setTimeout(300, () => resolve("nothing"));
  return promise;
}

describe.each([
  ["0.0.0.0", "127.0.0.1", {}],
  ["127.0.0.1", "127.0.0.1", {}],
  ["::", "::1", { onlyV6: true }],
  ["::", "127.0.0.1", { onlyV6: false }],
  ["::1", "::1", { onlyV6: true }],
] as const)("a socket at %s, asked at %s", (host, from, more) => {
  test("takes connections that wait in it", async () => {
    const port = await freePort();
    expect(await dial(from, port)).toBe("ECONNREFUSED");
    const fd = hold(listenTcp({ host, port, ...more }, 16));
    expect(countWaiting(fd)).toBe(0);
    expect(await dial(from, port)).toBe("connected");
    expect(await dial(from, port)).toBe("connected");
    await eventually(() => countWaiting(fd) === 2);
  });
});

test("an address of another machine cannot be had, nor a port that another user's program holds alone", async () => {
  expect(listenTcp({ host: "192.0.2.1", port: await freePort() }, 16)).toBeUndefined();
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  expect(
    listenTcp({ host: "0.0.0.0", port: (server.address() as { port: number }).port }, 16),
  ).toBeUndefined();
  server.close();
});

test.each([
  ["0.0.0.0", "127.0.0.1", {}],
  ["::", "::1", { onlyV6: true }],
  ["::", "127.0.0.1", { onlyV6: false }],
] as const)(
  "diverted from %s, new connections find nobody, and those that wait stay",
  async (host, from, more) => {
    const port = await freePort();
    const address = { host, port, ...more };
    const fd = hold(listenTcp(address, 16));
    expect(await dial(from, port)).toBe("connected");
    const decoys = divertConnections(address);
    expect(decoys.length).toBeGreaterThan(0);
    fds.push(...decoys);
    expect(await dial(from, port)).toBe("nothing");
    expect(countWaiting(fd)).toBe(1);
    for (const decoy of decoys) expect(countWaiting(decoy)).toBe(0);
    for (const decoy of fds.splice(1)) closeSync(decoy);
    expect(await dial(from, port)).toBe("connected");
  },
);

test("a single address is not diverted", async () => {
  expect(divertConnections({ host: "127.0.0.1", port: await freePort() })).toEqual([]);
});

test("a port is held as long as a socket at all addresses is open", async () => {
  const port = await freePort();
  expect(isPortHeld(port)).toBe(false);
  const fd = listenTcp({ host: "0.0.0.0", port }, 16) as number;
  const decoys = divertConnections({ host: "0.0.0.0", port });
  expect(isPortHeld(port)).toBe(true);
  closeSync(fd);
  expect(isPortHeld(port)).toBe(false);
  for (const decoy of decoys) closeSync(decoy);
});

test("a socket in the file system", async () => {
  const path = `${directory.path}/app.sock`;
  hold(listenUnix(path, 16));
  expect(statSync(path).isSocket()).toBe(true);
  const socket = connect(path);
  sockets.push(socket);
  await once(socket, "connect");
  expect(() => listenUnix(path, 16)).toThrow(path);
  expect(() => listenUnix(`/${"x".repeat(200)}`, 16)).toThrow("too long");
});

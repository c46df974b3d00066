import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type ConnectionLimit, limitConnections } from "../../../src/serve/connection-limit.ts";
import { eventually } from "../../support/eventually.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});

/** Answers each line after the word in it: `ok` at once, `wait` never. */
async function serve(limit: ConnectionLimit): Promise<{ server: Server; port: number }> {
  const server = createServer();
  const connections = limitConnections(server, limit);
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      connections.busy(socket);
      if (data.toString() !== "ok") return;
      socket.write("answer");
      connections.idle(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

async function client(port: number, says = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, "connect");
  if (says !== "") socket.write(says);
  return socket;
}

const count = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, n) => (error ? reject(error) : resolve(n))));

describe("connections beyond the limit", () => {
  test("those that say nothing give way, and every question is answered", async () => {
    const { server, port } = await serve({ most: 4, interrupts: true });
    for (let at = 0; at < 40; at += 1) {
      await client(port);
      const asking = await client(port, "ok");
      expect(String((await once(asking, "data"))[0])).toBe("answer");
    }
    await eventually(async () => (await count(server)) <= 4, { what: "few connections" });
  });

  test("a flood is bounded at once", async () => {
    const { server, port } = await serve({ most: 4, interrupts: true });
    await Promise.all(Array.from({ length: 100 }, () => client(port)));
    expect(await count(server)).toBeLessThanOrEqual(8);
    await eventually(async () => (await count(server)) <= 4, { what: "few connections" });
  });

  test("those that wait for an answer are kept where they are not to be interrupted", async () => {
    const { server, port } = await serve({ most: 2, interrupts: false });
    const waiting = [await client(port, "wait"), await client(port, "wait")];
    const closed = waiting.map((socket) => once(socket, "close").then(() => "closed"));
    for (let at = 0; at < 10; at += 1) await client(port);
    await eventually(async () => (await count(server)) <= 2, { what: "few connections" });
    expect(await Promise.race([...closed, Promise.resolve("open")])).toBe("open");
  });
});

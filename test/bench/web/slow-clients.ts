// Clients that never finish what they send, beside others.
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Load } from "../wrk.ts";
import type { Sample } from "./figure.ts";

export const SLOW_CLIENTS = 500;
const BYTE_PERIOD_MS = 1000;
/** So that each has sent its beginning, and the server has seen it. */
const SETTLE_MS = 1000;
const BODY_BYTES = 100_000;

/** Every second one is slow with its headers, the others with their body. */
const BEGINNINGS = [
  "GET /json/ HTTP/1.1\r\nHost: bench\r\nX-Slow: ",
  `POST /upload/ HTTP/1.1\r\nHost: bench\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`,
];

/** Which share of their rate the fast ones keep. Errors: a slow client cannot connect. */
export async function shareKept(url: string, measure: () => Promise<Load>): Promise<Sample> {
  const alone = await measure();
  const { end } = await openSlowClients(url);
  try {
    await delay(SETTLE_MS);
    const beside = await measure();
    const { p50Ms, p99Ms, requestsPerSecond } = beside;
    return { value: requestsPerSecond / alone.requestsPerSecond, p50Ms, p99Ms };
  } finally {
    end();
  }
}

async function openSlowClients(url: string): Promise<{ end: () => void }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isOver = false;
  const open = (index: number): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(BEGINNINGS[index % BEGINNINGS.length] ?? "");
      sockets.add(socket);
      resolve();
    });
    socket.on("error", reject);
    socket.resume();
    // Whom the server has sent away comes again.
    socket.once("close", () => {
      sockets.delete(socket);
      if (!isOver) open(index).catch(() => undefined);
    });
    return promise;
  };
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write("a");
  }, BYTE_PERIOD_MS);
  const end = () => {
    isOver = true;
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
  try {
    await Promise.all(Array.from({ length: SLOW_CLIENTS }, (_, index) => open(index)));
  } catch (error) {
    end();
    throw error;
  }
  return { end };
}

// Asks a service whether it has come up.
import { connect, type Socket } from "node:net";
import type { Readiness } from "../plan/plan.ts";

/** A worker that is busy importing takes the connection but does not answer yet. */
const PROBE_TIMEOUT_MS = 5_000;

/** One question to a service, and its answer. */
export async function probe(readiness: Extract<Readiness, { kind: "tcp" | "http" }>): Promise<boolean> {
  switch (readiness.kind) {
    case "tcp":
      return (await Promise.all(readiness.addresses.map((address) => serves(connect(address))))).every(
        Boolean,
      );
    case "http":
      return readiness.path === undefined
        ? serves(connect(readiness.socketPath))
        : answers(connect(readiness.socketPath), readiness.path, readiness.host);
  }
}

/**
 * A worker takes the connection: it closes it when we send nothing and close our side. The kernel alone takes it as
 * soon as anybody listens: gunicorn's master before any worker has loaded the application, or PID 1 itself, which holds
 * nginx's sockets. Leaves no trace in any log.
 */
function serves(socket: Socket): Promise<boolean> {
  return ask(socket, (answer) => {
    socket.end();
    socket.resume();
    socket.once("end", () => answer(true));
  });
}

/** A GET is answered below 400. */
function answers(socket: Socket, path: string, host: string): Promise<boolean> {
  return ask(socket, (answer) => {
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: djinit-probe\r\nConnection: close\r\n\r\n`,
    );
    socket.once("data", (data) => answer(/^HTTP\/1\.[01] [123]/.test(data.toString("latin1", 0, 12))));
  });
}

async function ask(socket: Socket, listen: (answer: (yes: boolean) => void) => void): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(false));
  socket.once("error", () => resolve(false));
  socket.once("close", () => resolve(false));
  listen(resolve);
  const answer = await promise;
  socket.destroy();
  return answer;
}

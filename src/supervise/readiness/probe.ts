// Probes whether a service has come up.
import { connect, type Socket } from "node:net";
import type { Readiness } from "../../plan/plan.ts";

/** A worker that is busy importing takes the connection but does not answer yet. */
const PROBE_TIMEOUT_MS = 5_000;

type Asked = Extract<Readiness, { kind: "tcp" | "http" }>;

/** Probes a service once. Returns undefined if it has come up, otherwise why not. */
export async function probe(readiness: Asked): Promise<string | undefined> {
  switch (readiness.kind) {
    case "tcp": {
      const answers = await Promise.all(
        readiness.addresses.map((address) => serves(connect(address), `${address.host}:${address.port}`)),
      );
      return answers.find((answer) => answer !== undefined);
    }
    case "http": {
      const { socketPath, path, host } = readiness;
      return path === undefined
        ? serves(connect(socketPath), socketPath)
        : answers(connect(socketPath), path, host);
    }
  }
}

/** Why a service is not ready, before its first answer. */
export function beforeAnswer(readiness: Asked): string {
  return readiness.kind === "http" && readiness.path !== undefined
    ? `GET ${readiness.path} has not been answered yet`
    : "no connection has been taken yet";
}

/**
 * Whether a worker accepts the connection: the worker closes it when we send nothing and close our side. A connection alone
 * proves nothing: the kernel takes it as soon as anybody listens, such as gunicorn's master before a worker has loaded the
 * application, or PID 1, which holds nginx's sockets. This leaves no trace in any log.
 */
function serves(socket: Socket, where: string): Promise<string | undefined> {
  const late = `nobody took a connection at ${where} within ${PROBE_TIMEOUT_MS / 1_000} s`;
  return ask(socket, late, (answer) => {
    socket.end();
    socket.resume();
    socket.once("end", () => answer(undefined));
  });
}

/** Whether a GET is answered with a status below 400. */
function answers(socket: Socket, path: string, host: string): Promise<string | undefined> {
  const late = `GET ${path} was not answered within ${PROBE_TIMEOUT_MS / 1_000} s`;
  return ask(socket, late, (answer) => {
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: djinit-probe\r\nConnection: close\r\n\r\n`,
    );
    socket.once("data", (data) => answer(judge(data.toString("latin1", 0, 12), path, host)));
  });
}

function judge(head: string, path: string, host: string): string | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status === undefined) return `the last answer to GET ${path} was no HTTP`;
  if (/^[123]/.test(status)) return undefined;
  return `the last answer to GET ${path} was ${status}${advice(status, host)}`;
}

/** Django answers 400 to a Host that is not allowed. */
function advice(status: string, host: string): string {
  if (status === "400") return `: is the Host ${host} in ALLOWED_HOSTS? DJINIT_READINESS_HOST sets another`;
  return status === "404" ? ": is DJINIT_READINESS_PATH a path of the application?" : "";
}

async function ask(
  socket: Socket,
  late: string,
  listen: (answer: (why: string | undefined) => void) => void,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(late));
  socket.once("error", (error) => resolve(`cannot connect: ${error.message}`));
  socket.once("close", () => resolve("the connection was closed without an answer"));
  listen(resolve);
  const answer = await promise;
  socket.destroy();
  return answer;
}

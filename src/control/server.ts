// The control socket: one line of JSON asks, one answers. Only root and djinit's own user may connect.
import { createServer, type Server, type Socket } from "node:net";
import { asDjinitError, DjinitError } from "../base/errors.ts";
import { CONTROL_SOCKET, placedIn } from "../plan/paths.ts";
import { ANSWERS, isAsked } from "./answers.ts";
import { type Connections, limitConnections } from "./connection-limit.ts";
import type { AdminContext } from "./context.ts";
import { serveAtPath } from "./path-server.ts";
import type { Failure, Request } from "./protocol.ts";

const LONGEST_REQUEST_BYTES = 1_024;
/** More than people and probes need at once. Clients that wait for an answer or follow the log are kept. */
const MOST_CONNECTIONS = 32;
/** A client that is at work sends its line at once, and reads the answer at once. */
const IDLE_TIMEOUT_MS = 5_000;
const NEWLINE = 0x0a;

/** Serves until the process ends. */
export function serveControl(context: AdminContext): void {
  const open = (): Server => {
    const server = createServer({ allowHalfOpen: true });
    const connections = limitConnections(server, { most: MOST_CONNECTIONS, interrupts: false });
    return server.on("connection", (socket) => listen(socket, context, connections));
  };
  // Without the socket no verb works, but the services run on.
  const path = placedIn(context.supervisor.plan.run, CONTROL_SOCKET);
  serveAtPath(path, 0o600, open, context.sockets, (error) => {
    context.log.warn({ cause: error.message }, `cannot serve ${path}: ${error.message}`);
  });
}

/** Waits for one line, and answers it. */
function listen(socket: Socket, context: AdminContext, connections: Connections): void {
  let received = Buffer.alloc(0);
  const leave = (): void => void socket.destroy();
  const take = (data: Buffer): void => {
    received = Buffer.concat([received, data]);
    const end = received.indexOf(NEWLINE);
    const isTooLong = (end === -1 ? received.length : end) > LONGEST_REQUEST_BYTES;
    if (end === -1 && !isTooLong) return;
    socket.off("data", take).off("end", leave).resume();
    // An answer may take a long time.
    socket.setTimeout(0);
    connections.busy(socket);
    const text = isTooLong ? undefined : received.toString("utf8", 0, end);
    void reply(text, socket, context);
  };
  socket.on("error", leave);
  socket.setTimeout(IDLE_TIMEOUT_MS, leave);
  // An incomplete line is not answered.
  socket.on("end", leave);
  socket.on("data", take);
}

async function reply(text: string | undefined, socket: Socket, context: AdminContext): Promise<void> {
  let answer: unknown;
  try {
    const request = readRequest(text);
    answer = await ANSWERS[request.verb](request, context, socket);
  } catch (thrown) {
    const { code, message } = asDjinitError(thrown);
    answer = { error: { code, message } } satisfies Failure;
  }
  if (answer === undefined || socket.destroyed) return;
  socket.end(`${JSON.stringify(answer)}\n`);
  socket.setTimeout(IDLE_TIMEOUT_MS);
}

/** `text` is undefined if the request was too long. */
function readRequest(text: string | undefined): Request {
  if (text === undefined) {
    const cause = `it is longer than ${LONGEST_REQUEST_BYTES} bytes`;
    throw new DjinitError("DJINIT_BAD_USAGE", `cannot answer a request: ${cause}; nothing was done`);
  }
  try {
    const request = JSON.parse(text) as Request;
    if (isAsked(request.verb)) return request;
  } catch {
    // Refused like an unknown verb.
  }
  throw new DjinitError("DJINIT_BAD_USAGE", `cannot answer ${JSON.stringify(text.trim())}: no such verb`);
}

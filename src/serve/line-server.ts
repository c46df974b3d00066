// One line of JSON asks, one answers.
import { createServer, type Server, type Socket } from "node:net";
import { asDjinitError, DjinitError, type ErrorCode } from "../base/errors.ts";
import { type Connections, limitConnections } from "./connection-limit.ts";

const LONGEST_REQUEST_BYTES = 1_024;
/** More than people and probes need at once. Clients that wait for an answer or follow the log are kept. */
const MOST_CONNECTIONS = 32;
/** A client that is at work sends its line at once, and reads the answer at once. */
const IDLE_TIMEOUT_MS = 5_000;
const NEWLINE = 0x0a;

/** Sent instead of an answer. */
export interface Failure {
  error: { code: ErrorCode; message: string };
}

/** Returns the answer, or undefined where it answers by itself. What it throws is the answer, too. */
export type AnswerRequest<Request> = (request: Request, socket: Socket) => unknown;

/** A server that is not listening yet. `isRequest` says whether the verb of a request is known. */
export function lineServer<Request extends { verb: unknown }>(
  isRequest: (verb: unknown) => boolean,
  answer: AnswerRequest<Request>,
): Server {
  const server = createServer({ allowHalfOpen: true });
  const connections = limitConnections(server, { most: MOST_CONNECTIONS, interrupts: false });
  const reply = async (text: string | undefined, socket: Socket): Promise<void> => {
    let answered: unknown;
    try {
      answered = await answer(readRequest<Request>(text, isRequest), socket);
    } catch (thrown) {
      const { code, message } = asDjinitError(thrown);
      answered = { error: { code, message } } satisfies Failure;
    }
    if (answered === undefined || socket.destroyed) return;
    socket.end(`${JSON.stringify(answered)}\n`);
    socket.setTimeout(IDLE_TIMEOUT_MS);
  };
  return server.on("connection", (socket) =>
    readLine(socket, connections, (text) => void reply(text, socket)),
  );
}

/** Calls `take` with the line; with undefined where it is too long. */
function readLine(socket: Socket, connections: Connections, take: (text: string | undefined) => void): void {
  let received = Buffer.alloc(0);
  const leave = (): void => void socket.destroy();
  const onData = (data: Buffer): void => {
    received = Buffer.concat([received, data]);
    const end = received.indexOf(NEWLINE);
    const isTooLong = (end === -1 ? received.length : end) > LONGEST_REQUEST_BYTES;
    if (end === -1 && !isTooLong) return;
    socket.off("data", onData).off("end", leave).resume();
    // An answer may take a long time.
    socket.setTimeout(0);
    connections.busy(socket);
    take(isTooLong ? undefined : received.toString("utf8", 0, end));
  };
  socket.on("error", leave);
  socket.setTimeout(IDLE_TIMEOUT_MS, leave);
  // An incomplete line is not answered.
  socket.on("end", leave);
  socket.on("data", onData);
}

function readRequest<Request extends { verb: unknown }>(
  text: string | undefined,
  isRequest: (verb: unknown) => boolean,
): Request {
  if (text === undefined) {
    const cause = `it is longer than ${LONGEST_REQUEST_BYTES} bytes`;
    throw new DjinitError("DJINIT_BAD_USAGE", `cannot answer a request: ${cause}; nothing was done`);
  }
  try {
    const request = JSON.parse(text) as Request;
    if (isRequest(request.verb)) return request;
  } catch {
    // Refused like an unknown verb.
  }
  throw new DjinitError("DJINIT_BAD_USAGE", `cannot answer ${JSON.stringify(text.trim())}: no such verb`);
}

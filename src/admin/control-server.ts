// The control socket: one line of JSON asks, one answers. Only root and djinit's own user may connect.
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { asDjinitError, DjinitError } from "../base/errors.ts";
import { CONTROL_SOCKET } from "../plan/paths.ts";
import { health } from "./answer-health.ts";
import { logs } from "./answer-logs.ts";
import { reload } from "./answer-reload.ts";
import { restart } from "./answer-restart.ts";
import { scale } from "./answer-scale.ts";
import { start } from "./answer-start.ts";
import { status } from "./answer-status.ts";
import { stop } from "./answer-stop.ts";
import type { Failure, Request } from "./protocol.ts";
import type { Subject } from "./subject.ts";

const LONGEST_REQUEST_BYTES = 1_024;

/** What it returns is the answer, unless it answers by itself and returns undefined. */
type Answer = (request: Request, subject: Subject, socket: Socket) => unknown;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["health", health],
  ["logs", logs],
  ["reload", reload],
  ["restart", restart],
  ["scale", scale],
  ["start", start],
  ["status", status],
  ["stop", stop],
]);

/** Serves until the process ends. */
export function serveControl(subject: Subject): void {
  rmSync(CONTROL_SOCKET, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => listen(socket, subject));
  // Without the socket nobody can ask, but the services are none the worse for it.
  server.on("error", (error) => {
    subject.log.warn({ cause: error.message }, `cannot serve ${CONTROL_SOCKET}: ${error.message}`);
  });
  server.listen(CONTROL_SOCKET, () => chmodSync(CONTROL_SOCKET, 0o600));
  server.unref();
}

function listen(socket: Socket, subject: Subject): void {
  let text = "";
  const take = (data: Buffer): void => {
    text += data.toString("utf8");
    if (text.length > LONGEST_REQUEST_BYTES) socket.destroy();
    if (!text.includes("\n")) return;
    socket.off("data", take);
    socket.resume();
    void reply(text, socket, subject);
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", take);
}

async function reply(text: string, socket: Socket, subject: Subject): Promise<void> {
  let answer: unknown;
  try {
    const request = readRequest(text);
    answer = await ANSWERS.get(request.verb)?.(request, subject, socket);
  } catch (thrown) {
    const { code, message } = asDjinitError(thrown);
    answer = { error: { code, message } } satisfies Failure;
  }
  if (answer !== undefined && !socket.destroyed) socket.end(`${JSON.stringify(answer)}\n`);
}

function readRequest(text: string): Request {
  try {
    const request = JSON.parse(text) as Request;
    if (ANSWERS.has(request.verb)) return request;
  } catch {
    // As good as a verb that is not known.
  }
  throw new DjinitError("DJINIT_BAD_USAGE", `cannot answer ${JSON.stringify(text.trim())}: no such verb`);
}

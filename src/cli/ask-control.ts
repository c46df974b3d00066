import { text } from "node:stream/consumers";
import { DjinitError } from "../base/errors.ts";
import type { Request } from "../control/protocol.ts";
import type { Failure } from "../serve/line-server.ts";
import { connectControl, controlSocket } from "./control-socket.ts";

/** For verbs that are answered at once. */
const TIMEOUT_MS = 2_000;

/**
 * Asks the supervisor. Errors: the supervisor's refusal, with its code; DJINIT_NOT_RUNNING if nobody answers within 2 s (with
 * `patient`: if the connection ends without an answer).
 */
export async function ask<T>(request: Request, patience: "at-once" | "patient" = "at-once"): Promise<T> {
  const socket = connectControl();
  const limit = new Error(`no answer within ${TIMEOUT_MS / 1000} s`);
  if (patience === "at-once") socket.setTimeout(TIMEOUT_MS, () => socket.destroy(limit));
  socket.write(`${JSON.stringify(request)}\n`);
  let answer: T | Failure;
  try {
    answer = JSON.parse(await text(socket)) as T | Failure;
  } catch (error) {
    throw notRunning(error);
  }
  if (typeof answer === "object" && answer !== null && "error" in answer) {
    throw new DjinitError(answer.error.code, answer.error.message);
  }
  return answer as T;
}

/** Why the supervisor could not be asked. */
export function notRunning(error: unknown): DjinitError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cause =
    code === "EACCES"
      ? "only root and user djinit may"
      : code === "ENOENT" || code === "ECONNREFUSED"
        ? `nobody listens at ${controlSocket()}: there is no djinit, or it has only just been started`
        : message;
  return new DjinitError("DJINIT_NOT_RUNNING", `cannot ask djinit: ${cause}`, { cause: error });
}

// PID 1's answers: one function for each verb.
import type { Socket } from "node:net";
import { cache } from "./answers/cache.ts";
import { health } from "./answers/health.ts";
import { logs } from "./answers/logs.ts";
import { reload } from "./answers/reload.ts";
import { restart } from "./answers/restart.ts";
import { scale } from "./answers/scale.ts";
import { start } from "./answers/start.ts";
import { status } from "./answers/status.ts";
import { stop } from "./answers/stop.ts";
import type { AdminContext } from "./context.ts";
import type { AskedVerb, Request } from "./protocol.ts";

/** Returns the answer, or undefined if it has written to the socket itself. */
type Answer = (request: Request, context: AdminContext, socket: Socket) => unknown;

export const ANSWERS: Readonly<Record<AskedVerb, Answer>> = {
  status,
  health,
  restart,
  reload,
  stop,
  start,
  scale,
  cache,
  logs,
};

/** Whether `verb`, which comes from the socket, is a verb with an answer. */
export function isAsked(verb: unknown): verb is AskedVerb {
  return typeof verb === "string" && Object.hasOwn(ANSWERS, verb);
}

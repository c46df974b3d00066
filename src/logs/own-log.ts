// djinit's own events, in the same schema as what it relays.
import { type Logger, pino } from "pino";
import { asDjinitError } from "../base/errors.ts";
import type { Sink } from "./sink.ts";

export type OwnLog = Logger;

export function openOwnLog(sink: Pick<Sink, "write">): OwnLog {
  return pino(
    {
      base: null,
      messageKey: "msg",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ service: "djinit", pid: process.pid }),
    },
    sink,
  );
}

/** Logs an error as one record: its code, the way out, its fields, and the cause's own message. */
export function logError(log: OwnLog, thrown: unknown): void {
  const error = asDjinitError(thrown);
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const status = error.exitStatus;
  log.error(
    { code: error.code, hint: error.hint, exit_status: status, ...error.fields, ...(cause ? { cause } : {}) },
    error.message,
  );
}

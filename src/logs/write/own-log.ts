// djinit's own events, in the same schema as what it relays.
import { asDjinitError } from "../../base/errors.ts";
import type { Level } from "../record.ts";
import { makePolicy } from "./policy.ts";
import type { Sink } from "./sink.ts";

type Write = (fields: Record<string, unknown>, msg: string) => void;

/** The part of pino's interface that djinit uses. */
export type OwnLog = Record<"debug" | "info" | "warn" | "error", Write>;

/** The log of the second life. The first has pino (boot-log.ts), which would cost the half that lives for weeks 1.3 MB. */
export function openLog(sink: Pick<Sink, "write"> & Partial<Pick<Sink, "policy">>): OwnLog {
  const { policy = makePolicy() } = sink;
  const at =
    (level: Level): Write =>
    (fields, msg) => {
      const { service = "djinit", ...more } = fields;
      if (!policy.passes(String(service), level)) return;
      sink.write(policy.textOf(String(service), process.pid, Date.now(), { ...more, level, msg }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Logs an error as one record: its code, the way out, its fields, and the cause's own message. */
export function logError(log: OwnLog, thrown: unknown): void {
  const error = asDjinitError(thrown);
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const { code, hint, exitStatus, fields } = error;
  log.error(
    {
      code,
      hint,
      ...(exitStatus === null ? {} : { exit_status: exitStatus }),
      ...fields,
      ...(cause ? { cause } : {}),
    },
    error.message,
  );
}

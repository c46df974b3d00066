import { pino } from "pino";
import type { OwnLog } from "./own-log.ts";
import type { Sink } from "./sink.ts";

/** pino, with the field names of the schema. */
export function openBootLog(sink: Pick<Sink, "write">): OwnLog {
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

import { pino } from "pino";
import type { Fields } from "../record.ts";
import type { OwnLog } from "./own-log.ts";
import type { Sink } from "./sink.ts";

/** The log of the first life and of its verbs: pino, with the field names of the schema. */
export function openBootLog(sink: Pick<Sink, "write" | "policy">): OwnLog {
  const { policy } = sink;
  return pino(
    {
      base: null,
      level: "debug",
      messageKey: "msg",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ service: "djinit", pid: process.pid }),
    },
    {
      write: (line: string) => {
        const { service, ...fields } = JSON.parse(line) as Fields & { service: string };
        if (policy.passes(service, fields.level))
          sink.write(policy.textOf(service, process.pid, Date.now(), fields));
      },
    },
  );
}

// The log of the first life before its library is loaded: it holds its records, and writes them when the log is open.
import type { OwnLog } from "./own-log.ts";

export interface HeldLog extends OwnLog {
  /** Writes what was held to `log`, and from now on everything. To be called once. */
  openAs(log: OwnLog): void;
}

export function holdLog(): HeldLog {
  let opened: OwnLog | undefined;
  const held: ((log: OwnLog) => void)[] = [];
  const at =
    (level: keyof OwnLog): OwnLog["info"] =>
    (fields, msg) => {
      const write = (log: OwnLog): void => log[level](fields, msg);
      if (opened === undefined) held.push(write);
      else write(opened);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    openAs: (log) => {
      opened = log;
      for (const write of held.splice(0)) write(log);
    },
  };
}
